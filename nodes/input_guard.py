"""`input_guard`: the first node of a run. Checks what came in and leaves a transcript a model can go on from."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage, ToolMessage

from lockgate.guardrails.gate import Gate
from lockgate.handoff import Status, Usage
from lockgate.nodes.node import Goto, Node, Update
from lockgate.passage import Place
from lockgate.result import ErrorKind
from lockgate.state import AgentState, Note
from lockgate.text import cleaned, cut

SUPERSEDED = (
    "Not answered: the user wrote again before this call was decided or its result was recorded. "
    "Do not assume that it ran."
)


def input_guard(*, max_input: int, accepted: str, refused: str, gate: Gate | None = None, agent: str = "") -> Node:
    """Refuses an empty input and one over `max_input` bytes, and answers calls that were left without a result.

    The new messages are inspected by the gate's policy, which may change or refuse them. Goes on to `accepted`, or to
    `refused` with status `refused` and the reason as answer.
    """

    def body(state: AgentState) -> tuple[Update, Goto]:
        messages = state.get("messages", [])
        fresh = _fresh(messages)
        # A task that was handed down belongs to the run that handed it down.
        run_id = (state.get("run_id") if state.get("task") else "") or uuid.uuid4().hex
        update: Update = {"run_id": run_id, "status": Status.RUNNING, "answer": None, "iterations": 0}
        update |= {"before": state.get("usage") or Usage(), "held": []}
        why, seen, found = _seen(fresh, max_input, gate)
        if why:
            dropped = [RemoveMessage(id=message.id) for message in fresh if message.id]
            short = [_shortened(message) for message in seen]
            reply = AIMessage(why, id=uuid.uuid4().hex)
            return {**update, "status": Status.REFUSED, "messages": [*dropped, *short, reply]}, refused
        repaired, notes = _repaired(messages[: len(messages) - len(fresh)], fresh, seen)
        if found:
            notes.append(f"Taken out of the message: {', '.join(found)}.")
        if repaired:
            update["messages"] = repaired
        if notes:
            update["notes"] = [Note(source="input_guard", text=text, at=time.time()) for text in notes]
        return update, accepted

    return Node("input_guard", body, agent=agent)


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


def _shortened(message: AnyMessage) -> AnyMessage:
    kept, left_out = cut(cleaned(message.text), 500)
    return HumanMessage(f"{kept}\n[{left_out:,} bytes left out]" if left_out else kept, id=uuid.uuid4().hex)


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


def _seen(fresh: list[AnyMessage], max_input: int, gate: Gate | None) -> tuple[str, list[AnyMessage], tuple[str, ...]]:
    """Why the messages are refused, the messages as they may stand, and the kinds that were taken out."""
    if (why := _unacceptable(fresh, max_input)) or gate is None:
        return why, fresh, ()
    seen: list[AnyMessage] = []
    found: dict[str, None] = {}
    for message in fresh:
        inspected = gate.inspected(message.text, Place.INPUT)
        if inspected.refused:
            return f"The message is refused: {inspected.refused}.", [], ()
        changed = inspected.text != message.text
        # Blocks of other media stay; their text becomes one block.
        others = [] if isinstance(message.content, str) else [b for b in message.content if not _is_text(b)]
        content = [*others, {"type": "text", "text": inspected.text}] if others else inspected.text
        seen.append(message.model_copy(update={"content": content}) if changed else message)
        found |= dict.fromkeys(finding.kind for finding in inspected.findings) if changed else {}
    return "", seen, tuple(found)


def _is_text(block: Any) -> bool:
    return isinstance(block, str) or (isinstance(block, dict) and block.get("type") == "text")


def _clean(message: AnyMessage) -> AnyMessage:
    content = cleaned(message.content)
    return message if content == message.content else message.model_copy(update={"content": content})
