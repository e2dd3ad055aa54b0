"""Budgets in a running agent: calls that do not fit are denied, runs that may not go on end with a clear status."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.types import Command
from tests.graphs.team import plan

from lockgate import Policy, ToolSpec, tool
from lockgate.graphs import hierarchy, orchestrator, react
from lockgate.handoff import AgentTask, Budget, Status
from lockgate.models import ScriptedModel
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver
from lockgate.tools.execute import attempt

RULES = 'version: 1\nrules:\n  - {id: all, tools: ["*"], action: allow, reason: fine}\n'
RAN: Counter[str] = Counter()


def tools() -> list[ToolSpec]:
    @tool(effect=False)
    def look(x: int) -> str:
        """Look."""
        RAN["look"] += 1
        return f"seen {x}"

    @tool
    def send(x: int) -> str:
        """Send."""
        RAN["send"] += 1
        return f"sent {x}"

    @tool(effect=False, tags={"polling"})
    def poll() -> str:
        """Poll."""
        return "not yet"

    return [look, send, poll]


def calls(*names: str, start: int = 0) -> dict[str, Any]:
    made = [{"name": name, "args": {} if name == "poll" else {"x": start + n}} for n, name in enumerate(names)]
    return {"calls": made}


def agent(pack: str, *turns: Any, **options: Any) -> Any:
    RAN.clear()
    return react.build(
        model=ScriptedModel(turns=list(turns)), tools=tools(), policy=Policy.parse(RULES + pack), **options
    )


def run(graph: Any, **state: Any) -> Any:
    return graph.invoke({"messages": "go", **state})


def denials(out: Any) -> list[str]:
    return [m.text for m in out["messages"] if isinstance(m, ToolMessage) and "Over budget" in m.text]


@pytest.mark.parametrize(
    ("pack", "turns", "ran", "why"),
    [
        ("budgets: {run: {tool_calls: 2}}", [calls("look", "send", "look")], 2, "at most 2 tool calls"),
        ("budgets: {run: {tool_calls: 2}}", [calls("look"), calls("look", "send", start=5)], 2, "at most 2 tool"),
        ("budgets: {tools: {send: 1}}", [calls("send", "look", "send")], 2, "at most 1 calls of send"),
        ("budgets: {tools: {'s*': 1}}", [calls("send"), calls("send", "look", start=5)], 2, "at most 1 calls of s*"),
        ("budgets: {agents: {react: {tool_calls: 0}}}", [calls("look")], 0, "at most 0 tool calls"),
        ("budgets: {agents: {other: {tool_calls: 0}}}", [calls("look")], 1, ""),
    ],
)
def test_calls_that_do_not_fit_are_denied_and_the_model_hears_why(
    pack: str, turns: list[Any], ran: int, why: str
) -> None:
    out = run(agent(pack, *turns, "done"))
    assert (sum(RAN.values()), out["usage"].tool_calls, out["status"]) == (ran, ran, Status.COMPLETED)
    assert len(denials(out)) == bool(why)
    if why:
        assert why in denials(out)[0]
        assert "budget" in {ruling.decision.rule for ruling in out["decisions"].values()}
    assert dict(out["usage"].tools) == dict(RAN)


SLOW = """
budgets:
  tool_seconds: {"wa*": 2}
"""


def waiting(*turns: Any, took: float, timeout: float, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An agent whose tool `wait` says that it took so many seconds."""

    @tool(effect=False, timeout=timeout)
    def wait(x: int) -> str:
        """Wait."""
        RAN["wait"] += 1
        return f"waited {x}"

    async def timed(*args: Any) -> Any:
        result, status = await attempt(*args)
        return replace(result, seconds=took), status

    RAN.clear()
    monkeypatch.setattr("lockgate.nodes.effects.attempt", timed)
    return react.build(model=ScriptedModel(turns=list(turns)), tools=[wait], policy=Policy.parse(RULES + SLOW))


@pytest.mark.parametrize(
    ("took", "timeout", "asked", "ran"),
    [
        (0.9, 9.0, [1, 1, 1, 1], 3),  # what they took counts, from answer to answer: 0.9, 1.8, 2.7
        (2.0, 9.0, [1, 1], 1),
        (0.1, 1.0, [3], 2),  # in one answer each timeout is set aside
        (0.1, 30.0, [3], 1),
        (0.1, 0.5, [3, 3], 6),  # and given back when the call is over
    ],
)
def test_the_time_of_a_tool_is_bounded(
    took: float, timeout: float, asked: list[int], ran: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = [calls(*["wait"] * count, start=n * 10) for n, count in enumerate(asked)]
    out = run(waiting(*turns, "done", took=took, timeout=timeout, monkeypatch=monkeypatch))
    assert (RAN["wait"], out["status"]) == (ran, Status.COMPLETED)
    assert out["usage"].tool_milliseconds == {"wait": round(ran * took * 1_000)}
    assert len(denials(out)) == sum(asked) - ran
    assert all("at most 2 seconds of wa*" in text for text in denials(out))


async def test_the_time_of_tools_counts_under_rates(saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch) -> None:
    async def timed(*args: Any) -> Any:
        result, status = await attempt(*args)
        return replace(result, seconds=40), status

    monkeypatch.setattr("lockgate.nodes.effects.attempt", timed)
    pack = "budgets: {rates: [{by: tenant, per: day, seconds: 100}]}"

    async def once(thread: str, user: str) -> Any:
        graph = agent(pack, calls("look"), calls("look", start=5), "done", checkpointer=saver)
        config: Any = {"configurable": {"thread_id": thread}}
        return await graph.ainvoke({"messages": "go"}, config, context=Caller(user=user, tenant="a"))

    assert (await once("1", "ann"))["status"] == Status.COMPLETED  # 80 s of two calls
    out = await once("2", "bob")
    assert (out["status"], RAN["look"]) == (Status.BUDGET, 1)
    assert "at most 100.0 seconds in 86400 s for each tenant" in out["notes"][-1].text


@pytest.mark.parametrize(
    ("pack", "why"),
    [
        ("budgets: {run: {model_calls: 1}}", "used up (model_calls)"),
        ("budgets: {run: {tokens: 1300}, reply: 1000}", "used up (tokens)"),
        ("budgets: {run: {usd: 0.0013}, prices: {'*': {input: 1, output: 1}}}", "used up (usd)"),
    ],
)
def test_a_run_over_its_budget_ends_so_and_the_next_message_has_it_anew(
    monkeypatch: pytest.MonkeyPatch, pack: str, why: str
) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    told = {"input_tokens": 90, "output_tokens": 60, "total_tokens": 150}
    first = AIMessage("", tool_calls=[{"name": "look", "args": {"x": 1}, "id": "a"}], usage_metadata=told)
    graph = agent(pack, first, "second run", checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    out = graph.invoke({"messages": "go"}, config)
    assert out["status"] == Status.BUDGET
    assert why in out["notes"][-1].text
    assert RAN["look"] == 1
    out = graph.invoke({"messages": "again"}, config)
    assert (out["status"], out["answer"]) == (Status.COMPLETED, "second run")


def test_money_without_a_price_is_not_spent() -> None:
    out = run(agent("budgets: {run: {usd: 1}, prices: {gpt-4: {input: 1, output: 1}}}", "never said"))
    assert out["status"] == Status.BUDGET and out["usage"].model_calls == 0
    assert "no price for the model" in out["notes"][-1].text


def test_a_model_call_is_cut_when_the_time_is_used_up() -> None:
    class Slow(ScriptedModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.Event().wait()

    graph = react.build(model=Slow(turns=["never"]), policy=Policy.parse(RULES + "budgets: {run: {seconds: 0.05}}"))
    out = run(graph)
    assert out["status"] == Status.BUDGET and "seconds" in out["notes"][-1].text
    assert out["usage"].milliseconds >= 50 and out["usage"].model_calls == 1


def test_a_tasks_budget_and_the_packs_hold_together() -> None:
    turns = [calls("look", start=n) for n in range(5)]
    task = AgentTask(task_id="t", objective="o", budget=Budget(model_calls=4))
    assert run(agent("budgets: {run: {model_calls: 2}}", *turns), task=task)["usage"].model_calls == 2
    assert run(agent("budgets: {run: {model_calls: 5}}", *turns), task=task)["usage"].model_calls == 4


def test_a_run_that_goes_round_in_circles_ends() -> None:
    out = run(agent("", *[calls("look")] * 9))
    assert (out["status"], RAN["look"]) == (Status.NO_PROGRESS, 4)
    assert "4 rounds" in out["notes"][-1].text
    out = run(agent("budgets: {no_progress: {repeats: 2}}", *[calls("look")] * 9))
    assert (out["status"], RAN["look"]) == (Status.NO_PROGRESS, 2)
    out = run(agent("", *[calls("poll")] * 9, "ready"))
    assert (out["status"], out["answer"]) == (Status.COMPLETED, "ready")


def test_rates_without_a_store_stop_the_run() -> None:
    for pack in ("{by: user, per: hour, model_calls: 5}", "{by: user, per: hour, tool_calls: 5}"):
        out = run(agent(f"budgets: {{rates: [{pack}]}}", calls("send"), "done"))
        assert RAN["send"] == 0
        said = [note.text for note in out["notes"]] if out.get("notes") else []
        assert "Postgres" in " ".join([*said, *(m.text for m in out["messages"])])


async def test_rates_hold_across_runs_users_and_tenants(saver: PostgresSaver) -> None:
    pack = """
budgets:
  rates:
    - {by: user, per: hour, tool_calls: 2, tools: [send]}
    - {by: tenant, per: day, model_calls: 5}
"""
    ann, bob = Caller(user="ann", tenant="a"), Caller(user="bob", tenant="a")

    async def once(thread: str, who: Caller) -> Any:
        graph = agent(pack, calls("send", "send", "look", start=int(time.time_ns())), "done", checkpointer=saver)
        config: Any = {"configurable": {"thread_id": thread}}
        return await graph.ainvoke({"messages": "go"}, config, context=who)

    first = await once("1", ann)
    assert (RAN["send"], RAN["look"], denials(first)) == (2, 1, [])
    second = await once("2", ann)
    assert (RAN["send"], RAN["look"], len(denials(second))) == (0, 1, 2)
    assert "at most 2 tool_calls in 3600 s for each user" in denials(second)[0]
    third = await once("3", bob)
    assert (RAN["send"], third["status"]) == (2, Status.BUDGET)
    assert "at most 5 model_calls in 86400 s for each tenant" in third["notes"][-1].text
    assert (await once("4", Caller(user="ann", tenant="b")))["status"] == Status.COMPLETED
    assert RAN["send"] == 2


async def test_what_was_denied_or_reserved_too_much_is_given_back(saver: PostgresSaver) -> None:
    pack = "budgets: {reply: 5000, rates: [{by: user, per: hour, tool_calls: 1, tokens: 11000}]}"
    deny = RULES.replace(
        "rules:\n", "rules:\n  - {id: never, tools: [send], priority: 1, action: deny, reason: 'never'}\n"
    )
    graph = react.build(
        model=ScriptedModel(turns=[calls("send"), calls("look"), "done"]),
        tools=tools(),
        policy=Policy.parse(deny + pack),
        checkpointer=saver,
    )
    RAN.clear()
    config: Any = {"configurable": {"thread_id": "t"}}
    out = await graph.ainvoke({"messages": "go"}, config)
    assert (out["status"], RAN["look"], RAN["send"]) == (Status.COMPLETED, 1, 0)
    async with saver.pools.connection() as connection:
        cursor = await connection.execute("SELECT key, expires, amount FROM budget_uses ORDER BY key")
        rows = await cursor.fetchall()
    assert all(row["expires"] is None for row in rows)
    assert sum(row["amount"] for row in rows if "tool_calls" in row["key"]) == 1
    used = out["usage"].input_tokens + out["usage"].output_tokens
    assert sum(row["amount"] for row in rows if "tokens" in row["key"]) == used


async def test_what_a_run_used_is_kept_over_a_wait(saver: PostgresSaver) -> None:
    pack = RULES.replace("rules:\n", "rules:\n  - {id: ask, tools: [send], priority: 1, action: review}\n")
    graph = react.build(
        model=ScriptedModel(turns=[calls("look", "send"), calls("look", start=5), "done"]),
        tools=tools(),
        policy=Policy.parse(pack + "budgets: {run: {tool_calls: 2}}"),
        checkpointer=saver,
    )
    RAN.clear()
    config: Any = {"configurable": {"thread_id": "t"}}
    assert "__interrupt__" in await graph.ainvoke({"messages": "go"}, config)
    out = await graph.ainvoke(Command(resume="approve"), config)
    assert (dict(RAN), len(denials(out)), out["status"]) == ({"look": 1, "send": 1}, 1, Status.COMPLETED)


TEAM = """
budgets:
  run: {model_calls: 6, usd: 1}
  prices: {"*": {input: 1, output: 1}}
"""


def test_a_teams_run_counts_its_workers_and_they_never_get_more() -> None:
    busy = ScriptedModel(turns=[calls("look", start=n) for n in range(9)])
    prices = "budgets: {prices: {'*': {input: 1, output: 1}}}"
    worker = react.build(model=busy, tools=tools(), policy=Policy.parse(RULES + prices))
    team = orchestrator.build(
        workers={"w": worker},
        model=ScriptedModel(turns=[plan(a="w", b="w"), "x [a]."]),
        policy=Policy.parse(RULES + TEAM),
        max_replans=0,
    )
    out = run(team)
    assert out["usage"].model_calls == 5
    assert {r.usage.model_calls for r in out["results"].values()} == {2}
    assert all("used up (model_calls)" in r.error for r in out["results"].values())
    assert out["usage"].micro_usd > 0
    dear = orchestrator.build(
        workers={"w": worker},
        model=ScriptedModel(turns=["never"]),
        policy=Policy.parse(RULES + "budgets: {run: {model_calls: 0}}"),
    )
    assert run(dear)["status"] == Status.BUDGET


def test_a_worker_whose_model_has_no_price_does_nothing_under_a_budget_in_usd() -> None:
    """The prices of the team's pack count, and that is none of them."""
    worker = react.build(model=ScriptedModel(turns=["never"], model_name="other"), policy=Policy.parse(RULES))
    model = ScriptedModel(turns=[plan(a="w"), "x"])
    pack = Policy.parse(RULES + TEAM.replace('"*"', "scripted"))
    out = run(orchestrator.build(workers={"w": worker}, model=model, policy=pack, max_replans=0))
    assert "no price" in out["results"]["a"].error and out["results"]["a"].usage.model_calls == 0


def test_a_hierarchy_hands_its_packs_budget_down() -> None:
    busy = ScriptedModel(turns=[calls("look", start=n) for n in range(9)])
    member = hierarchy.Agent(name="w", tools=("look",), model=busy)
    team = hierarchy.Team(
        name="top", members=(member,), model=ScriptedModel(turns=[plan(a="w"), "x"]), tools=None, max_replans=0
    )
    graph = hierarchy.build(team=team, tools=tools(), policy=Policy.parse(RULES + "budgets: {run: {model_calls: 5}}"))
    out = run(graph)
    assert out["results"]["a"].usage.model_calls == 3
    assert out["usage"].model_calls == 4


async def test_a_model_call_that_fails_gives_back_what_was_reserved(saver: PostgresSaver) -> None:
    class Down(ScriptedModel):
        async def _agenerate(self, *_: Any, **__: Any) -> Any:
            raise ConnectionError("down")

    rates = "budgets: {rates: [{by: user, per: hour, model_calls: 1}]}"
    graph = react.build(model=Down(turns=[]), policy=Policy.parse(RULES + rates), checkpointer=saver)
    for thread in "ab":  # the second would find no room
        config: Any = {"configurable": {"thread_id": thread}}
        with pytest.raises(ConnectionError):
            await graph.ainvoke({"messages": "go"}, config)


TIMED = "budgets: {rates: [{by: tool, per: day, seconds: 70}, {by: user, per: hour, tool_calls: 9}]}"


async def test_a_tools_timeout_is_set_aside_and_then_the_time_it_took(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserved: list[int] = []

    async def counted() -> int:
        async with saver.pools.connection() as connection:
            sql = "SELECT coalesce(sum(amount), 0) AS n FROM budget_uses WHERE key LIKE '%seconds%'"
            row = await (await connection.execute(sql)).fetchone()
        return int(row["n"]) if row else -1

    async def timed(*args: Any) -> Any:
        reserved.append(await counted())
        result, status = await attempt(*args)
        return replace(result, seconds=4), status

    monkeypatch.setattr("lockgate.nodes.effects.attempt", timed)
    # The tools have 30 s each: of the first answer all three fit, the third with what is left.
    graph = agent(TIMED, calls("look", "look", "look", "look"), calls("look", start=9), "done", checkpointer=saver)
    config: Any = {"configurable": {"thread_id": "t"}}
    out = await graph.ainvoke({"messages": "go"}, config)
    assert reserved[0] == 70_000 and (RAN["look"], len(denials(out))) == (4, 1)
    assert "at most 70.0 seconds in 86400 s for each tool" in denials(out)[0]
    assert await counted() == 16_000  # the call that was denied has taken none
    assert out["status"] == Status.COMPLETED


async def test_a_run_under_rates_is_played_again_without_counting(saver: PostgresSaver) -> None:
    from lockgate.graphs.replay import replay

    graph = agent(TIMED, calls("look"), "done", checkpointer=saver)
    await graph.ainvoke({"messages": "go"}, {"configurable": {"thread_id": "t"}})
    again = await replay(graph, "t")
    assert again.same and again.values["answer"] == "done" and RAN["look"] == 1
    async with saver.pools.connection() as connection:
        row = await (await connection.execute("SELECT count(*) AS n FROM budget_uses")).fetchone()
    assert row is not None and row["n"] == 2
