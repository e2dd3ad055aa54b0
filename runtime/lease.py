"""One runner a thread: two runs of one thread at once would both do what it does next."""

import asyncio
import hashlib
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver

from lockgate.effect import Fence
from lockgate.errors import ThreadBusyError
from lockgate.runtime.fence import FENCE
from lockgate.runtime.pool import Connection, store_errors
from lockgate.runtime.saver import PostgresSaver

_guard = threading.Lock()
_local: "weakref.WeakKeyDictionary[BaseCheckpointSaver[Any], set[str]]" = weakref.WeakKeyDictionary()


LOCAL_PAUSE = 0.02
"""Seconds between two looks at a lease that another task of this process holds."""

_TRY = "SELECT CASE WHEN pg_try_advisory_lock(%s) THEN lockgate_take_lease(%s) END AS token"
_RELEASE = """
WITH given_back AS (UPDATE leases SET pid = NULL WHERE thread_id = %s AND pid = pg_backend_pid())
SELECT pg_advisory_unlock(%s)
"""


@asynccontextmanager
async def thread_lease(
    saver: BaseCheckpointSaver[Any], thread_id: str, *, wait: float = 0.0
) -> AsyncIterator[dict[str, Fence]]:
    """Holds the right to run `thread_id` while the block runs.

    Yields what goes into the run's `configurable`: the lease with its fencing token, by which the checkpointer and
    the ledger refuse a runner that has been replaced (LeaseLostError). Waits at most `wait` seconds for another
    holder to end, then raises ThreadBusyError.

    With a PostgresSaver it holds against all processes, on a connection of its own, so a killed process gives it
    back at once. With any other saver it holds within this process and for this saver object, and there is no token.
    """
    thread_id = str(thread_id)
    if isinstance(saver, PostgresSaver):
        async with _in_postgres(saver, thread_id, wait) as token:
            yield {FENCE: Fence(thread_id=thread_id, token=token)}
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
async def _in_postgres(saver: PostgresSaver, thread_id: str, wait: float) -> AsyncIterator[int]:
    digest = hashlib.sha256(b"lockgate thread\0" + thread_id.encode("utf-8", "surrogatepass")).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    connection: Connection = await saver.pools.connect()
    try:
        async with store_errors():
            token = await _token(connection, key, thread_id, wait)
        if token is None:
            raise _busy(thread_id)
        yield token
    finally:
        # Unlocked before it closes: the server notices a closed connection only a moment later.
        with suppress(psycopg.Error):
            await connection.execute(_RELEASE, (thread_id, key))
        await connection.close()


async def _token(connection: Connection, key: int, thread_id: str, wait: float) -> int | None:
    """The token of the new lease; None when another holds the thread."""
    cursor = await connection.execute(_TRY, (key, thread_id))
    row = await cursor.fetchone()
    token: int | None = row["token"] if row else None
    if token is None and wait > 0:
        await connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(max(1, int(wait * 1_000))),))
        try:
            await connection.execute("SELECT pg_advisory_lock(%s)", (key,))
        except psycopg.errors.LockNotAvailable:
            return None
        await connection.execute("SET lock_timeout = 0")
        cursor = await connection.execute("SELECT lockgate_take_lease(%s) AS token", (thread_id,))
        row = await cursor.fetchone()
        token = row["token"] if row else None
    return token


def _busy(thread_id: str) -> ThreadBusyError:
    return ThreadBusyError(f"Thread {thread_id!r} is being run now.", "Wait until it ends or waits for a person.")
