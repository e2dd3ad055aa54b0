"""A team that waits for a person, is stopped, or is looked at from an earlier moment."""

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import Stage, plan, statuses

from lockgate import ScriptedModel
from lockgate.graphs import orchestrator, react
from lockgate.handoff import AgentTask
from lockgate.runtime import PostgresSaver
from lockgate.runtime.records import Records

CONFIG: Any = {"configurable": {"thread_id": "t"}}
GO = {"messages": "Go."}


def test_a_waiting_worker_stops_nobody_but_those_behind_it() -> None:
    stage = Stage()
    tasks = plan(q="ask", r="ask", behind=("count", "q"), free="count", after=("count", "free"))
    team = stage.team(tasks, "All [q] [behind].", checkpointer=InMemorySaver(), parallel=1)
    out = team.invoke(GO, CONFIG)
    assert stage.ran == {"free": 1, "after": 1}
    questions = {item.value["question"]: item.id for item in out["__interrupt__"]}
    assert questions.keys() == {"q", "r"}
    out = team.invoke(Command(resume={questions["r"]: "no"}), CONFIG)
    assert [item.id for item in out["__interrupt__"]] == [questions["q"]]
    assert stage.ran == {"free": 1, "after": 1, "r": 1}
    out = team.invoke(Command(resume={questions["q"]: "yes"}), CONFIG)
    assert stage.ran == dict.fromkeys(["free", "after", "r", "q", "behind"], 1)
    assert {name: result.output for name, result in out["results"].items()} == {
        "q": "q: yes",
        "r": "r: no",
        "behind": "behind is done",
        "free": "free is done",
        "after": "after is done",
    }


async def test_approvals_inside_workers_in_postgres(saver: PostgresSaver) -> None:
    desk = Desk()
    clerk = lambda n: react.build(  # noqa: E731
        model=ScriptedModel(turns=[{"calls": [refund_call(n)]}, f"paid {n}"]),
        tools=desk.tools(), policy=POLICY, name=f"clerk{n}",
    )  # fmt: skip
    team = orchestrator.build(
        workers={"big": clerk(100), "huge": clerk(200), "small": clerk(5)},
        model=ScriptedModel(turns=[plan(a="big", b="huge", c="small", d=("small", "a", "b")), "Paid [a] [b]."]),
        checkpointer=saver,
    )
    out = await team.ainvoke(GO, CONFIG)
    assert desk.ran == {"refund 1 a 5": 1}
    records = Records(saver)
    (run,) = await records.runs("t")
    assert run.status == "waiting"
    assert {row.agent for row in await records.approvals()} == {"clerk100", "clerk200"}
    for question in out["__interrupt__"]:
        out = await team.ainvoke(Command(resume={question.id: {"action": "approve", **BOSS}}), CONFIG)
    assert desk.ran == {"refund 1 a 5": 2, "refund 1 a 100": 1, "refund 1 a 200": 1}
    assert out["answer"].startswith("Paid [a] [b].")
    assert (out["usage"].tool_calls, out["usage"].model_calls) == (4, 10)
    assert out["trust"].sources == {"tool:refund"}
    (run,) = await records.runs("t")
    assert run.status == "completed"
    events = await records.events("t")
    assert {event.run_id for event in events} == {run.run_id}
    entered = [(event.name, event.status) for event in events if event.kind == "task"]
    for name in "abcd":
        assert [status for task, status in entered if task == name] == ["pending", "running", "completed"]
    handed = {(e.agent, e.name, e.detail["kind"]) for e in events if e.kind == "message"}
    assert ("orchestrator", "big", "AgentTask") in handed and ("huge", "orchestrator", "AgentResult") in handed


async def test_a_cancelled_run_goes_on_where_it_was(saver: PostgresSaver) -> None:
    stage = Stage()
    turns = [plan(a="count", b={"worker": "until", "context": {"until": "go"}}, c=("count", "b")), "Done [c]."]
    team = stage.team(*turns, checkpointer=saver)
    stored: list[str] = []
    store = saver.aput_writes

    async def watched(config: Any, writes: Any, *rest: Any) -> None:
        stored.extend(channel for channel, _ in writes)
        await store(config, writes, *rest)

    saver.aput_writes = watched  # type: ignore[method-assign]
    running = asyncio.create_task(team.ainvoke(GO, CONFIG))
    while not (stage.ran["b"] and "__return__" in stored):
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "__error__" not in stored, "a cancellation was stored as the end of a task"
    stage.log.append("+go")
    out = await team.ainvoke(None, CONFIG)
    assert set(statuses(out).values()) == {"completed"}
    assert stage.ran["b"] == 2


async def test_time_travel_into_a_plan(saver: PostgresSaver) -> None:
    stage = Stage()
    saver.every_step = True
    team = stage.team(plan(a="count", b="count"), "Done.", checkpointer=saver)
    await team.ainvoke(GO, CONFIG)
    history = [snapshot async for snapshot in team.aget_state_history(CONFIG)]
    assert [s.next for s in history] == [
        (), ("output_guard",), ("lead",), ("dispatch",), ("lead",), ("brief",), ("input_guard",), ("__start__",),
    ]  # fmt: skip
    planned = next(s for s in history if s.next == ("dispatch",))
    other = AgentTask(task_id="z", type="count", objective="another")
    fork = await team.aupdate_state(planned.config, {"plan": [other]}, as_node="lead")
    # An update as the planner leads nowhere by itself, since the planner says where to go.
    out = await team.ainvoke(Command(goto="dispatch"), fork)
    assert statuses(out) == {"z": "completed"}
    assert stage.ran == {"a": 1, "b": 1, "z": 1}
