"""Reads, checks and signs the audit log. It needs only SELECT, and INSERT on `audit_heads` to sign."""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from lockgate.errors import ConfigError, LockgateError, StoreError
from lockgate.runtime.audit_chain import START, AuditRow, Chain, Flaw, Head, parsed
from lockgate.runtime.audit_heads import SignedHead, holds, signed
from lockgate.runtime.pool import Pools
from lockgate.runtime.wire import Connection

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PAGE = 2_000
"""Rows that are fetched at a time."""
_ROWS = """
SELECT a.seq, a.thread_id, a.run_id, a.call_id, a.body, a.prev, a.hash, c.content,
    c.content IS NULL AND EXISTS (SELECT FROM steps s WHERE s.thread_id = a.thread_id) AS lives
FROM audit a LEFT JOIN audit_content c ON c.seq = a.seq AND c.thread_id = a.thread_id
WHERE a.seq > %s AND (%s::text IS NULL OR a.thread_id = %s) AND (%s::text IS NULL OR a.run_id = %s) ORDER BY a.seq
"""
_HEADS = "SELECT seq, hash, at, key, signature FROM audit_heads ORDER BY seq"


class AuditError(LockgateError):
    """The audit log is not as it was written, so nothing is vouched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found. `flaws` are at most `MAX_FLAWS`, `count` counts them all.

    `signed` is the newest head whose signature was checked: the rows up to it are vouched for by the key, those after
    it by the chain and the log's own counter only.
    """

    rows: int
    flaws: list[Flaw]
    count: int
    signed: SignedHead | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was touched."""
        return not self.count


async def rows(
    pools: Pools, *, thread_id: str | None = None, run_id: str | None = None, after: int = 0
) -> AsyncIterator[AuditRow]:
    """The rows in order, streamed, as of one moment."""
    async with _snapshot(pools) as connection:
        async for row in _rows(connection, after, thread_id, run_id):
            yield row


async def verify(
    pools: Pools, *, key: "Ed25519PublicKey | None" = None, kept: Sequence[SignedHead] = ()
) -> Verdict:  # fmt: skip
    """Goes through the whole log. With `key`, signatures count; `kept` are signed heads from outside the database.

    Raises StoreError when the log cannot be read at all.
    """
    async with _snapshot(pools) as connection:
        end, heads = await _end(connection), [*await _heads(connection), *kept]
        chain, forged = _chain(heads, key)
        async for row in _rows(connection, 0, None, None):
            chain.row(row)
    return _verdict(chain, end, heads, forged, key)


def verify_lines(
    lines: Iterable[str], *, key: "Ed25519PublicKey | None" = None, kept: Sequence[SignedHead] = ()
) -> Verdict:
    """The same for a whole exported log; without the database, only `kept` heads hold its end in place.

    Raises ConfigError for a line that is no exported row.
    """
    chain, forged = _chain(kept, key)
    for number, text in enumerate(lines, start=1):
        try:
            chain.row(parsed(text), told=text.rstrip("\r\n"))
        except ValueError as error:
            raise ConfigError(f"Line {number} of the export: {error}.", "Was it cut short?") from None
    return _verdict(chain, None, kept, forged, key)


def _chain(heads: Sequence[SignedHead], key: "Ed25519PublicKey | None") -> tuple[Chain, list[SignedHead]]:
    forged = [head for head in heads if key is not None and not holds(head, key)]
    return Chain(head for head in heads if head not in forged), forged


def _verdict(
    chain: Chain,
    end: Head | None,
    heads: Sequence[SignedHead],
    forged: Sequence[SignedHead],
    key: "Ed25519PublicKey | None",
) -> Verdict:
    flaws = chain.flaws(end=end)
    flaws += [
        Flaw(what="signature", seq=head.seq, message=f"the head at row {head.seq} does not bear the key's signature")
        for head in forged
    ]
    vouched = [head for head in heads if key is not None and head not in forged]
    newest = max(vouched, key=lambda head: head.seq, default=None)
    return Verdict(rows=chain.rows, flaws=flaws, count=chain.count + len(forged), signed=newest)


async def sign(pools: Pools, key: "Ed25519PrivateKey") -> SignedHead:
    """Signs the newest row and files the head; returns the one there is when no row was added since.

    The rows since the last head of this key are checked first. Raises AuditError when they are not whole.
    """
    public = key.public_key()
    async with _snapshot(pools) as connection:
        end = await _end(connection)
        last = max(
            (head for head in await _heads(connection) if holds(head, public)), key=lambda head: head.seq, default=None
        )
        chain = Chain(start=Head(seq=last.seq, hash=last.hash) if last else None)
        async for row in _rows(connection, last.seq if last else 0, None, None):
            chain.row(row)
    if flaws := chain.flaws(end=end):
        raise AuditError(
            f"The audit log is not signed: {flaws[0].message}.", "See all that is wrong: lockgate audit verify"
        )
    if last is not None and last.seq == end.seq:
        return last
    made = signed(end, time.time(), key)
    async with pools.connection() as connection:
        await connection.execute(
            "INSERT INTO audit_heads (seq, hash, at, key, signature) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (made.seq, made.hash, made.at, made.key, made.signature),
        )
    return made


async def grant(pools: Pools, role: str) -> None:
    """Gives the existing database role `role` what an agent needs and no more.

    It may read and write the record and the checkpoints; of the audit log it may read and call `audit_write`. It must
    not own the tables. Raises StoreError.
    """
    name, everything = sql.Identifier(role), sql.SQL("ALL TABLES IN SCHEMA {}")
    async with pools.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            "SELECT current_schema() AS schema,"
            " EXISTS (SELECT FROM pg_tables WHERE tablename = 'audit' AND schemaname = current_schema()"
            " AND pg_has_role(%s, tableowner, 'member')) AS owner",
            (role,),
        )
        found: Any = await cursor.fetchone()
        if found["owner"]:
            raise StoreError(
                f"The role {role!r} owns the audit log, or belongs to who does, so it could undo any grant.",
                "Create another role: CREATE ROLE agent LOGIN PASSWORD '...'",
            )
        tables = everything.format(sql.Identifier(found["schema"]))
        for statement in (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}",
            "REVOKE ALL ON audit, audit_content, audit_head, audit_heads, lockgate_migrations FROM {role}",
            "GRANT SELECT ON audit, audit_content, audit_head, audit_heads, lockgate_migrations TO {role}",
            "REVOKE UPDATE, DELETE ON data_keys FROM {role}",
            "GRANT EXECUTE ON FUNCTION audit_write TO {role}",
            "GRANT USAGE ON SEQUENCE lease_tokens TO {role}",
        ):
            await connection.execute(
                sql.SQL(statement).format(role=name, tables=tables, schema=sql.Identifier(found["schema"]))
            )


@asynccontextmanager
async def _snapshot(pools: Pools) -> AsyncIterator[Connection]:
    """One moment of the database, to read from."""
    async with pools.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


async def _rows(
    connection: Connection, after: int, thread_id: str | None, run_id: str | None
) -> AsyncIterator[AuditRow]:
    async with connection.cursor(name="audit_rows", binary=True) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(_ROWS, (after, thread_id, thread_id, run_id, run_id))
        async for row in cursor:
            yield AuditRow(**row)


async def _end(connection: Connection) -> Head:
    cursor = await connection.execute("SELECT seq, hash FROM audit_head")
    row = await cursor.fetchone()
    # Without its counter the log still has its rows; they are then held against nothing.
    return Head(**row) if row else Head(seq=0, hash=START)


async def _heads(connection: Connection) -> list[SignedHead]:
    cursor = await connection.execute(_HEADS)
    return [SignedHead(**row) for row in await cursor.fetchall()]
