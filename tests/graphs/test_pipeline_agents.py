"""Stages that are agents and tools: what they are told, how they fail, and how their items wait for a person."""

import asyncio
import re
import threading
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk
from tests.graphs.items import Number, build, double, ends, parse, reads, refunds, small

from lockgate import ScriptedModel
from lockgate.graphs import pipeline, react, verify
from lockgate.labels import TRUSTED, UNTRUSTED, Integrity, Label
from lockgate.ports import Caller
from lockgate.state import AgentState

CONFIG: Any = {"configurable": {"thread_id": "t"}}


@pytest.mark.parametrize(
    ("answers", "end"),
    [
        (['{"n": 1}'], {"n": 1}),
        (['Here:\n```json\n{"n": 2}\n```\nDone.'], {"n": 2}),
        (['I say {"n": 3}, surely.'], {"n": 3}),
        (["no idea", '{"n": 4}'], {"n": 4}),
        (['{"m": 1}', '{"n": 1000}', '{"n": 5}'], {"n": 5}),
        (["a", "b", "c"], "read: The answer holds no JSON value."),
        (['{"n": 1e', "{" * 900, '{"n": "\\u0000"}'], "read: The answer holds NUL or lone surrogate characters."),
    ],
)
def test_an_agent_is_told_what_was_wrong(answers: list[str], end: Any) -> None:
    stage = pipeline.agent(
        reads(*answers), name="read", objective="Read.", takes=str, gives=Number, checks=[small]
    )  # fmt: skip
    out = build(stage).invoke({"items": ["one"]})
    assert ends(out) == [end]
    assert out["usage"].model_calls == len(answers)
    assert out["trust"].integrity == Integrity.UNTRUSTED


@pytest.mark.parametrize("source", [TRUSTED, UNTRUSTED])
def test_the_trust_of_what_came_in_reaches_the_agent_and_comes_back(source: Label) -> None:
    seen = []

    def look(state: Any) -> Any:
        seen.append(state["trust"].integrity)
        return {"answer": "1", "trust": Label(sources=frozenset({"tool:x"}))}

    worker = StateGraph(AgentState)
    worker.add_node("look", look)
    worker.add_edge(START, "look")
    worker.add_edge("look", END)
    stage = pipeline.agent(worker.compile(), name="read", objective="Read.", takes=Number, gives=int)
    out = build(parse, stage, source=source).invoke({"items": ["1"]})
    assert seen == [source.integrity]
    assert out["results"][0].trust == out["trust"] == Label(integrity=source.integrity, sources=frozenset({"tool:x"}))
    assert build(parse, source=source).invoke({"items": ["1"]})["results"][0].trust == source


def test_an_agent_that_hangs_or_dies() -> None:
    stuck = StateGraph(dict)
    never = threading.Event()

    async def node(_: Any) -> Any:
        while not never.is_set():
            await asyncio.sleep(3600)

    stuck.add_node("stuck", node)
    stuck.add_edge(START, "stuck")
    stuck.add_edge("stuck", END)
    dead = react.build(model=ScriptedModel(turns=[]), name="dead")
    for worker, words in ((stuck.compile(), "gave no answer in time"), (dead, "The script ends after 0 turns")):
        stage = pipeline.agent(worker, name="s", objective="o", takes=str, gives=str, timeout=0.2)
        out = build(stage).invoke({"items": ["x"]})
        assert words in ends(out)[0]
        assert out["dead_letters"][0].attempts == 1


def test_a_question_of_one_item_stops_no_other_and_is_answered_by_id() -> None:
    desk = Desk()
    graph = refunds(desk, checkpointer=InMemorySaver())
    verify(graph)
    items = [{"order": str(n), "account": "a", "amount": amount} for n, amount in enumerate([5, 60, 70, 6, 600])]
    out = graph.invoke({"items": items}, CONFIG)
    assert desk.ran == {"refund 0 a 5": 1, "refund 3 a 6": 1}
    asked = {question.value["args"]["order"]: question.id for question in out["__interrupt__"]}
    assert set(asked) == {"1", "2"}
    out = graph.invoke(Command(resume={asked["2"]: {"action": "reject", **BOSS}}), CONFIG, context=Caller(user="u"))
    assert [question.value["args"]["order"] for question in out["__interrupt__"]] == ["1"]
    edit = {"action": "edit", "args": {"order": "1", "account": "a", "amount": 9}, **BOSS}
    out = graph.invoke(Command(resume={asked["1"]: edit}), CONFIG)
    assert desk.ran == {"refund 0 a 5": 1, "refund 3 a 6": 1, "refund 1 a 9": 1}
    assert [r.output or r.error for r in out["results"]] == [
        {"paid": 5.0},
        {"paid": 9.0},
        "refund: rejected by ann",
        {"paid": 6.0},
        out["results"][4].error,
    ]
    assert "less than or equal to 500" in out["results"][4].error


def test_a_question_inside_an_agent_of_a_stage() -> None:
    desk = Desk()

    def turn(messages: list[BaseMessage]) -> Any:
        found = re.search(r'<untrusted-\w{16} source="item">\n(\d+)\n</', messages[1].text)
        assert found
        return {"calls": [{"name": "refund", "args": {"order": "1", "account": "a", "amount": int(found[1])}}]}

    worker = react.build(model=ScriptedModel(turns=[turn, '{"n": 1}']), tools=desk.tools(), policy=POLICY, name="w")
    stage = pipeline.agent(worker, name="pay", objective="Pay.", takes=int, gives=Number)
    graph = build(stage, pipeline.function(double), checkpointer=InMemorySaver())
    out = graph.invoke({"items": [60, 5, 70]}, CONFIG)
    assert desk.ran == {"refund 1 a 5": 1}
    asked = {question.value["args"]["amount"]: question.id for question in out["__interrupt__"]}
    out = graph.invoke(Command(resume={asked[70]: {"action": "approve", **BOSS}}), CONFIG)
    assert len(out["__interrupt__"]) == 1
    out = graph.invoke(Command(resume={asked[60]: {"action": "approve", **BOSS}}), CONFIG)
    assert ends(out) == [{"n": 2}] * 3
    assert desk.ran == {"refund 1 a 5": 1, "refund 1 a 60": 1, "refund 1 a 70": 1}
    assert out["usage"].model_calls == 6
