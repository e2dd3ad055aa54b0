"""One runner a thread: two runs of one thread at once would both do what it does next."""

import hashlib
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver

from lockgate.errors import ThreadBusyError
from lockgate.runtime.pool import Connection, store_errors
from lockgate.runtime.saver import PostgresSaver

_guard = threading.Lock()
_local: "weakref.WeakKeyDictionary[BaseCheckpointSaver[Any], set[str]]" = weakref.WeakKeyDictionary()


@asynccontextmanager
async def thread_lease(saver: BaseCheckpointSaver[Any], thread_id: str) -> AsyncIterator[None]:
    """Holds the right to run `thread_id` while the block runs; raises ThreadBusyError when another holds it.

    With a PostgresSaver it holds against all processes, on a connection of its own, so a killed process gives it
    back at once. With any other saver it holds within this process and for this saver object. It does not wait.
    """
    thread_id = str(thread_id)
    if isinstance(saver, PostgresSaver):
        async with _in_postgres(saver, thread_id):
            yield
        return
    with _guard:
        held = _local.setdefault(saver, set())
        if thread_id in held:
            raise _busy(thread_id)
        held.add(thread_id)
    try:
        yield
    finally:
        with _guard:
            held.discard(thread_id)


@asynccontextmanager
async def _in_postgres(saver: PostgresSaver, thread_id: str) -> AsyncIterator[None]:
    digest = hashlib.sha256(b"lockgate thread\0" + thread_id.encode("utf-8", "surrogatepass")).digest()
    key = (int.from_bytes(digest[:8], "big", signed=True),)
    connection: Connection = await saver.pools.connect()
    try:
        async with store_errors():
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s) AS held", key)
            row = await cursor.fetchone()
        if not (row and row["held"]):
            raise _busy(thread_id)
        yield
    finally:
        # Unlocked before it closes: the server notices a closed connection only a moment later.
        with suppress(psycopg.Error):
            await connection.execute("SELECT pg_advisory_unlock(%s)", key)
        await connection.close()


def _busy(thread_id: str) -> ThreadBusyError:
    return ThreadBusyError(f"Thread {thread_id!r} is being run now.", "Wait until it ends or waits for a person.")
