"""Connections to Postgres for any thread and any event loop.

A connection belongs to the loop it was opened on, so each loop has its own few. There are no background tasks:
a loop that dies leaves nothing running behind, an error carries its own cause instead of a pool's timeout, and a
database that comes back is used at once.
"""

import asyncio
import logging
import re
import select
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps

from lockgate.effect import Fence
from lockgate.errors import ConfigError, LeaseLostError, StoreError
from lockgate.runtime.fence import LOST
from lockgate.runtime.text import to_json
from lockgate.runtime.wire import Connection, Statement

_log = logging.getLogger(__name__)

SLOT_TIMEOUT = 10.0
"""Seconds to wait for a free connection."""
DEFAULTS: dict[str, Any] = {
    "application_name": "lockgate",
    "connect_timeout": 5,
    # A server that vanished without a word is noticed after some ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""libpq parameters that hold unless the URL names others."""


@dataclass(slots=True)
class Kept:
    """The connection of a loop that stays. `held`: the leases that are lost with it, by advisory lock key."""

    connection: Connection
    held: dict[int, Fence] = field(default_factory=dict)


class _Loop:
    """The connections of one event loop."""

    def __init__(self, size: int) -> None:
        self.idle: list[Connection] = []
        self.slots = asyncio.Semaphore(size)
        self.kept: Kept | None = None
        self.turn = asyncio.Lock()

    def take(self) -> Connection | None:
        while self.idle:
            connection = self.idle.pop()
            if _healthy(connection):
                return connection
            connection.pgconn.finish()
        return None

    def finish(self) -> None:
        """Closes the idle connections without their loop, which may be gone."""
        for connection in (*self.idle, *([self.kept.connection] if self.kept else ())):
            connection.pgconn.finish()
        self.idle.clear()
        self.kept = None


class Pools:
    """At most `size` connections for each running event loop, and one that is kept, opened when first needed.

    `address` gives the URL, anew for each connection: that is where an embedded server is started again.
    """

    def __init__(self, address: Callable[[], str], size: int) -> None:
        self._address = address
        self._size = size
        self._loops: dict[asyncio.AbstractEventLoop, _Loop] = {}
        self._guard = threading.Lock()
        self._closed = False
        weakref.finalize(self, _finish, self._loops)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit for the caller alone. Raises StoreError for what goes wrong with it."""
        loop = self._here()
        try:
            async with asyncio.timeout(SLOT_TIMEOUT):
                await loop.slots.acquire()
        except TimeoutError:
            raise StoreError(
                f"All {self._size} connections to the database are busy.", "Raise LOCKGATE_POOL_SIZE."
            ) from None
        try:
            connection = loop.take() or await self.connect()
            try:
                async with store_errors():
                    yield connection
            finally:
                if not self._closed and connection.info.transaction_status == TransactionStatus.IDLE:
                    loop.idle.append(connection)
                else:
                    connection.pgconn.finish()
        finally:
            loop.slots.release()

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Kept]:
        """The one connection of this loop that stays, for what lasts as long as a connection; to one caller at a time.

        It is another object once the one before was lost; what was held on that is named in the log.
        """
        loop = self._here()
        async with loop.turn, store_errors():
            if loop.kept is not None and not _healthy(loop.kept.connection):
                loop.kept.connection.pgconn.finish()
                if names := ", ".join(sorted(repr(lease.thread_id) for lease in loop.kept.held.values())):
                    _log.warning("The connection to the database was lost, and with it the lease of: %s", names)
                loop.kept = None
            if loop.kept is None:
                opened = await self.connect()
                if self._closed:
                    opened.pgconn.finish()
                    raise _closed()
                loop.kept = Kept(opened)
            yield loop.kept

    async def run(self, statements: Sequence[Statement]) -> dict[str, Any]:
        """`Connection.run` on a connection of the pool."""
        async with self.connection() as connection:
            return await connection.run(statements)

    async def fetch(self, sql: bytes, values: Sequence[Any]) -> list[dict[str, Any]]:
        """The rows of a query on a connection of the pool."""
        async with self.connection() as connection:
            return await (await connection.execute(sql, values)).fetchall()

    async def connect(self) -> Connection:
        """A new connection outside the pool, for the caller to close."""
        parameters = parse(await asyncio.to_thread(self._address))
        async with store_errors(at=_place(parameters)):
            connection = await Connection.connect(
                **parameters, autocommit=True, prepare_threshold=0, row_factory=dict_row
            )
            set_json_dumps(to_json, context=connection)
            return connection

    async def aclose(self) -> None:
        """Closes all connections; those in use close when they are given back."""
        with self._guard:
            self._closed = True
            _finish(self._loops)

    def _here(self) -> _Loop:
        running = asyncio.get_running_loop()
        with self._guard:
            if self._closed:
                raise _closed()
            for loop in [loop for loop in self._loops if loop.is_closed()]:
                self._loops.pop(loop).finish()
            if running not in self._loops:
                self._loops[running] = _Loop(self._size)
            return self._loops[running]


def _closed() -> StoreError:
    return StoreError("The checkpointer is closed.", "Open another with open_checkpointer().")


def _healthy(connection: Connection) -> bool:
    """Whether an idle connection is up: then it has nothing to say, else it was hung up. Costs no round trip."""
    return not connection.closed and not _readable(connection.fileno())


def _readable(socket: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([socket], [], [], 0)[0])
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _finish(loops: dict[asyncio.AbstractEventLoop, _Loop]) -> None:
    for loop in loops.values():
        loop.finish()
    loops.clear()


def parse(url: str) -> dict[str, Any]:
    """Libpq parameters of `url`. Raises ConfigError, which never shows the URL: it may hold a password."""
    try:
        return {**DEFAULTS, **conninfo_to_dict(url)}
    except psycopg.Error:
        raise ConfigError(
            "The database URL cannot be read.", "Write it as postgresql://user:password@host:5432/database."
        ) from None


def _place(parameters: dict[str, Any]) -> str:
    """Where the server listens, as a person calls it; never who asks, and with what password."""
    host = parameters.get("host") or parameters.get("hostaddr") or "the local socket"
    return f"{host}:{parameters.get('port', 5432)}"


@asynccontextmanager
async def store_errors(*, at: str = "") -> AsyncIterator[None]:
    """Turns errors of the database into StoreError or LeaseLostError. `at` says where it was looked for."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == LOST:
            thread = (error.diag.message_primary or "").removeprefix("another runner has taken thread ")
            raise LeaseLostError(
                f"Another runner has taken thread {thread!r}, or it was deleted; "
                "nothing that this one does from here on is kept.",
                f"Let the other one finish. See what it does: lockgate show {thread}",
            ) from None
        where = f" at {at}" if at else ""
        raise StoreError(f"The database{where} failed: {_text(error)}", _hint(error), down=_is_down(error)) from None


def _is_down(error: psycopg.Error) -> bool:
    """Whether the connection broke, or the server lacks resources (53), shuts down (57P) or fails itself (58, XX)."""
    if error.sqlstate is None:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    return error.sqlstate.startswith(("08", "53", "57P", "58", "XX"))


def _text(error: psycopg.Error) -> str:
    return " ".join(str(error).split("\nCONTEXT:")[0].split()) or type(error).__name__


def _hint(error: psycopg.Error) -> str:
    state, text = error.sqlstate or "", str(error)
    # An error at connecting has no state, only the server's words.
    if state.startswith("28") or re.search(r"authentication failed|no password supplied|FATAL: +role ", text):
        return "Check user and password in DATABASE_URL."
    if "invalid response" in text or "unsupported frontend protocol" in text:
        return "What listens there is no Postgres server. Check host and port in DATABASE_URL."
    if state == "3D000" or re.search(r'FATAL: +database "[^"]*" does not exist', text):
        return "Create that database, or name another in DATABASE_URL."
    if state == "42501":
        return "Grant the user of DATABASE_URL the right to create and write tables."
    if state == "42P01":
        return "Open the database with open_checkpointer(), which makes its tables."
    if isinstance(error, psycopg.DataError):
        return "A stored value is none that was written here: put its row back from a backup."
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return "Check that the server runs and that DATABASE_URL names it. Nothing is lost: a thread can be resumed."
    return ""
