"""What the SVG views share: the sheet they are drawn on, its colours in light and dark, and text that fits.

The colours are set by classes under `.lockgate-view`, so a picture that stands in a page leaves the page alone. Every
name goes through `label` or `attribute`, so nothing in a record becomes markup.
"""

from collections.abc import Iterable
from html import escape

from rich.cells import cell_len, set_cell_size

from lockgate.text import one_line

LETTER = 0.62
"""Width of a letter as a part of the size of the type, on the generous side."""
SIZE = 12
"""Pixels of the type unless told otherwise."""

_LIGHT = {
    "sheet": "fill:#ffffff",
    "ink": "fill:#1f2933",
    "muted": "fill:#667085",
    "on": "fill:#3a2a00",
    "grid": "stroke:#e4e7ec",
    "line": "stroke:#667085;fill:none",
    "tip": "fill:#667085",
    "band": "fill:#f7f8fa",
    "cut": "fill:#eef0f4",
    "running": "fill:#bcd0f7",
    "model": "fill:#2f6fde",
    "tool": "fill:#14936b",
    "waiting": "fill:#f5b93a;stroke:#a66f00",
    "blocked": "fill:#98a2b3",
    "pending": "fill:none;stroke:#98a2b3;stroke-dasharray:3 3",
    "box": "fill:#eef3fd;stroke:#7f9fdc",
    "gate": "fill:#fdf0cf;stroke:#c99a2e",
    "person": "fill:#fdf0cf;stroke:#c99a2e",
    "ask": "stroke:#b57a00;fill:none",
    "asktip": "fill:#b57a00",
    "good": "fill:#14936b",
    "bad": "fill:#c93a3a",
}
_DARK = {
    "sheet": "fill:#12161d",
    "ink": "fill:#e6eaf0",
    "muted": "fill:#9aa4b2",
    "on": "fill:#2b1e00",
    "grid": "stroke:#29303b",
    "line": "stroke:#8b96a5;fill:none",
    "tip": "fill:#8b96a5",
    "band": "fill:#171c25",
    "cut": "fill:#1e2530",
    "running": "fill:#2a4374",
    "model": "fill:#6b9bf2",
    "tool": "fill:#3cc299",
    "waiting": "fill:#e8ac2f;stroke:#ffd98a",
    "blocked": "fill:#697586",
    "pending": "fill:none;stroke:#697586;stroke-dasharray:3 3",
    "box": "fill:#1b2a47;stroke:#5579bd",
    "gate": "fill:#3d2f0c;stroke:#b58a2a",
    "person": "fill:#3d2f0c;stroke:#b58a2a",
    "ask": "stroke:#e8ac2f;fill:none",
    "asktip": "fill:#e8ac2f",
    "good": "fill:#3cc299",
    "bad": "fill:#f07878",
}


def sheet(width: float, height: float, title: str, shapes: Iterable[str]) -> str:
    """A whole SVG document of `width` x `height` pixels; `title` is what a screen reader says of it."""
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lockgate-view" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{attribute(title)}">\n'
        f"<style>{_style()}</style>\n"
        '<defs><marker id="lockgate-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="tip" d="M0 0L10 5L0 10z"/></marker>'
        '<marker id="lockgate-ask" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto"><path class="asktip" d="M0 0L10 5L0 10z"/></marker></defs>\n'
        f'<rect class="sheet" width="100%" height="100%" rx="8"/>\n{body}\n</svg>\n'
    )


def _style() -> str:
    light = "".join(f".lockgate-view .{name}{{{rule}}}" for name, rule in _LIGHT.items())
    dark = "".join(f".lockgate-view .{name}{{{rule}}}" for name, rule in _DARK.items())
    return (
        f'.lockgate-view{{font:{SIZE}px ui-sans-serif,system-ui,"Segoe UI","DejaVu Sans",sans-serif}}'
        ".lockgate-view .strong{font-weight:600}.lockgate-view .small{font-size:10.5px}"
        f".lockgate-view .middle{{text-anchor:middle}}.lockgate-view .end{{text-anchor:end}}{light}"
        f"@media (prefers-color-scheme:dark){{{dark}}}"
    )


def attribute(text: object, limit: int = 200) -> str:
    """Foreign text as the value of an attribute in double quotes."""
    return escape(one_line(text, limit))


def label(x: float, y: float, text: object, *, classes: str = "ink", room: float = 10_000.0, size: float = SIZE) -> str:
    """Text with its baseline at (`x`, `y`), cut to `room` pixels; what was cut shows when it is pointed at."""
    full = one_line(text)
    shown = fit(full, room, size)
    tip = "" if shown == full else f"<title>{escape(full)}</title>"
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escape(shown)}{tip}</text>'


def fit(text: str, room: float, size: float = SIZE) -> str:
    """`text` cut to `room` pixels."""
    cells = max(1, int(room / (size * LETTER)))
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


def wide(text: str, size: float = SIZE) -> float:
    """Pixels that `text` takes, on the generous side."""
    return cell_len(text) * size * LETTER


def block(x: float, y: float, width: float, height: float, classes: str, *, radius: float = 2, tip: str = "") -> str:
    """A rectangle; `tip` shows when it is pointed at."""
    shape = f'<rect class="{classes}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}"'
    return f"{shape}><title>{attribute(tip)}</title></rect>" if tip else f"{shape}/>"
