"""Draws a graph into a file, offline: SVG with nothing but text, PNG with Pillow (extra `draw`)."""

import math
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from lockgate.errors import ConfigError, MissingExtraError
from lockgate.telemetry.layout import BOX_HEIGHT, Drawing, Line, layout

_INK, _FILL, _GATE = "#334155", "#f1f5f9", "#fde68a"
_GATES = ("action_guard", "result_guard")
_SCALE = 2
"""Pixels of the PNG for one of the drawing."""


def draw(graph: Any, path: Path, *, as_png: bool) -> None:
    """Draws what `get_graph()` returned. The guards of the lock stand out. Raises ConfigError, MissingExtraError."""
    # A name tells its group twice over; the last one is whole.
    labels = {name: ":".join(name.split(":")[-2:]).replace("__", "") for name in graph.nodes}
    drawing = layout(labels, [(edge.source, edge.target, edge.conditional) for edge in graph.edges])
    try:
        if as_png:
            _png(drawing, path)
        else:
            path.write_text(_svg(drawing), "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}.", "Name another file.") from None


def _svg(drawing: Drawing) -> str:
    shapes = [
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)}" fill="none" stroke="{_INK}"'
        f'{" stroke-dasharray=" + chr(34) + "5 4" + chr(34) if line.dashed else ""} marker-end="url(#tip)"/>'
        for line in drawing.lines
    ]
    for box in drawing.boxes:
        shapes.append(
            f'<rect x="{box.x - box.width / 2:.1f}" y="{box.y - BOX_HEIGHT / 2:.1f}" width="{box.width:.1f}" '
            f'height="{BOX_HEIGHT:.0f}" rx="8" fill="{_colour(box.label)}" stroke="{_INK}"/>'
        )
        shapes.append(f'<text x="{box.x:.1f}" y="{box.y + 5:.1f}">{escape(box.label)}</text>')
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        f'width="{drawing.width:.0f}" height="{drawing.height:.0f}" font-family="sans-serif" font-size="13" '
        'text-anchor="middle">\n'
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        f'orient="auto"><path d="M0 0L10 5L0 10z" fill="{_INK}"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _colour(label: str) -> str:
    return _GATE if label.endswith(_GATES) else _FILL


def _png(drawing: Drawing, path: Path) -> None:
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise MissingExtraError(
            "Drawing a PNG needs the extra 'draw'.", "Install it: pip install 'lockgate[draw]'; or use --svg."
        ) from None
    image = Image.new("RGB", (round(drawing.width * _SCALE), round(drawing.height * _SCALE)), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(13 * _SCALE)
    for line in drawing.lines:
        _stroke(pen, line)
    for box in drawing.boxes:
        left, top = (box.x - box.width / 2) * _SCALE, (box.y - BOX_HEIGHT / 2) * _SCALE
        corners = (left, top, left + box.width * _SCALE, top + BOX_HEIGHT * _SCALE)
        pen.rounded_rectangle(corners, radius=8 * _SCALE, fill=_colour(box.label), outline=_INK, width=_SCALE)
        pen.text((box.x * _SCALE, box.y * _SCALE), box.label, fill="black", font=font, anchor="mm")
    image.save(path, format="PNG")


def _stroke(pen: Any, line: Line) -> None:
    points = [(x * _SCALE, y * _SCALE) for x, y in line.points]
    for start, end in pairwise(points):
        length = math.dist(start, end)
        step, mark = (9 * _SCALE, 5 * _SCALE) if line.dashed else (length or 1, length)
        for at in range(max(1, math.ceil(length / step))):
            pen.line((_along(start, end, at * step), _along(start, end, at * step + mark)), fill=_INK, width=_SCALE)
    tip, before = points[-1], points[-2]
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    wings = [
        (tip[0] - 8 * _SCALE * math.cos(angle + turn), tip[1] - 8 * _SCALE * math.sin(angle + turn))
        for turn in (0.45, -0.45)
    ]
    pen.polygon([tip, *wings], fill=_INK)


def _along(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    length = math.dist(start, end) or 1.0
    part = min(1.0, distance / length)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part
