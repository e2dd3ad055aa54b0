"""The Gantt view as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockgate.telemetry.axis import Axis
from lockgate.telemetry.canvas import block, fit, label, sheet, wide
from lockgate.telemetry.facts import duration
from lockgate.telemetry.text import ENDS, MEANING, waited_for
from lockgate.telemetry.timeline import STATES, Lane, Span, State, Timeline

MAX_LANES = 100
MAX_BARS = 3_000
"""Bars in one picture. When there are more, those nearest to one another become one."""
_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 980.0, 236.0, 36.0, 56.0, 26.0
_BAR, _THIN = 14.0, 4.0
_GOOD = "completed"


def timeline_svg(view: Timeline) -> str:
    """The picture, at most `MAX_LANES` rows high."""
    lanes = view.lanes[:MAX_LANES]
    axis = view.axis()
    height = _TOP + max(1, len(lanes)) * _ROW + 62
    shapes = [*_grid(axis, len(lanes)), *_lanes(lanes, axis)]
    below = _TOP + max(1, len(lanes)) * _ROW
    if not lanes:
        shapes.append(label(24, _TOP + 16, "Nothing has happened yet.", classes="muted"))
    if (more := len(view.lanes) - len(lanes)) > 0:
        shapes.append(label(24, below + 18, f"and {more:,} more", classes="muted"))
    shapes.append(label(24, 26, "Timeline", classes="ink strong"))
    took = f"{duration(view.end - view.begin)}, {len(view.lanes):,} row{'s' * (len(view.lanes) != 1)}"
    shapes.append(label(_WIDTH - 24, 26, took, classes="muted end"))
    shapes += _legend({span.state for lane in lanes for span in lane.spans}, below + 42)
    return sheet(_WIDTH, height, f"Timeline of {len(view.lanes)} agents and tasks, {took}", shapes)


def _x(axis: Axis, time: float) -> float:
    return _LEFT + axis.at(time) * (_WIDTH - _LEFT - _RIGHT)


def _grid(axis: Axis, rows: int) -> Iterator[str]:
    bottom = _TOP + max(1, rows) * _ROW
    for number in range(0, rows, 2):
        yield block(12, _TOP + number * _ROW, _WIDTH - 24, _ROW, "band", radius=4)
    for piece in axis.pieces:
        if piece.cut:
            x, wide_ = _x(axis, piece.start), (piece.right - piece.left) * (_WIDTH - _LEFT - _RIGHT)
            left_out = duration(piece.end - piece.start)
            yield block(x, _TOP - 6, wide_, bottom - _TOP + 6, "cut", radius=0, tip=f"{left_out} left out")
            yield label(x + wide_ / 2, bottom + 14, f"⋯ {left_out}", classes="muted small middle")
    for place, text in axis.ticks(7, 0.09):
        x = _LEFT + place * (_WIDTH - _LEFT - _RIGHT)
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP - 6}" x2="{x:.1f}" y2="{bottom:.1f}"/>'
        yield label(x, _TOP - 12, text, classes="muted small middle")


@dataclass(slots=True)
class _Bar:
    left: float
    right: float
    span: Span
    count: int = 1


def _lanes(lanes: Sequence[Lane], axis: Axis) -> Iterator[str]:
    gap = 0.5
    drawn = [_bars(lane, axis, gap) for lane in lanes]
    while sum(map(len, drawn)) > MAX_BARS:
        gap *= 2
        drawn = [_bars(lane, axis, gap) for lane in lanes]
    before = ""
    for number, (lane, bars) in enumerate(zip(lanes, drawn, strict=True)):
        y = _TOP + number * _ROW
        room = _LEFT - 40
        if lane.agent != before or not lane.task:
            agent_room = room if not lane.task else room * 0.62
            yield label(24, y + 17, lane.agent, classes="ink strong", room=agent_room)
        before = lane.agent
        if lane.task:
            yield label(_LEFT - 12, y + 17, lane.task, classes="muted end", room=room * 0.36)
        for bar in bars:
            yield from _drawn(bar, y)
        if lane.status:
            end = max((bar.right for bar in bars), default=_LEFT)
            classes = "good" if lane.status == _GOOD else "bad"
            yield f'<text class="{classes} strong" x="{end + 6:.1f}" y="{y + 17:.1f}">{ENDS[lane.status]}</text>'


def _bars(lane: Lane, axis: Axis, gap: float) -> list[_Bar]:
    """The spans of a lane as bars; those of one state that are less than `gap` pixels apart are one."""
    bars: list[_Bar] = []
    for span in lane.spans:
        left, right = _x(axis, span.start), _x(axis, span.end)
        near = bars[-1] if bars and bars[-1].span.state == span.state else None
        if near and left - near.right < gap and (gap > 1 or not _told(span.state)):
            near.right = max(near.right, right)
            near.count += 1
        else:
            bars.append(_Bar(left, max(right, left + 1.5), span))
    return bars


def _told(state: State) -> bool:
    """Whether a bar says whom it waits for, so that two of them are better kept apart."""
    return state in ("waiting", "pending")


def _drawn(bar: _Bar, y: float) -> Iterator[str]:
    span, width = bar.span, bar.right - bar.left
    who = waited_for(span) if span.state in ("pending", "blocked", "waiting") else ", ".join(span.whom)
    tip = f"{MEANING[span.state]}{f': {who}' if who else ''}, {duration(span.end - span.start)}"
    if bar.count > 1:
        tip = f"{MEANING[span.state]} ×{bar.count}"
    if span.state == "blocked":
        yield block(bar.left, y + (_ROW - _THIN) / 2, width, _THIN, "blocked", tip=tip)
        return
    yield block(bar.left, y + (_ROW - _BAR) / 2, width, _BAR, span.state, radius=3, tip=tip)
    text = (
        fit(f"? {who}" if span.state == "waiting" else f"after {who}", width - 8, 10.5)
        if _told(span.state) and who
        else ""
    )
    if len(text) > 4:  # noqa: PLR2004 - less says nothing
        classes = "on small" if span.state == "waiting" else "muted small"
        yield label(bar.left + 5, y + 16.5, text, classes=classes)


def _legend(used: set[State], y: float) -> Iterator[str]:
    x = 24.0
    for state in STATES:
        if state not in used:
            continue
        tall = _THIN if state == "blocked" else 10
        yield block(x, y - 4.5 - tall / 2, 18, tall, state)
        yield label(x + 24, y, MEANING[state], classes="muted small")
        x += 24 + wide(MEANING[state], 10.5) + 22
