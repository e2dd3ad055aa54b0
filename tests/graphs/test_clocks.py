"""Clocks that jump between a question and its answer: the database's counts, and an end in time is named."""

import asyncio
import time
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.desk import BOSS, Desk, refund_call
from tests.graphs.react_desk import CONFIG, agent, results

from lockgate.nodes.human_review import now
from lockgate.runtime import PostgresSaver, lease, thread_lease

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
async def test_an_answer_is_in_time_by_the_clock_of_the_database(  # noqa: PLR0917 - a table
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


@pytest.mark.parametrize(
    ("answering", "told"), [(1, ""), (25, LATE), (-23, EARLY)], ids=["in time", "forward", "back"]
)
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


async def test_a_lease_that_was_waited_for_knows_the_clock_too(saver: PostgresSaver, clocks: Clocks) -> None:
    clocks.set(runner=-24, database=0)
    first = thread_lease(saver, "t")
    await first.__aenter__()

    async def second() -> float:
        async with thread_lease(saver, "t", wait=30) as held:
            return now({"thread_id": "t", **held})

    waiting = asyncio.create_task(second())
    await asyncio.sleep(0)
    await first.__aexit__(None, None, None)
    assert await waiting == pytest.approx(clocks.real(), abs=60)
