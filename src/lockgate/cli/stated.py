"""A state and what changed between two, as tables that a person reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.graphs.changes import Change

_CELL = 300
"""Characters of a value that a row shows; `--json` has all of it."""
_LAST = 20
"""Items of a list or mapping that are shown."""


def print_changes(found: "Sequence[Change]") -> None:
    """A table of what differs, a row for each place."""
    from lockgate.cli.screen import one_line, out, print_table, table

    if not found:
        out().print("Nothing differs.")
        return
    listing = table("place", "before", "after")
    for item in found:
        listing.add_row(one_line(item.place), one_line(_text(item.before), _CELL), one_line(_text(item.after), _CELL))
    print_table(listing)


def print_state(snapshot: Any, *, everything: bool) -> None:
    """A table of the state's keys; of what is long only the last `_LAST` items unless `everything` is to be."""
    from lockgate.cli.screen import one_line, print_table, table

    listing, without = table("key", "value"), list[str]()
    for name, value in values(snapshot).items():
        rows = _rows(value)
        if not rows:
            without.append(one_line(name))
        left_out = 0 if everything else max(0, len(rows) - _LAST)
        if left_out:
            listing.add_row(one_line(name), f"({left_out:,} earlier ones: --all)")
        for index, row in enumerate(rows[left_out:]):
            listing.add_row("" if index or left_out else one_line(name), one_line(row, _CELL))
    if without:
        listing.add_row("(empty)", ", ".join(without))
    if snapshot.tasks:
        listing.add_row("next", one_line(counted([task.name for task in snapshot.tasks])))
    print_table(listing)


def _rows(value: Any) -> list[str]:
    """A value as rows: one for each item of what holds several; none for what holds nothing."""
    if isinstance(value, dict):
        return [f"{key}: {_text(item)}" for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [f"{index}: {_text(item)}" for index, item in enumerate(value)]
    return [] if value is None or not (text := _text(value)) else [text]


def values(snapshot: Any) -> dict[str, Any]:
    """The state by key, without what only the record is for."""
    values = snapshot.values if isinstance(snapshot.values, dict) else {"value": snapshot.values}
    return {name: value for name, value in values.items() if name != "events"}


def plain(value: Any) -> Any:
    """`value` as JSON takes it; what it cannot hold as its repr."""
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value, fallback=repr)
    except (PydanticSerializationError, ValueError):
        return repr(value)


def _text(value: Any) -> str:
    """A value in a line: what a message says, what was decided, where it came from, else JSON."""
    import json

    from langchain_core.messages import BaseMessage
    from pydantic import BaseModel

    from lockgate.deadline import Deadline, utc
    from lockgate.decision import Ruling, verb
    from lockgate.labels import Label

    if value is None:
        return "-"
    if isinstance(value, Ruling):
        by = f" by {value.by}" if value.by else ""
        return f"{value.tool} {verb(value.decision)}{by}, {value.decision.rule}: {value.decision.reason}"
    if isinstance(value, Label):
        readers = "" if value.readers is None else f", for {', '.join(sorted(value.readers)) or 'nobody'}"
        return f"{value.integrity}{readers}" + (f" ({', '.join(sorted(value.sources))})" if value.sources else "")
    if isinstance(value, BaseMessage):
        calls = "".join(
            f" → {call['name']}({json.dumps(call['args'], default=repr)})" for call in getattr(value, "tool_calls", ())
        )
        return f"{value.type}: {f'{value.text}{calls}'.strip()}"
    if isinstance(value, Deadline):
        return utc(value.at)
    if isinstance(value, BaseModel):  # what stands as it does by default says nothing
        return ", ".join(f"{name} {_text(getattr(value, name))}" for name in value.model_dump(exclude_defaults=True))
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, default=repr)


def counted(names: Sequence[str]) -> str:
    """Names in a row, each once, with how many there are."""
    return ", ".join(
        f"{name} x{names.count(name)}" if list(names).count(name) > 1 else name for name in dict.fromkeys(names)
    )
