"""The fence: a statement that ends a transaction whose runner has been replaced.

A lease may be lost without its holder knowing: the process was frozen, its connection cut, and another took over. So
each lease has a token that grows, every transaction of its runner checks it, and the check waits for nobody: it takes
a shared lock that only the taking of a new lease excludes (Kleppmann, "How to do distributed locking", 2016).
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any

from lockgate import deadline
from lockgate.effect import Fence
from lockgate.runtime.wire import Statement

FENCE = "__lockgate_fence"
"""Key of `configurable` that carries the `Fence`; LangGraph hands it to every subgraph and to the checkpointer, and
keeps keys that begin so out of the stored metadata."""
LOST = "LG001"
"""SQLSTATE of a transaction that the fence has ended."""


def fence_of(configurable: Mapping[str, Any]) -> Fence | None:
    """The lease of the run with this `configurable`; None for a run without one.

    A graph that a leased run calls with a thread of its own inherits the key, but not the lease.
    """
    fence = configurable.get(FENCE)
    return fence if isinstance(fence, Fence) and fence.thread_id == str(configurable.get("thread_id")) else None


def now(configurable: Mapping[str, Any]) -> float:
    """What time it is for the run with this `configurable`, in seconds since the epoch.

    By the database's clock, which all runners of a thread share; without a lease by this machine's own.
    """
    fence = fence_of(configurable)
    return time.time() if fence is None or fence.clock is None else deadline.ticks() + fence.clock


def fenced(fence: Fence | None) -> list[Statement]:
    """The check that goes into a transaction of the fence's holder."""
    return [] if fence is None else [("SELECT lockgate_fence(%s, %s)", (fence.thread_id, fence.token))]


def lock_key(thread_id: str) -> int:
    """Key of the advisory lock that is the lease of a thread."""
    digest = hashlib.sha256(b"lockgate thread\0" + thread_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def given_back(fence: Fence) -> list[Statement]:
    """What gives a lease back, on the connection that holds it.

    In a transaction with `fenced`, whoever takes the thread next waits for it to end, so the lock may go before.
    """
    return [
        ("UPDATE leases SET pid = NULL WHERE thread_id = %s AND token = %s", (fence.thread_id, fence.token)),
        ("SELECT pg_advisory_unlock(%s)", (lock_key(fence.thread_id),)),
    ]
