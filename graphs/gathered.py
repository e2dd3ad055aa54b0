"""Graphs whose runs are gathered and leased: one runner a thread, and at its end a write of all that is not written."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing, contextmanager, suppress
from functools import cache
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, var_child_runnable_config
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from lockgate.bridge import run_sync
from lockgate.effect import Fence
from lockgate.errors import UnknownNameError
from lockgate.graphs.deploying import ACCEPT, adopt
from lockgate.graphs.stopping import stoppable
from lockgate.langgraph_keys import TASK_ID
from lockgate.runtime import thread_lease
from lockgate.runtime.fence import FENCE, fence_of
from lockgate.runtime.gather import GATHER


class Gathered(CompiledStateGraph[Any, Any, Any, Any]):
    """Runs a thread under its lease, and ends with `aend` of its checkpointer.

    While it runs, any other run of the thread raises ThreadBusyError; when it returns, pauses or fails, it is on disk.
    A run inside a run of the same thread, and one that was handed a lease, goes on under that.
    """

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002 - LangGraph's name
        """As LangGraph's own."""
        held = AsyncExitStack()
        with self._stoppable(config, kwargs):
            config = run_sync(held.enter_async_context(self._run(input, config)))
            try:
                with closing(super().stream(input, config, **kwargs)) as parts:  # type: ignore[type-var]
                    yield from parts
            except BaseException as error:
                run_sync(held.__aexit__(type(error), error, error.__traceback__))
                raise
            run_sync(held.aclose())

    async def astream(self, input: Any, config: Any = None, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: A002
        """As LangGraph's own."""
        with self._stoppable(config, kwargs):
            async with self._run(input, config) as own, aclosing(super().astream(input, own, **kwargs)) as parts:  # type: ignore[type-var]
                async for part in parts:
                    yield part

    @contextmanager
    def _stoppable(self, config: Any, kwargs: dict[str, Any]) -> Iterator[None]:
        """Has `stop_all` reach a run that is not inside another, unless its caller stops it."""
        where = {**(self.config or {}).get("configurable", {}), **ensure_config(config).get("configurable", {})}
        if TASK_ID in where or kwargs.get("control") is not None or "thread_id" not in where:
            yield
            return
        with stoppable(str(where["thread_id"])) as kwargs["control"]:
            yield

    @asynccontextmanager
    async def _run(self, entry: Any, config: Any) -> AsyncIterator[Any]:
        """What surrounds a run: the config to run with. Raises DeploymentError for a resume that may lose work."""
        around = ensure_config(config).get("configurable", {})
        where = {**(self.config or {}).get("configurable", {}), **around}
        thread_id = where.get("thread_id")
        # A copy of the graph with another saver; or a run of no thread, which LangGraph refuses.
        if not hasattr(self.checkpointer, "aend") or thread_id is None:
            yield config
            return
        thread_id = str(thread_id)
        own: Fence | None = None
        async with AsyncExitStack() as stack:
            if TASK_ID not in around and fence_of(where) is None:
                lease = thread_lease(self.checkpointer, thread_id)  # type: ignore[arg-type]
                around_it = _fence_around(thread_id)
                fence = await stack.enter_async_context(lease) if around_it is None else around_it
                own = fence.get(FENCE) if around_it is None else None
                config = {**(config or {}), "configurable": {**((config or {}).get("configurable") or {}), **fence}}
            if TASK_ID not in around and around.get("checkpoint_id"):
                await self._there(thread_id, where)
            if TASK_ID not in around and (entry is None or isinstance(entry, Command)):
                asked: RunnableConfig = {"configurable": dict((config or {}).get("configurable") or {})}
                await adopt(self, asked, accept=bool(where.get(ACCEPT)))
            if not (TASK_ID in around and GATHER in around):  # else a graph around this one ends the run
                await stack.enter_async_context(self._ending(thread_id, own))
            yield config

    async def _there(self, thread_id: str, where: dict[str, Any]) -> None:
        """Raises UnknownNameError when the checkpoint to go on from is gone: LangGraph would begin an empty thread."""
        named: dict[str, Any] = {
            key: where[key] for key in ("thread_id", "checkpoint_ns", "checkpoint_id") if key in where
        }
        if await self.checkpointer.aget_tuple({"configurable": named}) is None:  # type: ignore[union-attr]
            raise UnknownNameError(
                f"Thread {thread_id[:200]!r} has no checkpoint {where['checkpoint_id']!r:.80}.",
                "It was pruned, deleted or never there. Leave `checkpoint_id` out, or list what there is: "
                f"lockgate history {thread_id[:200]}",
            )

    @asynccontextmanager
    async def _ending(self, thread_id: str, own: Fence | None) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            with suppress(Exception):  # what happened first is what counts
                await self.checkpointer.aend(thread_id, ends=own)  # type: ignore[union-attr]
            raise
        await self.checkpointer.aend(thread_id, ends=own)  # type: ignore[union-attr]


def _fence_around(thread_id: str) -> dict[str, Any] | None:
    """The lease of the run in one of whose nodes this is, when that run is of the same thread; else None."""
    configurable = (var_child_runnable_config.get() or {}).get("configurable", {})
    if TASK_ID not in configurable or str(configurable.get("thread_id")) != thread_id:
        return None
    fence = fence_of(configurable)
    return {} if fence is None else {FENCE: fence}


@cache
def gathered(kind: type[CompiledStateGraph[Any, Any, Any, Any]]) -> type[CompiledStateGraph[Any, Any, Any, Any]]:
    """The class of compiled graphs that is `kind`, gathered."""
    return kind if issubclass(kind, Gathered) else type(f"Gathered{kind.__name__}", (Gathered, kind), {})
