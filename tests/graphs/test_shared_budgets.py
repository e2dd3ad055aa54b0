"""Budgets of debates, votes and pipelines: one run's bounds hold for all its agents together, and only ever narrow."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import debate, majority, orchestrator, pipeline, react
from lockgate.graphs.debate import Debater
from lockgate.handoff import Budget, Status, units
from lockgate.nodes.worker import Worker

RULES = 'version: 1\nrules:\n  - {id: all, tools: ["*"], action: allow}\n'
ASKED: Counter[str] = Counter()


def bounded(text: str) -> Policy:
    return Policy.parse(f"{RULES}budgets: {{run: {text}}}")


def model(name: str, *answers: str) -> ScriptedModel:
    """Says its answers in turn, and counts how often it is asked."""

    def turn(_: Any) -> str:
        ASKED[name] += 1
        return answers[(ASKED[name] - 1) % len(answers)]

    return ScriptedModel(turns=[turn] * 50)


def bench() -> list[Debater]:
    """Two who never agree and never repeat themselves."""
    ASKED.clear()
    made = []
    for name in ("Ann", "Ben"):
        said = [json.dumps({"answer": name, "reasons": str(n), "confidence": 0.5}) for n in range(20)]
        made.append(Debater(name=name, brief=name, model=model(name, *said)))
    return made


def judge() -> ScriptedModel:
    return model("judge", json.dumps({"answer": "A", "reasons": "It holds.", "confidence": 0.8}))


@pytest.mark.parametrize(
    ("calls", "rounds", "stopped", "by", "asked"),
    [
        (99, 2, "rounds", "judge", {"Ann": 3, "Ben": 3, "judge": 1}),
        (7, 9, "budget", "judge", {"Ann": 3, "Ben": 3, "judge": 1}),
        (6, 9, "budget", "judge", {"Ann": 2, "Ben": 2, "judge": 1}),  # what is left, 2, is no 3 shares
        (3, 9, "budget", "judge", {"Ann": 1, "Ben": 1, "judge": 1}),
    ],
)
def test_a_debate_stays_within_its_policys_budget(
    calls: int, rounds: int, stopped: str, by: str, asked: dict[str, int]
) -> None:
    policy = bounded(f"{{model_calls: {calls}}}")
    out = debate.build(debaters=bench(), judge_model=judge(), rounds=rounds, policy=policy).invoke({"messages": "?"})
    assert (out["stopped"], out["verdict"].by, out["status"]) == (stopped, by, Status.COMPLETED)
    assert asked == ASKED and out["usage"].model_calls == sum(asked.values()) <= calls


def test_a_debate_without_room_for_an_answer_asks_nobody() -> None:
    out = debate.build(debaters=bench(), judge_model=judge(), policy=bounded("{model_calls: 2}")).invoke(
        {"messages": "?"}
    )
    assert (out["status"], out["stopped"], sum(ASKED.values())) == (Status.FAILED, "silence", 0)
    assert "budget" in out["notes"][0].text


@pytest.mark.parametrize(("calls", "votes"), [(9, 4), (7, 4), (4, 4), (3, 0)])
def test_a_vote_stays_within_its_policys_budget(calls: int, votes: int) -> None:
    policy = bounded(f"{{model_calls: {calls}}}")
    out = majority.build(debaters=bench(), votes=4, policy=policy).invoke({"messages": "?"})
    assert sum(ASKED.values()) == votes <= calls
    assert out["status"] == (Status.COMPLETED if votes else Status.FAILED)


def test_a_second_question_has_the_budget_anew() -> None:
    policy = bounded("{model_calls: 3}")
    graph = debate.build(debaters=bench(), judge_model=judge(), rounds=0, policy=policy, checkpointer=InMemorySaver())
    for count in (1, 2):
        out = graph.invoke({"messages": "?"}, {"configurable": {"thread_id": "t"}})
        assert (out["verdict"].by, ASKED["judge"]) == ("judge", count)


def test_a_debate_that_is_a_worker_has_its_tasks_budget() -> None:
    inner = debate.build(debaters=bench(), judge_model=judge(), rounds=9)
    team = orchestrator.build(
        workers={"talk": Worker(graph=inner, budget=Budget(model_calls=4))},
        model=ScriptedModel(turns=[plan(a="talk"), "Done [a]."]),
    )
    team.invoke({"messages": "go"})
    assert ASKED == {"Ann": 1, "Ben": 1, "judge": 1}


def test_an_answer_that_is_asked_for_again_draws_on_the_same_share() -> None:
    ASKED.clear()
    bench = [Debater(name=name, brief=name, model=model(name, "no JSON at all")) for name in ("Ann", "Ben")]
    for calls, each in ((3, 1), (6, 2), (99, 2)):
        ASKED.clear()
        policy = bounded(f"{{model_calls: {calls}}}")
        debate.build(debaters=bench, judge_model=judge(), rounds=0, policy=policy).invoke({"messages": "?"})
        assert ASKED["Ann"] == ASKED["Ben"] == each


def test_items_that_come_later_have_the_budget_anew() -> None:
    ASKED.clear()
    stage = pipeline.agent(answering("w"), name="read", objective="Read.", takes=str, gives=int)
    graph = pipeline.build(stages=[stage], policy=bounded("{model_calls: 2}"), checkpointer=InMemorySaver())
    for count in (2, 4):
        graph.invoke({"items": ["a"]}, {"configurable": {"thread_id": "t"}})
        assert ASKED["w"] == count


def answering(name: str) -> Any:
    return react.build(model=model(name, '"no number"'), name=name)


@pytest.mark.parametrize(("calls", "each"), [(99, 3), (6, 2), (5, 1), (3, 1), (2, 0)])
def test_items_share_the_budget_of_their_pipeline(calls: int, each: int) -> None:
    """Three items whose agent never gets its answer right, in three attempts."""
    ASKED.clear()
    stage = pipeline.agent(answering("w"), name="read", objective="Read.", takes=str, gives=int)
    out = pipeline.build(stages=[stage], policy=bounded(f"{{model_calls: {calls}}}")).invoke({"items": ["a", "b", "c"]})
    assert ASKED["w"] == out["usage"].model_calls == 3 * each <= calls
    assert out["status"] == Status.FAILED
    if each < 3:
        assert all("budget" in letter.errors[0] for letter in out["dead_letters"])


def test_tools_of_a_pipeline_draw_on_it_too() -> None:
    ran: list[int] = []

    @tool(effect=False)
    def look(n: int) -> int:
        """Look."""
        ran.append(n)
        return n

    def wrap(n: int) -> dict[str, int]:
        return {"n": n}

    first = pipeline.tool(look, policy=Policy.parse(RULES), takes=dict[str, int], gives=int, name="one")
    second = pipeline.tool(look, policy=Policy.parse(RULES), takes=dict[str, int], gives=int, name="two")
    stages = [pipeline.function(wrap), first, pipeline.function(wrap, name="again"), second]
    for calls, count in ((4, 4), (3, 2), (1, 0)):
        ran.clear()
        out = pipeline.build(stages=stages, policy=bounded(f"{{tool_calls: {calls}}}")).invoke({"items": [1, 2]})
        assert len(ran) == count <= calls
        assert all("Over budget" in letter.errors[0] for letter in out["dead_letters"])


@pytest.mark.parametrize("bound", ["tools: {look: 2}", "tool_seconds: {look: 60}", "agents: {one: {tool_calls: 2}}"])
def test_the_tools_of_stages_draw_on_what_their_pipeline_bounds_besides_its_run(bound: str) -> None:
    ran: list[int] = []

    @tool(effect=False, timeout=30)
    def look(n: int) -> int:
        """Look."""
        ran.append(n)
        return n

    def wrap(n: int) -> dict[str, int]:
        return {"n": n}

    only = 'version: 1\nrules:\n  - {id: few, tools: ["*"], args: {n: {max: 4}}, action: allow}\n'
    stage = pipeline.tool(look, policy=Policy.parse(only), takes=dict[str, int], gives=int, name="one")
    policy = Policy.parse(f"{RULES}budgets: {{{bound}}}")
    graph = pipeline.build(stages=[pipeline.function(wrap), stage], policy=policy, parallel=1)
    out = graph.invoke({"items": [9, 8, 1, 2, 3]})  # the first two are denied and give back what was reserved
    told = [letter.errors[0] for letter in out["dead_letters"]]
    seconds = "seconds" in bound  # they took hardly any, so there is room for all
    assert sorted(ran) == ([1, 2, 3] if seconds else [1, 2])
    assert sum("Over budget: at most" in text for text in told) == (0 if seconds else 1)
    assert sum("No rule allows" in text for text in told) == 2


@given(
    st.builds(Budget, tokens=st.none() | st.integers(0, 10**6), usd=st.none() | st.floats(0, 100)), st.integers(1, 50)
)
def test_equal_shares_are_never_more_together(budget: Budget, count: int) -> None:
    share = budget.shared(count)
    assert share.bounds().keys() == budget.bounds().keys()
    for name, bound in share.bounds().items():
        assert units(name, bound) * count <= units(name, budget.bounds()[name])
