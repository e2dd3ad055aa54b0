"""Each bound that a pack can set holds for an agent in each place, over a wait and in a new process."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from tests.graphs import bounded
from tests.graphs.bounded import CASES, PLACES, ROUNDS, SECONDS, UNITS, Case, combinations
from tests.graphs.crashes import reports
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import debate, hierarchy, orchestrator, pipeline, react
from lockgate.handoff import Status

ROOT = str(Path(__file__).parents[2])
SHORT = [
    CASES[number * len(PLACES) + (number + number // 5) % len(PLACES)] for number in range(len(CASES) // len(PLACES))
]
"""Each combination in one place."""
REST = [case for case in CASES if case not in SHORT]


def check(case: Case, begun: dict[str, Any], resumed: dict[str, Any]) -> None:
    """The agent made calls before and after it waited, and in all not more than fit."""
    assert begun["waits"] and not resumed["waits"], (begun, resumed)
    assert resumed["ran"] > 0
    used = (begun["ran"] + resumed["ran"] if case.of_tools else begun["asked"] + resumed["asked"]) * UNITS[case.measure]
    room = case.room + (UNITS[case.measure] if case.by == "tool" else 0)  # `send` is another tool, and called once
    over = SECONDS if case.measure == "seconds" else 0  # by the timeout of the last call that is let in
    assert used < room + over if over else used <= room, (used, begun, resumed)
    if case.place == "alone" and case.measure in ("tool_calls", "seconds") and case.by in ("tools", "rate-tools"):
        assert resumed["status"] == Status.COMPLETED  # it goes on without the tool
    if case.measure == "tool_calls" or case.by in ("tools", "tool", "rate-tools"):
        assert case.place != "alone" or "Over budget: at most" in resumed["said"]
    else:
        assert "budget" in resumed["said"], resumed
        assert case.place != "alone" or resumed["status"] == Status.BUDGET
        # Whoever reads it knows what to do.
        assert "budgets." in resumed["said"], resumed


def in_two_processes(url: str, cases: list[Case]) -> None:
    names = [case.name for case in cases]
    environment = {"PYTHONPATH": f"{ROOT}/src:{ROOT}", "PATH": os.environ["PATH"]}
    (begun,) = reports("bounded.py", url, "begin", *names, **environment)
    (resumed,) = reports("bounded.py", url, "resume", *names, **environment)
    wrong = []
    for case in cases:
        try:
            check(case, begun[case.name], resumed[case.name])
        except AssertionError as error:
            wrong.append(f"{case.name}: {error}")
    assert not wrong, "\n".join(wrong)


def test_each_bound_holds_over_a_wait_in_a_new_process(database_url: str) -> None:
    in_two_processes(database_url, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_each_bound_holds_in_each_place(place: str, database_url: str) -> None:
    in_two_processes(database_url, [case for case in REST if case.place == place])


@pytest.mark.parametrize("place", PLACES)
async def test_with_room_enough_nothing_is_stopped(place: str) -> None:
    case, saver = Case(by="tools", measure="tool_calls", place=place), InMemorySaver()
    begun = await bounded.run(case, saver, times=100)
    resumed = await bounded.run(case, saver, times=100, resume=True)
    assert (begun["ran"] + resumed["ran"], begun["asked"] + resumed["asked"]) == (ROUNDS, ROUNDS + 1)
    assert resumed["status"] == Status.COMPLETED and "budget" not in resumed["said"].lower()


def test_the_table_is_whole() -> None:
    """What it does not name is refused when the pack is loaded: see tests/guardrails/budgets/test_section.py."""
    named = set(combinations())
    assert len(named) == 36
    from lockgate.guardrails.budgets.section import Bounds, Rate

    assert set(Bounds.model_fields) == set(bounded.MEASURES)
    scopes = set(Rate.model_fields["by"].annotation.__args__)  # type: ignore[union-attr]
    assert scopes == {"user", "tenant", "agent", "everyone", "tool"} <= {by for by, _ in named}


@pytest.mark.parametrize("place", PLACES[1:])
@pytest.mark.parametrize(("own", "ran"), [(1, 1), (50, 3)])
async def test_an_agents_own_pack_narrows_and_never_widens(place: str, own: int, ran: int) -> None:
    case, saver = Case(by="tools", measure="tool_calls", place=place), InMemorySaver()
    pack = f"budgets: {{run: {{tool_calls: {own}}}}}"
    begun = await bounded.run(case, saver, own=pack)
    resumed = await bounded.run(case, saver, own=pack, resume=True) if begun["waits"] else {"ran": 0}
    assert begun["ran"] + resumed["ran"] == ran


RULES = 'version: 1\nrules:\n  - {id: all, tools: ["*"], action: allow}\n'


class Race:
    """Two that want to send at the same time: who is in the tool waits for the other, or for its refusal."""

    def __init__(self) -> None:
        self.sent = self.refused = 0

    def agent(self, name: str, policy: Any = None) -> dict[str, Any]:
        @tool(timeout=SECONDS)
        async def send(x: int) -> str:
            """Send."""
            self.sent += 1
            while self.sent + self.refused < 2:
                await asyncio.sleep(0)
            return "sent"

        def after(messages: Any) -> str:
            self.refused += "Over budget" in messages[-1].text
            return '{"answer": "done", "reasons": "r", "confidence": 0.5}'

        turns = [{"calls": [{"name": "send", "args": {"x": 1}, "id": name}]}, after]
        return {"model": ScriptedModel(turns=turns), "tools": (send,), "policy": policy or Policy.parse(RULES)}


def two_at_once(race: Race, place: str, pack: str, saver: Any) -> Any:
    """Two agents that start side by side under `pack`."""
    policy = Policy.parse(RULES + pack)
    lead = ScriptedModel(turns=[plan(a="w", b="w"), "Done [a] [b]."])
    match place:
        case "orchestrator":
            worker = react.build(**race.agent("w"), name="w")
            return orchestrator.build(workers={"w": worker}, model=lead, policy=policy, checkpointer=saver)
        case "hierarchy":
            parts = race.agent("w")
            member = hierarchy.Agent(name="w", tools=("*",), model=parts["model"])
            team = hierarchy.Team(name="team", members=(member,), model=lead)
            return hierarchy.build(team=team, tools=parts["tools"], policy=policy, checkpointer=saver)
        case "pipeline":
            worker = react.build(**race.agent("w"), name="w")
            stage = pipeline.agent(worker, name="w", objective="o", takes=str, gives=dict, attempts=1)
            return pipeline.build(stages=[stage], policy=policy, checkpointer=saver)
        case _:
            bench = [debate.Debater(name=name, brief="b", **race.agent("w")) for name in ("w1", "w2")]
            judge = ScriptedModel(turns=['{"answer": "A", "reasons": "r", "confidence": 0.5}'] * 3)
            return debate.build(debaters=bench, judge_model=judge, rounds=0, policy=policy, checkpointer=saver)


ONE = {
    "tools": "tools: {send: 1}",
    "tool_seconds": f"tool_seconds: {{send: {SECONDS:g}}}",
    "rate of a tool": "rates: [{by: tool, per: day, tool_calls: 1}]",
    "rate of a tool's time": f"rates: [{{by: tool, per: day, seconds: {SECONDS:g}}}]",
    "rate of a user's tool": f"rates: [{{by: user, per: day, seconds: {SECONDS:g}, tools: [send]}}]",
    "rate of everyone": "rates: [{by: everyone, per: day, tool_calls: 1}]",
}


@pytest.mark.parametrize("place", PLACES[1:])
async def test_where_there_is_room_for_one_two_at_once_do_not_both_pass(place: str, database_url: str) -> None:
    from lockgate.runtime import open_checkpointer

    saver = await open_checkpointer(database_url)
    for name, bound in ONE.items():
        for store in (saver, InMemorySaver())[: 1 if "rate" in name else 2]:
            race = Race()
            graph = two_at_once(race, place, f"budgets: {{{bound}}}", store)
            begin: Any = {"items": ["1", "2"]} if place == "pipeline" else {"messages": "go"}
            async with asyncio.timeout(60):
                await graph.ainvoke(begin, {"configurable": {"thread_id": name}})
            assert (race.sent, race.refused) == (1, 1), (name, type(store).__name__)
            async with saver.pools.connection() as connection:
                await connection.execute("DELETE FROM budget_uses")
    await saver.aclose()


async def test_of_a_runs_last_call_the_first_task_has_it() -> None:
    race = Race()
    race.refused = 1  # nobody waits: which of them may is settled in the plan
    graph = two_at_once(race, "orchestrator", "budgets: {run: {tool_calls: 1}}", None)
    out = await graph.ainvoke({"messages": "go"})
    assert race.sent == 1 and {name: r.usage.tool_calls for name, r in out["results"].items()} == {"a": 1, "b": 0}
