"""A run that goes round in circles ends, in each pattern, with a status and a text that say so and how to go on."""

import itertools
import json
from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from tests.graphs.bounded import PLACES, said
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import debate, hierarchy, orchestrator, pipeline, react
from lockgate.handoff import Status

RULES = 'version: 1\nrules:\n  - {id: all, tools: ["*"], action: allow}\n'
ran: Counter[str] = Counter()


def circling(how: str, polling: bool = False) -> dict[str, Any]:
    """An agent that never ends by itself: the same call, two calls in turn, or new results and the same words."""
    ran.clear()
    news = itertools.count()

    @tool(effect=False, tags={"polling"} if polling else set())
    def look(x: int) -> str:
        """Look."""
        ran["look"] += 1
        return f"{x} again" if how != "words" else f"news {next(news)}"

    def turn(messages: Any) -> Any:
        number = sum(message.type == "ai" for message in messages)
        x = {"call": 1, "ping-pong": number % 2, "words": 1}[how]
        if number >= 30:
            return json.dumps({"answer": "at last", "reasons": "r", "confidence": 0.5})
        return {"text": "Let me look.", "calls": [{"name": "look", "args": {"x": x}, "id": f"c{number}"}]}

    return {"model": ScriptedModel(turns=[turn] * 200), "tools": (look,), "policy": Policy.parse(RULES)}


def graph(place: str, how: str, pack: str = "", **options: Any) -> Any:
    parts, policy = circling(how), Policy.parse(RULES + pack)
    lead = ScriptedModel(turns=[plan(a="w"), "Done [a]."])
    match place:
        case "alone":
            return react.build(**parts | {"policy": policy}, name="w", max_iterations=50, **options)
        case "orchestrator":
            worker = react.build(**parts, name="w", max_iterations=50)
            return orchestrator.build(workers={"w": worker}, model=lead, policy=policy, max_replans=0, **options)
        case "hierarchy":
            tools = parts.pop("tools")
            member = hierarchy.Agent(name="w", tools=("*",), max_iterations=50, **parts)
            team = hierarchy.Team(name="team", members=(member,), model=lead, max_replans=0)
            return hierarchy.build(team=team, tools=tools, policy=policy, **options)
        case "pipeline":
            worker = react.build(**parts, name="w", max_iterations=50)
            stage = pipeline.agent(worker, name="w", objective="o", takes=str, gives=dict, attempts=2)
            return pipeline.build(stages=[stage], policy=policy, **options)
        case _:
            quiet = ScriptedModel(turns=[json.dumps({"answer": "q", "reasons": "", "confidence": 0.1})] * 9)
            bench = [
                debate.Debater(name="w", brief="b", **parts),
                debate.Debater(name="quiet", brief="b", model=quiet),
            ]
            ruled = json.dumps({"answer": "A", "reasons": "It holds.", "confidence": 0.8})
            judge = ScriptedModel(turns=[ruled] * 9)
            return debate.build(debaters=bench, judge_model=judge, rounds=0, policy=policy, **options)


def begin(place: str) -> Any:
    return {"items": ["one"]} if place == "pipeline" else {"messages": "go"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("how", "rounds", "why"),
    [
        ("call", 4, "4 rounds of calls brought nothing"),
        ("ping-pong", 5, "4 rounds of calls brought nothing"),
        ("words", 8, "the same answer 8 times in a row"),
    ],
)
async def test_a_circle_ends_with_a_clear_status(place: str, how: str, rounds: int, why: str) -> None:
    out = await graph(place, how).ainvoke(begin(place))
    assert ran["look"] == rounds
    told = said(out)
    assert why in told and "budgets.no_progress" in told and "`polling`" in told, told
    assert out["status"] == Status.NO_PROGRESS if place == "alone" else "ended as no_progress" in told


@pytest.mark.parametrize("place", PLACES)
async def test_a_teams_pack_may_ask_for_less_patience(place: str) -> None:
    out = await graph(place, "call", "budgets: {no_progress: {repeats: 2}}").ainvoke(begin(place))
    assert ran["look"] == 2 and "2 rounds of calls" in said(out)
    await graph(place, "call", "budgets: {no_progress: {repeats: 20, answers: 20}}").ainvoke(begin(place))
    assert ran["look"] == (20 if place == "alone" else 4)  # the agent's own pack has the say where it is stricter


async def test_a_new_message_goes_on_from_there() -> None:
    agent = graph("alone", "call", checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    for count in (4, 8):
        out = await agent.ainvoke({"messages": "go"}, config)
        assert (out["status"], ran["look"]) == (Status.NO_PROGRESS, count)


async def test_a_tool_that_is_polled_may_be_asked_again() -> None:
    parts = circling("call", polling=True)
    out = await react.build(**parts, max_iterations=50).ainvoke({"messages": "go"})
    assert (out["status"], ran["look"]) == (Status.COMPLETED, 30)


def test_the_same_wrong_answer_and_the_same_bad_plan_end_too() -> None:
    """Where an agent is told what was wrong, it is told so a few times and no more."""
    worker = react.build(model=ScriptedModel(turns=["no JSON"] * 9), name="w")
    stage = pipeline.agent(worker, name="w", objective="o", takes=str, gives=int, attempts=3)
    out = pipeline.build(stages=[stage]).invoke({"items": ["one"]})
    assert (out["status"], out["dead_letters"][0].attempts) == (Status.FAILED, 3)
    bad = plan(a=("w", "missing"))
    out = orchestrator.build(workers={"w": worker}, model=ScriptedModel(turns=[bad] * 9)).invoke({"messages": "go"})
    assert out["status"] == Status.FAILED and "No plan after 3 attempts" in said(out)
