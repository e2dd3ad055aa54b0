"""`result_guard`: the lower gate. What a tool returned is inspected before a model reads it."""

import uuid

from langchain_core.messages import ToolMessage

from lockgate.decision import Call, canonical_json
from lockgate.guardrails.gate import Gate
from lockgate.handoff import Usage
from lockgate.nodes.node import Node, Update
from lockgate.passage import Place
from lockgate.result import ToolResult
from lockgate.state import LockState


def result_guard(*, gate: Gate, agent: str = "") -> Node:
    """Labels, cleans and bounds the result, and joins its label into the session's trust."""

    def body(state: LockState) -> Update:
        call = state["call"]
        result = gate.inspect(call, state["result"])
        return {
            "messages": [tool_message(call, result, gate)],
            "trust": result.label,
            "usage": Usage(tool_calls=1, milliseconds=round(result.seconds * 1_000), tools={call.name: 1}),
            "decisions": {call.id: state["ruling"]},
        }

    return Node("result_guard", body, agent=agent)


def tool_message(call: Call, result: ToolResult, gate: Gate) -> ToolMessage:
    """What the model reads of one call: the value or the error, and what a reviewer or a bound changed."""
    text = result.value if result.success else f"Error: {result.value}"
    if call.edited_by:
        text = (
            f"[{call.edited_by} changed the arguments to {canonical_json(gate.shown(call.args, Place.RESULT))}]\n{text}"
        )
    if result.cut:
        text = f"{text}\n[{result.cut:,} more bytes were left out]"
    return ToolMessage(
        text,
        tool_call_id=call.id,
        name=call.name,
        status="success" if result.success else "error",
        id=uuid.uuid4().hex,
        additional_kwargs={"error": result.error.value} if result.error else {},
    )
