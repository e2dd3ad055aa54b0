"""What the tests of the react agent share: building one over the desk, asking it and answering its reviews."""

from typing import Any

from langchain_core.messages import ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command
from tests.graphs.desk import POLICY, Desk

from lockgate import ScriptedModel
from lockgate.graphs import react

Agent = CompiledStateGraph[Any, Any, Any, Any]


CONFIG: Any = {"configurable": {"thread_id": "t"}}


def agent(desk: Desk, *turns: Any, **options: Any) -> Agent:
    options.setdefault("checkpointer", InMemorySaver())
    return react.build(model=ScriptedModel(turns=list(turns)), tools=desk.tools(), policy=POLICY, **options)


def ask(graph: Agent, message: Any = "Hello.") -> dict[str, Any]:
    return graph.invoke({"messages": message}, CONFIG)


def answer(graph: Agent, out: dict[str, Any], index: int = 0, **reply: Any) -> dict[str, Any]:
    return graph.invoke(Command(resume={out["__interrupt__"][index].id: reply}), CONFIG)


def results(out: dict[str, Any]) -> dict[str, str]:
    return {m.tool_call_id: str(m.content) for m in out["messages"] if isinstance(m, ToolMessage)}
