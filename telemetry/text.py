"""The views as text for a terminal."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from rich.cells import cell_len, set_cell_size

from lockgate.telemetry.facts import duration
from lockgate.telemetry.flow import Flow
from lockgate.telemetry.states import Machine, Machines
from lockgate.telemetry.timeline import STATES, Lane, Span, State, Timeline
from lockgate.text import one_line

MAX_LANES = 60
MAX_ARROWS = 100
MAX_MACHINES = 20
MAX_WAITS = 20
"""How many rows of each kind are printed; the rest is counted."""
_WAITS: tuple[State, ...] = ("pending", "blocked", "waiting")
_LABEL = 28
"""Columns for the name of a lane at most."""
_MARKS: dict[State, str] = {
    "pending": "·",
    "running": "░",
    "blocked": "─",
    "model": "█",
    "tool": "▓",
    "waiting": "?",
}
_COLOURS: dict[State, str] = {
    "pending": "90",
    "running": "36",
    "blocked": "90",
    "model": "34",
    "tool": "32",
    "waiting": "1;33",
}
MEANING: dict[State, str] = {
    "pending": "not begun",
    "running": "running",
    "blocked": "waits for agents",
    "model": "model",
    "tool": "tool",
    "waiting": "waits for a person",
}
_CUT = "┊"
ENDS = {"completed": "✓", "failed": "✗", "cancelled": "⊘", "refused": "✗", "max_iterations": "✗"}
ENDS |= {"budget": "✗", "no_progress": "✗", "deadline": "✗"}


def timeline_text(view: Timeline, *, width: int = 100, colour: bool = False) -> str:
    """Bars of one character for each stretch of time, in lines of `width` columns; `colour` adds ANSI colours."""
    if not view.lanes:
        return "Nothing has happened yet.\n"
    shown = view.lanes[:MAX_LANES]
    names = [_name(lane) for lane in shown]
    label = min(_LABEL, max(cell_len(name) for name in names))
    bar = max(10, width - label - 4)
    axis = view.axis()
    lines = [" " * (label + 2) + _ruler(axis.ticks(max(2, bar // 14), 10 / bar), bar)]
    cuts = {int((piece.left + piece.right) / 2 * (bar - 1)) for piece in axis.pieces if piece.cut}
    place = partial(_column, at=axis.at, bar=bar)
    for name, lane in zip(names, shown, strict=True):
        cells: list[State | None] = [None] * bar
        for span in lane.spans:
            first, last = place(span.start), place(span.end)
            cells[first : last + 1] = [span.state] * (last + 1 - first)
        while cells and cells[-1] is None:
            cells.pop()
        line = "".join(
            _paint(_CUT, "90", colour) if column in cuts and state is None else _cell(state, colour)
            for column, state in enumerate(cells)
        )
        lines.append(f"{set_cell_size(name, label)}  {line.rstrip()} {ENDS.get(lane.status, '')}".rstrip())
    if (more := len(view.lanes) - len(shown)) > 0:
        lines.append(f"and {more:,} more")
    used = {span.state for lane in shown for span in lane.spans}
    key = [f"{_cell(state, colour)} {MEANING[state]}" for state in STATES if state in used]
    key += [f"{_CUT} {duration(piece.end - piece.start)} left out" for piece in axis.pieces if piece.cut][:3]
    lines += ["", "  ".join(key), *_waits(view.lanes, colour)]
    return "\n".join(lines) + "\n"


def _name(lane: Lane) -> str:
    return one_line(f"{lane.agent} {lane.task}".strip(), _LABEL)


def _column(time: float, *, at: Callable[[float], float], bar: int) -> int:
    return min(bar - 1, int(at(time) * bar))


def _cell(state: State | None, colour: bool) -> str:
    return " " if state is None else _paint(_MARKS[state], _COLOURS[state], colour)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _ruler(ticks: Iterable[tuple[float, str]], bar: int) -> str:
    line = ""
    for place, label in ticks:
        column = int(place * bar)
        if column >= len(line) and column + len(label) <= bar + 2:
            line = f"{line:<{column}}{label} "
    return line.rstrip()


def _waits(lanes: Sequence[Lane], colour: bool) -> list[str]:
    """Who waits for whom at the end of the picture."""
    told = [
        (lane, span)
        for lane in lanes
        for span in lane.spans
        # A task that someone works on has begun, though its status says so only when it goes on.
        if span.going and span.state in _WAITS and (span.state != "pending" or lane.spans[-1] is span)
    ]
    lines = []
    for lane, span in told[:MAX_WAITS]:
        took = duration(span.end - span.start)
        lines.append(f"{_paint('waits', '1;33', colour)}  {_name(lane)} for {waited_for(span)}, {took} so far")
    return [*lines, *([f"and {len(told) - MAX_WAITS:,} more wait"] if len(told) > MAX_WAITS else [])]


def waited_for(span: Span, limit: int = 4) -> str:
    """Whom a span waits for, in words."""
    names = [one_line(name, 40) for name in span.whom[:limit]]
    if len(span.whom) > limit:
        names.append("others")
    if not names:
        return {"waiting": "a person", "blocked": "agents", "pending": "a free place"}.get(span.state, "")
    return (" or " if span.state == "waiting" else ", ").join(names)


def flow_text(view: Flow, *, width: int = 100, colour: bool = False) -> str:
    """One line for each kind of message between two parties, in the order of the first."""
    if not view.arrows:
        return "No message was sent yet.\n"
    shown = view.arrows[:MAX_ARROWS]
    most = max(8, (width - 24) // 3)
    senders = [one_line(arrow.sender, most) for arrow in shown]
    receivers = [one_line(arrow.receiver, most) for arrow in shown]
    left, right = max(map(cell_len, senders)), max(map(cell_len, receivers))
    lines = []
    for arrow, sender, receiver in zip(shown, senders, receivers, strict=True):
        code = "33" if view.people & {arrow.sender, arrow.receiver} else "36"
        times = f" ×{arrow.count:,}" if arrow.count > 1 else ""
        ends = f"{set_cell_size(sender, left)} {_paint('──▶', code, colour)} {set_cell_size(receiver, right)}"
        lines.append(f"{ends}  {one_line(arrow.kind, most)}{times}")
    if (more := len(view.arrows) - len(shown)) > 0:
        lines.append(f"and {more:,} more kinds")
    lines += [f"{one_line(person, most)} has not answered yet" for person in sorted(view.asked)[:MAX_WAITS]]
    return "\n".join(lines) + "\n"


def states_text(view: Machines, *, width: int = 100, colour: bool = False) -> str:
    """For each agent its states with entries and time, and where it went from each."""
    if not view.machines:
        return "Nothing has happened yet.\n"
    blocks = [_machine_text(machine, width, colour) for machine in view.machines[:MAX_MACHINES]]
    if (more := len(view.machines) - MAX_MACHINES) > 0:
        blocks.append(f"and {more:,} more agents\n")
    return "\n".join(blocks)


def _machine_text(machine: Machine, width: int, colour: bool) -> str:
    lines = [_paint(one_line(machine.agent, width), "1", colour)]
    shown = list(machine.states.items())[:MAX_WAITS]
    label = max((cell_len(one_line(state, _LABEL)) for state, _ in shown), default=0)
    for state, (count, seconds) in shown:
        goes = [(to, times) for (source, to), times in machine.moves.items() if source == state][:MAX_WAITS]
        leads = ", ".join(f"{one_line(to, _LABEL)}{f' ×{times}' if times > 1 else ''}" for to, times in goes)
        mark = _paint("▶", "1;33", colour) if state in machine.now else " "
        name = set_cell_size(one_line(state, _LABEL), label)
        lines.append(
            f"{mark} {name}  {f'×{count:,}':>7} {duration(seconds):>9}  {f'→ {leads}' if leads else ''}".rstrip()
        )
    if (more := len(machine.states) - len(shown)) > 0:
        lines.append(f"  and {more:,} more states")
    return "\n".join(lines) + "\n"
