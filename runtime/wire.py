"""`Connection`: psycopg's own, with one more way to run statements: several as one transaction, in one message.

What a run writes is a handful of small statements that belong together. A cursor for each costs the client three times
what they cost here, and a pipeline around them as much again.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from psycopg import AsyncConnection, DataError, OperationalError
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from lockgate.runtime.text import to_json

Statement: TypeAlias = tuple[str, Sequence[Any]]
"""SQL with `%s` for each of the values."""

_DECODE: dict[int, Callable[[bytes], Any]] = {
    16: lambda data: data != b"\0",  # bool
    17: bytes,  # bytea
    20: lambda data: int.from_bytes(data, "big", signed=True),  # int8
    23: lambda data: int.from_bytes(data, "big", signed=True),  # int4
    25: lambda data: data.decode(),  # text
    701: lambda data: struct.unpack("!d", data)[0],  # float8
    2278: lambda _: None,  # void
}
"""By type: how a value is read from Postgres's binary form. Statements that are run here give no others."""
MAX_PREPARED = 256
"""Combinations of statements that a connection keeps prepared; a rarer one is prepared each time."""
_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Connection(AsyncConnection[DictRow]):
    """A connection that keeps what `run` has prepared on it."""

    _ready: dict[tuple[str, ...], bytes]

    async def run(self, statements: Sequence[Statement]) -> dict[str, Any]:
        """Runs all of `statements` or none of them, in one round trip once they are prepared.

        They see the database as it was before the first of them, save for the functions they call. Returns the columns
        of those with a RETURNING clause, each of which gives one row at most; a column of one that gave none is None.
        A SELECT is there for what it does. Values are text, numbers, bytes, lists of these, `Jsonb`, None.
        """
        try:
            prepared = self._ready
        except AttributeError:
            prepared = self._ready = {}
        kinds = tuple(sql for sql, _ in statements)
        name = prepared.get(kinds)
        if name is None:
            name = f"lockgate_{len(prepared)}".encode() if len(prepared) < MAX_PREPARED else b""
            self.pgconn.send_prepare(name, as_one(kinds))
            await self._results()
            if name:
                prepared[kinds] = name
        given = [value for _, values in statements for value in values]
        encoded = [_encoded(value) for value in given]
        self.pgconn.send_query_prepared(name, encoded, [isinstance(value, bytes) for value in given], 1)
        result = (await self._results())[-1]
        if not result.ntuples:
            return {}
        row = {}
        for column in range(result.nfields):
            data = result.get_value(0, column)
            row[(result.fname(column) or b"").decode()] = None if data is None else _DECODE[result.ftype(column)](data)
        return row

    async def _results(self) -> list[Any]:
        results: list[Any] = await self.wait(execute(self.pgconn))
        if not results:
            raise OperationalError("the server sent no result")
        for result in results:
            if result.status not in _DONE:
                raise error_from_result(result)
        return results


@lru_cache(maxsize=256)
def as_one(kinds: tuple[str, ...]) -> bytes:
    """Several statements as one, with numbered parameters."""
    parts, columns, sources = [], list[str](), list[str]()
    for number, sql in enumerate(kinds):
        name = f"s{number}"
        called = sql.lstrip().startswith("SELECT")
        parts.append(f"{name} AS {'MATERIALIZED ' if called else ''}({sql})")
        if called:
            columns.append(f"(SELECT count(*) FROM {name}) AS {name}")  # noqa: S608
        elif "RETURNING" in sql:
            columns.append(f"{name}.*")
            sources.append(f"LEFT JOIN {name} ON true")
    # Nothing but constants of this room is put together here.
    text = f"WITH {', '.join(parts)} SELECT {', '.join(columns) or '1'} FROM (SELECT 1) AS one {' '.join(sources)}"  # noqa: S608
    pieces = text.split("%s")
    numbered = (f"{piece}${number}" for number, piece in enumerate(pieces[:-1], start=1))
    return ("".join(numbered) + pieces[-1]).encode()


def _encoded(value: Any) -> bytes | None:
    """As Postgres reads it: bytes as they are, everything else as text."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        if "\0" in value:  # libpq would take what stands before it for all
            raise DataError("text for the database cannot hold NUL characters")
        return value.encode()
    if isinstance(value, Jsonb):
        return to_json(value.obj).encode()
    if isinstance(value, list):
        return b"{" + b",".join(_item(item) for item in value) + b"}"
    return str(value).encode()


def _item(value: str | bytes | int) -> bytes:
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, bytes):
        return b'"\\\\x' + value.hex().encode() + b'"'
    encoded = _encoded(value)
    assert encoded is not None
    return b'"' + encoded.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
