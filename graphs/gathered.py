"""Graphs whose steps may be gathered: each run ends with a write of all that is not written yet."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing, suppress
from functools import cache
from typing import Any

from langchain_core.runnables.config import ensure_config
from langgraph.graph.state import CompiledStateGraph

from lockgate.bridge import run_sync
from lockgate.langgraph_keys import TASK_ID
from lockgate.runtime.gather import GATHER


class Gathered(CompiledStateGraph[Any, Any, Any, Any]):
    """Ends a run with `aend` of its checkpointer: when it returns, pauses or fails, it is on disk."""

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002 - LangGraph's name
        """As LangGraph's own."""
        thread_id = self._outermost(config)
        try:
            with closing(super().stream(input, config, **kwargs)) as parts:  # type: ignore[type-var]
                yield from parts
        except BaseException:
            with suppress(Exception):
                self._end(thread_id)
            raise
        self._end(thread_id)

    async def astream(self, input: Any, config: Any = None, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: A002
        """As LangGraph's own."""
        thread_id = self._outermost(config)
        try:
            async with aclosing(super().astream(input, config, **kwargs)) as parts:  # type: ignore[type-var]
                async for part in parts:
                    yield part
        except BaseException:
            with suppress(Exception):  # what happened first is what counts
                await self._aend(thread_id)
            raise
        await self._aend(thread_id)

    def _outermost(self, config: Any) -> str | None:
        """The thread, when no graph around this one ends the run."""
        if not hasattr(self.checkpointer, "aend"):  # a copy of the graph with another saver
            return None
        around = ensure_config(config).get("configurable", {})
        if TASK_ID in around and GATHER in around:
            return None
        own = (self.config or {}).get("configurable", {})
        thread_id = around.get("thread_id", own.get("thread_id"))
        return None if thread_id is None else str(thread_id)

    def _end(self, thread_id: str | None) -> None:
        if thread_id is not None:
            run_sync(self.checkpointer.aend(thread_id))  # type: ignore[union-attr]

    async def _aend(self, thread_id: str | None) -> None:
        if thread_id is not None:
            await self.checkpointer.aend(thread_id)  # type: ignore[union-attr]


@cache
def gathered(kind: type[CompiledStateGraph[Any, Any, Any, Any]]) -> type[CompiledStateGraph[Any, Any, Any, Any]]:
    """The class of compiled graphs that is `kind`, gathered."""
    return kind if issubclass(kind, Gathered) else type(f"Gathered{kind.__name__}", (Gathered, kind), {})
