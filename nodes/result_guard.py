"""`result_guard`: the lower gate. What a tool returned is inspected before a model reads it."""

import time
import uuid
from dataclasses import replace

from langchain_core.messages import ToolMessage

from lockgate.decision import Call, canonical_json
from lockgate.events import EVENTS, Event
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.provenance.passages import marked
from lockgate.handoff import Usage
from lockgate.labels import UNTRUSTED
from lockgate.nodes.node import Goto, Node, Update, onward
from lockgate.passage import MARK, Place, marking
from lockgate.result import ErrorKind, ToolResult
from lockgate.state import LockState


def result_guard(*, gate: Gate, ask: str, done: str, agent: str = "") -> Node:
    """Labels, screens, cleans and bounds the result, and joins its label into the session's trust.

    Goes to `ask` when a person is to decide whether the model may read it, otherwise to `done`.
    """

    async def body(state: LockState) -> tuple[Update, Goto]:
        call, started = state["call"], time.time()
        result = await gate.examine(call, state["result"])
        events = [found(call, result, started)] if result.findings or result.error is ErrorKind.WITHHELD else []
        if result.review:
            return {EVENTS: events}, onward(state, ask, result=result)
        return {**concluded(state, result, gate), EVENTS: events}, done

    return Node("result_guard", body, agent=agent)


def concluded(state: LockState, result: ToolResult, gate: Gate) -> Update:
    """What the pass through the lock adds to the agent's state."""
    call, milliseconds = state["call"], round(result.seconds * 1_000)
    return {
        "messages": [tool_message(call, result, gate)],
        "trust": result.label,
        "usage": Usage(
            tool_calls=1,
            milliseconds=milliseconds,
            tools={call.name: 1},
            tool_milliseconds={call.name: milliseconds} if milliseconds else {},
        ),
        "decisions": {call.id: state["ruling"]},
    }


def found(call: Call, result: ToolResult, started: float) -> Event:
    """That the screens found something: classes and scores, never the text."""
    return Event(
        kind="screen",
        node="result_guard",
        name=call.name,
        call_id=call.id,
        started=started,
        ended=time.time(),
        status="withheld" if result.error is ErrorKind.WITHHELD else "quarantined" if result.held else "marked",
        detail={"findings": [{"kind": one.kind, "score": one.score} for one in result.findings]},
    )


def tool_message(call: Call, result: ToolResult, gate: Gate) -> ToolMessage:
    """What the model reads of one call: the value or the error, and what a reviewer or a bound changed.

    It carries the label and the findings under `MARK`. A quarantined text rides along as the artifact, which no model
    is sent.
    """
    before = "" if result.success else "Error: "
    if call.edited_by:
        args = canonical_json(gate.shown(call.args, Place.RESULT))
        before = f"[{call.edited_by} changed the arguments to {args}]\n{before}"
    after = f"\n[{result.cut:,} more bytes were left out]" if result.cut else ""
    offset = len(before)
    findings = [replace(one, start=one.start + offset, end=one.end + offset) for one in result.findings]
    own = (offset, offset + len(result.value)) if before or after else None
    return ToolMessage(
        f"{before}{result.value}{after}",
        tool_call_id=call.id,
        name=call.name,
        status="success" if result.success else "error",
        id=uuid.uuid4().hex,
        additional_kwargs={MARK: marking(result.label, findings, structured=result.structured, own=own)}
        | ({"error": result.error.value} if result.error else {}),
        artifact={"quarantined": result.held} if result.held else None,
    )


def returned(message: ToolMessage) -> ToolResult:
    """The result that `tool_message` told of, as far as it tells; what was in quarantine is out of it."""
    label, _ = marked(message)
    mark = message.additional_kwargs.get(MARK) or {}
    error = message.additional_kwargs.get("error")
    artifact = message.artifact if isinstance(message.artifact, dict) else {}
    return ToolResult(
        success=message.status == "success",
        value=artifact.get("quarantined") or own_text(message),
        error=ErrorKind(error) if error in set(ErrorKind) else None,
        label=label or UNTRUSTED,
        structured=mark.get("structured") is True,
    )


def own_text(message: ToolMessage) -> str:
    """The tool's own words in a message, without what the lock says around them."""
    start, end = (message.additional_kwargs.get(MARK) or {}).get("own") or (0, None)
    return message.text[start:end]
