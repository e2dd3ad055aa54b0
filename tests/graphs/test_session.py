"""Sessions on a real Postgres: every mistake has its error, and none of them loses anything."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from langgraph.types import Command
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.graphs.desk import BOSS, POLICY, Desk, assert_valid, refund_call

from lockgate import ScriptedModel, tool
from lockgate.decision import Allow
from lockgate.errors import (
    ApprovalError,
    ConfigError,
    StoreError,
    ThreadBusyError,
    ThreadFinishedError,
    ThreadNotFoundError,
)
from lockgate.graphs import react
from lockgate.graphs.session import Part, Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records

APPROVE = {"action": "approve", **BOSS}


async def drain(parts: AsyncIterator[Part]) -> list[Part]:
    return [part async for part in parts]


def session(saver: PostgresSaver, desk: Desk, *turns: Any, thread: str = "t") -> Session:
    turns = turns or ({"calls": [refund_call(5), refund_call(100)]}, "Done.")
    graph = react.build(model=ScriptedModel(turns=list(turns)), tools=desk.tools(), policy=POLICY, checkpointer=saver)
    return Session(graph, thread, context=Caller(user="ann"), metadata={"lockgate": {"graph": "react"}})


async def test_start_wait_answer_finish(saver: PostgresSaver) -> None:
    desk = Desk()
    run = session(saver, desk)
    parts = await drain(run.start("Refund."))
    assert any(mode == "updates" and "__interrupt__" in part for _, mode, part in parts)
    (question,) = await run.waiting()
    assert question.request["args"]["amount"] == 100.0
    again = session(saver, desk)
    await drain(again.resume({question.id[:8]: APPROVE}))
    assert desk.ran == {"refund 1 a 5": 1, "refund 1 a 100": 1}
    state = await again.state()
    assert state.values["answer"] == "Done."
    assert_valid(state.values["messages"])


async def test_the_record_tells_the_run(saver: PostgresSaver) -> None:
    run = session(saver, Desk(), {"calls": [refund_call(100), {"name": "delete", "args": {"order": "1"}}]}, "Done.")
    await drain(run.start("Refund."))
    records = Records(saver)
    (approval,) = await records.approvals()
    assert (approval.thread_id, approval.tool) == ("t", "refund")
    (thread,) = await records.threads()
    assert (thread.thread_id, thread.status) == ("t", "waiting")
    await drain(run.resume({approval.interrupt_id: APPROVE}))
    assert await records.approvals() == []
    (done,) = await records.runs("t")
    assert done.status == "completed"
    assert done.usage.model_calls == 2
    events = await records.events("t")
    told = [(e.kind, e.name, e.status) for e in events if e.kind != "node"]
    assert ("decision", "refund", "review") in told
    assert ("decision", "delete", "deny") in told
    assert ("call", "refund", "ok") in told
    assert any(kind == "wait" for kind, _, _ in told)
    assert next(e.node for e in events if e.kind == "node") == "input_guard"
    assert next(e for e in events if e.status == "deny").detail["rule"] == "default"


async def test_a_thread_that_does_not_exist(saver: PostgresSaver) -> None:
    run = session(saver, Desk())
    with pytest.raises(ThreadNotFoundError, match="no thread 't'"):
        await drain(run.resume())
    with pytest.raises(ThreadNotFoundError):
        await run.waiting()


async def test_a_thread_that_is_finished(saver: PostgresSaver) -> None:
    run = session(saver, Desk(), "Done.")
    await drain(run.start("Hello."))
    for answers in (None, {"abc": "approve"}):
        with pytest.raises(ThreadFinishedError, match="finished"):
            await drain(run.resume(answers))


async def test_a_thread_that_waits_for_another_answer(saver: PostgresSaver) -> None:
    desk = Desk()
    run = session(saver, desk)
    await drain(run.start("Refund."))
    for answers, fault in (
        ({"ffff": APPROVE}, "not waiting"),
        ({"": APPROVE}, "not waiting"),
        (None, "waits for a person"),
        ({}, "waits for a person"),
    ):
        with pytest.raises(ApprovalError, match=fault):
            await drain(run.resume(answers))
    (question,) = await run.waiting()
    await drain(run.resume({question.id: APPROVE}))
    with pytest.raises(ThreadFinishedError):
        await drain(run.resume({question.id: APPROVE}))
    assert desk.ran == {"refund 1 a 5": 1, "refund 1 a 100": 1}


async def test_an_ambiguous_answer(saver: PostgresSaver) -> None:
    run = session(saver, Desk(), {"calls": [refund_call(100), refund_call(200)]}, "Done.")
    await drain(run.start("Refund."))
    first, second = await run.waiting()
    common = next(n for n in range(33) if first.id[:n] != second.id[:n]) - 1
    if common:
        with pytest.raises(ApprovalError, match="ambiguous"):
            await drain(run.resume({first.id[:common]: APPROVE}))
    await drain(run.resume({first.id: APPROVE}))
    assert [w.id for w in await run.waiting()] == [second.id]


async def test_an_interrupt_that_is_unknown_to_the_plain_graph(saver: PostgresSaver) -> None:
    desk = Desk()
    run = session(saver, desk)
    await drain(run.start("Refund."))
    config: Any = {"configurable": {"thread_id": "t"}}
    with pytest.raises(Exception, match="Unknown"):
        await run.graph.ainvoke(Command(resume={"0" * 32: APPROVE}), config)
    assert desk.ran == {"refund 1 a 5": 1}


async def test_two_resumes_at_once(saver: PostgresSaver) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    ran: list[str] = []

    @tool
    async def slow() -> str:
        """Wait."""
        ran.append("slow")
        entered.set()
        await leave.wait()
        return "waited"

    class Open:
        def decide(self, call: Any, spec: Any, history: Any) -> Allow:
            return Allow(rule="r", reason="")

    turns: list[Any] = [{"calls": [{"name": "slow", "args": {}}]}, "Done."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=[slow], policy=Open(), checkpointer=saver)
    first = asyncio.create_task(drain(Session(graph, "t").start("Go.")))
    await entered.wait()
    other = Session(graph, "t")
    for attempt in (other.resume(), other.start("Me too.")):
        with pytest.raises(ThreadBusyError, match="'t'"):
            await drain(attempt)
    leave.set()
    await first
    assert ran == ["slow"]
    assert (await other.state()).values["answer"] == "Done."


async def test_a_database_that_vanishes_in_mid_run(saver: PostgresSaver, database_url: str) -> None:
    """It goes away while a tool runs: the run stops with a clear error, and goes on when it is back."""
    name = conninfo_to_dict(database_url)["dbname"]
    admin = make_conninfo(database_url, dbname="postgres")
    cuts: list[str] = []

    def allow(connections: bool) -> None:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(connections).lower()}")
            if not connections:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    @tool(effect=False)
    def cut() -> str:
        """Take the database away, the first time."""
        if not cuts:
            allow(False)
        cuts.append("cut")
        return "cut"

    class Open:
        def decide(self, call: Any, spec: Any, history: Any) -> Allow:
            return Allow(rule="r", reason="")

    turns: list[Any] = [{"calls": [{"name": "cut", "args": {}}]}, "Still here."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=[cut], policy=Open(), checkpointer=saver)
    with pytest.raises(StoreError, match="Nothing is lost"):
        await drain(Session(graph, "t").start("Go."))
    allow(True)
    later = Session(graph, "t")
    await drain(later.resume())
    assert (await later.state()).values["answer"] == "Still here."
    assert cuts == ["cut", "cut"]


def test_a_session_needs_a_checkpointer() -> None:
    with pytest.raises(ConfigError, match="checkpointer"):
        Session(react.build(model=ScriptedModel(turns=["x"])), "t")
