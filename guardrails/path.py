"""Paths into a call's arguments: `amount`, `customer.address.country`, `items[0].sku`, `items[*].amount`."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

MAX_BRANCHES = 100_000
"""A path that reaches more values than this in one call is not judged value by value: it counts as `ODD`."""
_MAX_STEPS = 64
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\*|0|[1-9][0-9]{0,8})\]")


class Mark(Enum):
    """What a path leads to when it does not lead to a value."""

    MISSING = "nothing there"
    """No such key or index, a null on the way, or a wildcard over an empty list."""
    ODD = "not of the shape the path expects"
    """A key into something that is no mapping, an index into something that is no list."""


MISSING: Final = Mark.MISSING
ODD: Final = Mark.ODD
_EVERY: Final = "*"


class ArgumentPath:
    """A parsed path. `key` is its name when it is one plain top-level argument, else None."""

    __slots__ = ("_steps", "key", "text", "wild")

    def __init__(self, text: str) -> None:
        """Raises ValueError when `text` is not a path."""
        self.text = text
        steps: list[tuple[bool, str | int]] = []
        dotted, at = f".{text}", 0
        while at < len(dotted):
            found = _STEP.match(dotted, at)
            if found is None or len(steps) == _MAX_STEPS:
                raise ValueError(f"{text[:80]!r} is not a path; write one like amount, customer.country or items[*].id")
            name, index = found.groups()
            steps.append((True, name) if name is not None else (False, index if index == _EVERY else int(index)))
            at = found.end()
        self._steps = tuple(steps)
        self.wild = (False, _EVERY) in steps
        self.key = text if len(steps) == 1 else None

    def values(self, args: Mapping[str, Any]) -> list[Any]:
        """Everything the path reaches, never empty: a branch that ends early gives `MISSING` or `ODD`."""
        found: list[Any] = [args]
        for named, step in self._steps:
            if step == _EVERY and not named:
                found = [inner for value in found for inner in _spread(value)]
                if len(found) > MAX_BRANCHES:
                    return [ODD]
            else:
                found = [_down(value, step) if named else _at(value, step) for value in found]
        return found


def _down(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, MISSING)
    return MISSING if value is None or value is MISSING else ODD


def _at(value: Any, index: Any) -> Any:
    if isinstance(value, list | tuple):
        return value[index] if index < len(value) else MISSING
    return MISSING if value is None or value is MISSING else ODD


def _spread(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) > MAX_BRANCHES:
            return (ODD,)
        return value or (MISSING,)
    return (MISSING,) if value is None or value is MISSING else (ODD,)
