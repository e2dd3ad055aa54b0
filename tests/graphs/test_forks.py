"""Forks where there is little to stand on: each goes on and repeats no effect, or is refused with the next step."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.graphs.desk import POLICY, Desk, refund_call
from tests.graphs.react_desk import CONFIG, agent
from tests.graphs.team import plan

from lockgate import ScriptedModel
from lockgate.errors import ThreadBusyError, ThreadNotFoundError, UnknownNameError
from lockgate.graphs import orchestrator, react
from lockgate.graphs.travel import Moment, fork, history, inside, state_at
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.runtime.erasure import erase

TURNS: list[Any] = [{"calls": [refund_call(10)]}, {"calls": [refund_call(20)]}, "Done."]
PAID = {"refund 1 a 10": 1, "refund 1 a 20": 1}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def graph(saver: PostgresSaver, desk: Desk) -> Any:
    saver.every_step = True
    return agent(desk, *TURNS, checkpointer=saver)


async def last_before(graph: Any, node: str, namespace: str = "") -> Moment:
    found = [one async for one in history(graph, "t", namespace=namespace)]
    return next(one for one in found if one.next == (node,))


async def behind_the_second_answer(graph: Any) -> str:
    return (await last_before(graph, "action_guard")).id


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_a_thread_is_not_forked_while_it_is_run(
    graph: Any, desk: Desk, database_url: str, elsewhere: bool
) -> None:
    other = await open_checkpointer(database_url)
    theirs: Any = agent(desk, *TURNS, checkpointer=other) if elsewhere else graph
    tried = 0
    async for _ in graph.astream({"messages": "Pay."}, CONFIG, stream_mode="updates"):
        found = [one.id async for one in history(theirs, "t")] if desk.ran else []
        if found and not tried:
            tried += 1
            with pytest.raises(ThreadBusyError, match="'t' is being run now") as refused:
                await fork(theirs, "t", found[-1])
            assert refused.value.hint.startswith("Wait until it ends")
    assert tried and (await state_at(graph, "t")).values["answer"] == "Done." and desk.ran == PAID
    await fork(theirs, "t", await behind_the_second_answer(theirs))
    assert (await theirs.ainvoke(None, CONFIG))["answer"] == "Done." and desk.ran == PAID
    await other.aclose()


@pytest.mark.parametrize(
    "gone", [lambda saver: erase(saver, user="ann"), lambda saver: saver.adelete_thread("t")], ids=["erase", "delete"]
)
async def test_what_was_erased_is_neither_forked_nor_gone_on_from(
    saver: PostgresSaver, graph: Any, desk: Desk, gone: Callable[[PostgresSaver], Awaitable[Any]]
) -> None:
    await graph.ainvoke({"messages": "Pay."}, CONFIG, context=Caller(user="ann"))
    at = await behind_the_second_answer(graph)
    await gone(saver)
    with pytest.raises(ThreadNotFoundError, match="no thread 't'") as refused:
        await fork(graph, "t", at)
    assert "lockgate threads" in refused.value.hint
    for entry in (None, {"messages": "Go on."}):
        with pytest.raises(UnknownNameError, match=f"'t' has no checkpoint '{at}'") as lost:
            await graph.ainvoke(entry, {"configurable": {"thread_id": "t", "checkpoint_id": at}})
        assert "lockgate history t" in lost.value.hint
    assert desk.ran == PAID


async def test_a_fork_of_a_fork_of_a_pruned_parent_repeats_nothing(
    saver: PostgresSaver, graph: Any, desk: Desk, database_url: str
) -> None:
    await graph.ainvoke({"messages": "Pay."}, CONFIG)
    parent = await behind_the_second_answer(graph)
    await fork(graph, "t", parent, {"usage.tool_calls": 7})
    await saver.aprune(["t"])
    other = await open_checkpointer(database_url)  # one that remembers nothing
    again: Any = agent(desk, *TURNS, checkpointer=other)
    with pytest.raises(UnknownNameError, match=f"'t' has no moment '{parent}'"):
        await fork(again, "t", parent)
    (left,) = [one async for one in history(again, "t")]
    await fork(again, "t", left.id)
    await other.aprune(["t"])
    (left,) = [one async for one in history(again, "t")]
    await fork(again, "t", left.id, {"usage.tool_calls": 8})
    out = await again.ainvoke(None, CONFIG)
    assert (out["answer"], desk.ran, out["usage"].tool_calls) == ("Done.", PAID, 9)
    assert [m.text for m in out["messages"]] == ["Pay.", "", '{"paid":10.0}', "", '{"paid":20.0}', "Done."]
    await other.aclose()


async def test_a_moment_inside_a_worker_is_named_with_the_one_around_it(saver: PostgresSaver, desk: Desk) -> None:
    saver.every_step = True
    worker = react.build(model=ScriptedModel(turns=TURNS), tools=desk.tools(), policy=POLICY)
    lead = ScriptedModel(turns=[plan(a="worker"), "All [a]."])
    graph: Any = orchestrator.build(model=lead, workers={"worker": worker}, checkpointer=saver)
    await graph.ainvoke({"messages": "Pay."}, CONFIG)
    around = await last_before(graph, "dispatch")
    (within,) = await inside(graph, await state_at(graph, "t", around.id))
    namespace = within.config["configurable"]["checkpoint_ns"]
    step = await last_before(graph, "action_guard", namespace)
    before = [one.id async for one in history(graph, "t")]
    for at in (step.id, step.id[-12:]):
        with pytest.raises(UnknownNameError, match="is a moment inside 'dispatch:") as refused:
            await fork(graph, "t", at)
        assert refused.value.hint.endswith(f"--at {around.id}") and f"--namespace '{namespace}'" in refused.value.hint
    assert [one.id async for one in history(graph, "t")] == before and desk.ran == PAID
    await fork(graph, "t", around.id)
    assert (await state_at(graph, "t")).next == ("dispatch",)
