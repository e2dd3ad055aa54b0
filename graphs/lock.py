"""The lock: one tool call, a gate before it, a gate after it.

action_guard -+-> execute_tool -> result_guard -> result_review   (where the policy asks whether it may be read)
              +-> human_review -+-> execute_tool
              |                 +-> action_guard   (edited: judged again)
              |                 +-> refuse
              +-> refuse

Its nodes hand the call on from one to the next, each with all that is known of it, so several calls pass side by side.
`add` puts them into an agent's graph. There, a call that a person is asked about goes on in a graph of its own,
`review`: it runs on as soon as *its* question is answered, whatever the calls beside it wait for. `build` makes a graph
of one passage, for those who have no loop.
"""

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from lockgate.decision import Call
from lockgate.guardrails.gate import Gate
from lockgate.nodes.action_guard import action_guard
from lockgate.nodes.execute_tool import execute_tool
from lockgate.nodes.human_review import human_review
from lockgate.nodes.refuse import refuse
from lockgate.nodes.result_guard import result_guard
from lockgate.nodes.result_review import result_review
from lockgate.ports import Caller
from lockgate.state import LockOutput, LockState

ENTRY = "action_guard"
"""Where a call enters the lock."""


def add(graph: StateGraph[Any, Any, Any, Any], *, gate: Gate, done: str, agent: str = "") -> None:
    """Adds the lock to `graph`, to be entered with one `Send` to `ENTRY` for each call (see `LockState`).

    Each call that has passed goes to `done`, at a time of its own: those beside it may still be under way.
    """
    _add(graph, gate=gate, ask="review", done=done, agent=agent)
    graph.add_node("review", _passage(gate=gate, entry="human_review", agent=agent).compile(name="review"))
    graph.add_edge("review", done)


def blueprint(*, gate: Gate, agent: str = "") -> StateGraph[Any, Any, Any, Any]:
    """The graph of one passage through the lock; its input is a `LockState` with `call` and `origin`."""
    return _passage(gate=gate, entry=ENTRY, agent=agent)


def build(*, gate: Gate, agent: str = "") -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled lock. Its checkpoints are those of the graph it stands in."""
    return blueprint(gate=gate, agent=agent).compile(name="lock")


def anew(send: Send) -> Send:
    """The call of `send` before its upper gate again, if it has been through it and has not run.

    For whoever plays a run again, perhaps under another policy; a run that goes on keeps to what was decided.
    """
    call, origin = (send.arg.get("call"), send.arg.get("origin")) if isinstance(send.arg, dict) else (None, None)
    if send.node != "execute_tool" or not isinstance(call, Call) or call.edited_by:
        return send
    return Send(ENTRY, {"call": call, "origin": origin})


def _passage(*, gate: Gate, entry: str, agent: str) -> StateGraph[Any, Any, Any, Any]:
    graph = StateGraph(LockState, context_schema=Caller, output_schema=LockOutput)
    _add(graph, gate=gate, ask="human_review", done=END, agent=agent)
    graph.add_node(
        "human_review",
        human_review(gate=gate, judge=ENTRY, run="execute_tool", refuse="refuse", again="human_review", agent=agent),
        destinations=("execute_tool", ENTRY, "human_review", "refuse"),
    )
    graph.add_edge(START, entry)
    return graph


def _add(graph: StateGraph[Any, Any, Any, Any], *, gate: Gate, ask: str, done: str, agent: str) -> None:
    """The nodes that a call passes without a person; one that is asked about goes to `ask`."""
    graph.add_node(
        ENTRY,
        action_guard(gate=gate, run="execute_tool", ask=ask, refuse="refuse", agent=agent),
        destinations=("execute_tool", ask, "refuse"),
    )
    graph.add_node(
        "execute_tool", execute_tool(gate=gate, inspect="result_guard", agent=agent), destinations=("result_guard",)
    )
    graph.add_node(
        "result_guard",
        result_guard(gate=gate, ask="result_review", done=done, agent=agent),
        destinations=("result_review", done),
    )
    graph.add_node(
        "result_review",
        result_review(gate=gate, again="result_review", done=done, agent=agent),
        destinations=("result_review", done),
    )
    graph.add_node("refuse", refuse(gate=gate, agent=agent))
    graph.add_edge("refuse", done)
