"""Whether a call is the very same one as before, of a tool for which twice is not once."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lockgate.guardrails.provenance.folding import fold, squeeze
from lockgate.guardrails.provenance.intent import effects_of
from lockgate.passage import Passage
from lockgate.spec import ToolSpec


def repeats(args: Mapping[str, Any], spec: ToolSpec, passages: Sequence[Passage]) -> bool:
    """Whether this call has run since the user last spoke, of a tool for which twice is not once.

    Where an amount or a count is among its arguments, or the tool does more than tell somebody something, other words
    around it make it no other call, and no other spelling does.
    """
    if not spec.effect or spec.idempotent or spec.once_per == "run":
        return False
    for passage in reversed(passages):
        if passage.source in ("user", "agent"):
            return False
        if passage.source == f"tool:{spec.name}" and passage.given:
            now, before = _spelled(args), _spelled(_validated(passage.given, spec))
            if now == before or (_core(now, spec) == _core(before, spec) and (_counts(args) or _settles(spec))):
                return True
    return False


def _spelled(args: Any) -> Any:
    """Values in one spelling: `FR76 3000` and `fr763000` are one account."""
    match args:
        case str():
            return squeeze(fold(args))
        case dict():
            return {name: _spelled(value) for name, value in args.items()}
        case list():
            return [_spelled(value) for value in args]
    return args


def _settles(spec: ToolSpec) -> bool:
    """Whether the arguments that steer the call say all that it does: a booking, not a message."""
    return bool(spec.sensitive) and "tell" not in effects_of(spec.name, spec.description)


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
