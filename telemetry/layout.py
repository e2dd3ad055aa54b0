"""Places a graph's nodes in rows for drawing: longest path down, then each row ordered by its neighbours.

The layered scheme of Sugiyama, Tagawa and Toda (1981), in its simplest form: enough for the graphs of agents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ROW, GAP, MARGIN = 90.0, 30.0, 20.0
"""Pixels between the middles of two rows, between two boxes of a row, and around the drawing."""
BOX_HEIGHT = 36.0
LANE = 12.0
"""Pixels between two lanes."""
LETTER = 8.0
"""Pixels of width for one letter of a label."""
_SWEEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node: its name, the middle of its box, its width in pixels, and its label."""

    name: str
    x: float
    y: float
    width: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An edge as points from border to border. `dashed` for one that is taken or not."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]
    dashed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """Boxes and lines within `width` x `height` pixels; the lines in the order of the edges."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def layout(labels: Mapping[str, str], edges: Sequence[tuple[str, str, bool]]) -> Drawing:
    """The drawing of a graph with these node labels and edges (from, to, conditional)."""
    rows = _ordered(_rows(list(labels), [(source, target) for source, target, _ in edges]), edges)
    widths = {name: max(60.0, len(label) * LETTER + 24) for name, label in labels.items()}
    spans = [sum(widths[name] for name in row) + GAP * (len(row) - 1) for row in rows]
    inner = max(spans, default=0.0)
    boxes: dict[str, Box] = {}
    for number, (row, span) in enumerate(zip(rows, spans, strict=True)):
        x = MARGIN + (inner - span) / 2
        for name in row:
            y = MARGIN + BOX_HEIGHT / 2 + number * ROW
            boxes[name] = Box(name=name, x=x + widths[name] / 2, y=y, width=widths[name], label=labels[name])
            x += widths[name] + GAP
    lines = tuple(_lines(boxes, edges, right=MARGIN + inner))
    return Drawing(
        width=MARGIN + max([MARGIN + inner, *(x for line in lines for x, _ in line.points)]),
        height=2 * MARGIN + BOX_HEIGHT + max(0, len(rows) - 1) * ROW,
        boxes=tuple(boxes.values()),
        lines=lines,
    )


def _rows(names: list[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Each node one row below the lowest of those before it; edges that would close a circle do not count."""
    successors: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        if target not in successors[source]:
            successors[source].append(target)
    depth = dict.fromkeys(names, 0)
    order = _postorder(names, successors)
    place = {name: index for index, name in enumerate(order)}
    for name in reversed(order):
        for target in successors[name]:
            if place[target] < place[name]:
                depth[target] = max(depth[target], depth[name] + 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        rows[depth[name]].append(name)
    return rows


def _postorder(names: list[str], successors: Mapping[str, list[str]]) -> list[str]:
    done: dict[str, None] = {}
    entered: set[str] = set()
    for root in names:
        stack = [(root, iter(successors[root]))] if root not in entered else []
        entered.add(root)
        while stack:
            name, left = stack[-1]
            following = next((target for target in left if target not in entered), None)
            if following is None:
                done[name] = None
                stack.pop()
            else:
                entered.add(following)
                stack.append((following, iter(successors[following])))
    return list(done)


def _ordered(rows: list[list[str]], edges: Sequence[tuple[str, str, bool]]) -> list[list[str]]:
    """Each row sorted by the mean place of its neighbours, a few times over."""
    near: dict[str, list[str]] = {}
    for source, target, _ in edges:
        near.setdefault(source, []).append(target)
        near.setdefault(target, []).append(source)
    for _ in range(_SWEEPS):
        place = {name: index - (len(row) - 1) / 2 for row in rows for index, name in enumerate(row)}
        means = {name: sum(place[n] for n in near.get(name, [name])) / len(near.get(name, [name])) for name in place}
        rows = [sorted(row, key=means.__getitem__) for row in rows]
    return rows


def _lines(boxes: Mapping[str, Box], edges: Sequence[tuple[str, str, bool]], *, right: float) -> Iterable[Line]:
    """Straight lines down; an edge that goes up or would cross a box takes a lane at the right, through the gaps."""
    lane = right
    half = BOX_HEIGHT / 2
    taken = 0
    for source, target, conditional in edges:
        start, end = boxes[source], boxes[target]
        points: tuple[tuple[float, float], ...] = ((start.x, start.y + half), (end.x, end.y - half))
        if end.y <= start.y or _in_the_way(boxes.values(), start, end):
            lane += LANE
            taken += 1
            # Each lane leaves, runs and arrives a little aside from the others, so that all can be told apart.
            aside, deep = 12 + 6 * (taken % 4), 8 + 3 * (taken % 4)
            below, above = start.y + half + deep, end.y - half - deep
            points = (
                (start.x + aside, start.y + half),
                (start.x + aside, below),
                (lane, below),
                (lane, above),
                (end.x + aside, above),
                (end.x + aside, end.y - half),
            )
        yield Line(source=source, target=target, points=points, dashed=conditional)


def _in_the_way(boxes: Iterable[Box], start: Box, end: Box) -> bool:
    for box in boxes:
        if start.y < box.y < end.y:
            x = start.x + (end.x - start.x) * (box.y - start.y) / (end.y - start.y)
            if abs(box.x - x) < box.width / 2 + 8:
                return True
    return False
