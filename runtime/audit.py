"""The audit log in Postgres: many writers, few transactions.

Entries of all threads and event loops of a process gather in one queue. Whatever has gathered while a batch was on
its way is the next batch, so a lone entry is written at once and many share one commit. The database links them:
one chain for everything, because a missing thread then shows as well as a missing row, and because the link
(microseconds) is never what a commit (milliseconds) waits for.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from itertools import islice
from typing import Any, TypeAlias

from lockgate.audit import MAX_TEXT, AuditEntry, apart, body
from lockgate.bridge import background_loop
from lockgate.errors import StoreError
from lockgate.runtime.audit_chain import AuditRow
from lockgate.runtime.pool import Pools
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import about
from lockgate.text import clean

log = logging.getLogger(__name__)

BOUND = 5.0
"""Seconds that a writer waits for its entry to be durable."""
BATCH = 1_000
"""Entries in one transaction."""
MAX_KEPT = 10_000
"""Entries that wait in memory while the log cannot be written; further ones are counted, and the count is logged."""
_RETRY_LEAST, _RETRY_MOST = 0.5, 30.0

_HINT = "Effects wait until the audit log can be written. Check the database, then run: lockgate audit verify"
_APPEND = b"SELECT audit_write(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"
_Row: TypeAlias = tuple[str, str, str, str, str]


class PostgresAudit:
    """Implements `lockgate.ports.AuditLog`; see there. May be used from any thread and event loop."""

    def __init__(self, pools: Pools, seal: Seal | None = None, *, bound: float = BOUND) -> None:
        """`bound`: seconds that `write` and `settled` wait. With the keys of a `seal`, content is encrypted."""
        self._pools = pools
        self._seal = seal
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
        self._lost = 0
        self._closed = False

    def note(self, *entries: AuditEntry) -> None:
        """Takes entries to be written soon, in order; returns at once."""
        self._take(entries)
        if not self._retry:
            self._start()

    async def write(self, *entries: AuditEntry) -> None:
        """Returns when the entries are durable. Raises StoreError when they are not within the bound."""
        number = self._take(entries)
        if number is None:
            raise StoreError("The audit log cannot be written, and too many entries wait for it.", _HINT)
        await self._until(number)

    async def settled(self, thread_id: str) -> None:
        """Waits for the thread's noted entries to be durable, unless the log fails: then it only says so.

        Raises StoreError when the whole database is down: then no checkpoint may be ahead of the log.
        """
        number = self._latest.get(_id(thread_id))
        if number is None or (self._retry and not self._down):
            return
        try:
            await self._until(number)
        except StoreError as error:
            if error.down:
                raise
            log.error("The run goes on before its audit entries are written. %s", error)  # noqa: TRY400

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
        """The entry as it is stored: what it says in words stands apart, and with keys it is closed."""
        close = self._seal.close_json if self._seal else lambda value, _: value
        kept, words = apart(entry, lambda value: close(value, about(_id(entry.thread_id), "audit")))
        return _id(entry.thread_id), _id(entry.run_id), _id(entry.call_id), body(kept), words

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
            raise StoreError(f"The audit log took no entry within {self._bound:g} seconds.", _HINT) from None

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
        rows = list(batch)
        if lost:
            rows.append(("", "", "", body(AuditEntry(kind="lost", verdict="not_run", detail={"entries": lost})), ""))
        async with self._pools.connection() as connection:
            await connection.execute(_APPEND, [list(column) for column in zip(*rows, strict=True)])

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
            StoreError(
                f"The audit log cannot be written: {error.message}",
                error.hint if error.down else _HINT,
                down=error.down,
            )
            if isinstance(error, StoreError)
            else StoreError(f"The audit log cannot be written ({type(error).__name__}).", _HINT)
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


def told(row: AuditRow, seal: Seal) -> dict[str, Any]:
    """The entry of a row with the words that belong to it. Raises StoreError without the key, RowError, ValueError."""
    entry: dict[str, Any] = json.loads(row.body)
    if row.content is None:
        return entry
    words = seal.open_json(json.loads(row.content), about(row.thread_id, "audit"))
    return {**entry, **{name: value for name, value in words.items() if name in ("args", "reason")}}


def _id(text: str) -> str:
    """As the entry's text has it."""
    return clean(text)[:MAX_TEXT]
