"""`Deadline`: the instant by which a whole run is to end, whoever works in it.

It stands in the run's state as an instant of the wall clock, so it is the same after a crash and in another process,
and time that the run waits for a person counts. Within a process the time to it is measured by a clock that nobody can
set. What runs inside a run inherits it through the context; a narrower one may take its place, never a wider one.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lockgate.errors import ConfigError
from lockgate.recording import played

SECONDS = "lockgate_deadline"
"""Key of a run's `configurable`: how many seconds the run may take from its first step on."""
MOST = "__lockgate_deadline"
"""Key of a graph's own `configurable`: the same for each of its runs, which may ask for less and not for more."""
JUMP = 2.0
"""Seconds by which the wall clock must leave the other one to count as set anew; time servers mend less at a time."""
GRACE = 1.0
"""Seconds that an agent whose calls were cut at the deadline has to say so, before it is cut itself."""
MAX_SECONDS = 366 * 86_400.0
_MAX_KNOWN = 10_000

log = logging.getLogger(__name__)
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Nobody can set it; where there is such a clock, the time that the machine slept counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`at` is when the run is to have ended, `begun` when it began; seconds since the epoch."""

    at: float
    begun: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The deadline of a run that begins now and may take so many seconds."""
        now = time.time()
        made = cls(at=now + seconds, begun=now)
        _met(made)
        return made

    @property
    def left(self) -> float:
        """Seconds that are left; nothing or less when it has passed, never more than the run was given."""
        return _met(self).end - ticks()

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0

    def __str__(self) -> str:
        """Says when it was, what time it is, and what is wrong with this machine's clock, if anything is."""
        met, now = _met(self), time.time()
        drift = (now - met.wall) - (ticks() - met.ticks)
        odd = ""
        if met.wall < self.begun - JUMP:
            odd = f"; this machine's clock stood {self.begun - met.wall:,.0f} s before the run's beginning"
        elif abs(drift) > JUMP:
            odd = (
                f"; this machine's clock was set {'forward' if drift > 0 else 'back'} by {abs(drift):,.0f} s meanwhile"
            )
        return f"the run's deadline was {utc(self.at)}, and it is {utc(now)}{odd}"


@dataclass(frozen=True, slots=True)
class _Met:
    """When this process first met a deadline, by both clocks, and when it ends by the one that nobody sets."""

    wall: float
    ticks: float
    end: float


_known: dict[Deadline, _Met] = {}
_bound: ContextVar[Deadline | None] = ContextVar("_bound", default=None)


def ticks() -> float:
    """Seconds by the clock that nobody can set; they tell spans within this process, and no instant."""
    return time.clock_gettime(_CLOCK)


def _met(deadline: Deadline) -> _Met:
    if (met := _known.get(deadline)) is None:
        wall, begun = time.time(), ticks()
        if wall < deadline.begun - JUMP:
            log.warning("This machine's clock stands before a run's beginning (%s).", utc(deadline.begun))
        # A clock that was set back gives a run no more than it was given in the first place.
        met = _Met(wall, begun, begun + deadline.at - max(wall, deadline.begun))
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[deadline] = met
    return met


def deadline() -> Deadline | None:
    """The deadline of the run that goes on here; None without one, and in a run that is only played again."""
    return None if (bound := _bound.get()) is None or played() is not None else bound


def overdue() -> str:
    """Why nothing may be begun here any more, or an empty string."""
    return str(until) if (until := deadline()) is not None and until.passed else ""


def capped(seconds: float, grace: float = 0.0) -> float:
    """`seconds`, or what is left of them until the deadline and `grace` seconds more."""
    return seconds if (until := deadline()) is None else min(seconds, max(0.0, until.left + grace))


@contextmanager
def held_to(own: Deadline | None) -> Iterator[None]:
    """While it is open, what runs in this context ends by `own`, or by the deadline around it when that is earlier."""
    around = _bound.get()
    if own is None or (around is not None and around.left <= own.left):
        yield
        return
    token = _bound.set(own)
    try:
        yield
    finally:
        _bound.reset(token)


def begun(configurable: Mapping[str, Any], default: float | None) -> Deadline | None:
    """The deadline of a run that begins now with this `configurable`; None when the one around it is no later.

    The least of what the run asks for, what the graph allows and the `default` counts, in seconds. Raises ConfigError.
    """
    asked = [value for value in (configurable.get(SECONDS), configurable.get(MOST), default) if value is not None]
    around = deadline()
    if not asked or played() is not None:
        return None
    least = min(map(checked, asked))
    return None if around is not None and around.left <= least else Deadline.after(least)


def checked(seconds: Any) -> float:
    """`seconds` as a run can be given them. Raises ConfigError."""
    fit = isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds)
    if not fit or not 0 < seconds <= MAX_SECONDS:
        raise ConfigError(f"{seconds!r:.50} is no deadline.", f"Seconds from the run's start, at most {MAX_SECONDS:g}.")
    return float(seconds)


def utc(at: float) -> str:
    """An instant as people read it; one that no calendar has, as the number it is."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{at!r:.40}"
