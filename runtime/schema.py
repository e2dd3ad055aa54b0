"""Brings the tables of a database up to date, by one process at a time."""

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from time import monotonic

import psycopg

from lockgate.errors import StoreError
from lockgate.runtime.wire import Connection

LOCK = 0x6C6F636B67617465
"""Key of the advisory lock under which migrations run: "lockgate" in ASCII."""
LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that migrates."""


async def upgrade(connection: Connection) -> None:
    """Applies what is missing; costs one query when nothing is.

    Several processes may call it at once. Raises StoreError when the database is newer than this code, or holds
    tables of the same names that are not Lockgate's.
    """
    steps = _steps()
    if await _is_current(connection, set(steps)):
        return
    # Tried, not waited for: CREATE INDEX CONCURRENTLY would wait for the waiter's snapshot.
    deadline = monotonic() + LOCK_TIMEOUT
    while not await _one(connection, f"SELECT pg_try_advisory_lock({LOCK})"):
        if monotonic() > deadline:
            raise StoreError("Another process has been migrating the database for too long.", "Try again later.")
        await asyncio.sleep(0.1)
    try:
        if await _is_current(connection, set(steps)):
            return
        await _apply(connection, steps)
    finally:
        if not connection.closed:
            await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")


async def _apply(connection: Connection, steps: Mapping[int, str]) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS lockgate_migrations (v integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
    )
    cursor = await connection.execute("SELECT v FROM lockgate_migrations")
    done = {row["v"] for row in await cursor.fetchall()}
    for number, sql in steps.items():
        if number in done:
            continue
        try:
            async with connection.transaction():
                await connection.execute(sql.encode(), prepare=False)  # several statements
                await connection.execute("INSERT INTO lockgate_migrations (v) VALUES (%s)", (number,))
        except psycopg.errors.DuplicateTable as error:
            raise StoreError(
                f"The database already holds a table of another program: {error.diag.message_primary}.",
                "Give Lockgate a database of its own, or a schema: add ?options=-csearch_path%3Dlockgate to its URL.",
            ) from None


async def _is_current(connection: Connection, ours: set[int]) -> bool:
    if not await _one(
        connection,
        "SELECT to_regclass('lockgate_migrations') IS NOT NULL",
    ):
        return False
    cursor = await connection.execute("SELECT v FROM lockgate_migrations")
    theirs = {row["v"] for row in await cursor.fetchall()}
    if theirs - ours:
        raise StoreError(
            f"The database is at migration {max(theirs)}; this version of Lockgate knows {max(ours)}.",
            "Upgrade Lockgate: pip install --upgrade lockgate",
        )
    return theirs == ours


async def _one(connection: Connection, sql: str) -> int:
    """The only value of a query."""
    cursor = await connection.execute(sql.encode())
    row = await cursor.fetchone()
    assert row is not None
    value: int = next(iter(row.values()))
    return value


def _steps() -> dict[int, str]:
    """The migrations by number, in order."""
    folder = files("lockgate.runtime") / "migrations"
    named = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".sql"))
    steps = {int(name[:4]): sql for name, sql in named}
    assert len(steps) == len(named), "two migrations have one number"
    return steps
