"""The states view as SVG: a panel for each agent."""

from collections.abc import Iterator

from lockgate.telemetry.canvas import block, label, sheet, wide
from lockgate.telemetry.facts import duration
from lockgate.telemetry.layout import BOX_HEIGHT, Box, Drawing, Line, layout
from lockgate.telemetry.states import END, START, Machine, Machines
from lockgate.text import one_line

MAX_MACHINES = 12
MAX_STATES = 24
MAX_MOVES = 80
_WIDTH, _MARGIN, _HEAD = 1_100.0, 24.0, 22.0
_ROUND = 7.0
_GATES = ("action_guard", "result_guard", "human_review")


def states_svg(view: Machines) -> str:
    """The picture: the first `MAX_MACHINES` agents, panels side by side and in rows."""
    shown = view.machines[:MAX_MACHINES]
    shapes = [label(_MARGIN, 26, "States of each agent", classes="ink strong")]
    x, y, tall, right = _MARGIN, 44.0, 0.0, 420.0
    for machine in shown:
        drawing = _drawing(machine)
        width, height = max(drawing.width, 180.0), drawing.height + _HEAD
        if x > _MARGIN and x + width > _WIDTH:
            x, y, tall = _MARGIN, y + tall + 16, 0.0
        shapes += _panel(machine, drawing, x, y, width, height)
        x, tall, right = x + width + 16, max(tall, height), max(right, x + width + _MARGIN)
    bottom = y + tall + 16
    if not shown:
        shapes.append(label(_MARGIN, 60, "Nothing has happened yet.", classes="muted"))
        bottom = 80
    if (more := len(view.machines) - len(shown)) > 0:
        shapes.append(label(_MARGIN, bottom + 6, f"and {more:,} more agents", classes="muted"))
        bottom += 22
    return sheet(right, bottom, f"State machines of {len(view.machines)} agents", shapes)


def _drawing(machine: Machine) -> Drawing:
    """Where the states that were entered most stand, and the moves between them."""
    kept = {state for state, _ in sorted(machine.states.items(), key=lambda item: -item[1][0])[:MAX_STATES]}
    moves = [
        (source, target)
        for (source, target), _ in sorted(machine.moves.items(), key=lambda item: -item[1])
        if {source, target} <= kept | {START, END}
    ][:MAX_MOVES]
    order = [START, *(state for state in machine.states if state in kept), END]
    named = {name for move in moves for name in move} | kept
    labels = {name: max(_words(machine, name), key=wide) for name in order if name in named}
    place = {name: number for number, name in enumerate(order)}
    moves.sort(key=lambda move: (place[move[0]], place[move[1]]))
    return layout(labels, [(source, target, False) for source, target in moves])


def _words(machine: Machine, state: str) -> tuple[str, str]:
    """What a box says: the state, and how often and how long. The borders of a run say nothing."""
    if state in (START, END):
        return "", ""
    count, seconds = machine.states[state]
    now = " · waits now" if state in machine.now else ""
    return one_line(state, 24), f"×{count:,} · {duration(seconds)}{now}"


def _panel(machine: Machine, drawing: Drawing, x: float, y: float, width: float, height: float) -> Iterator[str]:
    yield block(x, y, width, height, "band", radius=8)
    yield label(x + 16, y + 22, machine.agent, classes="ink strong", room=width - 32)
    yield f'<g transform="translate({x:.1f} {y + _HEAD:.1f})">'
    for line in drawing.lines:
        points = " ".join(f"{px:.1f},{py:.1f}" for px, py in line.points)
        yield f'<polyline class="line" stroke-width="1.3" marker-end="url(#lockgate-tip)" points="{points}"/>'
    for line in drawing.lines:
        if (times := machine.moves[line.source, line.target]) > 1:
            yield from _times(line, f"×{times:,}")
    for box in drawing.boxes:
        yield from _box(machine, box)
    yield "</g>"


def _times(line: Line, text: str) -> Iterator[str]:
    """How often a move was made, on the middle of its longest stretch."""
    (ax, ay), (bx, by) = line.points[len(line.points) // 2 - 1], line.points[len(line.points) // 2]
    x, y = (ax + bx) / 2, (ay + by) / 2
    yield block(x - wide(text, 10.5) / 2 - 2, y - 7, wide(text, 10.5) + 4, 14, "band", radius=3)
    yield label(x, y + 4, text, classes="muted small middle")


def _box(machine: Machine, box: Box) -> Iterator[str]:
    if box.name in (START, END):
        tip = "the run begins" if box.name == START else "the run ends"
        edge = (BOX_HEIGHT / 2 - _ROUND) * (1 if box.name == START else -1)  # where the lines end
        size = f'cx="{box.x:.1f}" cy="{box.y + edge:.1f}"'
        if box.name == START:
            yield f'<circle class="muted" {size} r="{_ROUND}"><title>{tip}</title></circle>'
        else:
            yield f'<circle class="line" stroke-width="1.5" {size} r="{_ROUND}"><title>{tip}</title></circle>'
            yield f'<circle class="muted" {size} r="{_ROUND - 3}"/>'
        return
    waits = box.name in machine.now
    looks = "waiting" if waits else "gate" if box.name in _GATES else "box"
    ink = "on" if waits else "ink"
    name, told = _words(machine, box.name)
    yield block(box.x - box.width / 2, box.y - BOX_HEIGHT / 2, box.width, BOX_HEIGHT, looks, radius=8)
    yield label(box.x, box.y - 2, name, classes=f"{ink} strong middle")
    yield label(box.x, box.y + 12, told, classes=f"{'on' if waits else 'muted'} small middle")
