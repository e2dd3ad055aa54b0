"""A deploy while a thread has pending work: named and refused, accepted, or migrated; never dropped in silence."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import plan, says

from lockgate import Policy, ScriptedModel, tool
from lockgate.deployment import Deployment
from lockgate.errors import DeploymentError
from lockgate.graphs import deploying, orchestrator, react
from lockgate.graphs.compiling import compiled
from lockgate.graphs.deploying import Migration, register
from lockgate.graphs.fingerprint import deployed
from lockgate.graphs.session import Part, Session
from lockgate.runtime import PostgresSaver
from lockgate.state import AgentState


async def drain(parts: AsyncIterator[Part]) -> None:
    async for _ in parts:
        pass


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    return InMemorySaver() if request.param == "memory" else request.getfixturevalue("saver")


@pytest.fixture(autouse=True)
def no_migrations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(deploying, "_registered", [])
    return


def agent(store: Any, *, policy: Policy = POLICY, tools: Any = None, desk: Desk | None = None) -> Any:
    model = ScriptedModel(turns=[{"calls": [refund_call(200)]}, "Done."])
    return react.build(model=model, tools=tools or (desk or Desk()).tools(), policy=policy, checkpointer=store)


OTHER = Policy.parse("version: 1\nrules:\n  - {id: all, tools: [refund], action: review, reason: All of them.}")


async def test_a_changed_policy_is_named_and_refused_until_it_is_accepted(store: Any) -> None:
    desk = Desk()
    await drain(Session(agent(store, desk=desk), "t").start("Refund."))
    later = Session(agent(store, desk=desk, policy=OTHER), "t")
    (question,) = await later.waiting()
    answer = {question.id: {"action": "approve", **BOSS}}
    with pytest.raises(DeploymentError, match="policy react has changed") as caught:
        await drain(later.resume(answer))
    assert "--accept-changes" in caught.value.hint
    assert len(await later.waiting()) == 1
    await drain(later.resume(answer, accept_changes=True))
    assert (await later.state()).values["answer"] == "Done."


async def test_a_changed_tool_is_named_and_its_code_is_not_looked_at(store: Any) -> None:
    await drain(Session(agent(store), "t").start("Refund."))
    same = Session(agent(store), "t")
    (question,) = await same.waiting()

    @tool(sensitive={"account"})
    def refund(order: str, account: str, amount: float, note: str = "") -> str:
        """Pay an order back, with a note."""
        return "paid"

    fresh = [refund, *(spec for spec in Desk().tools() if spec.name != "refund")]
    with pytest.raises(DeploymentError, match="tool refund has changed") as caught:
        await drain(Session(agent(store, tools=fresh), "t").resume({question.id: "reject"}))
    assert caught.value.changes == ("tool refund has changed",)
    await drain(same.resume({question.id: {"action": "reject", **BOSS}}))


async def test_a_finished_thread_goes_on_under_any_deployment(store: Any) -> None:
    model = ScriptedModel(turns=["Hello.", "Again."])
    await drain(Session(react.build(model=model, checkpointer=store), "t").start("Hi."))
    later = Session(react.build(model=model, tools=Desk().tools(), policy=OTHER, checkpointer=store), "t")
    await drain(later.start("Hi again."))
    assert (await later.state()).values["answer"] == "Again."


def waiting_graph(store: Any, name: str) -> Any:
    """A graph of one node called `name` that asks, after one that only passes on."""

    def first(_: Any) -> Any:
        return Command(goto=name)

    def ask(_: Any) -> Any:
        return {"answer": f"{name}: {interrupt('well?')}"}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("first", first, destinations=(name,))
    graph.add_node(name, ask)
    graph.add_edge(START, "first")
    graph.add_edge(name, END)
    return compiled(graph, name="g", checkpointer=store)


async def test_pending_work_of_a_node_that_is_gone_is_never_dropped(store: Any) -> None:
    await drain(Session(waiting_graph(store, "old"), "t").start("Go."))
    later = Session(waiting_graph(store, "new"), "t")
    for accept in (False, True):
        with pytest.raises(DeploymentError, match="node old is gone") as caught:
            await drain(later.resume(accept_changes=accept))
        assert "Migration(nodes={'old'" in caught.value.hint
    register(Migration(name="renamed", nodes={"old": "new"}))
    await drain(later.resume())  # the question is put anew
    (question,) = await later.waiting()
    await drain(later.resume({question.id: "yes"}))
    assert (await later.state()).values["answer"] == "new: yes"


async def test_a_migration_changes_the_state_and_is_asked_whether_it_applies(store: Any) -> None:
    await drain(Session(agent(store), "t").start("Refund."))
    later = Session(agent(store, policy=OTHER), "t")
    asked: list[Deployment | None] = []

    def applies(before: Deployment | None, now: Deployment) -> bool:
        asked.append(before)
        return before is not None and now.changes_since(before) == ["policy react has changed"]

    register(Migration(name="no", applies=lambda _b, _n: False))
    register(Migration(name="mark", applies=applies, update=lambda values: {"iterations": values["iterations"] + 5}))
    await drain(later.resume())
    assert len(asked) == 1
    (question,) = await later.waiting()
    await drain(later.resume({question.id: {"action": "approve", **BOSS}}))
    values = (await later.state()).values
    assert (values["answer"], values["iterations"]) == ("Done.", 7)


async def test_another_process_reads_what_it_was(saver: PostgresSaver, database_url: str) -> None:
    graph = agent(saver)
    await drain(Session(graph, "t").start("Refund."))
    mine = deploying.deployment_of(graph)
    assert mine is not None
    other = PostgresSaver(database_url)
    found = await other.adeployment(mine.digest)
    assert found == mine
    assert await other.adeployment("nothing") is None
    await other.aclose()


def test_a_fingerprint_is_the_same_for_the_same_graph_and_tells_what_differs() -> None:
    one, two = deployed(agent(None)), deployed(agent(None))
    assert one == two and one.digest == two.digest
    changed = deployed(agent(None, policy=OTHER))
    assert changed.changes_since(one) == ["policy react has changed"]
    team = deployed(orchestrator.build(workers={"a": says("x")}, model=ScriptedModel(turns=["x"])))
    wider = deployed(orchestrator.build(workers={"a": agent(None)}, model=ScriptedModel(turns=["x"])))
    assert "tool dispatch/a/refund is new" in wider.changes_since(team)
    others = deployed(orchestrator.build(workers={"b": agent(None)}, model=ScriptedModel(turns=["x"])))
    assert others.changes_since(wider) == ["dispatch/a is gone", "dispatch/b is new"]
    two = {"a": agent(None, policy=OTHER), "b": agent(None)}
    both = deployed(orchestrator.build(workers=two, model=ScriptedModel(turns=["x"])))
    same = deployed(orchestrator.build(workers={**two, "a": agent(None)}, model=ScriptedModel(turns=["x"])))
    assert both.changes_since(same) == ["policy dispatch/a/react has changed"]


@pytest.mark.parametrize("face", ["ainvoke", "invoke"])
async def test_a_plain_resume_of_a_graph_is_looked_at_as_well(saver: PostgresSaver, face: str) -> None:
    config: Any = {"configurable": {"thread_id": "t"}}
    await waiting_graph(saver, "old").ainvoke({"messages": "Go."}, config)
    (question,) = (await waiting_graph(saver, "old").aget_state(config)).interrupts
    for graph in (waiting_graph(saver, "new"), agent(saver)):
        for entry in (None, Command(resume={question.id: "yes"})):
            with pytest.raises(DeploymentError, match="node old is gone"):
                await (
                    graph.ainvoke(entry, config)
                    if face == "ainvoke"
                    else asyncio.to_thread(graph.invoke, entry, config)
                )
    same = await waiting_graph(saver, "old").ainvoke(Command(resume={question.id: "yes"}), config)
    assert same["answer"] == "old: yes"


def team(store: Any, *names: str) -> Any:
    desk = Desk()
    turns = [{"calls": [refund_call(200)]}, "Paid."]
    workers = {n: react.build(model=ScriptedModel(turns=turns), tools=desk.tools(), policy=POLICY) for n in names}
    model = ScriptedModel(turns=[plan(a="clerk", b="clerk"), "Done [a, b]."])
    return orchestrator.build(workers=workers, model=model, checkpointer=store)


async def test_half_a_fan_out_of_a_worker_that_is_gone_is_not_accepted_away(store: Any) -> None:
    await drain(Session(team(store, "clerk"), "t").start("Refund."))
    asked = await Session(team(store, "clerk"), "t").waiting()
    assert len(asked) == 2
    first = {asked[0].id: {"action": "approve", **BOSS}}
    later = Session(team(store, "cashier"), "t")
    for accept in (False, True):
        with pytest.raises(DeploymentError, match="dispatch/clerk is gone; dispatch/cashier is new") as caught:
            await drain(later.resume(first, accept_changes=accept))
        assert "Work may be pending in what is gone" in caught.value.hint
    wider = Session(team(store, "clerk", "cashier"), "t")
    with pytest.raises(DeploymentError, match="deployment: dispatch/cashier is new\\."):
        await drain(wider.resume(first))
    await drain(wider.resume(first, accept_changes=True))
    (second,) = await wider.waiting()
    await drain(wider.resume({second.id: {"action": "approve", **BOSS}}, accept_changes=True))
    assert (await wider.state()).values["answer"].startswith("Done [a, b].")


async def test_an_effect_in_doubt_waits_for_the_deployment_it_was_begun_under(saver: PostgresSaver) -> None:
    made: list[int] = []

    def paying(description: str) -> Any:
        @tool(idempotent=False, description=description)
        def pay(amount: int) -> str:
            made.append(amount)
            if len(made) == 1:
                raise ConnectionError
            return "paid"

        model = ScriptedModel(turns=[{"calls": [{"name": "pay", "args": {"amount": 5}}]}, "Done."])
        policy = Policy.parse("version: 1\nrules:\n  - {id: all, tools: [pay], action: allow, reason: a test}")
        return Session(react.build(model=model, tools=[pay], policy=policy, checkpointer=saver), "t")

    await drain(paying("Pay.").start("Pay 5."))
    later = paying("Pay, or not.")
    (question,) = await later.waiting()
    word = {question.id: {"action": "happened", "result": "paid", "by": "ann"}}
    with pytest.raises(DeploymentError, match="tool pay has changed"):
        await drain(later.resume(word))
    assert (await later.waiting(), made) == ((question,), [5])
    await drain(later.resume(word, accept_changes=True))
    assert ((await later.state()).values["answer"], made) == ("Done.", [5])
