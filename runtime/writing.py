"""Writes what was gathered: when, and in which transaction."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.errors import StoreError
from lockgate.runtime.gather import (
    MAX_AGE,
    Batch,
    Put,
    Thread,
    Wrote,
    is_news,
    segment_of,
)
from lockgate.runtime.lineage import Lineage
from lockgate.runtime.pool import Pools
from lockgate.runtime.reading import head
from lockgate.runtime.record import Statement, merged
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import Segment, about, pack

LINGER = 0.005
"""Seconds that an answer or a question waits for what follows it, to be written with it."""
THREADS = 1_000
"""Threads that a process remembers the last state of."""
LINEAGE_BYTES = 64_000_000
"""Bytes of delta channels that it remembers, of all threads together."""

_INSERT = """
INSERT INTO steps (thread_id, namespaces, touched, spine, body, blobs) VALUES (%s, %s, %s, %s, %s, %s)
RETURNING seq, (SELECT max(s.seq) FROM steps s WHERE s.thread_id = steps.thread_id) AS before
"""
_BLOB = "INSERT INTO blobs (thread_id, digest, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class Writer:
    """Gathers and writes for all threads of a saver."""

    def __init__(self, pools: Pools, seal: Seal, *, before: Callable[[str], Awaitable[None]]) -> None:
        """`before` is awaited with the thread's id ahead of each transaction; nothing is written when it raises."""
        self._pools = pools
        self._before = before
        self._seal = seal
        self._threads: OrderedDict[str, Thread] = OrderedDict()

    def thread(self, thread_id: str) -> Thread:
        """What is known of the thread."""
        found = self._threads.get(thread_id)
        if found is None:
            found = self._threads.setdefault(thread_id, Thread(thread_id))
            self._evict(THREADS)
        return found

    def trim(self) -> None:
        """Drops remembered delta channels, those of the threads used longest ago first, down to the bound."""
        size = sum(thread.lineage.size for thread in tuple(self._threads.values()) if thread.lineage)
        for thread in tuple(self._threads.values()):
            if size <= LINEAGE_BYTES:
                return
            if thread.lineage and not thread.made:
                size -= thread.lineage.size
                thread.lineage = None

    def _evict(self, most: int) -> None:
        for thread_id, thread in tuple(self._threads.items())[: max(0, len(self._threads) - most)]:
            if not thread.pending and thread.in_flight is None and not thread.made:
                self._threads.pop(thread_id, None)

    async def add_checkpoint(
        self, thread_id: str, put: Put, statements: Sequence[Statement], serde: SerializerProtocol, *, gathered: bool
    ) -> None:
        """Adds a checkpoint, and writes when it is time to."""
        thread = self.thread(thread_id)
        with thread.guard:
            thread.pending.puts.append(put)
            thread.pending.statements += statements
            thread.namespaces.add(put.ns)
            if gathered:
                thread.made.add(put.checkpoint["id"])
            due = monotonic() - thread.pending.since > MAX_AGE
            lost = thread.lost
        if not gathered:
            await self._now(thread, serde, lost)
        elif due:
            await self.flush(thread_id, serde, lost)
        elif put.metadata.get("source") == "input":  # what was asked is not to wait for a slow answer
            self._linger(thread, serde)

    async def add_writes(
        self,
        thread_id: str,
        wrote: Wrote,
        statements: Sequence[Statement],
        serde: SerializerProtocol,
        *,
        gathered: bool,
    ) -> None:
        """Adds the writes of a task, and writes when it is time to."""
        thread = self.thread(thread_id)
        with thread.guard:
            thread.pending.wrote.append(wrote)
            thread.pending.statements += statements
            thread.namespaces.add(wrote.ns)
            lost = thread.lost
        if not gathered:
            await self._now(thread, serde, lost)
        elif is_news(wrote.writes):
            self._linger(thread, serde)

    async def add_statements(
        self, thread_id: str, statements: Sequence[Statement], serde: SerializerProtocol, *, gathered: bool
    ) -> None:
        """Adds statements that belong to no checkpoint or writes of their own; they are written soon."""
        thread = self.thread(thread_id)
        with thread.guard:
            thread.pending.statements += statements
            lost = thread.lost
        if gathered:
            self._linger(thread, serde)
        else:
            await self._now(thread, serde, lost)

    def _linger(self, thread: Thread, serde: SerializerProtocol) -> None:
        if thread.timer is None:
            loop = asyncio.get_running_loop()
            thread.timer = loop.call_later(LINGER, self._soon, thread.thread_id, serde)

    def _soon(self, thread_id: str, serde: SerializerProtocol) -> None:
        thread = self._threads.get(thread_id)
        if thread is not None:
            thread.timer = None
            task = asyncio.get_running_loop().create_task(self._try(thread_id, serde))
            _lingering.add(task)
            task.add_done_callback(_lingering.discard)

    async def _try(self, thread_id: str, serde: SerializerProtocol) -> None:
        # What fails here stays gathered; the write that the run waits for fails too, and is heard.
        with suppress(Exception):
            await self.flush(thread_id, serde)

    async def _now(self, thread: Thread, serde: SerializerProtocol, lost: int) -> None:
        """Writes at once; what cannot be written was never accepted."""
        try:
            await self.flush(thread.thread_id, serde, lost)
        except BaseException:
            thread.forget()
            raise

    async def flush_all(self, serde: SerializerProtocol) -> None:
        """Writes what was gathered of every thread."""
        for thread_id in tuple(self._threads):
            await self.flush(thread_id, serde)

    async def flush(self, thread_id: str, serde: SerializerProtocol, lost: int | None = None) -> None:
        """Writes all that is gathered of the thread now; one writer at a time, so the order stays.

        `lost` is how often the thread had lost what was gathered when the caller added to it.
        """
        thread = self._threads.get(thread_id)
        while thread is not None:
            with thread.guard:
                if lost is None:
                    lost = thread.lost
                elif lost != thread.lost:
                    raise thread.failure or StoreError("What was gathered of the thread was given up.", "Resume it.")
                others = thread.in_flight
                if others is None:
                    if thread.timer is not None:
                        thread.timer.cancel()
                        thread.timer = None
                    if not thread.pending:
                        return
                    batch, thread.pending = thread.pending, Batch()
                    mine: Future[None] = Future()
                    thread.in_flight = mine
            if others is not None:
                # Whether it succeeds or not: what it could not write is gathered again, and written here.
                await asyncio.shield(asyncio.wrap_future(others))
                continue
            try:
                await self._write(thread, batch, serde)
            except BaseException as error:
                with thread.guard:
                    thread.pending = batch + thread.pending
                    thread.failure = error if isinstance(error, StoreError) else None
                raise
            finally:
                with thread.guard:
                    thread.in_flight = None
                mine.set_result(None)
            return

    async def _write(self, thread: Thread, batch: Batch, serde: SerializerProtocol) -> None:
        await self._before(thread.thread_id)
        segment, blobs, _ = segment_of(thread, batch, serde)
        spine, body = pack(segment, thread.thread_id, self._seal)
        row = (thread.thread_id, segment.namespaces, segment.touched, spine, body, segment.blobs or None)
        statements = merged(batch.statements)
        if spine is None and body is None and not statements:
            return
        for digest, (encoding, data) in blobs.items():
            sealed = self._seal.close(encoding.encode() + b"\0" + data, about(thread.thread_id, "blob"))
            statements.append((_BLOB, (thread.thread_id, digest, sealed)))
        if spine is None and body is None:
            await self._execute(statements)
            return
        found = await self._execute([(_INSERT, row), *statements])
        thread.blobs |= set(blobs)
        remember(thread, segment, found["seq"], found["before"], serde)

    async def _execute(self, statements: Sequence[Statement]) -> dict[str, Any]:
        """Runs the statements as one transaction; the row that the first one gives, if any."""
        together = [statement for statement in statements if not statement[0].lstrip().startswith("WITH")]
        apart = [statement for statement in statements if statement not in together]
        sql, parameters = _as_one(together)
        async with self._pools.connection() as connection:
            if not apart:
                cursor = await connection.execute(sql, parameters)
                return await cursor.fetchone() or {}
            cursor = connection.cursor()
            # Without a sync in between, Postgres runs all statements of a pipeline as one transaction.
            async with connection.pipeline():
                if together:
                    await cursor.execute(sql, parameters)
                for one, values in apart:
                    await connection.execute(one.encode(), values)
            return (await cursor.fetchone() or {}) if together else {}


def _as_one(statements: Sequence[Statement]) -> tuple[bytes, list[Any]]:
    """Several statements as one, which costs the client a third of a pipeline. A SELECT is there for what it does."""
    parts, calls, parameters = [], [], list[Any]()
    for number, (sql, values) in enumerate(statements):
        called = sql.lstrip().startswith("SELECT")
        parts.append(f"s{number} AS {'MATERIALIZED ' if called else ''}({sql})")
        if called:
            calls.append(f"(SELECT count(*) FROM s{number})")  # noqa: S608
        parameters += values
    picked = ["s0.*" if "RETURNING" in statements[0][0] else "1", *calls] if statements else []
    source = " FROM s0" if statements and "RETURNING" in statements[0][0] else ""
    # Nothing but constants of this room is put together here.
    sql = f"WITH {', '.join(parts)} SELECT {', '.join(picked)}{source}"
    return sql.encode(), parameters


def remember(thread: Thread, segment: Segment, seq: int, before: int | None, serde: SerializerProtocol) -> None:
    """Takes a row that this process wrote into what it knows of the thread; `before` was the newest one till then."""
    if before is None:
        thread.head = None
        thread.lineage = Lineage(thread.thread_id, "", serde)
    elif before != thread.seq:  # another process has written meanwhile
        thread.forget_stored()
        return
    thread.seq = seq
    if thread.lineage is not None and "" in segment.namespaces:
        thread.lineage.add(segment)
    roots = [saved for saved in segment.saved if not saved.ns]
    thread.early |= {write.checkpoint_id for write in (*segment.writes, *segment.delta_writes) if not write.ns} - {
        saved.checkpoint_id for saved in roots
    }
    if roots:
        # Writes that overtook their checkpoint stand in rows before.
        overtaken = roots[-1].checkpoint_id in thread.early
        thread.head = None if overtaken else head(roots[-1], [segment])
    elif thread.head is not None:
        later = head(thread.head.saved, [segment])
        for place, write in later.writes.items():
            if write.replaces or place not in thread.head.writes:
                thread.head.writes[place] = write
        thread.head.seeds += later.seeds


_lingering: set[asyncio.Task[None]] = set()
