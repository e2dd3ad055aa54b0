"""Graphs whose nodes need a running event loop: their synchronous face runs the asynchronous one on the bridge."""

import asyncio
import queue
from collections.abc import Iterator
from typing import Any

from langgraph.graph import StateGraph

from lockgate.bridge import background_loop, run_sync
from lockgate.graphs.drawn import DrawnGraph
from lockgate.graphs.inside import OpenGraph


class BridgedGraph(OpenGraph, DrawnGraph):
    """A compiled graph that always runs on an event loop, so that many workers need no thread each."""

    def invoke(self, input: Any, config: Any = None, **kwargs: Any) -> Any:  # noqa: A002 - the name is LangGraph's
        """As `ainvoke`."""
        return run_sync(self.ainvoke(input, config, **kwargs))

    def stream(self, input: Any, config: Any = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """As `astream`. A caller that stops early stops the run."""
        parts: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

        async def pump() -> None:
            async for part in self.astream(input, config, **kwargs):
                parts.put((True, part))

        running = asyncio.run_coroutine_threadsafe(pump(), background_loop())
        running.add_done_callback(lambda _: parts.put((False, None)))
        try:
            while (item := parts.get())[0]:
                yield item[1]
            running.result()
        finally:
            running.cancel()


class BridgedStateGraph(StateGraph[Any, Any, Any, Any]):
    """A `StateGraph` that compiles to a `BridgedGraph`."""

    def compile(self, *args: Any, **kwargs: Any) -> BridgedGraph:
        """As LangGraph's own."""
        plain = super().compile(*args, **kwargs)
        plain.__class__ = BridgedGraph
        return plain  # type: ignore[return-value]
