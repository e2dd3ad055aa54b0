"""Writes what was gathered: when, and in which transaction."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg.types.json import Jsonb

from lockgate.audit import AuditEntry
from lockgate.deployment import METADATA as DEPLOYMENT
from lockgate.deployment import Deployment, remembered
from lockgate.effect import Fence
from lockgate.errors import StoreError
from lockgate.langgraph_keys import RETURN
from lockgate.runtime.audit import PostgresAudit, Taken
from lockgate.runtime.fence import fence_of, fenced, given_back, lock_key
from lockgate.runtime.gather import (
    MAX_AGE,
    Batch,
    Began,
    Put,
    Thread,
    Wrote,
    segment_of,
)
from lockgate.runtime.lineage import Lineage
from lockgate.runtime.pool import Pools
from lockgate.runtime.reading import head
from lockgate.runtime.record import of_batch
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import Segment, about, pack
from lockgate.runtime.wire import Connection, Statement

LINGER = 0.05
"""Seconds that an answer or a question waits for what follows it, to be written with it."""
AFTER_END = 0.005
"""The same after the end of a worker: what it came to is not to be found out again."""
THREADS = 1_000
"""Threads that a process remembers the last state of."""
LINEAGE_BYTES = 64_000_000
"""Bytes of delta channels that it remembers, of all threads together."""

_INSERT = """
INSERT INTO steps (thread_id, marks, spine, body, record, blobs) VALUES (%s, %s, %s, %s, %s, %s)
RETURNING seq, (SELECT max(s.seq) FROM steps s WHERE s.thread_id = steps.thread_id) AS before
"""
_DEPLOYED = "INSERT INTO deployments (digest, parts) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_BLOB = "INSERT INTO blobs (thread_id, digest, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class Writer:
    """Gathers and writes for all threads of a saver."""

    def __init__(self, pools: Pools, seal: Seal, audit: PostgresAudit) -> None:
        self._pools = pools
        self._audit = audit
        self._seal = seal
        self._filed: set[str] = set()
        """Digests of the deployments that this process has filed."""
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

    async def add(self, entry: Put | Wrote | Began, serde: SerializerProtocol, *, gathered: bool) -> None:
        """Adds a checkpoint or the writes of a task, and writes when it is time to."""
        thread = self.thread(entry.thread_id)
        with thread.guard:
            soon = thread.take_in(entry, gathered=gathered)
            due = monotonic() - thread.pending.since > MAX_AGE
            lost = thread.lost
        if not gathered:
            await self._now(thread, serde, lost)
        elif due and isinstance(entry, Put):
            await self.flush(thread.thread_id, serde, lost)
        elif soon:
            ended = isinstance(entry, Wrote) and any(channel == RETURN for channel, _ in entry.writes)
            self._linger(thread, serde, AFTER_END if ended else LINGER)

    def _linger(self, thread: Thread, serde: SerializerProtocol, wait: float) -> None:
        loop, timer = asyncio.get_running_loop(), thread.timer
        if timer is not None and timer.when() <= loop.time() + wait:
            return
        if timer is not None:
            timer.cancel()
        thread.timer = loop.call_later(wait, self._soon, thread.thread_id, serde)

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

    async def flush(
        self,
        thread_id: str,
        serde: SerializerProtocol,
        lost: int | None = None,
        *,
        also: Sequence[Statement] = (),
        decided: AuditEntry | None = None,
        ends: Fence | None = None,
    ) -> dict[str, Any]:
        """Writes all that is gathered of the thread now; one writer at a time, so the order stays.

        `lost` is how often the thread had lost what was gathered when the caller added to it. `also` goes into the
        same transaction, which then must not outrun the thread's audit entries (UnrecordedError), and `decided` is the
        last of them; returns the columns that it gives. `ends` is a lease that ends with what is written.
        """
        thread = self.thread(thread_id) if also else self._threads.get(thread_id)
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
                        break
                    batch, thread.pending = thread.pending, Batch()
                    mine: Future[None] = Future()
                    thread.in_flight = mine
            if others is not None:
                # Whether it succeeds or not: what it could not write is gathered again, and written here.
                await asyncio.shield(asyncio.wrap_future(others))
                continue
            try:
                return await self._write(thread, batch, serde, also, decided, ends)
            except BaseException as error:
                with thread.guard:
                    thread.pending = batch + thread.pending
                    thread.failure = error if isinstance(error, StoreError) else None
                raise
            finally:
                with thread.guard:
                    thread.in_flight = None
                mine.set_result(None)
        return await self._commit(thread_id, also, strict=True, decided=decided) if also else {}

    async def _write(
        self,
        thread: Thread,
        batch: Batch,
        serde: SerializerProtocol,
        also: Sequence[Statement],
        decided: AuditEntry | None,
        ends: Fence | None,
    ) -> dict[str, Any]:
        await self._seal.ready()
        kept, filed, statements = of_batch(batch, self._seal)
        segment, blobs = segment_of(thread, batch.puts, kept, serde, self._seal.mark)
        segment.events = filed
        spine, body, record = pack(segment, thread.thread_id, self._seal)
        held = (
            *(fence_of(put.config["configurable"]) for put in batch.puts),
            *(one.fence for one in batch.wrote),
            *(one.fence for one in batch.began),
            ends,
        )
        statements += [check for fence in dict.fromkeys(held) for check in fenced(fence)]
        statements += [statement for statement in also if statement not in statements]
        deployment = self._unfiled(batch)
        if deployment is not None:
            statements.append((_DEPLOYED, (deployment.digest, Jsonb(dict(deployment.parts)))))
        for digest, (encoding, data) in blobs.items():
            sealed = self._seal.close(encoding.encode() + b"\0" + data, about(thread.thread_id, "blob"))
            statements.append((_BLOB, (thread.thread_id, digest, sealed)))
        new = any(part is not None for part in (spine, body, record))
        if new:
            row = (thread.thread_id, segment.marks, spine, body, record, segment.blobs or None)
            statements.insert(0, (_INSERT, row))
        if not statements:
            return {}
        found = await self._commit(thread.thread_id, statements, strict=bool(also), decided=decided, ends=ends)
        if deployment is not None:
            self._filed.add(deployment.digest)
        if new:
            thread.blobs |= set(blobs)
            remember(thread, segment, found.pop("seq"), found.pop("before"), serde)
        return found

    def _unfiled(self, batch: Batch) -> Deployment | None:
        """The deployment that the checkpoints name, until it is filed."""
        named = (str((put.config.get("metadata") or {}).get(DEPLOYMENT)) for put in batch.puts)
        return next((made for name in named if name not in self._filed and (made := remembered(name))), None)

    async def _commit(
        self,
        thread_id: str,
        statements: Sequence[Statement],
        *,
        strict: bool,
        decided: AuditEntry | None = None,
        ends: Fence | None = None,
    ) -> dict[str, Any]:
        """Runs the statements as one transaction, with the audit entries that wait; what they return.

        No checkpoint is ahead of the audit log. When the log alone cannot be written, that is said and the run goes on,
        but not if `strict`. `decided` names an effect, so it is written with its claim or not at all; when the two do
        not go together, it is written first, and names none.
        """
        await self._seal.ready()
        alone = decided and replace(decided, key="")
        taken = self._audit.take(thread_id, decided)
        while taken is None and alone is not None and self._audit.writable:  # entries before it are on their way
            try:
                await self._audit.settled(thread_id, strict=True)
            except StoreError as error:
                if not error.down:
                    self._audit.intend(alone)
                raise
            taken = self._audit.take(thread_id, decided)
        if taken is not None:
            # Seen through, also when the caller is cancelled meanwhile: what becomes of the entries must be known.
            writing = asyncio.ensure_future(self._with(taken, statements, ends))
            if (found := await asyncio.shield(writing)) is not None:
                return found
        if alone is not None:
            self._audit.intend(alone)
        await self._audit.settled(thread_id, strict=strict)
        return await self._run(statements, ends)

    async def _with(self, taken: Taken, statements: Sequence[Statement], ends: Fence | None) -> dict[str, Any] | None:
        """As `_run`, with audit entries; None when that failed, for whatever reason: each by itself will tell."""
        try:
            found = await self._run([*statements, taken.statement], ends)
        except BaseException as error:
            self._audit.put_back(taken)
            if isinstance(error, StoreError):
                return None
            raise
        self._audit.wrote(taken)
        return found

    async def _run(self, statements: Sequence[Statement], ends: Fence | None) -> dict[str, Any]:
        if ends is not None:
            key = lock_key(ends.thread_id)
            async with self._pools.kept() as kept:
                if kept.held.get(key) == ends:
                    found = await _sent(kept.connection, [*statements, *given_back(ends)])
                    kept.held.pop(key, None)
                    return found
        async with self._pools.connection() as connection:
            return await _sent(connection, statements)


async def _sent(connection: Connection, statements: Sequence[Statement]) -> dict[str, Any]:
    """Runs the statements as one transaction; what they return."""
    together = [statement for statement in statements if not statement[0].lstrip().startswith("WITH")]
    if len(together) == len(statements):
        return await connection.run(statements)
    found: dict[str, Any] = {}
    # Those that are made of several cannot be part of one. Without a sync in between, a pipeline is one transaction.
    async with connection.pipeline():
        cursors = [await connection.execute(sql.encode(), values) for sql, values in statements]
    for cursor in cursors:
        if cursor.description:
            found |= await cursor.fetchone() or dict.fromkeys(column.name for column in cursor.description)
    return found


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
