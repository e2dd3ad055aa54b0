"""`intake`: makes items of what came in, and ends at once those that cannot be one."""

import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import AnyMessage, HumanMessage
from pydantic_core import PydanticSerializationError, to_jsonable_python

from lockgate.guardrails.gate import Gate
from lockgate.handoff import AgentResult, Status, Usage
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import UNTRUSTED, Label, join
from lockgate.nodes.node import Goto, Node, Update, deadline_begun
from lockgate.passage import Place
from lockgate.text import clean, unfit

Key: TypeAlias = str | Callable[[Any], Any] | None
"""Where an item's id is: in this field of its value, in what this function makes of it, or (None) in its place."""


def intake(
    *,
    key: Key,
    max_items: int,
    source: Label,
    gate: Gate,
    send: Callable[[list[Item], Label, dict[str, Any]], Goto],
    done: str,
    agent: str,
) -> Node:
    """Reads `items`, the task's `items`, or the last message: a JSON list or object, or an item a line.

    `gate` inspects each text in an item as it does what a user says. `send` takes the good items on; a second item with
    an id that is taken, one that is no JSON, and one that the policy refuses goes to the dead letters. Without a good
    item it goes to `done`.
    """

    def body(state: dict[str, Any]) -> tuple[Update, Goto]:
        run_id = uuid.uuid4().hex
        given = _given(state)
        update: Update = {"run_id": run_id, "status": Status.RUNNING, "answer": None, **deadline_begun(state)}
        update["before"] = state.get("usage") or Usage()
        update |= {"items": [], "rejected": [], "messages": [*_reread(state, gate)]}
        if len(given) > max_items:
            text = f"Refused: {len(given):,} items; the limit is {max_items:,}. Send them in parts."
            return {**update, "status": Status.REFUSED, "answer": text, "trust": source}, done
        looked = [_Looked(gate, raw) for raw in given]
        good, bad = sorted_out(looked, key)
        update["rejected"] = bad
        label = join(source, UNTRUSTED) if any(item.findings for item in looked) else source
        return {**update, "trust": label}, send(good, label, {**state, **update}) if good else done

    return Node("intake", body, agent=agent, begins=True)


class _Looked:
    """One item as JSON, after a look at each of its texts: `value`, or `why` it cannot be an item."""

    def __init__(self, gate: Gate, raw: Any) -> None:
        self.findings = 0
        self.value, self.why = _as_json(raw)
        if not self.why:
            self.value = self._seen(self.value, gate)
        if self.why:
            self.value = None

    def _seen(self, value: Any, gate: Gate) -> Any:
        if isinstance(value, str):
            inspected = gate.look(value, Place.INPUT)
            self.why = self.why or inspected.refused
            self.findings += len(inspected.findings)
            return inspected.text
        if isinstance(value, dict):
            return {self._seen(name, gate): self._seen(inner, gate) for name, inner in value.items()}
        return [self._seen(inner, gate) for inner in value] if isinstance(value, list) else value


def sorted_out(given: Sequence[_Looked], key: Key) -> tuple[list[Item], list[Ended]]:
    """The items that can start, and the ends of those that cannot."""
    good: list[Item] = []
    bad: list[Ended] = []
    places: dict[str, int] = {}
    for index, looked in enumerate(given):
        value, why = looked.value, looked.why
        name = str(index)
        if not why:
            name, why = _id_of(value, key, index)
        if not why and (first := places.setdefault(name, index)) != index:
            why = f"The id {name!r} is taken by the item at place {first}."
        if why:
            dead = DeadLetter(item_id=name, index=index, stage="intake", value=value, errors=[why])
            result = AgentResult(task_id=name, status=Status.FAILED, error=f"intake: {why}")
            bad.append(Ended(index=index, at=time.time(), result=result, dead=dead))
        else:
            good.append(Item(id=name, index=index, value=value))
    return good, bad


def _given(state: dict[str, Any]) -> Sequence[Any]:
    task = state.get("task")
    if items := state.get("items") or (task.context.get("items") if task else None):
        return list(items) if isinstance(items, (list, tuple)) else [items]
    text = messages[-1].text if (messages := state.get("messages")) and messages[-1].type == "human" else ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, (list, dict)):
        return found if isinstance(found, list) else [found]
    return [line for line in text.splitlines() if line.strip()]


def _reread(state: dict[str, Any], gate: Gate) -> Iterator[AnyMessage]:
    """The message that items were read from, as it may stay in the state."""
    message = messages[-1] if (messages := state.get("messages")) else None
    if isinstance(message, HumanMessage) and message.text:
        inspected = gate.look(message.text, Place.INPUT)
        if inspected.refused or inspected.text != message.text:
            yield message.model_copy(update={"content": inspected.text or f"[withheld: {inspected.refused}]"})


def _as_json(raw: Any) -> tuple[Any, str]:
    try:
        value = to_jsonable_python(raw)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        return None, clean(f"Not JSON: {error}")[:300]
    return (None, f"The item {why}.") if (why := unfit(value)) else (value, "")


def _id_of(value: Any, key: Key, index: int) -> tuple[str, str]:
    if key is None:
        return str(index), ""
    try:
        found = value[key] if isinstance(key, str) else key(value)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return str(index), f"The item has no id{f' in {key!r}' if isinstance(key, str) else ''}."
    name = clean(str(found)) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""
    # An id stands in task ids of at most 200 characters.
    if not name or len(name) > 120:  # noqa: PLR2004
        return str(index), "The item's id is no text of 1 to 120 characters."
    return name, ""
