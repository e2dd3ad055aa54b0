"""The time axis: linear, except that long stretches in which nobody works are cut short.

A person who answers after two hours must not press everything else into one column.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_CUT_FROM = 0.34
"""An idle stretch is cut when it is longer than this part of all working time."""
_CUT_TO = 0.1
"""How wide a cut stretch is, as a part of all that is not cut."""
_LEAST = 0.5
"""Seconds that an idle stretch has at least to be worth a cut."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time from `start` to `end` (seconds) and where it lies on the axis, from 0 to 1."""

    start: float
    end: float
    left: float
    right: float
    cut: bool


@dataclass(frozen=True)
class Axis:
    """Places times between 0 and 1."""

    pieces: tuple[Piece, ...]
    _starts: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, begin: float, end: float, busy: Iterable[tuple[float, float]]) -> "Axis":
        """The axis from `begin` to `end`; `busy` are the stretches in which somebody works."""
        working = [(first, last) for first, last in union(busy) if last > first]
        active = sum(last - first for first, last in working) or (end - begin)
        edges = [begin, *(edge for stretch in working for edge in stretch), end]
        stretches = [
            (start, stop, number % 2 == 0 and bool(working) and stop - start > max(_LEAST, _CUT_FROM * active))
            for number, (start, stop) in enumerate(pairwise(edges))
            if stop > start
        ]
        shown = sum(stop - start for start, stop, cut in stretches if not cut)
        total = shown * (1 + _CUT_TO * sum(cut for _, _, cut in stretches)) or 1.0
        pieces: list[Piece] = []
        left = 0.0
        for start, stop, cut in stretches:
            right = left + (_CUT_TO * shown if cut else stop - start) / total
            pieces.append(Piece(start, stop, left, right, cut))
            left = right
        made = tuple(pieces) or (Piece(begin, begin + 1, 0.0, 1.0, False),)
        return cls(made, [piece.start for piece in made])

    def at(self, time: float) -> float:
        """Where `time` lies; 0 or 1 beyond the ends."""
        piece = self.pieces[max(0, bisect_right(self._starts, time) - 1)]
        part = (time - piece.start) / (piece.end - piece.start)
        return min(1.0, max(0.0, piece.left + part * (piece.right - piece.left)))

    def ticks(self, count: int, apart: float) -> list[tuple[float, str]]:
        """About `count` ticks, their labels at least `apart` of the axis from one another, as (place, label)."""
        begin = self.pieces[0].start
        shown = sum(piece.end - piece.start for piece in self.pieces if not piece.cut)
        step = _step(shown / max(1, count))
        ticks: list[tuple[float, str]] = []
        for piece in self.pieces:
            if piece.cut:
                continue
            number = -int(-(piece.start - begin + step * 1e-9) // step) if piece.start > begin else 0
            while (time := begin + number * step) <= piece.end:
                place = self.at(time)
                if not ticks or place - ticks[-1][0] >= apart:
                    ticks.append((place, _elapsed(number * step)))
                number += 1
        return ticks


def union(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches of time that any of `stretches` covers, in order and apart."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def without(
    stretches: Iterable[tuple[float, float]], holes: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The parts of `stretches` outside `holes`; both are in order and apart."""
    left: list[tuple[float, float]] = []
    first = 0
    for start, end in stretches:
        at = start
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        for number in range(first, len(holes)):
            hole = holes[number]
            if hole[0] >= end:
                break
            if hole[0] > at:
                left.append((at, hole[0]))
            at = max(at, hole[1])
        if at < end:
            left.append((at, end))
    return left


def _step(wanted: float, steps: Sequence[int] = _STEPS) -> float:
    """The round step next above `wanted` seconds."""
    small = 1e-6
    while small < 1:
        for digit in (1, 2, 5):
            if digit * small >= wanted:
                return digit * small
        small *= 10
    return next((step for step in steps if step >= wanted), max(1, round(wanted / 86_400)) * 86_400)


def _elapsed(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1e3:.4g} ms" if seconds else "0"
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.4g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours or days else f"{minutes}:{rest:02}"
    return f"{days} d {clock}" if days else clock
