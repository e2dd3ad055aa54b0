"""Whether a call is the very same one as before, of a tool for which twice is not once."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lockgate.passage import Passage
from lockgate.spec import ToolSpec


def repeats(args: Mapping[str, Any], spec: ToolSpec, passages: Sequence[Passage]) -> bool:
    """Whether this call has run since the user last spoke, of a tool for which twice is not once.

    Where an amount or a count is among its arguments, other words around it make it no other call.
    """
    if not spec.effect or spec.idempotent or spec.once_per == "run":
        return False
    for passage in reversed(passages):
        if passage.source in ("user", "agent"):
            return False
        if passage.source == f"tool:{spec.name}" and passage.given:
            before = _validated(passage.given, spec)
            if before == dict(args) or (_core(args, spec) == _core(before, spec) and _counts(args)):
                return True
    return False


def _core(args: Mapping[str, Any], spec: ToolSpec) -> dict[str, Any]:
    """The arguments that say what happens: all but words that steer nothing."""
    return {name: value for name, value in args.items() if name in spec.sensitive or not isinstance(value, str)}


def _counts(args: Mapping[str, Any]) -> bool:
    return any(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in args.values())


def _validated(given: str, spec: ToolSpec) -> dict[str, Any]:
    """Arguments as they were given, with what the tool's signature adds; as they are where they do not fit it."""
    args: dict[str, Any] = json.loads(given)
    try:
        return spec.validated(args)
    except (ValueError, RecursionError):
        return args
