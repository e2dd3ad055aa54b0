"""What is kept and what goes: pruning, copies, deletion. Nothing here deletes an effect or an entry of the audit log.

State that a kept checkpoint is made of stays: the writes of delta channels on the way to it. So a pruned thread holds
what was said in it, and no more the steps in between.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.errors import StoreError
from lockgate.runtime.filed import left_without
from lockgate.runtime.ledger import ERASE
from lockgate.runtime.reading import Row, segment
from lockgate.runtime.record import FORGET
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import Saved, Segment, about, pack
from lockgate.runtime.wire import Connection

_TABLES = ("steps", "blobs", *FORGET)


async def delete(connection: Connection, thread_ids: Sequence[str]) -> dict[str, int]:
    """Deletes all of the threads, their record, and the words of their effects and audit entries; how many rows each.

    The audit entries stay, and so do their words where the role has no right to them. A run that is at one of the
    threads loses its lease: what it would write from here on would stand on nothing.
    """
    gone: dict[str, int] = {}
    async with connection.transaction():
        await _fenced_out(connection, thread_ids)
        for table in _TABLES:
            sql = f"DELETE FROM {table} WHERE thread_id = ANY(%s)"  # noqa: S608 - constants of this room
            gone[table] = (await connection.execute(sql.encode(), (list(thread_ids),))).rowcount
        gone["effects.content"] = (await connection.execute(ERASE.encode(), (list(thread_ids),))).rowcount
        if await may_forget(connection):
            gone["audit_content"] = (await connection.execute(_WORDS, (list(thread_ids),))).rowcount
    return gone


async def _fenced_out(connection: Connection, thread_ids: Sequence[str]) -> None:
    """Takes the threads from whoever runs them."""
    await connection.execute(_TAKEN, (list(thread_ids),))
    await connection.execute(_BY_NOBODY, (list(thread_ids),))


async def may_forget(connection: Connection) -> bool:
    """Whether this role may take words out of the audit log; that of an agent may not."""
    cursor = await connection.execute("SELECT has_table_privilege('audit_content', 'DELETE') AS may")
    row = await cursor.fetchone()
    return bool(row and row["may"])


async def keep_latest(
    connection: Connection, seal: Seal, serde: SerializerProtocol, thread_id: str, keep: int = 1
) -> None:
    """Leaves the last `keep` checkpoints of each namespace of the thread.

    A subgraph's go with the step it ran in, once that is gone.
    """
    async with connection.transaction():
        rows = await all_rows(connection, seal, thread_id)
        kept: dict[str, list[str]] = {}
        saved = [one for row in rows for one in row.segment.saved]
        for one in reversed(saved):
            ids = kept.setdefault(one.ns, [])
            if one.checkpoint_id not in ids and len(ids) < keep:
                ids.append(one.checkpoint_id)
        roots = {one.checkpoint_id for one in saved if not one.ns}
        gone = roots - set(kept.get("", ()))
        parents = {(one.ns, one.checkpoint_id): _metadata(one, serde).get("parents") or {} for one in saved if one.ns}
        drop = {
            (one.ns, one.checkpoint_id)
            for one in saved
            if one.checkpoint_id not in kept[one.ns]
            or (":" in one.ns and parents[one.ns, one.checkpoint_id].get("") in gone)
        }
        await _rewrite(connection, seal, thread_id, rows, drop)


async def delete_for_runs(
    connection: Connection, seal: Seal, serde: SerializerProtocol, run_ids: Sequence[str]
) -> set[str]:
    """Deletes the checkpoints whose metadata or state names one of the runs, and their record; the threads changed.

    A thread that loses its newest one is taken from whoever runs it: its next step would stand on nothing.
    """
    wanted = set(map(str, run_ids))
    if not wanted:
        return set()
    changed: set[str] = set()
    cursor = await connection.execute("SELECT DISTINCT thread_id FROM steps")
    for thread_id in [row["thread_id"] for row in await cursor.fetchall()]:
        async with connection.transaction():
            rows = await all_rows(connection, seal, thread_id)
            drop = _made_in(wanted, rows, serde)
            if rows and drop & {(one.ns, one.checkpoint_id) for one in rows[-1].segment.saved}:
                await _fenced_out(connection, [thread_id])
                rows = await all_rows(connection, seal, thread_id)
                drop = _made_in(wanted, rows, serde)
            if drop or any(one.event.run_id in wanted for row in rows for one in row.segment.events):
                await _rewrite(connection, seal, thread_id, rows, drop, frozenset(wanted))
                changed.add(thread_id)
    async with connection.transaction():
        for table in FORGET:
            sql = f"DELETE FROM {table} WHERE run_id = ANY(%s)"  # noqa: S608
            await connection.execute(sql.encode(), (list(wanted),))
    return changed


def _made_in(runs: Collection[str], rows: Sequence[Row], serde: SerializerProtocol) -> set[tuple[str, str]]:
    """The checkpoints that name one of the runs."""
    return {
        (one.ns, one.checkpoint_id)
        for row in rows
        for one in row.segment.saved
        if {str(_metadata(one, serde).get("run_id")), str(_value(one, "run_id", serde))} & set(runs)
    }


async def copy_thread(connection: Connection, seal: Seal, source: str, target: str) -> None:
    """Copies the rows of a thread. Raises StoreError when the target has any."""
    async with connection.transaction():
        if await (await connection.execute("SELECT 1 FROM steps WHERE thread_id = %s LIMIT 1", (target,))).fetchone():
            raise StoreError(f"There is a thread {target[:200]!r} already.", "Delete it first, or name another.")
        for row in await all_rows(connection, seal, source):
            held = replace(row.segment, events=[])
            spine, body, _ = pack(held, target, seal)
            if spine is None and body is None:
                continue
            values = (target, held.marks, spine, body, held.blobs or None)
            await connection.execute(_COPY, values)
        cursor = await connection.execute("SELECT digest, data FROM blobs WHERE thread_id = %s", (source,))
        for blob in await cursor.fetchall():
            data = seal.close(seal.open(blob["data"], about(source, "blob")), about(target, "blob"))
            await connection.execute(
                "INSERT INTO blobs (thread_id, digest, data) VALUES (%s, %s, %s)", (target, blob["digest"], data)
            )


async def all_rows(connection: Connection, seal: Seal, thread_id: str) -> list[Row]:
    """All rows of the thread, oldest first, held against others that would change them."""
    cursor = await connection.execute(_LOCKED, (thread_id,))
    return [Row(seq=row["seq"], segment=segment(seal, thread_id, row)) for row in await cursor.fetchall()]


async def _rewrite(
    connection: Connection,
    seal: Seal,
    thread_id: str,
    rows: Sequence[Row],
    drop: Collection[tuple[str, str]],
    runs: frozenset[str] = frozenset(),
) -> None:
    """Takes the checkpoints in `drop` out of the rows, with their writes, and the events of `runs`.

    The spine of what stays is kept whole.
    """
    links = {(link.ns, link.checkpoint_id): link.parent for row in rows for link in row.segment.links}
    alive = {(one.ns, one.checkpoint_id) for row in rows for one in row.segment.saved} - set(drop)
    needed = set(alive)
    for ns, checkpoint_id in alive:
        parent = links.get((ns, checkpoint_id))
        while parent is not None and (ns, parent) not in needed:
            needed.add((ns, parent))
            parent = links.get((ns, parent))
    known = {*links, *alive, *drop}
    for row in rows:
        old = row.segment
        new = replace(_left(old, drop, needed, known), events=left_without(old.events, runs))
        if new == old:
            continue
        parts = pack(new, thread_id, seal)
        if not any(parts):
            await connection.execute("DELETE FROM steps WHERE thread_id = %s AND seq = %s", (thread_id, row.seq))
        else:
            values = (new.marks, *parts, new.blobs or None, thread_id, row.seq)
            await connection.execute(_UPDATE, values)
    await connection.execute(_UNUSED_BLOBS, (thread_id,))


def _left(
    old: Segment, drop: Collection[tuple[str, str]], needed: Collection[tuple[str, str]], known: Collection[Any]
) -> Segment:
    def stays(item: Any) -> bool:
        place = item.ns, item.checkpoint_id
        # A write may be there before its checkpoint is.
        return place in needed or place not in known

    return Segment(
        saved=[
            replace(one, parent=None) if (one.ns, one.parent) in drop else one
            for one in old.saved
            if (one.ns, one.checkpoint_id) not in drop
        ],
        writes=[one for one in old.writes if (one.ns, one.checkpoint_id) not in drop],
        links=[one for one in old.links if stays(one)],
        seeds=[one for one in old.seeds if stays(one)],
        delta_writes=[one for one in old.delta_writes if stays(one)],
        deltas=old.deltas,
    )


def _metadata(saved: Saved, serde: SerializerProtocol) -> dict[str, Any]:
    found: dict[str, Any] = serde.loads_typed((saved.head[0], saved.head[1]))[1]
    return found


def _value(saved: Saved, channel: str, serde: SerializerProtocol) -> Any:
    typed = saved.values.get(channel)
    return serde.loads_typed((typed[0], typed[1])) if typed else None


_TAKEN = b"""
SELECT lockgate_take_lease(thread_id) FROM (
    SELECT thread_id FROM leases WHERE thread_id = ANY(%s) ORDER BY thread_id
) AS held
"""
_BY_NOBODY = b"UPDATE leases SET pid = NULL WHERE thread_id = ANY(%s)"
_WORDS = "DELETE FROM audit_content WHERE thread_id = ANY(%s)"
_LOCKED = "SELECT seq, touched, spine, body, record FROM steps WHERE thread_id = %s ORDER BY seq FOR UPDATE"
_COPY = "INSERT INTO steps (thread_id, marks, spine, body, blobs) VALUES (%s, %s, %s, %s, %s)"
_UPDATE = """
UPDATE steps SET namespaces = NULL, touched = NULL, marks = %s, spine = %s, body = %s, record = %s, blobs = %s
WHERE thread_id = %s AND seq = %s
"""
_UNUSED_BLOBS = """
DELETE FROM blobs b WHERE thread_id = %s AND NOT EXISTS (
    SELECT FROM steps s WHERE s.thread_id = b.thread_id AND b.digest = ANY(s.blobs)
)
"""
