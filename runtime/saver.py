"""The checkpointer: LangGraph's Postgres saver without its lock, for any thread and loop, with the run's record."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    DeltaChannelHistory,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.postgres.base import BasePostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg import AsyncCursor
from psycopg.rows import DictRow

from lockgate.bridge import run_sync
from lockgate.errors import StoreError
from lockgate.events import EVENTS
from lockgate.runtime import record
from lockgate.runtime.audit import PostgresAudit
from lockgate.runtime.budgets import PostgresRates
from lockgate.runtime.embedded import embedded_url
from lockgate.runtime.fence import fence_of, fenced
from lockgate.runtime.ledger import ERASE, Ledger
from lockgate.runtime.pool import Pools, parse
from lockgate.runtime.schema import upgrade
from lockgate.runtime.serde import serializer
from lockgate.settings import Settings
from lockgate.settings import settings as default_settings

_riders: ContextVar[Sequence[record.Statement]] = ContextVar("_riders", default=())
"""Statements that go into the pipeline, and so the transaction, of the operation that runs in this context."""


async def open_checkpointer(url: str | None = None, *, settings: Settings | None = None) -> "PostgresSaver":
    """Opens the database, brings its tables up to date and returns its checkpointer; close it with `aclose()`.

    The database is `url`, else `settings.database_url`, else the embedded Postgres of `settings.data_dir`, which
    is started when it does not run. A synchronous caller writes `run_sync(open_checkpointer())` with
    `lockgate.bridge.run_sync`.

    Raises ConfigError for an unreadable URL or data folder, StoreError when the database is down or refuses.
    """
    chosen = settings or default_settings()
    if url is None and chosen.database_url is not None:
        url = chosen.database_url.get_secret_value()
    saver = PostgresSaver(url or partial(embedded_url, chosen.data_dir), pool_size=chosen.pool_size)
    try:
        await saver.setup()
    except BaseException:
        await saver.aclose()
        raise
    return saver


class PostgresSaver(AsyncPostgresSaver):
    """Checkpoints, events and approvals in Postgres.

    Every operation takes a connection of its own, at most `pool_size` for each event loop. All methods may be
    called from any thread and loop; the synchronous ones wait on a loop of their own, so `graph.invoke` works in
    scripts, threads and notebooks.

    State may hold messages, Lockgate's own types and plain data; `with_allowlist([(module, class), ...])` gives a
    checkpointer that also constructs types of yours.

    Raises StoreError, with the next step, when the database is down, refuses or vanishes.
    """

    def __init__(
        self, address: str | Callable[[], str], *, serde: SerializerProtocol | None = None, pool_size: int = 8
    ) -> None:
        """`address` is a URL, or a function that returns it and may block, called for each new connection."""
        BasePostgresSaver.__init__(self, serde=serde or serializer())
        if isinstance(address, str):
            parse(address)
        self.pools = Pools(address if callable(address) else lambda: address, pool_size)
        self.audit = PostgresAudit(self.pools)
        self.pipe = None
        self._writes = _Writes()
        self.ledger = Ledger(self.pools, self.serde)

    @classmethod
    @asynccontextmanager
    async def from_conn_string(
        cls,
        conn_string: str,
        *,
        pipeline: bool = False,  # noqa: ARG003 - each operation is a pipeline anyway
        serde: SerializerProtocol | None = None,
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
        return PostgresRates(self.pools)

    async def setup(self) -> None:
        """Makes or migrates the tables; several processes may do so at once."""
        connection = await self.pools.connect()
        try:
            await upgrade(connection, super().setup)
        finally:
            await connection.close()

    async def aclose(self) -> None:
        """Closes the connections of all loops. Any use afterwards raises StoreError."""
        await self.audit.aclose()
        await self.pools.aclose()

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        async with self.pools.connection() as connection:
            if not pipeline:
                async with connection.cursor(binary=True) as cursor:
                    yield cursor
                return
            # Without a sync in between, Postgres runs all statements of a pipeline as one transaction.
            async with connection.pipeline(), connection.cursor(binary=True) as cursor:
                yield cursor
                for sql, row in _riders.get():
                    await cursor.execute(sql.encode(), row)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Saves a checkpoint; events stay out of it, and a root checkpoint updates its run.

        LangGraph waits for a checkpoint before the next step, but not for the writes of the step's tasks. So a
        checkpoint waits for them here, and fails when one of them failed: when a node runs, all before it is stored.
        It waits for the thread's audit entries too, so no checkpoint is ahead of the audit log.
        """
        await self._writes.settled(config["configurable"]["thread_id"])
        await self.audit.settled(config["configurable"]["thread_id"])
        values = {name: value for name, value in checkpoint["channel_values"].items() if name != EVENTS}
        statements = record.of_checkpoint(
            config["configurable"], checkpoint["id"], values, metadata.get("source", ""), config.get("metadata") or {}
        )
        checkpoint = cast("Checkpoint", {**checkpoint, "channel_values": values})
        with _riding([*statements, *fenced(fence_of(config["configurable"]))]):
            return await super().aput(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Saves the writes of a task; its events and interrupts go into the record."""
        kept, statements = record.of_writes(config["configurable"], task_id, task_path, writes)
        where = config["configurable"]
        with self._writes.under_way(where["thread_id"]), _riding([*statements, *fenced(fence_of(where))]):
            await super().aput_writes(config, kept, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Deletes all of a thread: checkpoints, writes, and its record."""
        with _riding(_forget([str(thread_id)])):
            await super().adelete_thread(thread_id)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Deletes what `strategy` names: `keep_latest` all but the last checkpoint, `delete` the whole threads."""
        await super().aprune(thread_ids, strategy=strategy)
        if strategy == "delete":
            with _riding(_forget([str(thread_id) for thread_id in thread_ids])):
                async with self._cursor(pipeline=True):
                    pass

    # The synchronous face: each method waits for its asynchronous one.

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """See `aget_tuple`."""
        return run_sync(self.aget_tuple(config))

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the name is LangGraph's
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """See `alist`."""

        async def collect() -> Sequence[CheckpointTuple]:
            return [item async for item in self.alist(config, filter=filter, before=before, limit=limit)]

        yield from run_sync(collect())

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """See `aput`."""
        return run_sync(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """See `aput_writes`."""
        run_sync(self.aput_writes(config, writes, task_id, task_path))

    def delete_thread(self, thread_id: str) -> None:
        """See `adelete_thread`."""
        run_sync(self.adelete_thread(thread_id))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """See `aprune`."""
        run_sync(self.aprune(thread_ids, strategy=strategy))

    def get_delta_channel_history(
        self, *, config: RunnableConfig, channels: Sequence[str]
    ) -> Mapping[str, DeltaChannelHistory]:
        """See `aget_delta_channel_history`."""
        return run_sync(self.aget_delta_channel_history(config=config, channels=channels))


class _Writes:
    """The task writes of each thread that are on their way to the database."""

    def __init__(self) -> None:
        self._futures: dict[tuple[asyncio.AbstractEventLoop, str], set[asyncio.Future[None]]] = {}

    @contextmanager
    def under_way(self, thread_id: str) -> Iterator[None]:
        key = asyncio.get_running_loop(), thread_id
        future: asyncio.Future[None] = key[0].create_future()
        self._futures.setdefault(key, set()).add(future)
        try:
            yield
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else StoreError("A write was cancelled."))
            future.exception()  # the caller has it; a checkpoint that waits gets it too
            raise
        else:
            future.set_result(None)
        finally:
            self._futures[key].discard(future)
            if not self._futures[key]:
                del self._futures[key]

    async def settled(self, thread_id: str) -> None:
        """Waits for the writes of `thread_id` that are under way; raises what one of them raised."""
        for future in tuple(self._futures.get((asyncio.get_running_loop(), thread_id), ())):
            await future


class _riding:  # noqa: N801 - a context manager, and the cheapest form of one
    def __init__(self, statements: Sequence[record.Statement]) -> None:
        self._statements = statements

    def __enter__(self) -> None:
        self._token = _riders.set(self._statements)

    def __exit__(self, *_: object) -> None:
        _riders.reset(self._token)


def _forget(thread_ids: Sequence[str]) -> Sequence[record.Statement]:
    deletions = [f"DELETE FROM {table} WHERE thread_id = ANY(%s)" for table in record.FORGET]  # noqa: S608
    return [(sql, (thread_ids,)) for sql in (*deletions, ERASE)]
