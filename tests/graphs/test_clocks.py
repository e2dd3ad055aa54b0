"""Clocks that jump between a question and its answer: the database's counts, and an end in time is named."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from langgraph.checkpoint.base import id as made
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.desk import BOSS, Desk, refund_call
from tests.graphs.react_desk import CONFIG, agent, results

from lockgate.graphs.travel import effects_since, history, state_at
from lockgate.runtime import PostgresSaver, Records, lease, open_checkpointer, thread_lease
from lockgate.runtime.erasure import Retention, prune
from lockgate.runtime.fence import now

HOUR, DAY = 3_600.0, 86_400.0
LATE = "Error: nobody answered in time: that was until "
EARLY = "Error: the clock says "


class Clocks:
    """The wall clock of the runner's machine and the database's clock, each set by hours from the real one."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch, self.real = patch, time.time
        self.sql = {name: getattr(lease, name) for name in ("_BEGIN", "_TAKE")}

    def set(self, *, runner: float, database: float) -> None:
        self.patch.setattr("time.time", lambda: self.real() + runner * HOUR)
        theirs = b"clock_timestamp() + interval '%d hours'" % database
        for name, sql in self.sql.items():
            self.patch.setattr(lease, name, sql.replace(b"clock_timestamp()", theirs))


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.mark.parametrize(
    ("asking", "answering", "passed", "told"),
    [
        (0, 1, 1, ""),
        (0, 25, 25, LATE),
        (0, 1, 25, LATE),  # set back by a day: the answer looks fresh
        (0, -23, 1, ""),  # it looks older than its question
        (0, 25, 1, ""),  # set forward by a day: a fresh question looks expired
        (24, 1, 1, ""),  # the machine that asked was ahead
        (24, 25, 25, LATE),
        (-24, 1, 1, ""),  # it was behind
        (0, 1, -2, EARLY),  # the database's own was set back
    ],
)
async def test_an_answer_is_in_time_by_the_clock_of_the_database(
    saver: PostgresSaver, clocks: Clocks, asking: float, answering: float, passed: float, told: str
) -> None:
    desk = Desk()
    graph: Any = agent(desk, {"calls": [refund_call(100)]}, "Done.", checkpointer=saver)
    clocks.set(runner=asking, database=0)
    (question,) = (await graph.ainvoke({"messages": "Pay."}, CONFIG))["__interrupt__"]
    assert question.value["asked_at"] == pytest.approx(clocks.real(), abs=60)
    clocks.set(runner=answering, database=passed)
    out = await graph.ainvoke(Command(resume={question.id: {"action": "approve", **BOSS}}), CONFIG)
    assert desk.ran == ({} if told else {"refund 1 a 100": 1})
    assert results(out)["call-0-0"].startswith(told or '{"paid"') and (not told or " UTC" in results(out)["call-0-0"])


@pytest.mark.parametrize(("answering", "told"), [(1, ""), (25, LATE), (-23, EARLY)], ids=["in time", "forward", "back"])
def test_without_a_database_a_jump_that_is_seen_lets_nothing_through_and_is_named(
    clocks: Clocks, answering: float, told: str
) -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Done.", checkpointer=InMemorySaver())
    (question,) = graph.invoke({"messages": "Pay."}, CONFIG)["__interrupt__"]
    clocks.set(runner=answering, database=0)
    out = graph.invoke(Command(resume={question.id: {"action": "approve", **BOSS}}), CONFIG)
    assert desk.ran == ({} if told else {"refund 1 a 100": 1})
    assert results(out)["call-0-0"].startswith(told or '{"paid"')


@pytest.mark.parametrize(
    ("entry", "statuses", "approvals"),
    [("answer", ["completed"], ["answered"]), ("message", ["running", "completed"], ["superseded"])],
)
async def test_what_is_newest_is_told_also_by_a_process_whose_clock_was_set_back(  # noqa: PLR0917 - fixtures
    saver: PostgresSaver,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    entry: str,
    statuses: list[str],
    approvals: list[str],
) -> None:
    """LangGraph makes the ids of checkpoints of the wall clock, and much is compared by them."""
    turns: list[Any] = [{"calls": [refund_call(100)]}, "Done."]
    out = await agent(Desk(), *turns, checkpointer=saver).ainvoke({"messages": "Pay."}, CONFIG)
    real = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: real() - int(DAY * 1e9))
    monkeypatch.setattr(made, "_last_v6_timestamp", None)
    other = await open_checkpointer(database_url)
    answer: Any = Command(resume={out["__interrupt__"][0].id: {"action": "approve", **BOSS}})
    graph: Any = agent(Desk(), *turns, checkpointer=other)
    out = await graph.ainvoke(answer if entry == "answer" else {"messages": "Leave it."}, CONFIG)
    assert out["answer"] == "Done."
    assert "clock stands 86400 s before the last checkpoint of thread 't'" in caplog.text
    record = Records(other)
    assert [run.status for run in await record.runs("t")] == statuses
    assert [one.status for one in await record.approvals(None, thread_id="t")] == approvals
    ids = [one.id async for one in history(graph, "t")]
    assert ids == sorted(ids, reverse=True)
    assert [one.thread_id for one in await prune(other, Retention(), dry_run=True)] == ["t"]
    await other.aclose()


class Calendar(datetime):
    """What LangGraph dates checkpoints by, on a machine that is days ahead."""

    ahead = timedelta(0)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + cls.ahead


@pytest.mark.parametrize("days", [-366, 0, 366])
async def test_what_a_fork_may_repeat_is_told_whatever_the_runners_clock_said(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    saver.every_step = True
    monkeypatch.setattr(Calendar, "ahead", timedelta(days=days))
    monkeypatch.setattr("langgraph.pregel._checkpoint.datetime", Calendar)
    desk = Desk()
    turns: list[Any] = [{"calls": [refund_call(10)]}, {"calls": [refund_call(20)]}, "Done."]
    graph: Any = agent(desk, *turns, checkpointer=saver)
    await graph.ainvoke({"messages": "Pay."}, CONFIG)
    told = []
    for one in [one async for one in history(graph, "t") if one.next == ("call_model",)]:
        since = await effects_since(graph, "t", await state_at(graph, "t", one.id))
        told.append([effect.args["amount"] for effect in since if effect.args])
    assert told == [[], [20], [10, 20]]


async def test_a_lease_that_was_waited_for_knows_the_clock_too(saver: PostgresSaver, clocks: Clocks) -> None:
    clocks.set(runner=-24, database=0)

    async def second() -> float:
        async with thread_lease(saver, "t", wait=30) as held:
            return now({"thread_id": "t", **held})

    async with thread_lease(saver, "t"):
        waiting = asyncio.create_task(second())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.2)
    assert await waiting == pytest.approx(clocks.real(), abs=60)
