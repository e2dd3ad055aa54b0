"""`refuse`: a call that does not run still gets its answer, so the transcript stays valid."""

from dataclasses import replace

from lockgate.decision import Deny
from lockgate.guardrails.gate import Gate, failure
from lockgate.labels import UNTRUSTED
from lockgate.nodes.auditing import note
from lockgate.nodes.node import Node, Update
from lockgate.nodes.result_guard import tool_message
from lockgate.passage import Place
from lockgate.result import ErrorKind, ToolResult
from lockgate.state import LockState


def refuse(*, gate: Gate, agent: str = "") -> Node:
    """Tells the model that the call was denied, rejected or expired, and why."""

    def body(state: LockState) -> Update:
        call, ruling = state["call"], state["ruling"]
        result = state.get("result")
        if result is None:
            denied = ruling.decision
            kind = failure(denied) if isinstance(denied, Deny) else ErrorKind.DENIED
            # What is wrong with arguments repeats some of them, and they may be copied from anywhere.
            label = UNTRUSTED if kind is ErrorKind.INVALID_ARGUMENTS else None
            result = ToolResult.failed(kind, denied.reason, label=label)
        # A validator or a reviewer may repeat what the call holds in the place of a token.
        result = replace(result, value=gate.shown(result.value, Place.RESULT))
        note("outcome", "not_run", state, ruling, gate=gate, agent=agent, detail={"error": str(result.error)})
        return {
            "messages": [tool_message(call, result, gate)],
            "decisions": {call.id: ruling},
        }

    return Node("refuse", body, agent=agent)
