"""What is broken: a run of each pattern, with effects of every kind and a question to a person. No model is needed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel

from lockgate import Policy, ScriptedModel
from lockgate.evals.crash.ways import Pattern
from lockgate.evals.crash.world import World, tools
from lockgate.graphs import compensate, debate, hierarchy, orchestrator, pipeline, react
from lockgate.tools import ToolRegistry

Graph: TypeAlias = CompiledStateGraph[Any, Any, Any, Any]
Saver: TypeAlias = BaseCheckpointSaver[Any]

POLICY = Policy.parse("""
version: 1
name: crash
rules:
  - {id: small, tools: [pay], args: {amount: {max: 50}}, action: allow, reason: small}
  - {id: large, tools: [pay], action: review, reason: large}
  - {id: other, tools: [book, send], action: allow, reason: harmless}
  - {id: back, tools: [unpay, unbook, unsend], action: allow, reason: it undoes}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run. `depth`: how deep in the graph the exception of a node ends the run, and is not a worker's failure."""

    message: str
    build: Callable[[World, Saver], Graph]
    depth: int


def report(messages: Any) -> str:
    """What the messages say was done, so that an answer shows what was lost on the way."""
    said = " ".join(str(message.content) for message in messages)
    return ", ".join(sorted(set(re.findall(r"\b(?:paid|booked|sent) [a-z]\d", said))))


def _call(name: str, ref: str, amount: int | None = None) -> dict[str, Any]:
    return {"name": name, "args": {"ref": ref} if amount is None else {"ref": ref, "amount": amount}}


def _react(world: World, saver: Saver) -> Graph:
    turns: list[Any] = [
        {"calls": [_call("pay", "a1", 5), _call("pay", "a2", 500)]},
        {"calls": [_call("book", "b1"), _call("send", "c1")]},
        lambda messages: f"Done: {report(messages)}",
    ]
    return react.build(model=ScriptedModel(turns=turns), tools=tools(world), policy=POLICY, checkpointer=saver)


def _ordered(messages: Any) -> Any:
    """The call that a worker's task asks for: `DO pay a1 5`."""
    name, ref, amount = re.findall(r"DO (\w+) (\w+) ?(\d+)?", str(messages[-1].content))[0]
    return {"calls": [_call(name, ref, int(amount) if amount else None)]}


def _worker_turns() -> list[Any]:
    return [_ordered, report]


def _plan(**tasks: tuple[str, ...]) -> dict[str, Any]:
    """`_plan(a=("clerk", "DO pay a1 5", "b"))`: task `a` is the clerk's and needs `b`."""
    rows = [
        {"task_id": name, "worker": worker, "objective": objective, "depends_on": list(needs)}
        for name, (worker, objective, *needs) in tasks.items()
    ]
    return {"calls": [{"name": "submit_plan", "args": {"tasks": rows}}]}


def _lead(plan: dict[str, Any]) -> ScriptedModel:
    return ScriptedModel(turns=[plan, lambda messages: f"All done: {report(messages)}"])


def _orchestrator(world: World, saver: Saver) -> Graph:
    clerk = react.build(model=ScriptedModel(turns=_worker_turns()), tools=tools(world), policy=POLICY, name="clerk")
    plan = _plan(
        a=("clerk", "DO pay a1 5"),
        b=("clerk", "DO pay a2 500"),
        c=("clerk", "DO book b1", "a"),
        d=("clerk", "DO send c1", "b", "c"),
    )
    return orchestrator.build(workers={"clerk": clerk}, model=_lead(plan), checkpointer=saver)


def _hierarchy(world: World, saver: Saver) -> Graph:
    def agent(name: str, *may: str) -> hierarchy.Agent:
        return hierarchy.Agent(name=name, tools=may, model=ScriptedModel(turns=_worker_turns()))

    money = hierarchy.Team(
        name="money",
        members=(agent("clerk", "pay"), agent("porter", "book")),
        tools=("pay", "book"),
        model=_lead(_plan(p=("clerk", "DO pay a1 5"), q=("clerk", "DO pay a2 500"), r=("porter", "DO book b1", "p"))),
    )
    plan = _plan(x=("money", "See to the money."), y=("post", "DO send c1"), z=("post", "DO send c2", "x"))
    top = hierarchy.Team(name="top", members=(money, agent("post", "send")), model=_lead(plan))
    return hierarchy.build(team=top, tools=tools(world), policy=POLICY, checkpointer=saver)


class Order(BaseModel):
    """What an item of the pipeline asks for; the fields are the arguments of `pay`."""

    ref: str
    amount: int


class Receipt(BaseModel):
    """What the pipeline makes of an item."""

    done: str


def _parsed(line: str) -> Order:
    ref, amount = line.split()
    return Order(ref=ref, amount=int(amount))


def _pipeline(world: World, saver: Saver) -> Graph:
    def book(messages: Any) -> Any:
        return {"calls": [_call("book", re.findall(r"paid a(\d)", str(messages[-1].content))[0].join(("b", "")))]}

    turns = [book, lambda messages: json.dumps({"done": report(messages)})]
    porter = react.build(model=ScriptedModel(turns=turns), tools=tools(world), policy=POLICY, name="porter")
    pay = ToolRegistry(tools(world))["pay"]
    stages = [
        pipeline.function(_parsed),
        pipeline.tool(pay, policy=POLICY, takes=Order, gives=str),
        pipeline.agent(porter, name="porter", objective="Book it.", takes=str, gives=Receipt),
    ]
    return pipeline.build(stages=stages, parallel=2, checkpointer=saver)


def _debate(world: World, saver: Saver) -> Graph:
    def debater(name: str, answer: str, calls: list[list[Any]]) -> debate.Debater:
        def act(messages: Any) -> Any:
            return {"calls": calls["Others answered this" in str(messages[-1].content)]}

        def say(messages: Any) -> str:
            return json.dumps({"answer": answer, "reasons": report(messages)})

        model = ScriptedModel(turns=[act, say])
        return debate.Debater(
            name=name, brief=f"You are {name}.", model=model, tools=tuple(tools(world)), policy=POLICY
        )

    def rule(messages: Any) -> str:
        letter = re.findall(r"^Answer ([A-Z]):\n<.*>\n42$", str(messages[-1].content), re.MULTILINE)[0]
        return json.dumps({"answer": letter, "reasons": report(messages), "confidence": 0.9})

    bench = [
        debater("anna", "42", [[_call("pay", "a1", 5)], [_call("pay", "a2", 500)]]),
        debater("bob", "41", [[_call("book", "b1")], [_call("send", "c1")]]),
    ]
    return debate.build(debaters=bench, judge_model=ScriptedModel(turns=[rule]), rounds=1, checkpointer=saver)


def undoing(world: World, saver: Saver) -> Graph:
    """What undoes the effects of a scene."""
    return compensate.build(tools=tools(world), policy=POLICY, checkpointer=saver)


SCENES: dict[Pattern, Scene] = {
    "react": Scene(message="Pay and book.", build=_react, depth=99),
    "orchestrator": Scene(message="Pay and book.", build=_orchestrator, depth=1),
    "hierarchy": Scene(message="Pay and book.", build=_hierarchy, depth=1),
    "pipeline": Scene(message="a1 5\na2 500\na3 7", build=_pipeline, depth=3),
    "debate": Scene(message="What is it?", build=_debate, depth=1),
}
