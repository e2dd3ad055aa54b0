"""`verify`: graphs with a way round the lock are caught, with the path; graphs without one pass."""

import sys
import types
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool as langchain_tool
from langgraph.func import entrypoint
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send
from tests.graphs.desk import POLICY, Desk

from lockgate import Gate, ScriptedModel
from lockgate.decision import Allow, Call, Ruling, digest
from lockgate.errors import BypassError
from lockgate.graphs import lock, react, verify
from lockgate.nodes.execute_tool import execute_tool
from lockgate.nodes.node import Node
from lockgate.state import AgentState, LockState

SPECS = Desk().tools()
GATE = Gate(POLICY, SPECS)
MODEL = ScriptedModel(turns=["x"])
Graph = StateGraph[Any, Any, Any, Any]


paying_tools = types.ModuleType("transfers")
sys.modules["transfers"] = paying_tools


@langchain_tool
def pay(amount: int) -> str:
    """Pay."""
    return str(amount)


vars(paying_tools)["transfer"] = pay


def think(state: Any) -> Any:
    return {"messages": [MODEL.invoke(state["messages"])]}


def idle(state: Any) -> Any:
    return {}


def jump(state: Any) -> Any:
    return Command(goto="tools")


def fan(state: Any) -> Any:
    return [Send("tools", state)]


def act(state: Any) -> Any:
    return {"messages": [pay.invoke({"amount": 1})]}


def act_on_spec(state: Any) -> Any:
    return SPECS[1].run(order="1", account="a", amount=1)


def closing_over(what: Any) -> Callable[[Any], Any]:
    def node(state: Any) -> Any:
        return what

    return node


class Holder:
    def __init__(self, held: Any) -> None:
        self.held = held

    def __call__(self, state: Any) -> Any:
        return {}

    def method(self, state: Any) -> Any:
        return {}


class ClassHolder:
    held = pay

    def __call__(self, state: Any) -> Any:
        return self.held.invoke({"amount": 1})


class StaticHolder:
    @staticmethod
    def settle() -> Any:
        return pay.invoke({"amount": 1})


def act_through_class(state: Any) -> Any:
    return StaticHolder.settle()


def act_on_local_import(state: Any) -> Any:
    import transfers

    return transfers.transfer.invoke({"amount": 1})


def chain(*nodes: tuple[str, Any], loop: bool = True) -> Graph:
    """`think` and then `nodes` in a row, and back to `think`."""
    graph: Graph = StateGraph(AgentState)
    graph.add_node("think", think)
    graph.add_edge(START, "think")
    last = "think"
    for name, body in nodes:
        graph.add_node(name, body)
        graph.add_edge(last, name)
        last = name
    graph.add_edge(last, "think" if loop else END)
    return graph


def bare(body: Any) -> Graph:
    return chain(("tools", body))


def fake_guards() -> Graph:
    """Nodes that bear the guards' names, and even claim their roles."""
    return chain(
        ("action_guard", Node("action_guard", idle)),
        ("tools", ToolNode([pay])),
        ("result_guard", Node("result_guard", idle)),
    )


def side_door() -> Graph:
    """The lock is there, and so is a branch that goes past it."""
    graph = chain(("lock", lock.build(gate=GATE)))
    graph.add_node("tools", ToolNode([pay]))
    graph.add_conditional_edges("think", lambda s: "lock", {"a": "lock", "b": "tools"})
    graph.add_edge("tools", "think")
    return graph


def after_the_lock() -> Graph:
    return chain(("lock", lock.build(gate=GATE)), ("tools", ToolNode([pay])))


def undeclared_branch() -> Graph:
    graph = chain(("lock", lock.build(gate=GATE)))
    graph.add_node("tools", ToolNode([pay]))
    graph.add_conditional_edges("think", lambda s: "lock")
    graph.add_edge("tools", END)
    return graph


def undeclared_jump() -> Graph:
    graph = chain(("lock", lock.build(gate=GATE)), ("jump", jump))
    graph.add_node("tools", ToolNode([pay]))
    graph.add_edge("tools", END)
    return graph


def undeclared_send() -> Graph:
    graph = chain(("lock", lock.build(gate=GATE)))
    graph.add_node("tools", ToolNode([pay]))
    graph.add_conditional_edges("think", fan, ["lock"])
    graph.add_edge("tools", END)
    return graph


def error_handler() -> Graph:
    graph: Graph = StateGraph(AgentState)
    graph.add_node("think", think, error_handler=act)
    graph.add_edge(START, "think")
    return graph


def inner() -> Graph:
    return chain(("team", bare(ToolNode([pay])).compile()))


def called_from_code() -> Graph:
    hidden = bare(ToolNode([pay])).compile()
    return chain(("worker", lambda state: hidden.invoke(state)))


def unscreened_result() -> Graph:
    """The upper gate is real, the lower one is missing."""
    blueprint: Graph = StateGraph(LockState)
    original = lock.blueprint(gate=GATE)
    for name in ("action_guard", "human_review", "execute_tool", "refuse"):
        spec = original.nodes[name]
        ends = tuple(END if end == "result_guard" else end for end in spec.ends or ())
        blueprint.add_node(name, spec.runnable, destinations=ends or None)
    blueprint.add_edge(START, "action_guard")
    blueprint.add_edge("refuse", END)
    return chain(("lock", blueprint.compile()))


def second_tool_on_one_ticket() -> Graph:
    """Two tools behind one guard: the second call was never judged."""
    blueprint = lock.blueprint(gate=GATE)
    blueprint.add_node("more", ToolNode([pay]))
    blueprint.add_edge("result_guard", "more")
    return chain(("lock", blueprint.compile()))


WAYS_ROUND: list[tuple[Callable[[], Graph], tuple[str, ...]]] = [
    (lambda: bare(ToolNode([pay])), ("__start__", "think", "tools")),
    (lambda: bare(act), ("__start__", "think", "tools")),
    (lambda: bare(act_on_spec), ("__start__", "think", "tools")),
    (lambda: bare(closing_over(pay)), ("__start__", "think", "tools")),
    (lambda: bare(closing_over({"deep": [pay]})), ("__start__", "think", "tools")),
    (lambda: bare(partial(lambda held, state: {}, pay)), ("__start__", "think", "tools")),
    (lambda: bare(Holder(pay)), ("__start__", "think", "tools")),
    (lambda: bare(ClassHolder()), ("__start__", "think", "tools")),
    (lambda: bare(act_through_class), ("__start__", "think", "tools")),
    (lambda: bare(act_on_local_import), ("__start__", "think", "tools")),
    (lambda: bare(Holder([SPECS[0]]).method), ("__start__", "think", "tools")),
    (lambda: bare(RunnableLambda(act) | RunnableLambda(idle)), ("__start__", "think", "tools")),
    (lambda: bare(execute_tool(gate=GATE, inspect="result_guard")), ("__start__", "think", "tools")),
    (fake_guards, ("__start__", "think", "action_guard", "tools")),
    (side_door, ("__start__", "think", "tools")),
    (after_the_lock, ("lock:execute_tool", "lock:result_guard", "tools")),
    (undeclared_branch, ("__start__", "think", "tools")),
    (undeclared_jump, ("jump", "tools")),
    (undeclared_send, ("__start__", "think", "tools")),
    (error_handler, ("__start__", "think", "__error_handler__think")),
    (inner, ("__start__", "think", "team:think", "team:tools")),
    (called_from_code, ("__start__", "think", "tools")),
    (unscreened_result, ("lock:execute_tool", "think")),
    (second_tool_on_one_ticket, ("lock:execute_tool", "lock:result_guard", "lock:more")),
]


@pytest.mark.parametrize(("build", "path"), WAYS_ROUND, ids=lambda v: getattr(v, "__name__", ""))
def test_a_way_round_is_caught_and_named(build: Callable[[], Graph], path: tuple[str, ...]) -> None:
    with pytest.raises(BypassError) as caught:
        verify(build().compile())
    assert caught.value.path[-len(path) :] == path
    assert " -> ".join(path) in str(caught.value)


def test_one_node_that_does_both_is_caught() -> None:
    with pytest.raises(BypassError, match="no gate can stand"):
        verify(bare(closing_over((pay, MODEL))).compile())


def test_other_frameworks_agents_are_caught() -> None:
    with pytest.raises(BypassError, match="'model' can run a tool and call a model"):
        verify(create_agent(MODEL, [pay]))
    with pytest.raises(BypassError):
        verify(chain(("agent", create_agent(MODEL, [pay]))).compile())

    @entrypoint()
    def functional(state: Any) -> Any:
        return act(state)

    with pytest.raises(BypassError):
        verify(functional)


def _guarded() -> list[CompiledStateGraph[Any, Any, Any, Any]]:
    agent = react.build(model=MODEL, tools=SPECS, policy=POLICY)
    return [
        agent,
        lock.build(gate=GATE),
        chain(("lock", lock.build(gate=GATE))).compile(),
        chain(("team", react.blueprint(model=MODEL, tools=SPECS).compile())).compile(),
        chain(("worker", lambda state: agent.invoke(state))).compile(),
        chain(("idle", idle), loop=False).compile(),
    ]


@pytest.mark.parametrize("index", range(6))
def test_guarded_graphs_pass(index: int) -> None:
    verify(_guarded()[index])


async def test_even_a_graph_wired_round_the_gate_runs_nothing() -> None:
    desk = Desk()
    gate = Gate(POLICY, desk.tools())
    graph: Graph = StateGraph(LockState)
    graph.add_node("execute_tool", execute_tool(gate=gate, inspect="result_guard"))
    graph.add_edge(START, "execute_tool")
    call = Call(id="1", name="refund", args={"order": "1", "account": "a", "amount": 5.0})
    allowed = Allow(rule="r", reason="")
    good = Ruling(call_id="1", tool="refund", digest=digest(call), decision=allowed, at=0.0)
    other = Call(id="1", name="refund", args={**call.args, "account": "mallory"})
    bad: list[dict[str, Any]] = [
        {"call": call},
        {"call": other, "ruling": good},
        {"call": Call(id="2", name=call.name, args=call.args), "ruling": good},
    ]
    for state in bad:
        with pytest.raises(BypassError):
            await graph.compile().ainvoke(state)
    assert not desk.ran
    await graph.compile().ainvoke({"call": call, "ruling": good})
    assert desk.ran == {"refund 1 a 5": 1}
