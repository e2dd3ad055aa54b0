"""Events as the views take them: in order, with sound times, whether they are read back or still in memory."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

UNNAMED = "(unnamed)"
"""What an agent without a name is called."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


@runtime_checkable
class Row(Protocol):
    """What a view needs of an event: `lockgate.events.Event` has it, and so has a row of the events table.

    Times are seconds since the epoch or aware datetimes; `ended` is None while it lasts.
    """

    @property
    def kind(self) -> str: ...
    @property
    def node(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def run_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def started(self) -> float | datetime: ...
    @property
    def ended(self) -> float | datetime | None: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One event. `ended` is never before `started`, and None while it lasts. `place` is the graph it ran in."""

    kind: str
    node: str
    name: str
    agent: str
    run_id: str
    status: str
    started: float
    ended: float | None
    detail: Mapping[str, Any]
    place: str

    @property
    def last(self) -> float:
        """The latest time it speaks of."""
        return self.started if self.ended is None else self.ended

    def told(self, key: str) -> str:
        """A text of the detail; empty when there is none."""
        value = self.detail.get(key)
        return value if isinstance(value, str) else ""

    def listed(self, key: str) -> tuple[str, ...]:
        """A list of texts of the detail; empty when there is none."""
        value = self.detail.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple)) else ()


def facts(events: Iterable[Row]) -> list[Fact]:
    """The events in the order in which they started. One without a finite time is left out."""
    found = [fact for event in events if (fact := _fact(event)) is not None]
    found.sort(key=lambda fact: fact.started)
    return found


def _fact(event: Row) -> Fact | None:
    started, ended = _seconds(event.started), _seconds(event.ended)
    if started is None:
        return None
    return Fact(
        kind=event.kind,
        node=event.node,
        name=event.name,
        agent=event.agent or UNNAMED,
        run_id=event.run_id,
        status=event.status,
        started=started,
        # A clock that was set back in between must not turn a bar inside out.
        ended=None if ended is None else max(started, ended),
        detail=event.detail if isinstance(event.detail, Mapping) else {},
        place=getattr(event, "checkpoint_ns", ""),
    )


def _seconds(time: object) -> float | None:
    if isinstance(time, datetime):
        return time.timestamp()
    return float(time) if isinstance(time, (int, float)) and math.isfinite(time) else None


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it: `40 ms`, `2.5 s`, `3 min`, `2 h 5 min`, `3 d 4 h`."""
    if 0 < seconds < 0.001:  # noqa: PLR2004 - a thousandth
        return "<1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    minutes = int(seconds // _MINUTE)
    if seconds < 2 * _HOUR:
        return f"{minutes} min"
    if seconds < 2 * _DAY:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = minutes // 60
    return f"{hours // 24} d {hours % 24} h"
