"""The fence: a statement that ends a transaction whose runner has been replaced.

A lease may be lost without its holder knowing: the process was frozen, its connection cut, and another took over. So
each lease has a token that grows, every transaction of its runner checks it, and the check waits for nobody: it takes
a shared lock that only the taking of a new lease excludes (Kleppmann, "How to do distributed locking", 2016).
"""

from collections.abc import Mapping
from typing import Any

from lockgate.effect import Fence
from lockgate.runtime.record import Statement

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


def fenced(fence: Fence | None) -> list[Statement]:
    """The check that goes into a transaction of the fence's holder."""
    return [] if fence is None else [("SELECT lockgate_fence(%s, %s)", (fence.thread_id, fence.token))]
