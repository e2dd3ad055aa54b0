"""One question to the person at the terminal: what is asked, and what they answer."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lockgate.cli.doubt import in_doubt, word
from lockgate.cli.doubt import lines as doubtful
from lockgate.cli.screen import err, one_line, pretty, safe, styled
from lockgate.errors import ConfigError

SHOWN_ID = 8
"""Characters of an approval's id that are shown; any unique beginning will do."""


def is_approval(request: Any) -> bool:
    """Whether this is the lock's own question about a tool call, and not one of a user's node."""
    return isinstance(request, Mapping) and request.get("type") == "approval"


def describe(question_id: str, request: Any) -> None:
    """Prints on stderr all that a person needs to decide. Nothing in it can act on the terminal."""
    screen = err()
    screen.print()
    if in_doubt(request):
        _show(screen, "in doubt", question_id, request, doubtful(request))
        return
    if not is_approval(request):
        screen.print(styled(("question ", "bold yellow"), question_id[:SHOWN_ID], "\n", pretty(request)))
        return
    lines: list[tuple[str, str]] = [
        ("because", f"{request.get('reason', '')} (rule {request.get('rule', '')})"),
        ("the model said", request.get("reasoning") or "nothing"),
        ("it would", consequences(request)),
        ("arguments", pretty(request.get("args", {}))),
        ("look closely at", ", ".join(request.get("sensitive", ())) or ""),
        ("may answer", " or ".join(request.get("approvers", ())) or ""),
        ("expires", when(request.get("expires_at"))),
        ("problem", request.get("problem", "")),
    ]
    _show(screen, "review", question_id, request, lines)


def _show(screen: Any, kind: str, question_id: str, request: Any, lines: list[tuple[str, str]]) -> None:
    tool = (safe(request.get("tool")), "bold")
    screen.print(styled((f"{kind} ", "bold yellow"), question_id[:SHOWN_ID], "  ", tool))
    for label, text in lines:
        if text:
            style = "bold red" if label == "problem" else "bold"
            screen.print(styled((f"  {label}: ", style), safe(text).replace("\n", "\n    ")))


def consequences(request: Mapping[str, Any]) -> str:
    """What running the call would mean, in words."""
    facts = request.get("consequences", {})
    if not facts.get("effect"):
        return f"change nothing ({facts.get('risk', '?')} risk)"
    undone = "can be undone" if facts.get("reversible") else "cannot be undone"
    return f"change something that {undone} ({facts.get('risk', '?')} risk)"


def when(at: Any) -> str:
    """A time in seconds since the epoch as UTC text."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if isinstance(at, (int, float)) else ""


def ask(question_id: str, request: Any, *, by: str, roles: tuple[str, ...]) -> Any | None:
    """Asks at the terminal; None when the person leaves it for later."""
    describe(question_id, request)
    if in_doubt(request):
        return _asked_about(by=by, roles=roles)
    if not is_approval(request):
        raw = _read("answer (JSON or text; empty for later): ")
        return _json_or_text(raw) if raw else None
    while True:
        match _read("[a]pprove, [e]dit, [r]eject, or [l]ater? ").lower():
            case "a" | "approve":
                return answer("approve", by=by, roles=roles)
            case "r" | "reject":
                return answer("reject", by=by, roles=roles, reason=_read("why? "))
            case "e" | "edit":
                if args := _edited(request.get("args", {})):
                    return answer("edit", by=by, roles=roles, args=args)
            case "" | "l" | "later":
                return None


def _asked_about(*, by: str, roles: tuple[str, ...]) -> Any | None:
    said: dict[str, Any] = {"happened": False, "run_again": False, "result": "", "by": by, "roles": roles, "reason": ""}
    while True:
        match _read("did it [h]appen, shall it [r]un again, [g]ive up, or [l]ater? ").lower():
            case "h" | "happened":
                return word("approve", **{**said, "happened": True, "result": _read("what did it return? ")})
            case "r" | "run":
                return word("approve", **{**said, "run_again": True})
            case "g" | "give up":
                return word("reject", **{**said, "reason": _read("why? ")})
            case "" | "l" | "later":
                return None


def answer(
    action: str, *, by: str, roles: tuple[str, ...], reason: str = "", args: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The answer as `human_review` takes it."""
    given: dict[str, Any] = {"action": action, "by": by, "roles": list(roles), "reason": reason}
    return given if args is None else {**given, "args": dict(args)}


def changed(args: Mapping[str, Any], settings: list[str]) -> dict[str, Any]:
    """`args` with each `path=value` of `settings` put in.

    A path is dotted, a number in it counts list items from 0. A value is JSON, or text when it is none.
    Raises ConfigError for a path that does not lead anywhere.
    """
    result: dict[str, Any] = json.loads(json.dumps(args))
    for setting in settings:
        path, value = read_setting(setting)
        *parents, last = path.split(".")
        place: Any = result
        for name in parents:
            place = _inside(place, name, path)
        if isinstance(place, list):
            _inside(place, last, path)
            place[int(last)] = value
        elif isinstance(place, dict):
            place[last] = value
        else:
            raise _nowhere(path)
    return result


def _inside(place: Any, name: str, path: str) -> Any:
    try:
        return place[int(name) if isinstance(place, list) else name]
    except (KeyError, IndexError, TypeError, ValueError):
        raise _nowhere(path) from None


def _nowhere(path: str) -> ConfigError:
    return ConfigError(f"The arguments have no place {one_line(path)!r}.", "See them: lockgate approvals --json")


def read_setting(setting: str) -> tuple[str, Any]:
    """Path and value of a `path=value`. Raises ConfigError."""
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise ConfigError(f"{one_line(setting)!r} is not of the form path=value.", "Such as --set amount=20")
    return path, _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _edited(args: Mapping[str, Any]) -> dict[str, Any] | None:
    settings: list[str] = []
    while line := _read("path=value (empty when done): "):
        try:
            changed(args, [*settings, line])
        except ConfigError as error:
            err().print(safe(error))
        else:
            settings.append(line)
    if not settings:
        return None
    result = changed(args, settings)
    err().print(pretty(result))
    return result if _read("run it with these arguments? [y/N] ").lower() in ("y", "yes") else None


def _read(prompt: str) -> str:
    """A line from the person; empty at the end of the input."""
    err().print(prompt, end="")
    try:
        return input().strip()
    except EOFError:
        err().print()
        return ""
