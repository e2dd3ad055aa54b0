"""Time travel: moments, states, differences, forks, and runs that are played again with nothing called."""

from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import Stage, plan

from lockgate import Policy, ScriptedModel
from lockgate.errors import ConfigError, ThreadNotFoundError, UnknownNameError
from lockgate.graphs import orchestrator, react
from lockgate.graphs.placing import placed
from lockgate.graphs.replay import replay
from lockgate.graphs.travel import Moment, changes, fork, history, state_at
from lockgate.handoff import Status, Usage
from lockgate.runtime import PostgresSaver, open_checkpointer, writing

CONFIG: Any = {"configurable": {"thread_id": "t"}}
LOOK = {"name": "look_up", "args": {"order": "7"}}


def agent(desk: Desk, saver: Any, *turns: Any, policy: Policy = POLICY) -> Any:
    return react.build(model=ScriptedModel(turns=list(turns)), tools=desk.tools(), policy=policy, checkpointer=saver)


async def moments(graph: Any, **options: Any) -> list[Moment]:
    return [item async for item in history(graph, "t", **options)]


def before(found: list[Moment], *nodes: str) -> Moment:
    return next(item for item in found if item.next == nodes)


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Any]:
    """A saver that keeps every step."""
    if request.param == "memory":
        yield InMemorySaver()
        return
    saver = await open_checkpointer(database_url, every_step=True)
    yield saver
    await saver.aclose()


def echo(messages: Any) -> str:
    return f"It says: {messages[-1].text}"


async def test_the_moments_of_a_thread_and_its_state_at_each(store: Any) -> None:
    graph = agent(Desk(), store, {"calls": [LOOK]}, echo)
    await graph.ainvoke({"messages": "Look at 7."}, CONFIG)
    found = await moments(graph)
    assert [item.next for item in reversed(found)] == [
        ("__start__",),
        ("input_guard",),
        ("call_model",),
        ("action_guard",),
        ("execute_tool",),
        ("result_guard",),
        ("call_model",),
        ("output_guard",),
        (),
    ]
    assert all(item.parent == earlier.id for item, earlier in pairwise(found))
    asked = before(found, "action_guard")
    assert (asked.messages, asked.last) == (2, "→ look_up")
    assert found[0].last == "It says: order 7"
    state = await state_at(graph, "t", asked.id[-8:])
    assert [message.type for message in state.values["messages"]] == ["human", "ai"]
    assert len(await moments(graph, limit=2)) == 2


async def test_what_changed_between_two_moments(store: Any) -> None:
    graph = agent(Desk(), store, {"calls": [LOOK]}, echo)
    await graph.ainvoke({"messages": "Look at 7."}, CONFIG)
    found = await moments(graph)
    first = await state_at(graph, "t", before(found, "action_guard").id)
    last = await state_at(graph, "t", found[0].id)
    said = {change.place: change for change in changes(first.values, last.values)}
    assert said["answer"].after == "It says: order 7"
    assert said["decisions.call-0-0"].before is None and said["decisions.call-0-0"].after.tool == "look_up"
    assert (said["usage.tool_calls"].before, said["usage.tool_calls"].after) == (0, 1)
    assert isinstance(said["messages.3"].after, AIMessage)
    assert said["messages.3"].path == f"messages.{said['messages.3'].after.id}"
    assert changes((await state_at(graph, "t")).values, (await state_at(graph, "t")).values) == []


async def test_a_fork_goes_on_from_an_earlier_moment_with_another_state(store: Any) -> None:
    graph = agent(Desk(), store, {"calls": [LOOK]}, echo)
    await graph.ainvoke({"messages": "Look at 7."}, CONFIG)
    found = await moments(graph)
    second = next(item for item in found if item.next == ("call_model",) and item.messages == 3)
    await fork(graph, "t", second.id, {"messages.-1.content": "order 8"})
    state = await state_at(graph, "t")
    assert state.next == ("call_model",)
    out = await graph.ainvoke(None, CONFIG)
    assert (out["answer"], out["status"]) == ("It says: order 8", Status.COMPLETED)
    assert out["usage"].model_calls == 2
    assert {item.id for item in found} < {item.id for item in await moments(graph)}, "nothing is lost"


async def test_a_fork_before_the_lock_keeps_the_calls_that_were_to_run(store: Any) -> None:
    desk = Desk()
    graph = agent(desk, store, {"calls": [LOOK, {"name": "look_up", "args": {"order": "8"}}]}, "Done.")
    await graph.ainvoke({"messages": "Look."}, CONFIG)
    at = before(await moments(graph), "action_guard", "action_guard")
    for settings in ({}, {"usage": {"model_calls": 9}}):
        ran = desk.ran["look_up"]
        await fork(graph, "t", at.id, settings)
        assert (await state_at(graph, "t")).next == ("action_guard", "action_guard")
        out = await graph.ainvoke(None, CONFIG)
        assert (out["answer"], desk.ran["look_up"]) == ("Done.", ran + 2)
    assert out["usage"].model_calls == 10, "set, not added to what was there"


async def test_bad_forks_are_named_and_change_nothing(store: Any) -> None:
    graph = agent(Desk(), store, "Hello.")
    await graph.ainvoke({"messages": "Hi."}, CONFIG)
    found = await moments(graph)
    at = found[1].id
    for settings, error, what in [
        ({"nothing": 1}, UnknownNameError, "nothing"),
        ({"events": []}, UnknownNameError, "events"),
        ({"__pregel_tasks": []}, UnknownNameError, "__pregel_tasks"),
        ({"messages.9.content": "x"}, ConfigError, "out of range"),
        ({"messages.0.nope": "x"}, ConfigError, "has no 'nope'"),
        ({"status": "perhaps"}, ConfigError, "perhaps"),
        ({"usage.model_calls": -1}, ConfigError, "greater than or equal to 0"),
    ]:
        with pytest.raises(error, match=what):
            await fork(graph, "t", at, settings)
    with pytest.raises(UnknownNameError, match="no moment 'zzz'"):
        await fork(graph, "t", "zzz")
    with pytest.raises(UnknownNameError, match=r"names \d+ moments"):
        await state_at(graph, "t", at[:4])
    with pytest.raises(ThreadNotFoundError):
        await state_at(graph, "other")
    assert await moments(graph) == found


async def test_a_run_is_played_again_with_nothing_called(store: Any) -> None:
    desk = Desk()
    asked: list[str] = []

    def first(messages: Any) -> Any:
        asked.append(messages[-1].text)
        return {"calls": [LOOK, refund_call(200)]}

    graph = agent(desk, store, first, echo)
    out = await graph.ainvoke({"messages": "Refund."}, CONFIG)
    await graph.ainvoke(Command(resume={q.id: {"action": "approve", **BOSS} for q in out["__interrupt__"]}), CONFIG)
    ran, said = dict(desk.ran), len(asked)
    found_before = await moments(graph)
    for moment in found_before:
        found = await replay(graph, "t", moment.id)
        assert found.same, (moment.next, found)
    assert found.values["answer"].startswith("It says:")
    assert (dict(desk.ran), len(asked)) == (ran, said)
    assert await moments(graph) == found_before, "the thread itself is as it was"


async def test_a_run_that_waits_is_played_to_where_it_waits(store: Any) -> None:
    graph = agent(Desk(), store, {"calls": [refund_call(200)]}, "Done.")
    await graph.ainvoke({"messages": "Refund."}, CONFIG)
    assert (await replay(graph, "t")).same
    (question,) = (await state_at(graph, "t")).interrupts
    await graph.ainvoke(Command(resume={question.id: {"action": "approve", **BOSS}}), CONFIG)
    assert (await replay(graph, "t")).same


async def test_a_gathered_run_is_played_again_from_the_moments_it_kept(saver: PostgresSaver) -> None:
    desk = Desk()
    graph = agent(desk, saver, {"calls": [LOOK, refund_call(200)]}, {"calls": [LOOK]}, echo)
    out = await graph.ainvoke({"messages": "Refund."}, CONFIG)
    await graph.ainvoke(Command(resume={q.id: {"action": "approve", **BOSS} for q in out["__interrupt__"]}), CONFIG)
    ran = dict(desk.ran)
    found = await moments(graph)
    assert found
    for moment in found:
        again = await replay(graph, "t", moment.id)
        assert again.same, (moment.next, again)
    assert dict(desk.ran) == ran


async def test_another_policy_shows_what_would_have_come_out(store: Any) -> None:
    desk = Desk()
    graph = agent(desk, store, {"calls": [LOOK]}, echo)
    await graph.ainvoke({"messages": "Look."}, CONFIG)
    stricter = agent(desk, store, policy=Policy.deny_all())
    found = await replay(stricter, "t")
    assert not found.same
    assert {c.path: c.after for c in found.changes}["decisions.call-0-0.decision"] == "deny"
    (miss,) = found.misses
    assert "No model answer is recorded" in miss and "No rule allows" in miss
    assert desk.ran["look_up"] == 1


async def test_a_gathered_run_is_judged_again_though_its_decision_was_kept(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LINGER", 60.0)  # a slow machine would keep more moments
    graph = agent(Desk(), saver, {"calls": [refund_call(5)]}, "Done.")
    await graph.ainvoke({"messages": "Refund."}, CONFIG)
    first = (await moments(graph))[-1]
    assert first.next == ("execute_tool",)
    assert (await replay(graph, "t")).same
    found = await replay(agent(Desk(), saver, policy=Policy.deny_all()), "t")
    assert {c.path: c.after for c in found.changes}["decisions.call-0-0.decision"] == "deny"


async def test_teams_are_played_again_too(store: Any) -> None:
    stage = Stage()
    desk = Desk()
    worker = react.build(model=ScriptedModel(turns=[{"calls": [LOOK]}, echo]), tools=desk.tools(), policy=POLICY)
    graph = orchestrator.build(
        workers={**stage.workers(), "clerk": worker},
        model=ScriptedModel(turns=[plan(a="clerk", b=("clerk", "a")), "Both [a, b]."]),
        checkpointer=store,
    )
    await graph.ainvoke({"messages": "Go."}, CONFIG)
    ran = dict(desk.ran)
    found = await replay(graph, "t")
    assert found.same, found
    assert dict(desk.ran) == ran


async def test_the_moments_inside_a_subgraph(store: Any) -> None:
    desk = Desk()
    graph = agent(desk, store, {"calls": [refund_call(200)]}, "Done.")
    await graph.ainvoke({"messages": "Refund."}, CONFIG)
    state = await state_at(graph, "t")
    (inner,) = [task.state for task in state.tasks]
    namespace = inner.config["configurable"]["checkpoint_ns"]
    assert namespace.startswith("review:")
    found = await moments(graph, namespace=namespace)
    assert [item.next for item in found][:2] == [("human_review",), ("__start__",)]
    assert found[0].waiting == 1
    at = await state_at(graph, "t", found[0].id, namespace=namespace)
    assert at.values["call"].name == "refund"


PLACES = [
    ({"a": [1, {"b": 2}]}, "a.1.b", 3, {"a": [1, {"b": 3}]}),
    ({"a": [1, 2]}, "a.-1", 5, {"a": [1, 5]}),
    ({"a": None}, "a", {"x": 1}, {"a": {"x": 1}}),
    ({"s": Status.RUNNING}, "s", "failed", {"s": Status.FAILED}),
    ({"u": Usage()}, "u.model_calls", 4, {"u": Usage(model_calls=4)}),
    ({"t": "text"}, "t", 42, {"t": "42"}),
    ({"m": [HumanMessage("a", id="1")]}, "m.0.content", "b", {"m": [HumanMessage("b", id="1")]}),
]


@pytest.mark.parametrize(("whole", "path", "value", "wanted"), PLACES, ids=[path for _, path, _, _ in PLACES])
def test_a_value_is_replaced_where_it_stands(whole: Any, path: str, value: Any, wanted: Any) -> None:
    copy = repr(whole)
    assert placed(whole, path, value) == wanted
    assert repr(whole) == copy


@pytest.mark.parametrize(
    ("whole", "path", "value"),
    [({"a": 1}, "a.b", 1), ({"a": [1]}, "a.x", 1), ({"a": 1}, "b.c", 1), ({"a": 1}, "a", "x"), ({"a": True}, "a", 1)],
)
def test_a_path_that_leads_nowhere_is_named(whole: Any, path: str, value: Any) -> None:
    with pytest.raises(ConfigError, match="cannot be set"):
        placed(whole, path, value)
