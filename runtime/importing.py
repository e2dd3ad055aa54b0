"""Threads that LangGraph's own Postgres saver stored, taken over with their whole history.

Checkpoint by checkpoint, oldest first, over all namespaces, through the public methods of both savers: so a thread
of any length needs the memory of one checkpoint, and what an earlier import left unfinished is gone on with.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import WRITES_IDX_MAP, Checkpoint, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.types import RESUME

from lockgate.errors import LockgateError, StoreError
from lockgate.runtime.lease import thread_lease
from lockgate.runtime.pool import Pools, store_errors
from lockgate.runtime.saver import PostgresSaver
from lockgate.runtime.wire import Connection

Outcome = Literal["imported", "present", "refused"]
Place = tuple[str, str]
"""Namespace and id of a checkpoint."""
Write = tuple[str, Any]
"""Channel and value."""

_THREADS = "SELECT DISTINCT thread_id FROM checkpoints WHERE %s::text[] IS NULL OR thread_id = ANY(%s) ORDER BY 1"
_PLACES = """
SELECT checkpoint_ns, checkpoint_id FROM checkpoints WHERE thread_id = %s ORDER BY checkpoint_id, checkpoint_ns
"""

_PATHS = "SELECT DISTINCT task_id, task_path FROM checkpoint_writes WHERE thread_id = %s"
"""What a delta channel is rebuilt by, and what no method of the saver gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one thread. `checkpoints` it has there, `added` were taken over (or would be). `present`: all of
    it was here already. `refused` is one that cannot be taken over, for `reason`; what was taken over before an error
    stays, and is gone on with next time.
    """

    thread_id: str
    outcome: Outcome
    checkpoints: int
    added: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """LangGraph's saver over one connection, which is also asked what it holds."""

    saver: AsyncPostgresSaver
    connection: Connection


@asynccontextmanager
async def stock_saver(saver: PostgresSaver, url: str = "") -> AsyncIterator[Stock]:
    """The stock tables of the database at `url`, or without one of that of `saver`; they are only read.

    Only types that the serializer of `saver` names are constructed; others arrive as their plain data. Raises
    StoreError when there are no such tables.
    """
    connection = await (Pools(lambda: url, 1) if url else saver.pools).connect()
    async with connection, store_errors():
        await connection.execute("SET default_transaction_read_only = on")
        cursor = await connection.execute("SELECT to_regclass('checkpoint_writes') AS found")
        row = await cursor.fetchone()
        if row is None or row["found"] is None:
            raise StoreError(
                "There are no tables of LangGraph's Postgres saver.",
                "Name the database that it writes to: --from postgresql://...",
            )
        yield Stock(saver=AsyncPostgresSaver(connection, serde=saver.serde), connection=connection)


async def import_threads(
    saver: PostgresSaver,
    stock: Stock,
    *,
    threads: Sequence[str] = (),
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> AsyncIterator[Imported]:
    """Takes over the threads (without names, all), one after the other; may be called again at any time.

    A thread that has gone on here is never written to, and one that is being run here is refused. `progress` is
    called with the thread and how many of its checkpoints are done.
    """
    chosen = list(threads) or None
    cursor = await stock.connection.execute(_THREADS, (chosen, chosen))
    found = [row["thread_id"] for row in await cursor.fetchall()]
    for missing in sorted(set(threads) - set(found)):
        yield Imported(thread_id=missing, outcome="refused", checkpoints=0, added=0, reason="there is no such thread")
    for thread_id in found:
        cursor = await stock.connection.execute(_PLACES, (thread_id,))
        places = [(row["checkpoint_ns"], row["checkpoint_id"]) for row in await cursor.fetchall()]
        added = 0

        def step(done: int, thread_id: str = thread_id, of: int = len(places)) -> None:
            nonlocal added
            added = done
            if progress is not None:
                progress(thread_id, done, of)

        outcome, reason = await _thread(saver, stock, thread_id, places, step, dry_run=dry_run)
        yield Imported(thread_id=thread_id, outcome=outcome, checkpoints=len(places), added=added, reason=reason)


async def _thread(
    saver: PostgresSaver,
    stock: Stock,
    thread_id: str,
    places: Sequence[Place],
    step: Callable[[int], None],
    *,
    dry_run: bool,
) -> tuple[Outcome, str]:
    try:
        async with thread_lease(saver, thread_id) as lease:
            here = await _here(saver, thread_id, places)
            missing = places[len(here) :]
            if list(places[: len(here)]) != here:
                return "refused", "here it holds other steps than there: it has gone on, or was pruned"
            if dry_run:
                step(len(missing))
                return ("imported" if missing else "present"), ""
            changed = bool(missing)
            cursor = await stock.connection.execute(_PATHS, (thread_id,))
            paths = {row["task_id"]: row["task_path"] for row in await cursor.fetchall()}
            last = set({ns: (ns, checkpoint_id) for ns, checkpoint_id in places}.values())
            for done, place in enumerate([*here[-1:], *missing], 1 - len(here[-1:])):
                found = await _read(stock, thread_id, place)
                if done > 0:
                    parent = (found.parent_config or {}).get("configurable", {}).get("checkpoint_id")
                    config = _config(thread_id, place[0], parent, lease)
                    await saver.aput(config, _numbered(found.checkpoint), found.metadata, {})
                # Of the last one that was here the writes may have been cut off, or have grown since.
                writes = await _new_writes(saver, thread_id, place, found)
                for task, together in _as_made(writes, waits=place in last):
                    await saver.aput_writes(_config(thread_id, *place, lease), together, task, paths.get(task, ""))
                changed |= bool(writes)
                if done > 0:
                    step(done)
            return ("imported" if changed else "present"), ""
    except LockgateError as error:
        return "refused", error.message


async def _here(saver: PostgresSaver, thread_id: str, places: Sequence[Place]) -> list[Place]:
    """What of the thread is here, in the order in which it was made."""
    if await saver.aget_tuple(_config(thread_id, "", None, {})) is None:
        return []
    if await saver.aget_tuple(_config(thread_id, *places[-1], {})) is not None:
        return list(places)  # also of a thread that has gone on here, or was pruned
    found = [_place(item) async for item in saver.alist({"configurable": {"thread_id": thread_id}})]
    return sorted(found, key=lambda place: (place[1], place[0]))


async def _read(stock: Stock, thread_id: str, place: Place) -> CheckpointTuple:
    found = await stock.saver.aget_tuple(_config(thread_id, *place, {}))
    if found is None:
        raise StoreError(f"Checkpoint {place[1]!r} of thread {thread_id!r} was deleted meanwhile.", "Import it again.")
    return found


def _numbered(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with versions as numbers: LangGraph compares them, and its own saver's are text."""

    def numbers(versions: Mapping[str, Any]) -> dict[str, Any]:
        return {name: int(str(version).partition(".")[0]) for name, version in versions.items()}

    seen = {node: numbers(versions) for node, versions in checkpoint["versions_seen"].items()}
    return {**checkpoint, "channel_versions": numbers(checkpoint["channel_versions"]), "versions_seen": seen}


async def _new_writes(
    saver: PostgresSaver, thread_id: str, place: Place, there: CheckpointTuple
) -> dict[str, list[Write]]:
    """The writes of the tasks of a checkpoint that are not, or not all, here yet."""
    here = await saver.aget_tuple(_config(thread_id, *place, {}))
    known = {(task, channel) for task, channel, _ in (here.pending_writes or ())} if here else set()
    tasks: dict[str, list[Write]] = defaultdict(list)
    for task, channel, value in there.pending_writes or ():
        tasks[task].append((channel, value))
    return {
        task: writes for task, writes in tasks.items() if any((task, channel) not in known for channel, _ in writes)
    }


def _as_made(tasks: Mapping[str, Sequence[Write]], *, waits: bool) -> Iterator[tuple[str, Sequence[Write]]]:
    """The writes as their tasks made them: what each gave, then LangGraph's own one by one.

    A question comes before its answer; where the thread may still wait, after the answers to those before it.
    """
    for task, writes in tasks.items():
        if plain := [write for write in writes if write[0] not in WRITES_IDX_MAP]:
            yield task, plain
        own = [write for write in writes if write[0] in WRITES_IDX_MAP]
        for write in sorted(own, key=lambda write: (write[0] == RESUME) != waits):
            yield task, [write]


def _config(thread_id: str, ns: str, checkpoint_id: str | None, lease: Mapping[str, Any]) -> RunnableConfig:
    where = {"thread_id": thread_id, "checkpoint_ns": ns, **lease}
    return {"configurable": where if checkpoint_id is None else {**where, "checkpoint_id": checkpoint_id}}


def _place(found: CheckpointTuple) -> Place:
    where = found.config["configurable"]
    return where.get("checkpoint_ns", ""), where["checkpoint_id"]
