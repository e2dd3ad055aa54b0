"""The audit log in Postgres: many writers, few transactions.

Entries of all threads and event loops of a process gather in one queue. A checkpoint or a claim takes along what waits
there, in its own transaction. While a batch is on its way, or when nobody comes by, what has gathered is the next
batch, so many share one commit. The database links them:
one chain for everything, because a missing thread then shows as well as a missing row, and because the link
(microseconds) is never what a commit (milliseconds) waits for.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from lockgate.audit import AuditEntry, body
from lockgate.bridge import background_loop
from lockgate.errors import StoreError, UnrecordedError
from lockgate.runtime.audit_words import name_of, stored
from lockgate.runtime.pool import Pools
from lockgate.runtime.seal import Seal
from lockgate.runtime.wire import Statement

log = logging.getLogger(__name__)

BOUND = 5.0
"""Seconds that a writer waits for its entry to be durable."""
LINGER = 0.05
"""Seconds that a noted entry waits for a checkpoint to go with."""
BATCH = 1_000
"""Entries in one transaction."""
MAX_KEPT = 10_000
"""Entries that wait in memory while the log cannot be written; further ones are counted, and the count is logged."""
_RETRY_LEAST, _RETRY_MOST = 0.5, 30.0

_HINT = "Effects wait until the audit log can be written. Check the database, then run: lockgate audit verify"
_APPEND = "SELECT audit_write(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
_Row: TypeAlias = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A batch that somebody else's transaction writes: its statement, and how many entries and losses it tells of.

    `batch`: while it is on its way there is no other.
    """

    statement: Statement
    batch: bool
    count: int
    lost: int


class PostgresAudit:
    """Implements `lockgate.ports.AuditLog`; see there. May be used from any thread and event loop."""

    def __init__(self, pools: Pools, seal: Seal | None = None, *, bound: float = BOUND) -> None:
        """`bound`: seconds that `write` and `settled` wait. With keys of a `seal`, names and words are encrypted."""
        self._pools = pools
        self._seal = seal or Seal()
        self._bound = bound
        self._guard = threading.Lock()
        self._queue: deque[_Row] = deque()
        self._latest: dict[str, int] = {}
        """The number of each thread's newest entry that waits; the n-th entry of the process has the number n."""
        self._written = 0
        self._waiters: list[tuple[int, Future[None]]] = []
        self._draining = False
        self._retry: float = 0.0
        """Seconds until the next attempt; 0 while the log can be written."""
        self._down = False
        """The last attempt failed because the whole database is down, not only the log."""
        self._timer: asyncio.TimerHandle | None = None
        self._lingering = False
        self._lost = 0
        self._closed = False

    def note(self, *entries: AuditEntry) -> None:
        """Takes entries to be written soon, in order; returns at once."""
        self._take(entries)
        with self._guard:
            if self._retry or self._lingering or self._draining:
                return
            self._lingering = True
        loop = background_loop()
        loop.call_soon_threadsafe(loop.call_later, LINGER, self._linger)

    @property
    def writable(self) -> bool:
        """Whether the last attempt to write it did not fail."""
        return not self._retry

    def intend(self, *entries: AuditEntry) -> None:
        """Takes entries that the caller will wait for. Raises UnrecordedError when there is no room."""
        if self._take(entries) is None:
            raise UnrecordedError("The audit log cannot be written, and too many entries wait for it.", _HINT)

    async def write(self, *entries: AuditEntry) -> None:
        """Returns when the entries are durable. Raises StoreError when they are not within the bound."""
        await self._seal.ready()
        number = self._take(entries)
        if number is None:
            raise UnrecordedError("The audit log cannot be written, and too many entries wait for it.", _HINT)
        await self._until(number)

    async def settled(self, thread_id: str, *, strict: bool = False) -> None:
        """Waits for the thread's noted entries to be durable, unless the log fails: then it only says so.

        Raises UnrecordedError when the whole database is down, for then no checkpoint may be ahead of the log, and if
        `strict` whenever they are not durable.
        """
        number = self._latest.get(name_of(thread_id))
        if number is None or (self._retry and not self._down and not strict):
            return
        try:
            await self._until(number)
        except StoreError as error:
            if error.down or strict:
                raise
            log.error("The run goes on before its audit entries are written. %s", error)  # noqa: TRY400

    def take(self, thread_id: str, also: AuditEntry | None = None) -> Taken | None:
        """What waits, for the caller to write in a transaction of its own; then it calls `wrote` or `put_back`.

        `also` comes after it and is never kept here. None when there is nothing to write for the thread, or the log
        has to be waited for (`settled`): entries of the thread are on their way, the log fails, or more waits than one
        batch holds.
        """
        own = [] if also is None else [self._row(also)]
        with self._guard:
            number = self._latest.get(name_of(thread_id))
            if self._retry or (number is None and not own):
                return None
            if number is None:
                return Taken(statement=_appending(own, 0), batch=False, count=0, lost=0)
            if self._draining or number > self._written + BATCH:
                return None
            self._draining = True
            rows, lost = list(islice(self._queue, BATCH)), self._lost
        return Taken(statement=_appending([*rows, *own], lost), batch=True, count=len(rows), lost=lost)

    def wrote(self, taken: Taken) -> None:
        """Those entries are durable."""
        if not taken.batch:
            return
        self._succeeded(taken.count, taken.lost)
        with self._guard:
            self._draining = False
            more = bool(self._waiters)
        if more:
            self._start()

    def put_back(self, taken: Taken) -> None:
        """Those entries are not known to be durable: they are written by themselves, which tells what is wrong."""
        if not taken.batch:
            return
        with self._guard:
            self._draining = False
        self._start()

    async def aclose(self) -> None:
        """Writes what waits, and says how many entries are lost when it cannot. Nothing is tried again after it."""
        with self._guard:
            number = self._written + len(self._queue)
        try:
            await self._until(number)
        except StoreError as error:
            log.critical("%d audit entries are lost: %s", len(self._queue) + self._lost, error)
        with self._guard:
            self._closed = True
            if self._timer is not None:
                background_loop().call_soon_threadsafe(self._timer.cancel)

    def _take(self, entries: Sequence[AuditEntry]) -> int | None:
        """The number of the last of `entries`; None when there is no room for them."""
        rows = [self._row(item) for item in entries]
        with self._guard:
            if len(self._queue) + len(rows) > MAX_KEPT:
                self._lost += len(rows)
                return None
            self._queue.extend(rows)
            number = self._written + len(self._queue)
            self._latest.update({row[0]: number for row in rows})
            return number

    def _row(self, entry: AuditEntry) -> _Row:
        """The entry as it is stored. Raises StoreError when the data key was not loaded."""
        return name_of(entry.thread_id), name_of(entry.run_id), name_of(entry.call_id), *stored(entry, self._seal)

    async def _until(self, number: int) -> None:
        future: Future[None] = Future()
        with self._guard:
            if self._written >= number:
                return
            self._waiters.append((number, future))
        self._start()
        try:
            async with asyncio.timeout(self._bound):
                await asyncio.wrap_future(future)
        except TimeoutError:
            raise UnrecordedError(f"The audit log took no entry within {self._bound:g} seconds.", _HINT) from None

    def _linger(self) -> None:
        self._lingering = False
        self._start()

    def _start(self) -> None:
        with self._guard:
            if self._draining or not self._queue:
                return
            self._draining = True
        asyncio.run_coroutine_threadsafe(self._drain(), background_loop())

    async def _drain(self) -> None:
        while True:
            with self._guard:
                batch = list(islice(self._queue, BATCH))
                lost = self._lost
                if not batch:
                    self._draining = False
                    return
            try:
                # Longer than a writer waits: an abandoned statement would leave its fate open.
                async with asyncio.timeout(2 * self._bound):
                    await self._send(batch, lost)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
                self._failed(error)
                return
            self._succeeded(len(batch), lost)

    async def _send(self, batch: Sequence[_Row], lost: int) -> None:
        await self._pools.run([_appending(batch, lost)])

    def _succeeded(self, count: int, lost: int) -> None:
        with self._guard:
            for _ in range(count):
                self._queue.popleft()
            self._written += count
            self._lost -= lost
            self._latest = {thread: number for thread, number in self._latest.items() if number > self._written}
            ready = [future for number, future in self._waiters if number <= self._written]
            self._waiters = [waiter for waiter in self._waiters if waiter[0] > self._written]
            if self._retry:
                log.warning("The audit log can be written again.")
            self._retry = 0.0
        for future in ready:
            with suppress(InvalidStateError):  # it gave up
                future.set_result(None)

    def _failed(self, error: Exception) -> None:
        told = (
            UnrecordedError(
                f"The audit log cannot be written: {error.message}",
                error.hint if error.down else _HINT,
                down=error.down,
            )
            if isinstance(error, StoreError)
            else UnrecordedError(f"The audit log cannot be written ({type(error).__name__}).", _HINT)
        )
        with self._guard:
            self._draining = False
            self._down = told.down
            self._retry = min(_RETRY_MOST, self._retry * 2 or _RETRY_LEAST)
            waiters, self._waiters = self._waiters, []
            kept, lost = len(self._queue), self._lost
        log.error("%s; %d entries wait, %d found no room.", told.message, kept, lost)
        for _, future in waiters:
            with suppress(InvalidStateError):
                future.set_exception(told)
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None if self._closed else asyncio.get_running_loop().call_later(self._retry, self._start)


def _appending(batch: Sequence[_Row], lost: int) -> Statement:
    rows = list(batch)
    if lost:
        rows.append(("", "", "", body(AuditEntry(kind="lost", verdict="not_run", detail={"entries": lost})), ""))
    return _APPEND, [list(column) for column in zip(*rows, strict=True)]
