"""Into the states of graphs that run inside a thread's graph: subgraphs, and agents that a node calls by itself.

LangGraph finds the former alone. Workers of a team, stages of a pipeline and debaters are called from within
a node, so their checkpoints stand in the thread and nothing says which graph reads them. The namespace does: it
names the nodes on the way, and what a node's code can reach is known (see `powers`).
"""

from collections.abc import Iterator
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, CheckpointTuple
from langgraph.pregel import Pregel
from langgraph.types import StateSnapshot

from lockgate.graphs.powers import powers
from lockgate.langgraph_keys import CHECKPOINTER

AnyGraph = Pregel[Any, Any, Any, Any]
_BETWEEN, _ID = "|", ":"
"""Of LangGraph's namespaces: `node:task|node:task`."""


def graphs_at(graph: AnyGraph, namespace: str) -> list[AnyGraph]:
    """The graphs that may have written in the namespace; more than one where a node can call several."""
    found = [graph]
    for part in namespace.split(_BETWEEN) if namespace else ():
        name = part.split(_ID)[0]
        below = [inner for one in found if name in one.nodes for inner in _inner(one, name)]
        # The name of no node is that of a `@task` on the way, or counts the calls of one node.
        found = below or found
    return found


def reader(
    graph: AnyGraph, saver: BaseCheckpointSaver[Any], newest: CheckpointTuple
) -> tuple[AnyGraph, RunnableConfig]:
    """The graph that reads the namespace of `newest`, and the config to read it with."""
    where = newest.config["configurable"]
    namespace = where.get("checkpoint_ns", "")
    stored = {name for name in newest.checkpoint["channel_values"] if not name.startswith("__")}
    fitting = [one for one in graphs_at(graph, namespace) if stored <= set(one.channels)]
    return (fitting or [graph])[0], {
        "configurable": {"thread_id": where["thread_id"], "checkpoint_ns": namespace, CHECKPOINTER: saver}
    }


async def states_inside(
    graph: AnyGraph, saver: BaseCheckpointSaver[Any], snapshot: StateSnapshot
) -> list[StateSnapshot]:
    """The last state of everything that ran inside the steps to come of `snapshot`, from the outside in."""
    where = snapshot.config["configurable"]
    above = f"{where['checkpoint_ns']}{_BETWEEN}" if where.get("checkpoint_ns") else ""
    tasks = tuple(f"{above}{task.name}{_ID}{task.id}" for task in snapshot.tasks)
    newest: dict[str, CheckpointTuple] = {}
    async for one in saver.alist({"configurable": {"thread_id": where["thread_id"]}}):
        namespace = one.config["configurable"].get("checkpoint_ns", "")
        if any(namespace == task or namespace.startswith(f"{task}{_BETWEEN}") for task in tasks):
            newest.setdefault(namespace, one)
    found = []
    for namespace in sorted(newest):
        inner, config = reader(graph, saver, newest[namespace])
        found.append(await inner.aget_state(config))
    return found


def _inner(graph: AnyGraph, name: str) -> Iterator[AnyGraph]:
    node = graph.nodes[name]
    if isinstance(node.bound, Pregel):
        yield node.bound
        return
    yield from (inner for inner in (*node.subgraphs, *powers(node.bound).graphs) if isinstance(inner, Pregel))
