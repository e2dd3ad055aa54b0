"""How one step of a run reads, whether it happens now or is read back from the record."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lockgate.cli.screen import one_line, styled
from lockgate.telemetry import duration

if TYPE_CHECKING:
    from rich.text import Text

QUIET_NODES = frozenset({"call_model", "action_guard", "execute_tool", "human_review"})
"""Nodes whose own event says nothing that their model, decision, call or wait does not say better."""

_STYLES = {
    "allow": "green",
    "ok": "green",
    "deny": "red",
    "error": "red",
    "review": "yellow",
    "waiting": "yellow",
    "answered": "green",
}


def step(
    *,
    kind: str,
    node: str,
    name: str,
    status: str,
    seconds: float | None,
    detail: Mapping[str, Any],
    said: str = "",
    at: float | None = None,
) -> "Text":
    """One line. `seconds` is None while it lasts, `at` counts seconds since the run began, `said` goes at the end."""
    took = "…" if seconds is None else duration(seconds)
    start = "" if at is None else f"{'+' + duration(at):>10} "
    what = one_line(name or node, 40)
    words = said or _words(kind, detail)
    return styled(
        f"{start}{took:>8}  ",
        (f"{kind:<9}", "bold" if kind != "node" else "dim"),
        f" {what:<16}  ",
        (f"{status}  ", _STYLES.get(status, "")) if kind != "node" or status != "ok" else "",
        words,
    )


def _words(kind: str, detail: Mapping[str, Any]) -> str:
    match kind:
        case "model":
            calls = ", ".join(one_line(call, 40) for call in detail.get("calls", ()))
            tokens = f"{detail.get('input_tokens', 0)} tokens in, {detail.get('output_tokens', 0)} out"
            return f"{tokens} → {calls}" if calls else tokens
        case "decision":
            return one_line(f"{detail.get('rule', '')}: {detail.get('reason', '')}", 300)
        case "call":
            return one_line(detail.get("error") or f"{detail.get('bytes', 0):,} bytes", 100)
    return ""
