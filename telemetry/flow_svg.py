"""The flow view as SVG: a column for each party, an arrow for each kind of message between two of them."""

from collections.abc import Iterator

from lockgate.telemetry.canvas import block, fit, label, sheet, wide
from lockgate.telemetry.flow import Arrow, Flow

MAX_AGENTS = 12
MAX_ARROWS = 60
_OTHERS = "others"
_COLUMN, _TOP, _ROW, _MARGIN = 150.0, 96.0, 34.0, 24.0
_HEAD = 30.0


def flow_svg(view: Flow) -> str:
    """The picture. The parties that send and receive most have columns of their own; the rest share one."""
    columns, folded = _columns(view)
    arrows = _folded(view, columns)
    shown = arrows[:MAX_ARROWS]
    longest = max((wide(_words(arrow), 10.5) for arrow in shown), default=0)
    column = min(260.0, max(_COLUMN, longest + 30))
    place = {name: _MARGIN + column * (number + 0.5) for number, name in enumerate(columns)}
    width = max(420.0, 2 * _MARGIN + column * max(1, len(columns)))
    bottom = _TOP + max(1, len(shown)) * _ROW + 4
    shapes = [label(_MARGIN, 26, "Who sent what to whom", classes="ink strong")]
    if not shown:
        shapes.append(label(_MARGIN, _TOP + 16, "No message was sent yet.", classes="muted"))
    for name in columns if shown else ():
        head = f"{folded:,} others" if name == _OTHERS and folded else name
        shapes += _column(head, place[name], bottom, column, person=name in view.people, asked=name in view.asked)
    for number, arrow in enumerate(shown):
        shapes += _arrow(arrow, place, _TOP + 26 + number * _ROW, column, person=_asks(arrow, view))
    if (more := len(arrows) - len(shown)) > 0:
        shapes.append(label(_MARGIN, bottom + 26, f"and {more:,} more kinds of message", classes="muted"))
    return sheet(width, bottom + 44, f"{len(view.arrows)} kinds of message between {len(view.agents)} parties", shapes)


def _columns(view: Flow) -> tuple[list[str], int]:
    """The parties that get a column, in order of appearance, and how many share the last one."""
    weight = dict.fromkeys(view.agents, 0)
    for arrow in view.arrows:
        weight[arrow.sender] += arrow.count
        weight[arrow.receiver] += arrow.count
    busy = [name for name in view.agents if weight[name]]
    if len(busy) <= MAX_AGENTS:
        return busy, 0
    kept = set(sorted(busy, key=lambda name: (name not in view.people, -weight[name]))[: MAX_AGENTS - 1])
    return [*(name for name in busy if name in kept), _OTHERS], len(busy) - len(kept)


def _folded(view: Flow, columns: list[str]) -> list[Arrow]:
    own = set(columns)
    joined: dict[tuple[str, str, str], Arrow] = {}
    for arrow in view.arrows:
        sender = arrow.sender if arrow.sender in own else _OTHERS
        receiver = arrow.receiver if arrow.receiver in own else _OTHERS
        before = joined.get((sender, receiver, arrow.kind))
        joined[sender, receiver, arrow.kind] = Arrow(
            sender=sender,
            receiver=receiver,
            kind=arrow.kind,
            count=arrow.count + (before.count if before else 0),
            first=before.first if before else arrow.first,
        )
    return sorted(joined.values(), key=lambda arrow: arrow.first)


def _words(arrow: Arrow) -> str:
    return f"{arrow.kind} ×{arrow.count:,}" if arrow.count > 1 else arrow.kind


def _asks(arrow: Arrow, view: Flow) -> bool:
    return bool(view.people & {arrow.sender, arrow.receiver})


def _column(name: str, x: float, bottom: float, column: float, *, person: bool, asked: bool) -> Iterator[str]:
    yield f'<line class="line" stroke-dasharray="2 4" x1="{x:.1f}" y1="{_TOP - 18}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
    width = min(column - 14, max(70.0, wide(name) + 24))
    tip = "has not answered yet" if asked else ""
    yield block(x - width / 2, _TOP - 18 - _HEAD, width, _HEAD, "person" if person else "box", radius=7, tip=tip)
    yield label(x, _TOP - 18 - _HEAD / 2 + 4, name, classes="ink strong middle", room=width - 12)
    if asked:
        yield label(x, bottom + 14, "not answered yet", classes="muted small middle")


def _arrow(arrow: Arrow, place: dict[str, float], y: float, column: float, *, person: bool) -> Iterator[str]:
    start, end = place[arrow.sender], place[arrow.receiver]
    look = 'class="ask" marker-end="url(#lockgate-ask)"' if person else 'class="line" marker-end="url(#lockgate-tip)"'
    if start == end:
        yield f'<path {look} stroke-width="1.5" d="M{start:.1f} {y - 8:.1f}h26v12h-24"/>'
        yield label(start + 34, y + 3, _words(arrow), classes="ink small", room=column - 50, size=10.5)
        return
    side = 1 if end > start else -1
    yield f'<line {look} stroke-width="1.5" x1="{start:.1f}" y1="{y:.1f}" x2="{end - side * 2:.1f}" y2="{y:.1f}"/>'
    # Beside the sender: the middle of a long arrow may lie on another party's line.
    text = fit(_words(arrow), column - 16, 10.5)
    middle = start + side * column / 2
    yield block(middle - wide(text, 10.5) / 2, y - 15, wide(text, 10.5), 12, "sheet", radius=2)
    yield label(middle, y - 6, _words(arrow), classes="ink small middle", room=column - 16, size=10.5)
