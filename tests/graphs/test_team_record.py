"""A team's record while it still runs or waits: what another process reads of it at that moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from langgraph.types import Command
from tests.graphs.desk import BOSS, Desk
from tests.graphs.items import refunds
from tests.graphs.team import Stage, plan

from lockgate.runtime import PostgresSaver, Records, TimedEvent, open_checkpointer
from lockgate.telemetry import draw, flow, gantt

CONFIG: Any = {"configurable": {"thread_id": "t"}}
GO = {"messages": "Go."}


@asynccontextmanager
async def reader(url: str) -> AsyncIterator[Records]:
    """Another process's view: a saver of its own."""
    saver = await open_checkpointer(url)
    yield Records(saver)
    await saver.aclose()


def statuses(events: list[TimedEvent]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        if event.kind == "task":
            found.setdefault(event.name, []).append(event.status)
    return found


@pytest.mark.parametrize("every_step", [False, True])
async def test_the_record_of_a_running_team_shows_what_it_does(database_url: str, every_step: bool) -> None:
    stage = Stage()
    saver = await open_checkpointer(database_url, every_step=every_step)
    tasks = plan(a="count", b={"worker": "until", "context": {"until": "go"}}, c=("count", "b"))
    team = stage.team(tasks, "Done [c].", checkpointer=saver)
    running = asyncio.create_task(team.ainvoke(GO, CONFIG))
    async with reader(database_url) as records, asyncio.timeout(30):
        while len(statuses(events := await records.events("t")).get("b", [])) < 2 or "completed" not in str(events):
            assert not running.done(), running.result()
        assert statuses(events) == {
            "a": ["pending", "running", "completed"],
            "b": ["pending", "running"],
            "c": ["pending"],
        }
        assert [(a.sender, a.receiver, a.kind) for a in flow(events).arrows if a.receiver == "until"] == [
            ("orchestrator", "until", "AgentTask")
        ]
        lanes = {lane.task: lane for lane in gantt(events, now=events[-1].started.timestamp() + 9).lanes}
        assert [(span.state, span.going) for span in lanes["b"].spans] == [("pending", False), ("running", True)]
        assert [(span.state, span.whom) for span in lanes["c"].spans] == [("pending", ("b (until)",))]
        assert "waits for agents" in draw(events, "gantt", now=events[-1].started.timestamp() + 9)
        stage.log.append("+go")
        await running
        assert statuses(await records.events("t")) == {name: ["pending", "running", "completed"] for name in "abc"}
    await saver.aclose()


async def test_a_team_that_waits_shows_who_waits_since_when(saver: PostgresSaver) -> None:
    team = Stage().team(plan(q="ask", behind=("count", "q")), "All [q].", checkpointer=saver)
    out = await team.ainvoke(GO, CONFIG)
    records = Records(saver)
    before = await records.events("t")
    assert statuses(before) == {"q": ["pending", "running"], "behind": ["pending"]}
    sent = [event for event in before if event.kind == "message"]
    assert [(event.agent, event.name, event.detail["kind"]) for event in sent] == [("orchestrator", "ask", "AgentTask")]
    await team.ainvoke(Command(resume={out["__interrupt__"][0].id: "yes"}), CONFIG)
    after = await records.events("t")
    assert statuses(after) == {name: ["pending", "running", "completed"] for name in ("q", "behind")}
    began = [event.started for event in (*before, *after) if (event.name, event.status) == ("q", "running")]
    assert len(began) == 2 and began[0] == began[1], "a task that goes on has begun when it began"
    assert len([event for event in after if event.kind == "message"]) == 4


async def test_events_that_tell_of_a_start_cost_no_write_of_their_own(saver: PostgresSaver) -> None:
    team = Stage().team(plan(**{f"t{n}": "count" for n in range(40)}), "Done.", checkpointer=saver)
    written = 0
    write = saver._writer._run

    async def counted(statements: Any, ends: Any) -> Any:
        nonlocal written
        written += 1
        return await write(statements, ends)

    saver._writer._run = counted  # type: ignore[method-assign]
    await team.ainvoke(GO, CONFIG)
    assert written < 20
    events = await Records(saver).events("t")
    assert len([event for event in events if event.kind == "task"]) == 120


async def test_a_pipeline_shows_the_items_that_are_under_way(saver: PostgresSaver) -> None:
    graph = refunds(Desk(), checkpointer=saver)
    items = [{"order": str(n), "account": "a", "amount": amount} for n, amount in enumerate([5, 60])]
    out = await graph.ainvoke({"items": items}, CONFIG)
    records = Records(saver)
    assert statuses(await records.events("t")) == {"0/refund": ["running", "completed"], "1/refund": ["running"]}
    await graph.ainvoke(Command(resume={out["__interrupt__"][0].id: {"action": "approve", **BOSS}}), CONFIG)
    found = statuses(await records.events("t"))
    assert found == {f"{n}/refund": ["running", "completed"] for n in range(2)}
