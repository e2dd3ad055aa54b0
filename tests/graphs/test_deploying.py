"""A deploy while a thread has pending work: named and refused, accepted, or migrated; never dropped in silence."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import says

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
    from langgraph.types import Command

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
    assert "tool dispatch/react/refund is new" in wider.changes_since(team)
