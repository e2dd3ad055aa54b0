"""Three levels down, through Postgres: interrupts, streams, usage, labels and time travel are whole."""

from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import plan

from lockgate import ScriptedModel
from lockgate.graphs import hierarchy, replay, travel
from lockgate.graphs.hierarchy import Agent, Team
from lockgate.graphs.session import Session
from lockgate.handoff import Status
from lockgate.labels import Integrity
from lockgate.runtime import PostgresSaver, Records

CONFIG: Any = {"configurable": {"thread_id": "t"}}
GO: Any = {"messages": "Go."}


def script(*turns: Any) -> ScriptedModel:
    return ScriptedModel(turns=list(turns))


def pays(amount: float) -> ScriptedModel:
    """Pays `amount`, or what it is told to in the last words it hears, and says what came of it."""

    def asks(messages: Any) -> Any:
        said = messages[-1].text
        return {"calls": [refund_call(float(said.split()[1]) if said.startswith("Pay ") else amount)]}

    return script(asks, lambda messages: f"Told: {messages[-1].text}")


def three_levels() -> Team:
    """top -> money -> refunds -> (clerk, teller), and top -> scout."""
    clerk = Agent(name="clerk", tools=("refund",), model=pays(100))
    teller = Agent(name="teller", tools=("refund",), model=pays(200))
    refunds = Team(name="refunds", members=(clerk, teller), model=script(plan(x="clerk", y="teller"), "Low [x] [y]."))
    money = Team(name="money", members=(refunds,), model=script(plan(m="refunds"), "Mid [m]."))
    look = {"calls": [{"name": "look_up", "args": {"order": "1"}}]}
    scout = Agent(name="scout", tools=("look_up",), model=script(look, "found"))
    return Team(name="top", members=(money, scout), model=script(plan(a="money", b="scout"), "All [a] [b]."))


def built(desk: Desk, saver: PostgresSaver) -> Any:
    return hierarchy.build(team=three_levels(), tools=desk.tools(), policy=POLICY, checkpointer=saver)


async def answered(graph: Any, answers: Mapping[float, Mapping[str, Any]]) -> Any:
    """Answers each question by the amount it is about, one after the other."""
    snapshot = await graph.aget_state(CONFIG)
    asked = {question.value["args"]["amount"]: question.id for question in snapshot.interrupts}
    assert asked.keys() == answers.keys()
    for amount, answer in answers.items():
        out = await graph.ainvoke(Command(resume={asked[amount]: {**answer, **BOSS}}), CONFIG)
    return out


async def places(saver: PostgresSaver, agent: str) -> str:
    """The namespace that an agent ran in."""
    events = await Records(saver).events("t")
    return next(event.checkpoint_ns for event in events if event.agent == agent and event.node == "call_model")


@pytest.mark.parametrize(
    ("answer", "ran", "told"),
    [
        ({"action": "approve"}, {"refund 1 a 100": 1}, "paid"),
        ({"action": "reject"}, {}, "rejected by ann"),
        ({"action": "edit", "args": {"order": "1", "account": "a", "amount": 7}}, {"refund 1 a 7": 1}, "paid"),
    ],
    ids=["approve", "reject", "edit"],
)
async def test_a_question_from_the_lowest_level_is_answered_there(
    saver: PostgresSaver, answer: dict[str, Any], ran: dict[str, int], told: str
) -> None:
    desk = Desk()
    graph = built(desk, saver)
    await graph.ainvoke(GO, CONFIG)
    assert desk.ran == {"look_up": 1}
    out = await answered(graph, {100.0: answer, 200.0: {"action": "reject"}})
    assert (out["status"], desk.ran) == (Status.COMPLETED, {"look_up": 1, **ran})
    clerk = await states(graph, await places(saver, "clerk"))
    assert told in clerk["messages"][-1].text
    (ruling,) = clerk["decisions"].values()
    assert ruling.by == "ann"


async def test_what_the_lowest_level_does_is_streamed_as_it_happens(saver: PostgresSaver) -> None:
    session = Session(built(Desk(), saver), "t")
    seen = [(namespace, part) async for namespace, mode, part in session.start("Go.", modes=["custom"])]
    deep = [
        (namespace, event)
        for namespace, event in seen
        if event.agent == "clerk" and event.kind not in ("task", "message")
    ]
    assert [event.kind for _, event in deep] == ["node", "model", "node", "decision", "node"]
    assert all(len(namespace) >= 6 and namespace[0].startswith("dispatch:") for namespace, _ in deep)
    order = [(event.agent, event.name, event.detail["kind"]) for _, event in seen if event.kind == "message"]
    assert order.index(("top", "money", "AgentTask")) < order.index(("money", "refunds", "AgentTask"))
    assert order.index(("money", "refunds", "AgentTask")) < order.index(("refunds", "clerk", "AgentTask"))


async def test_usage_and_labels_add_up_on_the_way(saver: PostgresSaver) -> None:
    saver.every_step = True
    graph = built(Desk(), saver)
    await graph.ainvoke(GO, CONFIG)
    out = await answered(graph, {100.0: {"action": "approve"}, 200.0: {"action": "approve"}})
    events = await Records(saver).events("t")
    spent = {"model_calls": 0, "input_tokens": 0, "output_tokens": 0, "tool_calls": 0}
    for event in events:
        if event.kind == "model":
            spent["model_calls"] += 1
            spent["input_tokens"] += event.detail["input_tokens"]
            spent["output_tokens"] += event.detail["output_tokens"]
        spent["tool_calls"] += event.kind == "call"
    assert spent["model_calls"] == 12 and spent["tool_calls"] == 3 and spent["output_tokens"] > 0
    assert {name: getattr(out["usage"], name) for name in spent} == spent
    levels = {name: await states(graph, await places(saver, name)) for name in ("clerk", "teller", "scout")}
    below = [levels["clerk"]["usage"], levels["teller"]["usage"]]
    assert out["results"]["a"].usage.model_calls == sum(usage.model_calls for usage in below) + 2 + 2
    assert out["results"]["b"].usage == levels["scout"]["usage"]
    assert levels["clerk"]["trust"].sources == {"tool:refund"}
    assert levels["clerk"]["trust"].integrity is Integrity.UNTRUSTED
    assert out["results"]["a"].trust == levels["clerk"]["trust"] | levels["teller"]["trust"]
    assert out["results"]["b"].trust.integrity is Integrity.TRUSTED
    assert out["trust"] == out["results"]["a"].trust | out["results"]["b"].trust


async def states(graph: Any, namespace: str) -> Any:
    """The latest state of a member."""
    return (await graph.aget_state({"configurable": {"thread_id": "t", "checkpoint_ns": namespace}})).values


async def test_every_moment_of_the_lowest_level_is_there_and_is_its_own_graphs(saver: PostgresSaver) -> None:
    saver.every_step = True
    graph = built(Desk(), saver)
    await graph.ainvoke(GO, CONFIG)
    namespace = await places(saver, "clerk")
    found = [moment async for moment in travel.history(graph, "t", namespace=namespace)]
    assert [moment.next for moment in found] == [
        ("review",),
        ("action_guard",),
        ("call_model",),
        ("input_guard",),
        ("__start__",),
    ]
    assert (found[0].waiting, found[0].last) == (1, "→ refund")
    state = await travel.state_at(graph, "t", found[1].id, namespace=namespace)
    assert state.values["task"].task_id == "x"
    assert [moment.id for moment in found] == [
        snapshot.config["configurable"]["checkpoint_id"]
        for snapshot in graph.get_state_history({"configurable": {"thread_id": "t", "checkpoint_ns": namespace}})
    ]
    lock = next(n for n in {e.checkpoint_ns for e in await Records(saver).events("t")} if n.startswith(f"{namespace}|"))
    assert (await travel.state_at(graph, "t", namespace=lock)).next == ("human_review",)
    middle = "|".join(namespace.split("|")[:2])
    assert (await travel.state_at(graph, "t", namespace=middle)).next == ("dispatch",)
    assert (await travel.state_at(graph, "t", namespace=middle)).values["plan"][0].type == "refunds"


async def test_a_worker_three_levels_down_is_sent_back_and_goes_another_way(saver: PostgresSaver) -> None:
    saver.every_step = True
    desk = Desk()
    graph = built(desk, saver)
    await graph.ainvoke(GO, CONFIG)
    namespace = await places(saver, "clerk")
    found = [moment async for moment in travel.history(graph, "t", namespace=namespace)]
    before = next(moment for moment in found if moment.next == ("call_model",))
    where = {"thread_id": "t", "checkpoint_ns": namespace, "checkpoint_id": before.id}
    change = {"messages": [HumanMessage("Pay 60 instead", id="changed")]}
    await graph.aupdate_state({"configurable": where}, Command(update=change, goto="call_model"), as_node="input_guard")
    out = await graph.ainvoke(None, CONFIG)
    assert {item.value["args"]["amount"] for item in out["__interrupt__"]} == {60.0, 200.0}
    out = await answered(graph, {60.0: {"action": "approve"}, 200.0: {"action": "approve"}})
    assert desk.ran == {"look_up": 1, "refund 1 a 60": 1, "refund 1 a 200": 1}
    assert out["status"] == Status.COMPLETED


async def test_a_finished_run_is_played_again_and_forked_from_before_its_workers(saver: PostgresSaver) -> None:
    desk = Desk()
    graph = built(desk, saver)
    await graph.ainvoke(GO, CONFIG)
    await answered(graph, {100.0: {"action": "approve"}, 200.0: {"action": "reject"}})
    ran = dict(desk.ran)
    moments = [moment async for moment in travel.history(graph, "t")]
    before = next(moment for moment in moments if moment.next == ("dispatch",))
    for at in ("", before.id):
        played = await replay.replay(graph, "t", at)
        assert played.same, (played.changes, played.misses)
    assert desk.ran == ran, "a replay ran a tool"
    await travel.fork(graph, "t", before.id, {"plan.1.objective": "Look again."})
    out = await graph.ainvoke(None, CONFIG)
    assert {item.value["args"]["amount"] for item in out["__interrupt__"]} == {100.0, 200.0}
    out = await answered(graph, {100.0: {"action": "reject"}, 200.0: {"action": "approve"}})
    assert desk.ran == {**ran, "look_up": 2, "refund 1 a 200": 1}
    assert out["status"] == Status.COMPLETED
    assert [task.objective for task in out["plan"]] == ["do a", "Look again."]
