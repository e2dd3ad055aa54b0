"""A question about an effect in doubt: how it is shown, and how its answers are given."""

import json
from collections.abc import Mapping
from typing import Any

from lockgate.cli.screen import one_line, pretty
from lockgate.errors import ApprovalError


def in_doubt(request: Any) -> bool:
    """Whether this is the question whether an effect took place."""
    return isinstance(request, Mapping) and request.get("type") == "effect"


def lines(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person needs to know, as label and text."""
    return [
        ("because", str(request.get("reason", ""))),
        ("known", "\n".join(map(str, request.get("evidence", ())))),
        ("arguments", pretty(request.get("args", {}))),
        ("its key", str(request.get("key", ""))),
        ("may answer", " or ".join(request.get("approvers", ())) or ""),
        ("problem", str(request.get("problem", ""))),
    ]


def commands(short: str) -> list[str]:
    """The commands that answer it."""
    return [
        f"lockgate approve {short} --happened --result VALUE",
        f"lockgate approve {short} --run-again",
        f"lockgate reject {short} --reason WHY",
    ]


def word(
    action: str, *, happened: bool, run_again: bool, result: str, by: str, roles: tuple[str, ...], reason: str
) -> dict[str, Any]:
    """The answer as `lockgate.nodes.effects.Word`: an approval must say which of the two it means.

    Raises ApprovalError when it does not.
    """
    given: dict[str, Any] = {"by": by, "roles": list(roles), "reason": reason}
    match action:
        case "reject":
            return {**given, "action": "give_up"}
        case "approve" if happened != run_again:
            return {**given, "action": "happened", "result": _value(result)} if happened else {**given, "action": "run"}
        case "approve":
            raise ApprovalError(
                "It is in doubt whether this took effect; say what is so.",
                "It did: --happened [--result VALUE]. It did not, and shall: --run-again. Leave it: lockgate reject",
            )
        case _:
            raise ApprovalError(
                f"An effect in doubt cannot be answered by {one_line(action)}: the call may have run as it is.",
                "Say what is so: lockgate approve --happened or --run-again, or lockgate reject",
            )


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return text
