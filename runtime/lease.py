"""One runner a thread: two runs of one thread at once would both do what it does next.

The leases of one event loop are advisory locks on one connection that stays open, so a lease costs two short queries
and no connection, and all of them are given back at once when the process dies. One session may take an advisory
lock of its own again: which leases it holds is therefore also kept beside the connection.
"""

import asyncio
import threading
import weakref
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver

from lockgate.deadline import ticks
from lockgate.effect import Fence
from lockgate.errors import StoreError, ThreadBusyError
from lockgate.runtime.fence import FENCE, given_back, lock_key
from lockgate.runtime.pool import Kept, store_errors
from lockgate.runtime.saver import PostgresSaver
from lockgate.runtime.vigil import FREED, freed, renewed
from lockgate.runtime.wire import Connection

_guard = threading.Lock()
_local: "weakref.WeakKeyDictionary[BaseCheckpointSaver[Any], set[str]]" = weakref.WeakKeyDictionary()
_releasing: set[asyncio.Task[None]] = set()

LOCAL_PAUSE = 0.02
"""Seconds between two looks at a lease that another task of this process holds."""

_BEGIN = b"SELECT token, newest, extract(epoch FROM clock_timestamp())::float8 AS at FROM lockgate_begin(%s, %s)"
_TAKE = b"SELECT lockgate_take_lease(%s) AS token, extract(epoch FROM clock_timestamp())::float8 AS at"


@asynccontextmanager
async def thread_lease(
    saver: BaseCheckpointSaver[Any], thread_id: str, *, wait: float = 0.0
) -> AsyncIterator[dict[str, Fence]]:
    """Holds the right to run `thread_id` while the block runs.

    Yields what goes into the run's `configurable`: the lease with its fencing token, by which the checkpointer and
    the ledger refuse a runner that has been replaced (LeaseLostError). Waits at most `wait` seconds for another
    holder to end, then raises ThreadBusyError.

    With a PostgresSaver it holds against all processes, on a connection that the leases of this event loop share, so
    a killed process gives all of its leases back at once, and one that is stopped loses them (see `vigil`). With any
    other saver it holds within this process and for this saver object, and there is no token.
    """
    thread_id = str(thread_id)
    if isinstance(saver, PostgresSaver):
        async with _in_postgres(saver, thread_id, wait) as fence:
            with renewed(saver.pools, fence):
                yield {FENCE: fence}
        return
    deadline = monotonic() + wait
    while not _take_locally(saver, thread_id):
        if monotonic() >= deadline:
            raise _busy(thread_id)
        await asyncio.sleep(LOCAL_PAUSE)
    try:
        yield {}
    finally:
        with _guard:
            _local[saver].discard(thread_id)


def _take_locally(saver: BaseCheckpointSaver[Any], thread_id: str) -> bool:
    with _guard:
        held = _local.setdefault(saver, set())
        if thread_id in held:
            return False
        held.add(thread_id)
        return True


@asynccontextmanager
async def _in_postgres(saver: PostgresSaver, thread_id: str, wait: float) -> AsyncIterator[Fence]:
    key = lock_key(thread_id)
    # What was begun on the shared connection is seen through, also when the caller is cancelled meanwhile.
    taking = asyncio.ensure_future(_take(saver, key, thread_id))
    try:
        taken = await asyncio.shield(taking)
    except asyncio.CancelledError:
        _see_through(_undo(saver, taking, key))
        raise
    if taken is None:
        async with _waited_for(saver, key, thread_id, wait) as fence:
            yield fence
        return
    kept, fence = taken
    try:
        yield fence
    finally:
        if kept.held.get(key) == fence:  # else it went with the last write of the run
            await asyncio.shield(_see_through(_release(saver, kept, key)))


async def _take(saver: PostgresSaver, key: int, thread_id: str) -> tuple[Kept, Fence] | None:
    """The lease on the shared connection; None when another holds the thread."""
    async with saver.pools.kept() as kept:
        if key in kept.held:
            return None
        try:
            row = await (await kept.connection.execute(_BEGIN, (key, thread_id))).fetchone()
        except psycopg.Error:
            await _unlock(kept.connection, key)
            raise
        assert row is not None
        if row["token"] is None:
            return None
        fence = kept.held[key] = Fence(thread_id=thread_id, token=row["token"], clock=row["at"] - ticks())
        saver.begun(fence, row["newest"])
        return kept, fence


async def _release(saver: PostgresSaver, kept: Kept, key: int) -> None:
    with suppress(StoreError):  # whoever is gone holds nothing
        async with saver.pools.kept() as current:
            if current is not kept or key not in kept.held:
                return
            try:
                await kept.connection.run(given_back(kept.held[key]))
            except psycopg.Error:
                await _unlock(kept.connection, key)
            kept.held.pop(key, None)


async def _unlock(connection: Connection, key: int) -> None:
    """Gives a lock back that nothing may keep: if need be by ending the connection, and all its leases."""
    try:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (key,))
    except psycopg.Error:
        connection.pgconn.finish()


async def _undo(saver: PostgresSaver, taking: "asyncio.Future[tuple[Kept, Fence] | None]", key: int) -> None:
    with suppress(Exception):
        if taken := await taking:
            await _release(saver, taken[0], key)


def _see_through(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    _releasing.add(task)
    task.add_done_callback(_releasing.discard)
    return task


@asynccontextmanager
async def _waited_for(saver: PostgresSaver, key: int, thread_id: str, wait: float) -> AsyncIterator[Fence]:
    """The lease on a connection of its own: waiting for a lock keeps a connection busy."""
    if await freed(saver.pools, thread_id):
        wait = max(wait, FREED)
    if wait <= 0:
        raise _busy(thread_id)
    connection = await saver.pools.connect()
    fence: Fence | None = None
    try:
        async with store_errors():
            await connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(max(1, int(wait * 1_000))),))
            try:
                await connection.execute("SELECT pg_advisory_lock(%s)", (key,))
            except psycopg.errors.LockNotAvailable:
                raise _busy(thread_id) from None
            await connection.execute("SET lock_timeout = 0")
            cursor = await connection.execute(_TAKE, (thread_id,))
            row = await cursor.fetchone()
        assert row is not None
        fence = Fence(thread_id=thread_id, token=row["token"], clock=row["at"] - ticks())
        yield fence
    finally:
        # Unlocked before it closes: the server notices a closed connection only a moment later.
        with suppress(psycopg.Error):
            if fence is not None:
                await connection.run(given_back(fence))
        await connection.close()


def _busy(thread_id: str) -> ThreadBusyError:
    return ThreadBusyError(f"Thread {thread_id!r} is being run now.", "Wait until it ends or waits for a person.")
