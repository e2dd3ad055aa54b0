"""The ids of checkpoints are times: LangGraph makes them of this machine's clock, and so does what compares them.

Which run is newest, what a new message supersedes and what came before a moment are told by ids. A clock that stands
before the one that made a thread's last id would turn all of them round, so its ids go on from that id instead.
"""

import logging
import time

from langgraph.checkpoint.base import id as made

from lockgate.deadline import JUMP

log = logging.getLogger(__name__)

_LAST = "_last_v6_timestamp"
"""Where LangGraph keeps the time of the last id of this process, behind which it makes the next."""
_UUID6 = 6
_EPOCH = 0x01B21DD213814000
"""Ticks of 100 ns from the beginning of the Gregorian calendar, from which such ids count, to that of Unix's."""
_FARTHEST = 100 * 366 * 86_400 * 10_000_000
"""Ticks by which an id may lie ahead: one of no clock at all would take the ids of every thread along."""


def ahead(checkpoint_id: str) -> float:
    """Seconds by which the id lies ahead of this machine's clock; 0 when the ids made here come after it anyway."""
    at, now = _ticks(checkpoint_id), time.time_ns() // 100 + _EPOCH
    follows = at < now or at <= (getattr(made, _LAST) or 0)
    return 0.0 if follows or at > now + _FARTHEST else (at - now + 1) / 1e7


def follow(checkpoint_id: str, thread_id: str) -> None:
    """Has the ids that this process makes from here on come after the given one of the thread."""
    if by := ahead(checkpoint_id):
        if by > JUMP:
            log.warning("This machine's clock stands %.0f s before the last checkpoint of thread %r.", by, thread_id)
        setattr(made, _LAST, _ticks(checkpoint_id))


def _ticks(checkpoint_id: str) -> int:
    try:
        found = made.UUID(hex=checkpoint_id)
    except ValueError:  # of another make
        return 0
    return found.time if found.version == _UUID6 else 0
