"""The lock: one tool call, a gate before it, a gate after it.

action_guard -+-> execute_tool -> result_guard -> result_review   (where the policy asks whether it may be read)
+-> human_review -+-> execute_tool
|                 +-> action_guard   (edited: judged again)
|                 +-> refuse
+-> refuse
"""

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from lockgate.guardrails.gate import Gate
from lockgate.nodes.action_guard import action_guard
from lockgate.nodes.execute_tool import execute_tool
from lockgate.nodes.human_review import human_review
from lockgate.nodes.refuse import refuse
from lockgate.nodes.result_guard import result_guard
from lockgate.nodes.result_review import result_review
from lockgate.ports import Caller
from lockgate.state import LockOutput, LockState


def blueprint(*, gate: Gate, agent: str = "") -> StateGraph[Any, Any, Any, Any]:
    """The lock's graph, to be entered with one `Send` for each call (see `LockState`)."""
    graph = StateGraph(LockState, context_schema=Caller, output_schema=LockOutput)
    graph.add_node(
        "action_guard",
        action_guard(gate=gate, run="execute_tool", ask="human_review", refuse="refuse", agent=agent),
        destinations=("execute_tool", "human_review", "refuse"),
    )
    graph.add_node(
        "human_review",
        human_review(
            gate=gate, judge="action_guard", run="execute_tool", refuse="refuse", again="human_review", agent=agent
        ),
        destinations=("execute_tool", "action_guard", "human_review", "refuse"),
    )
    graph.add_node("execute_tool", execute_tool(gate=gate, agent=agent))
    graph.add_node(
        "result_guard",
        result_guard(gate=gate, ask="result_review", done=END, agent=agent),
        destinations=("result_review", END),
    )
    graph.add_node(
        "result_review",
        result_review(gate=gate, again="result_review", done=END, agent=agent),
        destinations=("result_review", END),
    )
    graph.add_node("refuse", refuse(gate=gate, agent=agent))
    graph.add_edge(START, "action_guard")
    graph.add_edge("execute_tool", "result_guard")
    graph.add_edge("refuse", END)
    return graph


def build(*, gate: Gate, agent: str = "") -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled lock. Its checkpoints are those of the graph it stands in."""
    return blueprint(gate=gate, agent=agent).compile(name="lock")
