"""Reads rows of `steps` back into checkpoints."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

from langgraph.checkpoint.base import CheckpointTuple, writes_sort_key
from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.errors import CorruptRowError, NewerRowError, RowError, StoreError
from lockgate.runtime.gather import Head
from lockgate.runtime.lineage import Lineage, collector_paused
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import BLOB, Saved, Seed, Segment, Typed, Write, about, mark, unpack

T = TypeVar("T")
Fetch: TypeAlias = Callable[[bytes, Sequence[Any]], Awaitable[list[dict[str, Any]]]]
PAGES = (4, 32, 256)
"""Rows to read at once, going back: the wanted one is mostly among the newest."""
_ROWS = "SELECT seq, touched, spine, body FROM steps WHERE thread_id = %s"
_OF_NS = " AND (%s = ANY(marks) OR %s = ANY(namespaces))"
_OF_ID = " AND (%s = ANY(marks) OR %s = ANY(touched))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of `steps`, read."""

    seq: int
    segment: Segment


class Reader:
    """Reads the rows of threads with `fetch`, which runs a query."""

    def __init__(self, fetch: Fetch, seal: Seal, serde: SerializerProtocol) -> None:
        self._fetch = fetch
        self._seal = seal
        self._serde = serde

    async def newest(self, thread_id: str) -> int | None:
        """`seq` of the newest row of the thread."""
        rows = await self._fetch(_NEWEST, (thread_id,))
        return rows[0]["seq"] if rows else None

    async def threads(self) -> list[str]:
        """The threads that there are."""
        return [row["thread_id"] for row in await self._fetch(b"SELECT DISTINCT thread_id FROM steps", ())]

    async def latest(self, thread_id: str, ns: str) -> Head | None:
        """The checkpoint of the namespace that was saved last, with the writes that belong to it."""
        async for row in self.rows(thread_id, ns=ns):
            if found := [saved for saved in row.segment.saved if saved.ns == ns]:
                # Not from the rows read so far: writes are saved in the background and may overtake their checkpoint.
                return await self.at(thread_id, ns, found[-1].checkpoint_id)
        return None

    async def at(self, thread_id: str, ns: str, checkpoint_id: str) -> Head | None:
        """The checkpoint of that id, with the writes that belong to it."""
        segments = [row.segment async for row in self.rows(thread_id, checkpoint_id=checkpoint_id)]
        segments.reverse()
        for segment in reversed(segments):
            for saved in segment.saved:
                if (saved.ns, saved.checkpoint_id) == (ns, checkpoint_id):
                    return head(saved, segments)
        return None

    async def written_at(self, thread_id: str, checkpoint_id: str) -> float | None:
        """When the first row that knows the checkpoint was written, by the database's clock; None without one."""
        found = await self._fetch((_AT + _OF_ID).encode(), [thread_id, mark("id", checkpoint_id), checkpoint_id])
        return found[0]["at"] if found else None

    async def rows(
        self, thread_id: str, *, ns: str | None = None, checkpoint_id: str | None = None
    ) -> AsyncIterator[Row]:
        """The rows of a thread, newest first; only those that hold something of the namespace or the checkpoint.

        Raises RowError that names the place of one that cannot be read.
        """
        before: int | None = None
        page = 0
        while True:
            sql, parameters = _ROWS, list[Any]([thread_id])
            if before is not None:
                sql, parameters = sql + " AND seq < %s", [*parameters, before]
            if ns is not None:
                sql, parameters = sql + _OF_NS, [*parameters, mark("ns", ns), ns]
            if checkpoint_id is not None:
                sql, parameters = sql + _OF_ID, [*parameters, mark("id", checkpoint_id), checkpoint_id]
            size = PAGES[min(page, len(PAGES) - 1)]
            found = await self._fetch((sql + " ORDER BY seq DESC LIMIT %s").encode(), [*parameters, size])
            for row in found:
                yield Row(seq=row["seq"], segment=segment(self._seal, thread_id, row))
            if len(found) < size:
                return
            before, page = found[-1]["seq"], page + 1

    async def lineage(self, thread_id: str, ns: str, channels: Sequence[str]) -> tuple[Lineage, int | None]:
        """The lineage of a namespace from all of its rows, and `seq` of the newest row it knows of."""
        lineage = Lineage(thread_id, ns, self._serde)
        rows = await self._fetch(_SPINES, (thread_id, mark("ns", ns), ns))
        plain: list[int] = []
        with collector_paused():
            for row in rows:
                spine = segment(self._seal, thread_id, {**row, "body": None})
                # A row from before a channel was a delta channel has what it held in the body.
                if not set(channels) <= set(spine.deltas.get(ns, ())):
                    plain.append(row["seq"])
                lineage.add(spine)
        if plain:
            lineage.channels = set()
            for row in await self._fetch((_ROWS + " AND seq = ANY(%s) ORDER BY seq").encode(), (thread_id, plain)):
                whole = segment(self._seal, thread_id, row)
                saved = [replace(one, values=await self.values(thread_id, one)) for one in whole.saved]
                lineage.add_plain(replace(whole, saved=saved))
        return lineage, rows[-1]["seq"] if rows else None

    async def written(self, thread_id: str, channels: Sequence[str]) -> list[tuple[str, Any]]:
        """All that was written to delta channels of these names, each with its namespace, oldest first.

        Also by steps whose checkpoint was not stored, which no way back leads to.
        """
        found: list[tuple[str, Any]] = []
        for row in await self._fetch(_ALL_SPINES, (thread_id,)):
            spine = segment(self._seal, thread_id, {**row, "body": None})
            told: list[Seed | Write] = [*spine.seeds, *spine.delta_writes]
            asked_for = [one for one in told if one.channel in channels]
            found += [(one.ns, self._serde.loads_typed((one.encoding, one.data))) for one in asked_for]
        return found

    async def values(self, thread_id: str, saved: Saved) -> dict[str, Typed]:
        """The values of a checkpoint, those that are stored apart included."""
        apart = {data for name, data in saved.values.values() if name == BLOB}
        if not apart:
            return {channel: (typed[0], typed[1]) for channel, typed in saved.values.items()}
        rows = await self._fetch(_BLOBS, (thread_id, list(apart)))
        blobs = {bytes(row["digest"]): self._blob(thread_id, row["data"]) for row in rows}
        try:
            return {
                channel: blobs[data] if name == BLOB else (name, data) for channel, (name, data) in saved.values.items()
            }
        except KeyError:
            raise CorruptRowError(
                f"Checkpoint {saved.checkpoint_id} of thread {thread_id!r} names a value that is not stored.",
                _RESTORE,
                thread_id=thread_id,
                checkpoint_id=saved.checkpoint_id,
            ) from None

    def _blob(self, thread_id: str, data: bytes) -> Typed:
        try:
            name, _, value = self._seal.open(data, about(thread_id, "blob")).partition(b"\0")
        except RowError as error:
            raise _placed(error, self._seal, thread_id, {"seq": "of a blob", "touched": []}) from None
        return name.decode(), value

    async def tuple(self, thread_id: str, head: Head) -> CheckpointTuple:
        """The checkpoint as LangGraph takes it. Raises CorruptRowError for a value that cannot be read."""
        saved = head.saved
        values = await self.values(thread_id, saved)
        seeds = {seed.channel: (seed.encoding, seed.data) for seed in head.seeds}
        writes = sorted(head.writes.values(), key=lambda w: writes_sort_key(w.path, w.task_id, w.index))
        load = self._serde.loads_typed
        try:
            checkpoint, metadata = load((saved.head[0], saved.head[1]))
            checkpoint["channel_values"] = {name: load(typed) for name, typed in {**values, **seeds}.items()}
            pending = [(write.task_id, write.channel, load((write.encoding, write.data))) for write in writes]
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything; the cause is named
            raise CorruptRowError(
                f"Checkpoint {saved.checkpoint_id} of thread {thread_id!r} cannot be decoded ({type(error).__name__}).",
                _RESTORE,
                thread_id=thread_id,
                checkpoint_id=saved.checkpoint_id,
            ) from None
        where = {"thread_id": thread_id, "checkpoint_ns": saved.ns}
        parent = {"configurable": {**where, "checkpoint_id": saved.parent}} if saved.parent else None
        return CheckpointTuple(
            {"configurable": {**where, "checkpoint_id": saved.checkpoint_id}},
            checkpoint,
            metadata,
            cast("Any", parent),
            pending,
        )


_NEWEST = b"SELECT seq FROM steps WHERE thread_id = %s ORDER BY seq DESC LIMIT 1"
_SPINES = (f"SELECT seq, touched, spine FROM steps WHERE thread_id = %s{_OF_NS} ORDER BY seq").encode()  # noqa: S608
_AT = "SELECT extract(epoch FROM min(at))::float8 AS at FROM steps WHERE thread_id = %s"
_ALL_SPINES = b"SELECT seq, touched, spine FROM steps WHERE thread_id = %s ORDER BY seq"
_BLOBS = b"SELECT digest, data FROM blobs WHERE thread_id = %s AND digest = ANY(%s)"
_UPGRADE = "Upgrade Lockgate: pip install --upgrade lockgate"
_RESTORE = "Restore the row from a backup, or go on from an earlier checkpoint: lockgate show"


def segment(seal: Seal, thread_id: str, row: Mapping[str, Any]) -> Segment:
    """The segment of a row. Raises RowError that names its place."""
    try:
        return unpack(row["spine"], row["body"], thread_id, seal, row.get("record"))
    except RowError as error:
        raise _placed(error, seal, thread_id, row) from None


def named(thread_id: str, what: str, read: Callable[..., T], *values: Any) -> T:
    """What `read` makes of the values. Raises RowError that names what it is and where, if it raises one."""
    try:
        return read(*values)
    except RowError as error:
        hint = _UPGRADE if isinstance(error, NewerRowError) else "Put the row back from a backup, or delete the thread."
        raise type(error)(
            f"In thread {thread_id!r}, {what} cannot be read: {error.message}.", hint, thread_id=thread_id
        ) from None


def head(saved: Saved, segments: Any) -> Head:
    """The checkpoint with the seeds and writes that `segments`, oldest first, hold for it."""
    place = saved.ns, saved.checkpoint_id
    seeds, writes = [], dict[tuple[str, int], Write]()
    for segment in segments:
        seeds += [seed for seed in segment.seeds if (seed.ns, seed.checkpoint_id) == place]
        for write in (*segment.writes, *segment.delta_writes):
            if (write.ns, write.checkpoint_id) == place and (write.replaces or write.place not in writes):
                writes[write.place] = write
    return Head(saved, seeds, writes)


def _linked(seal: Seal, thread_id: str, row: Mapping[str, Any]) -> list[str]:
    """The checkpoints that the spine of a row names, if that can be read."""
    try:
        return [link.checkpoint_id for link in unpack(row.get("spine"), None, thread_id, seal).links]
    except StoreError:
        return []


def _placed(error: RowError, seal: Seal, thread_id: str, row: Mapping[str, Any]) -> RowError:
    """`error` with the place of the row and the next step."""
    touched = [name for name in row["touched"] or _linked(seal, thread_id, row) if isinstance(name, str)]
    where = f"row {row['seq']} of thread {thread_id!r}" + (f" (checkpoint {touched[-1]})" if touched else "")
    hint = _UPGRADE if isinstance(error, NewerRowError) else _RESTORE
    return type(error)(
        f"Cannot read {where}: {error.message}.",
        hint,
        thread_id=thread_id,
        checkpoint_id=touched[-1] if touched else "",
    )
