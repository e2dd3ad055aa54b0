"""What is kept for how long, by rule, and the erasure of one person's data, with a receipt."""

import hashlib
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from langchain_core.runnables import RunnableConfig
from psycopg.types.json import Jsonb

from lockgate import handoff
from lockgate.audit import canonical
from lockgate.effect import UNDO_MARK
from lockgate.errors import ConfigError, StoreError, ThreadBusyError
from lockgate.runtime.audit_words import forms
from lockgate.runtime.budgets import KIND
from lockgate.runtime.lease import thread_lease
from lockgate.runtime.retention import may_forget
from lockgate.runtime.saver import PostgresSaver
from lockgate.runtime.segment import about, mark
from lockgate.runtime.wire import Connection

log = logging.getLogger(__name__)
_SKEW = timedelta(minutes=1)
"""By how much what was written may lie ahead of the database's clock, which is corrected now and then."""

ENDED = tuple(sorted(handoff.ENDED))
"""Statuses of threads that no run is at; the only ones that a rule takes unless it names others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A rule: threads of these statuses that were last used longer ago than `older_than` keep `keep` checkpoints.

    With `keep=0` they go, with their record. A thread that keeps no runs has the status "".
    """

    keep: int = 0
    older_than: timedelta = timedelta(0)
    statuses: tuple[str, ...] = ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """One thread that a rule took. Sizes are bytes of what the checkpointer stores."""

    thread_id: str
    status: str
    updated: datetime
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Says what was erased, without saying of whom: the person and the threads stand as SHA-256.

    `rows` counts what went from each table, `kept` what stays by design: that effects happened, and the audit log
    without its words. `effects.content` are effects whose arguments and results went.
    """

    at: datetime
    subject: str
    threads: list[str]
    rows: dict[str, int]
    kept: dict[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the receipt, under which the database knows it."""
        return sha256(json.dumps(asdict(self), sort_keys=True, default=str))


def sha256(text: str) -> str:
    """Of a text, as hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def prune(saver: PostgresSaver, rule: Retention, *, dry_run: bool = False) -> list[Pruned]:
    """Applies the rule to all threads, the one used longest ago first. `dry_run` only says which it would take.

    A thread that is run by now is left alone, whatever its status was. All times are the database's. One that was last
    used in its future has no age that anybody knows: a rule with `older_than` leaves it and the log names it.
    """
    async with saver.pools.connection() as connection:
        cursor = await connection.execute(
            _OLD, {"age": rule.older_than, "statuses": list(rule.statuses), "skew": _SKEW}
        )
        found = await cursor.fetchall()
    taken: list[Pruned] = []
    for row in found:
        thread_id, before = row["thread_id"], row["bytes"]
        if row["ahead"] and rule.older_than:
            log.warning("Thread %r was last used at %s, ahead of the database's clock.", thread_id, row["updated"])
            continue
        after = before
        if not dry_run:
            try:
                async with thread_lease(saver, thread_id):
                    await saver.aprune([thread_id], strategy="keep_latest" if rule.keep else "delete", keep=rule.keep)
            except ThreadBusyError:
                continue
            after = await _bytes(saver, thread_id)
        taken.append(
            Pruned(thread_id=thread_id, status=row["status"], updated=row["updated"], before=before, after=after)
        )
    return taken


async def erase(saver: PostgresSaver, *, user: str = "", tenant: str = "") -> Receipt:
    """Erases every thread that ever ran for the person (or tenant, or that person of the tenant), with its record.

    So are copies of these threads and those in which their effects were undone, and what the person used of rates. Of
    the effects and the audit log the words go (arguments, results, reasons); that something happened, when and for whom
    stays, and the chain is whole. Raises ConfigError when neither is named, StoreError without the right to all of it.
    """
    if not user and not tenant:
        raise ConfigError("Whose data is to be erased?", "Name a user, a tenant, or both.")
    await saver.seal.ready()
    async with saver.pools.connection() as connection:
        if not await may_forget(connection):
            raise StoreError(
                "This database role may not take words out of the audit log, so nothing was erased.",
                "Run it as the role that owns the tables.",
            )
        threads = await _threads_of(saver, connection, user, tenant)
        kept = {table: await _count(connection, table, threads) for table in ("effects", "audit")}
    rows = await saver.adelete_threads(threads)
    async with saver.pools.connection() as connection:
        rows["budget_uses"] = await _forget_uses(saver, connection, user, tenant)
    receipt = Receipt(
        at=datetime.now(UTC),
        subject=sha256(f"{tenant}\0{user}"),
        threads=sorted(map(sha256, threads)),
        rows=rows,
        kept=kept,
    )
    kept_receipt = json.loads(json.dumps(asdict(receipt), default=str))
    async with saver.pools.connection() as connection:
        await connection.execute(
            "INSERT INTO erasures (digest, at, receipt) VALUES (%s, %s, %s)",
            (receipt.digest, receipt.at, Jsonb(saver.seal.close_json(kept_receipt, about(receipt.digest, "receipt")))),
        )
    return receipt


async def _forget_uses(saver: PostgresSaver, connection: Connection, user: str, tenant: str) -> int:
    """What the person used of rates goes; how many rows. The keys are those of `lockgate.nodes.metering`."""
    cursor = await connection.execute("SELECT DISTINCT key FROM budget_uses")
    theirs: list[str] = []
    for row in await cursor.fetchall():
        with suppress(StoreError, ValueError):  # of another ring, or no key of a rate
            by, subject, *_ = json.loads(saver.seal.untoken(row["key"], KIND))
            is_users = by == "user" and subject[1] == (user or subject[1]) and subject[0] == (tenant or subject[0])
            if is_users or (by == "tenant" and not user and subject[0] == tenant):
                theirs.append(row["key"])
    return (await connection.execute("DELETE FROM budget_uses WHERE key = ANY(%s)", (theirs,))).rowcount


async def _bytes(saver: PostgresSaver, thread_id: str) -> int:
    async with saver.pools.connection() as connection:
        cursor = await connection.execute(
            "SELECT coalesce(sum(pg_column_size(s.*)), 0)::bigint AS bytes FROM steps s WHERE thread_id = %s",
            (thread_id,),
        )
        row = await cursor.fetchone()
    return int(row["bytes"]) if row else 0


async def _threads_of(saver: PostgresSaver, connection: Connection, user: str, tenant: str) -> list[str]:
    spec = {"user": saver.seal.either(user, "user"), "tenant": saver.seal.either(tenant, "tenant")}
    cursor = await connection.execute(_OF, (user, spec["user"], tenant, spec["tenant"]))
    found = {row["thread_id"] for row in await cursor.fetchall()}
    # Who resumes a run for somebody else leaves no other trace than what it did in between.
    names = {name: forms(name, value, saver.seal) for name, value in (("user", user), ("tenant", tenant)) if value}
    # Any of the forms of the first name; whether it is of the other too is seen below.
    name, values = next(iter(names.items()))
    cursor = await connection.execute(_SAID, ([f'"{name}":{canonical(value)}' for value in values],))
    async for row in cursor:
        with suppress(ValueError, AttributeError, RecursionError):  # a touched row is for `audit verify` to name
            said = json.loads(row["body"])
            if all(said.get(name) in values for name, values in names.items()):
                found.add(row["thread_id"])
    fresh = found
    ids: set[str] = set()
    while fresh:
        for thread_id in fresh:
            where: RunnableConfig = {"configurable": {"thread_id": thread_id}}
            ids |= {one.checkpoint["id"] async for one in saver.alist(where)}
        made = {"ids": list(ids), "marks": [mark("id", one) for one in ids]}
        cursor = await connection.execute(_KIN, {"known": list(found), "undo": UNDO_MARK, **made})
        fresh = {row["thread_id"] for row in await cursor.fetchall()}
        found |= fresh
    cursor = await connection.execute(_LEFT, (list(found),))
    return [row["thread_id"] for row in await cursor.fetchall()]


async def _count(connection: Connection, table: str, threads: Sequence[str]) -> int:
    sql = f"SELECT count(*) AS n FROM {table} WHERE thread_id = ANY(%s)"  # noqa: S608 - a constant
    row = await (await connection.execute(sql.encode(), (list(threads),))).fetchone()
    return int(row["n"]) if row else 0


_OLD = """
SELECT t.thread_id, t.updated, t.bytes, coalesce(r.status, '') AS status, t.updated > now() + %(skew)s AS ahead FROM (
    SELECT thread_id, (array_agg(at ORDER BY seq DESC))[1] AS updated, sum(pg_column_size(s.*))::bigint AS bytes
    FROM steps s GROUP BY thread_id
) t
LEFT JOIN LATERAL (
    SELECT CASE WHEN EXISTS (SELECT FROM approvals a WHERE a.thread_id = t.thread_id AND a.status = 'pending')
        THEN 'waiting' ELSE r.status END AS status
    FROM runs r WHERE r.thread_id = t.thread_id ORDER BY r.checkpoint_id DESC LIMIT 1
) r ON true
WHERE coalesce(r.status, '') = ANY(%(statuses)s)
    AND (%(age)s = interval '0' OR t.updated < now() - %(age)s OR t.updated > now() + %(skew)s) ORDER BY t.updated
"""
"""What was last is told by numbers and ids, which go on also when the database's clock is set back."""
_OF = """
SELECT DISTINCT thread_id FROM runs
WHERE (%s = '' OR spec ->> 'user' = ANY(%s)) AND (%s = '' OR spec ->> 'tenant' = ANY(%s))
"""
_SAID = """
SELECT thread_id, body FROM audit
WHERE thread_id <> '' AND EXISTS (SELECT FROM unnest(%s::text[]) AS mark WHERE position(mark IN body) > 0)
"""
_KIN = """
SELECT DISTINCT o.thread_id FROM steps o JOIN unnest(%(known)s::text[]) AS t (id)
    ON starts_with(o.thread_id, t.id || %(undo)s) WHERE o.thread_id <> ALL(%(known)s)
UNION
SELECT DISTINCT thread_id FROM steps WHERE thread_id <> ALL(%(known)s)
    AND (marks && %(marks)s::bigint[] OR touched && %(ids)s::text[])
"""
"""Threads that undo what these did, and those that hold checkpoints of theirs: their ids are nobody else's."""
_LEFT = """
SELECT t.thread_id FROM unnest(%s::text[]) AS t (thread_id)
WHERE EXISTS (SELECT FROM steps x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM blobs x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM runs x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM events x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM approvals x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM audit_content x WHERE x.thread_id = t.thread_id)
    OR EXISTS (SELECT FROM effects x WHERE x.thread_id = t.thread_id AND x.args IS NOT NULL)
ORDER BY 1
"""
"""Those that anything is left of: the audit log still names threads that were erased long ago."""
