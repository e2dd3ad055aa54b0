"""A lease lives as long as its runner shows that it does.

An advisory lock outlives a process that is stopped, and one of a machine that vanished stays until the server notices,
which by its own defaults takes two hours. So a runner renews its leases, and who finds a thread under a lease that was
not renewed for `LIFE` seconds has the server end the holder's connection. Should the holder only have slept, the fence
stops it when it wakes up. All instants are those of the server's clock.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lockgate.effect import Fence
from lockgate.errors import StoreError
from lockgate.runtime.pool import Pools

LIFE = 30.0
"""Seconds without a sign of life after which a lease may be taken; it is renewed three times as often."""
FREED = 5.0
"""Seconds that the server may take to give the locks of a connection back that it has ended."""

log = logging.getLogger(__name__)

_RENEW = "UPDATE leases SET taken_at = clock_timestamp() WHERE thread_id = %s AND token = %s"
# One that lies in the future was renewed before the server's clock was set back; a runner that lives renews it again.
_FREE = """
SELECT extract(epoch FROM clock_timestamp() - l.taken_at)::float8 AS age, pg_terminate_backend(l.pid, %s) AS ended
FROM leases l JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_start = l.backend_start
WHERE l.thread_id = %s AND l.pid <> pg_backend_pid()
    AND abs(extract(epoch FROM clock_timestamp() - l.taken_at)) > %s
"""


@contextmanager
def renewed(pools: Pools, fence: Fence) -> Iterator[None]:
    """While it is open, the lease is renewed. An event loop that stands still for `LIFE` seconds renews nothing."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()

    timer = loop.call_later(LIFE / 3, lambda: beat())  # noqa: PLW0108 - it is defined below

    def beat() -> None:
        nonlocal timer
        timer = loop.call_later(LIFE / 3, beat)
        task = loop.create_task(_renew(pools, fence))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    try:
        yield
    finally:
        timer.cancel()
        for task in under_way:
            task.cancel()


async def freed(pools: Pools, thread_id: str) -> bool:
    """Whether the thread was under a lease that nobody renews, and its holder's connection is ended now."""
    async with pools.kept() as kept:  # whose own leases are left alone
        cursor = await kept.connection.execute(_FREE, (int(FREED * 1_000), thread_id, LIFE))
        ended = [row["age"] for row in await cursor.fetchall() if row["ended"]]
    if ended:
        log.warning("The lease of thread %r was renewed %.0f s ago; its runner counts as dead.", thread_id, ended[0])
    return bool(ended)


async def _renew(pools: Pools, fence: Fence) -> None:
    with suppress(StoreError):  # a database that is away is named by whoever needs it
        async with pools.connection() as connection:
            await connection.execute(_RENEW, (fence.thread_id, fence.token))
