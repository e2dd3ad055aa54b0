"""`input_guard`: the first node of a run. Checks what came in and leaves a transcript a model can go on from."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage, ToolMessage

from lockgate.events import EVENTS, Event
from lockgate.guardrails.gate import Gate
from lockgate.handoff import Status, Usage
from lockgate.labels import UNTRUSTED
from lockgate.nodes.node import Goto, Node, Update, deadline_begun
from lockgate.passage import MARK, Finding, Inspected, Place, marking
from lockgate.result import ErrorKind
from lockgate.state import AgentState, Note
from lockgate.text import cleaned, cut

SUPERSEDED = (
    "Not answered: the user wrote again before this call was decided or its result was recorded. "
    "Do not assume that it ran."
)
_SHORT = 500
"""Bytes that are kept of a message that is too long."""


def input_guard(*, max_input: int, accepted: str, refused: str, gate: Gate | None = None, agent: str = "") -> Node:
    """Refuses an empty input and one over `max_input` bytes, and answers calls that were left without a result.

    The gate inspects the new messages, and in a thread's first run all that the user is said to have written before:
    it goes on as the policy says, or not at all. Goes on to
    `accepted`, or to `refused` with status `refused` and the reason as answer.
    """

    def body(state: AgentState) -> tuple[Update, Goto]:
        messages = state.get("messages", [])
        fresh = _fresh(messages)
        # Before a thread's first run nobody has looked at anything: clients send whole conversations.
        came = fresh if state.get("run_id") else messages
        earlier = [message for message in came[: len(came) - len(fresh)] if isinstance(message, HumanMessage)]
        # A task that was handed down belongs to the run that handed it down.
        run_id = (state.get("run_id") if state.get("task") else "") or uuid.uuid4().hex
        update: Update = {"run_id": run_id, "status": Status.RUNNING, "answer": None, "iterations": 0}
        update |= {"before": state.get("usage") or Usage(), "held": [], **deadline_begun(state)}
        why, looked = _unacceptable(fresh, max_input), _Looked(shown=[*earlier, *fresh])
        if why:
            looked.shown = [_shortened(message, gate) for message in fresh]
        elif gate:
            looked = _looked_at(looked.shown, gate)
            why = looked.refused
        if why:
            dropped = [RemoveMessage(id=message.id) for message in came if message.id]
            reply = AIMessage(why, id=uuid.uuid4().hex)
            update[EVENTS] = [_event(looked.findings, "withheld")] if looked.findings else []
            return {**update, "status": Status.REFUSED, "messages": [*dropped, *looked.shown, reply]}, refused
        past, shown = looked.shown[: len(earlier)], looked.shown[len(earlier) :]
        repaired, notes = _repaired(messages[: len(messages) - len(fresh)], fresh, shown)
        repaired = [*(new for new, old in zip(past, earlier, strict=True) if new is not old), *repaired]
        if looked.redacted:
            notes.append(f"Taken out of the message: {', '.join(dict.fromkeys(looked.redacted))}.")
        if repaired:
            update["messages"] = repaired
        if looked.findings:
            update |= {EVENTS: [_event(looked.findings, "marked")], "trust": UNTRUSTED}
        if notes:
            update["notes"] = [Note(source="input_guard", text=text, at=time.time()) for text in notes]
        return update, accepted

    return Node("input_guard", body, agent=agent, begins=True)


@dataclass(slots=True, kw_only=True)
class _Looked:
    """The messages as they may go on, why they may not, and what was found in them or taken out."""

    shown: list[AnyMessage]
    refused: str = ""
    findings: list[Finding] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)


def _looked_at(fresh: list[AnyMessage], gate: Gate) -> _Looked:
    looked = _Looked(shown=[])
    for message in fresh:
        parts = [message.content] if isinstance(message.content, str) else message.content
        kept: list[Any] = []
        found: list[Finding] = []
        offset = 0
        for part in parts:
            text = part if isinstance(part, str) else part.get("text")
            if not isinstance(text, str):
                kept.append(part)
                continue
            inspected = gate.look(text, Place.INPUT)
            if inspected.refused:
                why = inspected.refused.rstrip(".")
                # Nothing of a refused message is kept.
                return _Looked(shown=[], refused=f"The message is refused: {why}.", findings=[*inspected.findings])
            found += (replace(one, start=one.start + offset, end=one.end + offset) for one in inspected.findings)
            looked.redacted += inspected.redacted
            offset += len(inspected.text)
            kept.append(inspected.text if isinstance(part, str) else {**part, "text": inspected.text})
        update: dict[str, Any] = {} if kept == parts else {"content": kept if parts is message.content else kept[0]}
        if found:
            update["additional_kwargs"] = {**message.additional_kwargs, MARK: marking(UNTRUSTED, found)}
        looked.findings += found
        looked.shown.append(message.model_copy(update=update) if update else message)
    return looked


def _event(seen: Sequence[Finding], status: str) -> Event:
    now = time.time()
    findings = [{"kind": one.kind, "score": one.score} for one in seen]
    return Event(
        kind="screen", node="input_guard", started=now, ended=now, status=status, detail={"findings": findings}
    )


def unanswered(messages: Sequence[AnyMessage]) -> list[tuple[str, str]]:
    """Id and tool name of each call of the last model answer that has no tool message after it."""
    answered: set[str] = set()
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            answered.add(message.tool_call_id)
        elif isinstance(message, AIMessage):
            calls = [*message.tool_calls, *message.invalid_tool_calls]
            return [(call["id"] or "", call["name"] or "") for call in calls if call["id"] not in answered]
    return []


def not_run(call_id: str, name: str, why: str) -> ToolMessage:
    """The tool message of a call that never ran."""
    return ToolMessage(
        why,
        tool_call_id=call_id,
        name=name,
        status="error",
        id=uuid.uuid4().hex,
        additional_kwargs={"error": ErrorKind.NOT_RUN.value},
    )


def _fresh(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages at the end that came in from outside since the last answer."""
    start = len(messages)
    while start and isinstance(messages[start - 1], HumanMessage):
        start -= 1
    return list(messages[start:])


def _unacceptable(fresh: Sequence[AnyMessage], max_input: int) -> str:
    if not any(message.text.strip() for message in fresh):
        return "There is no message to answer. Send one with text."
    size = sum(len(message.text.encode("utf-8", "replace")) for message in fresh)
    if size > max_input:
        return f"The message has {size:,} bytes; the limit is {max_input:,}. Send less, or a file."
    return ""


def _shortened(message: AnyMessage, gate: Gate | None) -> AnyMessage:
    """The beginning of a message that is too long, as the policy lets it stand."""
    text = cut(cleaned(message.text), 4 * _SHORT)[0]
    inspected = gate.look(text, Place.INPUT) if gate else Inspected(text=text)
    kept = cut(inspected.text or f"[withheld: {inspected.refused}]", _SHORT)[0]
    left_out = len(message.text.encode("utf-8", "replace")) - len(kept.encode())
    return HumanMessage(f"{kept}\n[{left_out:,} bytes left out]" if left_out > 0 else kept, id=uuid.uuid4().hex)


def _repaired(
    before: Sequence[AnyMessage], fresh: Sequence[AnyMessage], seen: Sequence[AnyMessage]
) -> tuple[list[Any], list[str]]:
    """What to write so that open calls are answered before the new messages, which stand there as they were `seen`."""
    notes: list[str] = []
    clean = [_clean(message) for message in seen]
    open_calls = unanswered(before)
    if open_calls:
        names = ", ".join(name for _, name in open_calls)
        notes.append(f"A new message came while {names} had no result; those calls were closed.")
        closed = [not_run(call_id, name, SUPERSEDED) for call_id, name in open_calls]
        moved = [RemoveMessage(id=message.id) for message in fresh if message.id]
        return [*moved, *closed, *clean], notes
    changed = [new for new, old in zip(clean, fresh, strict=True) if new is not old]
    if any(_clean(message) is not message for message in fresh):
        notes.append("The message held NUL or lone surrogate characters; they were replaced.")
    return changed, notes


def _clean(message: AnyMessage) -> AnyMessage:
    content = cleaned(message.content)
    return message if content == message.content else message.model_copy(update={"content": content})
