"""`intake`: makes items of what came in, and ends at once those that cannot be one."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pydantic_core import PydanticSerializationError, to_jsonable_python

from lockgate.deadline import Deadline
from lockgate.handoff import AgentResult, Status
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import Label
from lockgate.nodes.node import Goto, Node, Update, deadline_begun
from lockgate.text import clean, unfit

Key: TypeAlias = str | Callable[[Any], Any] | None
"""Where an item's id is: in this field of its value, in what this function makes of it, or (None) in its place."""


def intake(
    *,
    key: Key,
    max_items: int,
    source: Label,
    send: Callable[[list[Item], Label, str, Deadline | None], Goto],
    done: str,
    agent: str,
) -> Node:
    """Reads `items`, the task's `items`, or the last message: a JSON list or object, or an item a line.

    `send` takes the good items on; a second item with an id that is taken, and one that is no JSON, goes to the
    dead letters. Without a good item it goes to `done`.
    """

    def body(state: dict[str, Any]) -> tuple[Update, Goto]:
        run_id = uuid.uuid4().hex
        given = _given(state)
        update: Update = {"run_id": run_id, "status": Status.RUNNING, "answer": None, "trust": source}
        update |= {"items": [], "rejected": [], **deadline_begun(state)}
        if len(given) > max_items:
            text = f"Refused: {len(given):,} items; the limit is {max_items:,}. Send them in parts."
            return {**update, "status": Status.REFUSED, "answer": text}, done
        good, bad = sorted_out(given, key)
        update["rejected"] = bad
        return update, send(good, source, run_id, update.get("deadline")) if good else done

    return Node("intake", body, agent=agent, begins=True)


def sorted_out(given: Sequence[Any], key: Key) -> tuple[list[Item], list[Ended]]:
    """The items that can start, and the ends of those that cannot."""
    good: list[Item] = []
    bad: list[Ended] = []
    places: dict[str, int] = {}
    for index, raw in enumerate(given):
        value, why = _as_json(raw)
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
