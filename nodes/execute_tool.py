"""`execute_tool`: the chamber between the gates, the only place where a tool runs."""

import time

from lockgate.decision import Allow, Ruling, digest
from lockgate.effect import Effect
from lockgate.errors import BypassError, UnrecordedError
from lockgate.events import EVENTS, Event
from lockgate.guardrails.gate import Gate
from lockgate.nodes.auditing import admit, note
from lockgate.nodes.effects import once
from lockgate.nodes.metering import Meter
from lockgate.nodes.node import Goto, Node, Update, onward
from lockgate.result import ErrorKind, ToolResult
from lockgate.state import LockState


def execute_tool(*, gate: Gate, inspect: str, agent: str = "") -> Node:
    """Runs the call, if it holds a ruling that allows exactly this call; raises BypassError if not.

    So even a graph wired round the upper gate runs nothing. Over Postgres an effect happens once; one in doubt may
    interrupt here with a question to a person (see `lockgate.nodes.effects`).
    """
    meter = Meter.of(gate, agent)

    async def body(state: LockState) -> tuple[Update, Goto]:
        call, ruling = state["call"], state.get("ruling")
        if (
            ruling is None
            or not isinstance(ruling.decision, Allow)
            or (ruling.call_id, ruling.tool, ruling.digest) != (call.id, call.name, digest(call))
        ):
            raise BypassError(f"{call.name} was about to run without a ruling that allows this very call.")
        started = time.time()
        spec = gate.tools.get(call.name)
        effect: Effect | None = None
        why, decided = await admit(state, spec, gate=gate, agent=agent)
        if why:
            result, how = ToolResult.failed(ErrorKind.UNRECORDED, why), "not run"
        elif spec:
            try:
                result, how, effect = await once(spec, call, ruling, state.get("origin"), agent, decided, gate=gate)
                await meter.ran(state.get("origin"), call, result.seconds)
            except UnrecordedError as error:
                if error.down:
                    raise
                result, how = ToolResult.failed(ErrorKind.UNRECORDED, f"It did not run: {error.message}"), "not run"
        else:  # the deployment changed while the call waited
            how = "not run"
            result = ToolResult.failed(ErrorKind.UNKNOWN_TOOL, f"The tool {call.name} is not there any more.")
        _note(state, ruling, result, how, effect, gate=gate, agent=agent)
        event = Event(
            kind="call",
            node="execute_tool",
            name=call.name,
            call_id=call.id,
            started=started,
            ended=time.time(),
            status="ok" if result.success else "error",
            detail={"how": how, **({"error": result.error.value} if result.error else {"bytes": len(result.value)})},
        )
        return {EVENTS: [event]}, onward(state, inspect, result=result)

    return Node("execute_tool", body, agent=agent)


def _note(
    state: LockState, ruling: Ruling, result: ToolResult, how: str, effect: Effect | None, *, gate: Gate, agent: str
) -> None:
    match result.error:
        case ErrorKind.UNRECORDED | ErrorKind.UNKNOWN_TOOL | ErrorKind.OVERLOADED | ErrorKind.DEADLINE:
            verdict = "not_run"
        case ErrorKind.IN_DOUBT:
            verdict = "unknown"
        case _:
            verdict = "settled" if how in _FOUND else "executed" if result.success else "failed"
    detail = {"how": how, **({"error": result.error.value} if result.error else {"bytes": len(result.value)})}
    key, by = "", ruling.by
    if effect is not None:  # the log is to know it should the ledger lose it
        key, detail["effect"] = effect.key, effect.status.value
        by = effect.settled_by or by
    note("outcome", verdict, state, ruling, gate=gate, agent=agent, detail=detail, key=key, by=by)


_FOUND = ("ledger", "probe", "person")
"""Ways in which a result came about without a run of the tool in this passage."""
