"""The checkpointer: what threads say, gathered and written where it matters, for any thread and loop."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
    get_checkpoint_id,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.audit import AuditEntry
from lockgate.deployment import Deployment
from lockgate.effect import Fence
from lockgate.events import Event
from lockgate.runtime import retention
from lockgate.runtime.audit import PostgresAudit
from lockgate.runtime.budgets import PostgresRates
from lockgate.runtime.data_key import data_key
from lockgate.runtime.effect_row import EffectRows
from lockgate.runtime.embedded import embedded_url
from lockgate.runtime.fence import fence_of
from lockgate.runtime.gather import GATHER, Began, Put, Wrote
from lockgate.runtime.ids import ahead, follow
from lockgate.runtime.keyring import Keyring
from lockgate.runtime.ledger import Ledger
from lockgate.runtime.listing import listed
from lockgate.runtime.pool import Pools, parse
from lockgate.runtime.reading import Reader
from lockgate.runtime.rotation import rotate_thread
from lockgate.runtime.schema import upgrade
from lockgate.runtime.seal import Seal
from lockgate.runtime.serde import serializer
from lockgate.runtime.sync_face import SyncFace
from lockgate.runtime.wire import Statement
from lockgate.runtime.writing import Writer
from lockgate.settings import Settings
from lockgate.settings import settings as default_settings

_NEWEST_ASKED = b"SELECT max(checkpoint_id) AS id FROM approvals WHERE thread_id = %s AND status = 'pending'"
"""The question may have been put inside, at a checkpoint that is newer than the last one of the graph itself."""


async def open_checkpointer(
    url: str | None = None, *, settings: Settings | None = None, every_step: bool | None = None
) -> "PostgresSaver":
    """Opens the database, brings its tables up to date and returns its checkpointer; close it with `aclose()`.

    The database is `url`, else `settings.database_url`, else the embedded Postgres of `settings.data_dir`, which
    is started when it does not run. A synchronous caller writes `run_sync(open_checkpointer())` with
    `lockgate.bridge.run_sync`. `every_step` writes each step of every run (setting, False).

    Raises ConfigError for an unreadable URL or data folder, StoreError when the database is down or refuses.
    """
    chosen = settings or default_settings()
    if url is None and chosen.database_url is not None:
        url = chosen.database_url.get_secret_value()
    keys = chosen.encryption_keys.get_secret_value() if chosen.encryption_keys else ""
    saver = PostgresSaver(
        url or partial(embedded_url, chosen.data_dir),
        pool_size=chosen.pool_size,
        every_step=chosen.every_step if every_step is None else every_step,
        keys=Keyring.parse(keys) if keys else None,
    )
    try:
        await saver.setup()
    except BaseException:
        await saver.aclose()
        raise
    return saver


class PostgresSaver(SyncFace):
    """Checkpoints, events and approvals in Postgres.

    A graph that a builder of Lockgate compiled has its steps gathered: they are written, in one transaction, before
    a tool runs (`aflush`), soon after an answer or a question to a person, and at the end of the run. What a crash
    loses in between is steps that come to the same when they run again. Of any other graph, and with `every_step`,
    each step is written by itself. Every read of a thread writes first what was gathered of it.

    Every operation takes a connection of its own, at most `pool_size` for each event loop. All methods may be
    called from any thread and loop; the synchronous ones wait on a loop of their own, so `graph.invoke` works in
    scripts, threads and notebooks.

    State may hold messages, Lockgate's own types and plain data; `with_allowlist([(module, class), ...])` gives a
    checkpointer that also constructs types of yours. With `keys` all of it is encrypted (see docs/storage.md).

    Raises StoreError, with the next step, when the database is down, refuses or vanishes; RowError for a row that
    cannot be read.
    """

    def __init__(
        self,
        address: str | Callable[[], str],
        *,
        serde: SerializerProtocol | None = None,
        pool_size: int = 8,
        every_step: bool = False,
        keys: Keyring | None = None,
    ) -> None:
        """`address` is a URL, or a function that returns it and may block, called for each new connection."""
        super().__init__(serde=serde or serializer())
        if isinstance(address, str):
            parse(address)
        self.pools = Pools(address if callable(address) else lambda: address, pool_size)
        self.every_step = every_step
        self.seal = Seal(keys, partial(data_key, self.pools, keys) if keys else None)
        self.audit = PostgresAudit(self.pools, self.seal)
        self._writer = Writer(self.pools, self.seal, self.audit)
        self.ledger = Ledger(self.pools, EffectRows(self.serde, self.seal), self._flush_with)

    @classmethod
    @asynccontextmanager
    async def from_conn_string(
        cls, conn_string: str, *, serde: SerializerProtocol | None = None
    ) -> AsyncIterator["PostgresSaver"]:
        """LangGraph's way to open a saver; as there, the tables are made by `setup()`."""
        saver = cls(conn_string, serde=serde)
        try:
            yield saver
        finally:
            await saver.aclose()

    @property
    def rates(self) -> PostgresRates:
        """Where the runs on this checkpointer count what they use together."""
        return PostgresRates(self.pools, self.seal)

    async def setup(self) -> None:
        """Makes or migrates the tables; several processes may do so at once."""
        connection = await self.pools.connect()
        try:
            await upgrade(connection)
        finally:
            await connection.close()

    async def aclose(self) -> None:
        """Writes what was gathered and closes the connections of all loops. Any use afterwards raises StoreError."""
        try:
            await self._writer.flush_all(self.serde)
            await self.audit.aclose()
        finally:
            await self.pools.aclose()

    def get_next_version(self, current: Any, channel: None) -> int:  # noqa: ARG002 - the signature is LangGraph's
        """The version after `current`; also after one that LangGraph's own saver made."""
        return int(str(current or 0).partition(".")[0]) + 1

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - a row holds the values of all channels
    ) -> RunnableConfig:
        """Saves a checkpoint; events stay out of it, and a root checkpoint updates its run."""
        where = config["configurable"]
        thread_id, ns = str(where["thread_id"]), where.get("checkpoint_ns", "")
        gathered = self._gathers(config)
        put = Put(
            thread_id=thread_id,
            ns=ns,
            parent=where.get("checkpoint_id"),
            checkpoint=checkpoint,
            config=config,
            metadata=metadata,
            keep=not gathered or metadata.get("source") in ("update", "fork"),
        )
        await self._writer.add(put, self.serde, gathered=gathered)
        return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns, "checkpoint_id": checkpoint["id"]}}

    async def adeployment(self, digest: str) -> Deployment | None:
        """The deployment with that digest, if a checkpoint was ever made under it."""
        async with self.pools.connection() as connection:
            cursor = await connection.execute("SELECT parts FROM deployments WHERE digest = %s", (digest,))
            row = await cursor.fetchone()
        return Deployment(parts=row["parts"]) if row else None

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Saves the writes of a task; its events and interrupts go into the record."""
        wrote = Wrote(**_task(config, task_id), path=task_path, writes=writes)
        await self._writer.add(wrote, self.serde, gathered=self._gathers(config))

    async def afile(self, config: RunnableConfig, task_id: str, events: Sequence[Event]) -> None:
        """Files the first events of a task that still runs; when its writes bring them again, these stay."""
        began = Began(**_task(config, task_id), events=events)
        await self._writer.add(began, self.serde, gathered=self._gathers(config))

    async def aflush(self, thread_id: str) -> None:
        """Writes what was gathered of the thread: when it returns, all that its run did so far is on disk.

        Raises StoreError when that cannot be; then nothing may be done that cannot be done again.
        """
        await self._writer.flush(str(thread_id), self.serde)

    async def _flush_with(
        self, thread_id: str, statements: Sequence[Statement], decided: AuditEntry | None
    ) -> dict[str, Any]:
        return await self._writer.flush(thread_id, self.serde, also=statements, decided=decided)

    def begun(self, fence: Fence, newest: int | None) -> None:
        """Says that a lease was taken, and which row of the thread was the newest then."""
        self._writer.thread(fence.thread_id).begun = fence, newest

    async def aend(self, thread_id: str, *, ends: Fence | None = None) -> None:
        """Ends a run of the thread, and the lease that `ends` with it: writes what was gathered.

        StoreError when that cannot be; then it is gone.
        """
        thread = self._writer.thread(str(thread_id))
        try:
            await self._writer.flush(str(thread_id), self.serde, ends=ends)
        except BaseException:
            thread.forget()
            raise
        thread.forget_run()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that `config` names, or the one of its thread and namespace that was saved last."""
        await self.seal.ready()
        where = config["configurable"]
        thread_id, ns = str(where["thread_id"]), where.get("checkpoint_ns", "")
        checkpoint_id = get_checkpoint_id(config)
        thread = self._writer.thread(thread_id)
        if not checkpoint_id and thread.starts(ns, where.get("checkpoint_map") or {}):
            return None
        await self.aflush(thread_id)
        reader = self._reader()
        if checkpoint_id:
            head = await reader.at(thread_id, ns, checkpoint_id)
        elif ns:
            head = await reader.latest(thread_id, ns)
        else:
            begun, thread.begun = thread.begun, None
            newest = begun[1] if begun and begun[0] == fence_of(where) else await reader.newest(thread_id)
            if newest != thread.seq or thread.head is None:
                thread.forget_stored()
                thread.head = None if newest is None else await reader.latest(thread_id, ns)
                thread.seq = newest
            head = thread.head
        if head is None:
            return None
        if ahead(head.saved.checkpoint_id):
            asked = (await self.pools.fetch(_NEWEST_ASKED, (thread_id,)))[0]["id"]
            follow(max(head.saved.checkpoint_id, asked or ""), thread_id)
        found = await reader.tuple(thread_id, head)
        thread.learn(ns, found.metadata, found.checkpoint["channel_values"])
        if counters := found.metadata.get("counters_since_delta_snapshot"):
            # LangGraph stores a delta channel whole every so often, to bound the way back. Ours is read at once.
            found.metadata["counters_since_delta_snapshot"] = dict.fromkeys(counters, (0, 0))
        return found

    async def aget_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """What delta channels were made of at a checkpoint. Raises LostParentError when the way back is broken."""
        where = config["configurable"]
        thread_id, ns = str(where["thread_id"]), where.get("checkpoint_ns", "")
        await self.aflush(thread_id)
        checkpoint_id = get_checkpoint_id(config)
        if not checkpoint_id:
            target = await self.aget_tuple(config)
            if target is None:
                return {channel: {"writes": []} for channel in channels}
            checkpoint_id = target.config["configurable"]["checkpoint_id"]
        # The channels are those of the graph that the run began with.
        specs = where.get(GATHER) if not ns else None
        return await self._history(thread_id, ns, checkpoint_id, channels, specs)

    async def _history(
        self, thread_id: str, ns: str, checkpoint_id: str, channels: Sequence[str], specs: Mapping[str, Any] | None
    ) -> Mapping[str, DeltaChannelHistory]:
        thread = self._writer.thread(thread_id)
        lineage = thread.lineage if not ns else None
        # What led to a checkpoint does not change, so for one that is known nothing has to be read.
        if lineage is None or not lineage.knows(checkpoint_id, channels):
            lineage, seq = await self._reader().lineage(thread_id, ns, channels)
            if not ns and seq is not None and seq == thread.seq:
                thread.lineage = lineage
        self._writer.trim()
        return lineage.history(checkpoint_id, channels, specs)

    async def awritten_at(self, thread_id: str, checkpoint_id: str) -> float | None:
        """When a checkpoint was written, by the database's clock, as effects are; seconds since the epoch."""
        await self.aflush(thread_id)
        return await self._reader().written_at(str(thread_id), checkpoint_id)

    async def awritten(self, thread_id: str, channels: Sequence[str]) -> list[tuple[str, Any]]:
        """All that was ever written to delta channels of these names, each with its namespace, oldest first."""
        await self.aflush(thread_id)
        return await self._reader().written(str(thread_id), channels)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the name is LangGraph's
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The checkpoints that were written, newest first."""
        where = config["configurable"] if config else {}
        if "thread_id" in where:
            await self.aflush(where["thread_id"])
        else:
            await self._writer.flush_all(self.serde)
        until = get_checkpoint_id(before) if before else None
        for item in await listed(self._reader(), config, filter or {}, until, limit):
            yield item

    def _reader(self) -> Reader:
        return Reader(self.pools.fetch, self.seal, self.serde)

    async def adelete_thread(self, thread_id: str) -> None:
        """Deletes all of a thread: checkpoints, writes, and its record. Effects and audit log stay."""
        await self.aprune([str(thread_id)], strategy="delete")

    async def adelete_threads(self, thread_ids: Sequence[str]) -> dict[str, int]:
        """Deletes all of the threads in one transaction; how many rows of each table went."""
        for thread_id in thread_ids:
            await self.aflush(thread_id)
        async with self.pools.connection() as connection:
            gone = await retention.delete(connection, thread_ids)
        self._forget(thread_ids)
        return gone

    async def arotate(self, thread_id: str) -> int:
        """Closes what is stored of the thread as new rows are; how many rows changed (see `runtime.rotation`)."""
        await self.aflush(thread_id)
        async with self.pools.connection() as connection:
            return await rotate_thread(connection, self.seal, self.serde, str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Deletes the checkpoints whose metadata names one of the runs, in all threads and namespaces.

        What later checkpoints are made of stays.
        """
        await self._writer.flush_all(self.serde)
        async with self.pools.connection() as connection:
            changed = await retention.delete_for_runs(connection, self.seal, self.serde, run_ids)
        self._forget(changed)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copies checkpoints and writes of a thread to a new one. Its record, effects and audit log are not copied.

        Raises StoreError when the target exists.
        """
        await self.aflush(source_thread_id)
        async with self.pools.connection() as connection:
            await retention.copy_thread(connection, self.seal, str(source_thread_id), str(target_thread_id))

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest", keep: int = 1) -> None:
        """Deletes what `strategy` names: `keep_latest` all but the last `keep` checkpoints of each namespace,
        `delete` the whole threads with their record. Effects and audit log stay.
        """
        if isinstance(thread_ids, str):
            raise TypeError("thread_ids must be a sequence of thread ids, not a str")
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"Unknown prune strategy: {strategy!r}")
        threads = [str(thread_id) for thread_id in thread_ids]
        if strategy == "delete":
            await self.adelete_threads(threads)
            return
        for thread_id in threads:
            await self.aflush(thread_id)
        async with self.pools.connection() as connection:
            for thread_id in threads:
                await retention.keep_latest(connection, self.seal, self.serde, thread_id, keep)
        self._forget(threads)

    def _gathers(self, config: RunnableConfig) -> bool:
        return GATHER in config["configurable"] and not self.every_step

    def _forget(self, thread_ids: Collection[str]) -> None:
        for thread_id in thread_ids:
            self._writer.thread(thread_id).forget()


def _task(config: RunnableConfig, task_id: str) -> dict[str, Any]:
    """Whose work it is that is to be saved."""
    where = config["configurable"]
    return {
        "thread_id": str(where["thread_id"]),
        "ns": where.get("checkpoint_ns", ""),
        "checkpoint_id": where["checkpoint_id"],
        "task_id": task_id,
        "fence": fence_of(where),
    }
