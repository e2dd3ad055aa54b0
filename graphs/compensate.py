"""Undoes what a run has done: the undo of each of its effects, newest first, each a call through the lock.

START -> compensate -+-> END
             ^       +-> lock --+
             +------------------+
"""

from collections.abc import Iterable
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from lockgate.effect import UNDO_MARK
from lockgate.graphs import lock
from lockgate.graphs.compiling import compiled
from lockgate.guardrails import Gate, Policy
from lockgate.nodes.compensate import compensate
from lockgate.ports import Caller, Judge
from lockgate.state import AgentState
from lockgate.tools import ToolRegistry
from lockgate.tools.registry import AnyTool


def undo_thread(thread_id: str, run_id: str) -> str:
    """The thread in which the effects of a run are undone: one for each run, so that two never undo at once."""
    return f"{thread_id}{UNDO_MARK}{run_id}"


def blueprint(
    *,
    tools: Iterable[AnyTool] | ToolRegistry = (),
    policy: Judge | None = None,
    name: str = "compensate",
) -> StateGraph[Any, Any, Any, Any]:
    """The graph, not yet compiled. `tools` are those that acted and those that undo; without `policy` all is denied."""
    gate = Gate(policy or Policy.deny_all(), tools if isinstance(tools, ToolRegistry) else ToolRegistry(tools))
    graph = StateGraph(AgentState, context_schema=Caller)
    graph.add_node(
        "compensate", compensate(gate=gate, lock=lock.ENTRY, done=END, agent=name), destinations=(lock.ENTRY, END)
    )
    lock.add(graph, gate=gate, done="compensate", agent=name)
    graph.add_edge(START, "compensate")
    return graph


def build(
    *,
    tools: Iterable[AnyTool] | ToolRegistry = (),
    policy: Judge | None = None,
    name: str = "compensate",
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph; arguments as for `blueprint`. Run it in the thread that `undo_thread` names.

    Raises BypassError should there be a way round the lock.
    """
    return compiled(blueprint(tools=tools, policy=policy, name=name), name=name, checkpointer=checkpointer)
