"""Moments inside a team: a namespace such as `dispatch:…|work:…` is read and changed as the member's own graph.

LangGraph finds the graph of a namespace by the names of nodes alone. A node of ours may call several, so the task that
stands in a member's state says which of them it is.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel
from langgraph.types import StateSnapshot, StateUpdate

from lockgate.bridge import run_sync
from lockgate.handoff import AgentTask
from lockgate.langgraph_keys import CHECKPOINTER
from lockgate.nodes.node import Node

Graph = Pregel[Any, Any, Any, Any]
Place = tuple["Graph | None", RunnableConfig]


class OpenGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph whose state methods reach into its members: all take a config with a `checkpoint_ns`."""

    async def aget_state(self, config: RunnableConfig, *, subgraphs: bool = False) -> StateSnapshot:
        """As LangGraph's own."""
        member, where = await self._inside(config)
        asked = super().aget_state if member is None else member.aget_state
        return await asked(where, subgraphs=subgraphs)

    async def aget_state_history(self, config: RunnableConfig, **bounds: Any) -> AsyncIterator[StateSnapshot]:
        """As LangGraph's own."""
        member, where = await self._inside(config)
        asked = super().aget_state_history if member is None else member.aget_state_history
        async for snapshot in asked(where, **bounds):
            yield snapshot

    async def abulk_update_state(
        self, config: RunnableConfig, supersteps: Sequence[Sequence[StateUpdate]]
    ) -> RunnableConfig:
        """As LangGraph's own. A member that was changed goes on from there when the team is resumed."""
        member, where = await self._inside(config)
        asked = super().abulk_update_state if member is None else member.abulk_update_state
        return await asked(where, supersteps)

    def get_state(self, config: RunnableConfig, *, subgraphs: bool = False) -> StateSnapshot:
        """See `aget_state`."""
        return run_sync(self.aget_state(config, subgraphs=subgraphs))

    def get_state_history(self, config: RunnableConfig, **bounds: Any) -> Iterator[StateSnapshot]:
        """See `aget_state_history`."""

        async def collect() -> list[StateSnapshot]:
            return [snapshot async for snapshot in self.aget_state_history(config, **bounds)]

        yield from run_sync(collect())

    def bulk_update_state(self, config: RunnableConfig, supersteps: Sequence[Sequence[StateUpdate]]) -> RunnableConfig:
        """See `abulk_update_state`."""
        return run_sync(self.abulk_update_state(config, supersteps))

    async def _inside(self, config: RunnableConfig) -> Place:
        """The member that `config` names and the config to ask it with; None and `config` for the graph itself."""
        asked, saver = config.get("configurable", {}), self.checkpointer
        namespace = asked.get("checkpoint_ns", "")
        if not namespace or CHECKPOINTER in asked or not isinstance(saver, BaseCheckpointSaver):
            return None, config
        where = merge_configs(self.config, config)
        configurable = where["configurable"]
        member = await _member(self, saver, str(configurable["thread_id"]), namespace)
        if member is None:
            return None, config
        return member, {**where, "configurable": {**configurable, CHECKPOINTER: saver}}


async def _member(graph: Graph, saver: BaseCheckpointSaver[Any], thread_id: str, namespace: str) -> Graph | None:
    """The graph of the namespace; None when that cannot be told."""
    parts, at = namespace.split("|"), 0
    found: Graph | None = graph
    while found is not None and at < len(parts):
        node = found.nodes.get(parts[at].partition(":")[0])
        at += 1
        if node is None:
            return None
        if node.subgraphs:
            found = cast("Graph", node.subgraphs[0])
        elif isinstance(node.bound, Node):
            at += node.bound.role == "dispatch"  # whose `@task` stands between it and the graph
            found = await _called(node.bound.graphs, saver, thread_id, "|".join(parts[:at]))
        else:
            return None
        at += at < len(parts) and parts[at].isdigit()  # a task numbers the graphs that it runs after its first
    return found


async def _called(
    graphs: Mapping[str, Graph], saver: BaseCheckpointSaver[Any], thread_id: str, namespace: str
) -> Graph | None:
    """Which of `graphs` ran in the namespace."""
    if len(graphs) == 1:
        return next(iter(graphs.values()))
    stored = await saver.aget_tuple({"configurable": {"thread_id": thread_id, "checkpoint_ns": namespace}})
    values = stored.checkpoint["channel_values"] if stored else {}
    task = values.get("task") or (values.get("__start__") or {}).get("task")
    if not isinstance(task, AgentTask):
        return None
    # A debater's task is named after it: `sceptic/1`.
    return graphs.get(task.type) or graphs.get(task.task_id.rpartition("/")[0])
