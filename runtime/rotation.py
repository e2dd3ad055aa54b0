"""Rotation of the encryption key: all that is stored is closed anew with the first key of the ring.

Row by row and in short transactions, each of which leaves everything readable: so it may be killed and begun again,
and runs go on beside it. What it changes it holds against writers, and a row that is current it leaves alone. What
stands under the data key (tokens, the words of the audit log) stays; the data key is wrapped anew.
"""

from typing import Any, Protocol

from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg.types.json import Jsonb

from lockgate.errors import RowError, StoreError
from lockgate.runtime.budgets import adopt
from lockgate.runtime.data_key import rewrap
from lockgate.runtime.effect_row import EffectRows, of_result
from lockgate.runtime.effect_row import about as of_effect
from lockgate.runtime.ledger import COLUMNS
from lockgate.runtime.pool import Pools
from lockgate.runtime.reading import named
from lockgate.runtime.record import closed_spec, opened_spec
from lockgate.runtime.retention import all_rows
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import about, pack
from lockgate.runtime.wire import Connection


class Store(Protocol):
    """The checkpointer whose rows are rotated."""

    pools: Pools
    seal: Seal

    async def arotate(self, thread_id: str) -> int:
        """Closes what is stored of the thread anew; how many rows changed."""
        ...


async def rotate(saver: Store) -> int:
    """Closes all that is stored with the first key of the ring, also what was stored in the clear; rows changed.

    To be run when every process has the new key first in its ring: what one without it writes meanwhile stays under
    the old one until the next rotation. Without a ring there is nothing to do.
    """
    if saver.seal.ring is None:
        return 0
    await saver.seal.ready()
    async with saver.pools.connection() as connection:
        cursor = await connection.execute(_THREADS)
        threads = [row["thread_id"] for row in await cursor.fetchall()]
    changed, harmed = 0, list[RowError]()
    for thread_id in threads:
        try:
            changed += await saver.arotate(thread_id)
        except RowError as error:  # it harms no other thread
            harmed.append(error)
    async with saver.pools.connection() as connection:
        changed += await _budgets(connection, saver.seal)
        changed += await _receipts(connection, saver.seal)
    changed += await rewrap(saver.pools, saver.seal.ring)
    if harmed:
        raise StoreError(
            f"{len(harmed)} thread(s) hold rows that do not open, so these stay under their key; all else is rotated"
            f" ({changed} rows). The first: {harmed[0].message}",
            harmed[0].hint,
        )
    return changed


async def rotate_thread(connection: Connection, seal: Seal, serde: SerializerProtocol, thread_id: str) -> int:
    """The same for the rows of one thread. Each table by itself: no two are held at once."""
    if seal.ring is None:
        return 0
    await seal.ready()
    changed = 0
    for part in (_steps, _blobs, _runs, _events, _approvals):
        async with connection.transaction():
            changed += await part(connection, seal, thread_id)
    async with connection.transaction():
        return changed + await _effects(connection, EffectRows(serde, seal), thread_id)


async def _steps(connection: Connection, seal: Seal, thread_id: str) -> int:
    cursor = await connection.execute(_SEALED, (thread_id,))
    stale = {row["seq"] for row in await cursor.fetchall() if not _current(seal, row)}
    if not stale:
        return 0
    for row in await all_rows(connection, seal, thread_id):
        if row.seq in stale:
            parts = pack(row.segment, thread_id, seal)
            await connection.execute(_STEP, (*parts, thread_id, row.seq))
    return len(stale)


def _current(seal: Seal, row: Any) -> bool:
    return all(row[name] is None or seal.is_current(row[name]) for name in ("spine", "body", "record"))


async def _blobs(connection: Connection, seal: Seal, thread_id: str) -> int:
    changed, place = 0, about(thread_id, "blob")
    cursor = await connection.execute(_BLOBS, (thread_id,))
    for blob in await cursor.fetchall():
        if not seal.is_current(blob["data"]):
            data = seal.close(named(thread_id, "a blob", seal.open, blob["data"], place), place)
            await connection.execute(_BLOB, (data, thread_id, blob["digest"]))
            changed += 1
    return changed


async def _runs(connection: Connection, seal: Seal, thread_id: str) -> int:
    changed = 0
    cursor = await connection.execute(_RUNS, (thread_id,))
    for row in await cursor.fetchall():
        what = f"what run {row['run_id']} was started with"
        spec = closed_spec(named(thread_id, what, opened_spec, row["spec"], thread_id, seal), thread_id, seal)
        if spec != row["spec"]:
            await connection.execute(_RUN, (Jsonb(spec), row["run_id"]))
            changed += 1
    return changed


async def _events(connection: Connection, seal: Seal, thread_id: str) -> int:
    changed = 0
    cursor = await connection.execute(_EVENTS, (thread_id,))
    for row in await cursor.fetchall():
        if row["detail"] and not seal.is_current_json(row["detail"]):
            await connection.execute(_EVENT, (_again(seal, row["detail"], thread_id), row["id"]))
            changed += 1
    return changed


async def _approvals(connection: Connection, seal: Seal, thread_id: str) -> int:
    changed = 0
    cursor = await connection.execute(_APPROVALS, (thread_id,))
    for row in await cursor.fetchall():
        held = [row[name] for name in ("value", "answer")]
        if not all(value is None or seal.is_current_json(value) for value in held):
            closed = [None if value is None else _again(seal, value, thread_id) for value in held]
            await connection.execute(_APPROVAL, (*closed, thread_id, row["interrupt_id"]))
            changed += 1
    return changed


async def _effects(connection: Connection, rows: EffectRows, thread_id: str) -> int:
    """Keys stay as they are: the audit log, which takes no change, names effects by them."""
    changed, seal = 0, rows.seal
    cursor = await connection.execute(_EFFECTS.encode(), (thread_id,))
    for row in await cursor.fetchall():
        effect = rows.effect(row)
        what = f"effect {row['key'][:12]}"
        pieces = {"args": of_effect(effect, "args"), "result": of_result(effect)}
        texts = {name: of_effect(effect, name) for name in ("evidence", "settled_by")}
        stale = [name for name in pieces if row[name] is not None and not seal.is_current(row[name])]
        stale += [name for name in texts if not seal.is_current_text(row[name])]
        digest = seal.token(effect.digest, "digest")
        if not stale and digest == row["digest"]:
            continue
        closed = {**row, "digest": digest}
        for name in stale:
            place = f"the {name} of {what}"
            if name in pieces:
                data = named(thread_id, place, rows.opened, row[name], pieces[name])
                closed[name] = seal.close(data, pieces[name])
            else:
                text = named(thread_id, place, seal.open_text, row[name], texts[name])
                closed[name] = seal.close_text(text, texts[name])
        await connection.execute(_EFFECT, closed)
        changed += 1
    return changed


async def _budgets(connection: Connection, seal: Seal) -> int:
    cursor = await connection.execute("SELECT DISTINCT key FROM budget_uses WHERE starts_with(key, '[')")
    return await adopt(connection, seal, [row["key"] for row in await cursor.fetchall()])


async def _receipts(connection: Connection, seal: Seal) -> int:
    changed = 0
    for row in await (await connection.execute("SELECT digest, receipt FROM erasures")).fetchall():
        if not seal.is_current_json(row["receipt"]):
            place = about(row["digest"], "receipt")
            closed = Jsonb(seal.close_json(seal.open_json(row["receipt"], place), place))
            await connection.execute("UPDATE erasures SET receipt = %s WHERE digest = %s", (closed, row["digest"]))
            changed += 1
    return changed


def _again(seal: Seal, value: Any, thread_id: str) -> Jsonb:
    place = about(thread_id, "json")
    return Jsonb(seal.close_json(named(thread_id, "a row of the record", seal.open_json, value, place), place))


_THREADS = """
SELECT thread_id FROM steps UNION SELECT thread_id FROM blobs UNION SELECT thread_id FROM runs
UNION SELECT thread_id FROM events UNION SELECT thread_id FROM approvals UNION SELECT thread_id FROM effects
"""
_SEALED = """
SELECT seq, substring(spine for 70) AS spine, substring(body for 70) AS body, substring(record for 70) AS record
FROM steps WHERE thread_id = %s
"""
_STEP = "UPDATE steps SET spine = %s, body = %s, record = %s WHERE thread_id = %s AND seq = %s"
_BLOBS = "SELECT digest, data FROM blobs WHERE thread_id = %s ORDER BY digest FOR UPDATE"
_BLOB = "UPDATE blobs SET data = %s WHERE thread_id = %s AND digest = %s"
_RUNS = "SELECT run_id, spec FROM runs WHERE thread_id = %s ORDER BY run_id FOR UPDATE"
_RUN = "UPDATE runs SET spec = %s WHERE run_id = %s"
_EVENTS = "SELECT id, detail FROM events WHERE thread_id = %s ORDER BY id FOR UPDATE"
_EVENT = "UPDATE events SET detail = %s WHERE id = %s"
_APPROVALS = """
SELECT interrupt_id, value, answer FROM approvals WHERE thread_id = %s ORDER BY interrupt_id FOR UPDATE
"""
_APPROVAL = "UPDATE approvals SET value = %s, answer = %s WHERE thread_id = %s AND interrupt_id = %s"
_EFFECTS = f"SELECT {COLUMNS} FROM effects e WHERE e.thread_id = %s ORDER BY e.key FOR UPDATE OF e"  # noqa: S608
_EFFECT = """
UPDATE effects SET digest = %(digest)s, args = %(args)s, result = %(result)s, evidence = %(evidence)s,
    settled_by = %(settled_by)s
WHERE key = %(key)s
"""
