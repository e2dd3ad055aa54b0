"""A runner that was replaced can neither checkpoint nor claim nor settle."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from lockgate import Policy, ScriptedModel, tool
from lockgate.effect import Effect, EffectStatus, Fence
from lockgate.errors import LeaseLostError, ThreadBusyError
from lockgate.graphs import react
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver, open_checkpointer, thread_lease
from lockgate.runtime.fence import FENCE

POLICY = Policy.parse("""
version: 1
name: open
rules:
  - {id: all, tools: [pay], action: allow, reason: test}
""")


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[PostgresSaver]:
    """Another process, as far as the database can tell."""
    opened = await open_checkpointer(database_url)
    yield opened
    await opened.aclose()


def cut_lease(database_url: str) -> None:
    """Ends the connection that holds the lease, as a server does to a client that is frozen or gone."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(l.pid, 5000) FROM leases l JOIN pg_stat_activity a"
            " ON a.pid = l.pid AND a.backend_start = l.backend_start"
        ).fetchall()
        assert cut == [(True,)]


def wanted(thread: str = "t") -> Effect:
    return Effect(key="k", thread_id=thread, run_id="r", call_id="c", agent="a", tool="pay", digest="d", args={})


async def put(saver: PostgresSaver, lease: dict[str, Fence]) -> None:
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", **lease}}
    await saver.aput(config, empty_checkpoint(), {}, {})


async def test_tokens_grow(saver: PostgresSaver) -> None:
    tokens = []
    for thread in ("t", "u", "t"):
        async with thread_lease(saver, thread) as lease:
            tokens.append(lease[FENCE].token)
    assert tokens == sorted(set(tokens))


async def test_a_replaced_runner_writes_nothing(saver: PostgresSaver, other: PostgresSaver, database_url: str) -> None:
    async with thread_lease(saver, "t") as old:
        fence = old[FENCE]
        claim = await saver.ledger.claim(wanted(), fence=fence)
        assert claim.mine
        saver.ledger.left(claim.effect)
        cut_lease(database_url)
        await put(saver, old)  # nobody has taken over yet: no harm is done
        async with thread_lease(other, "t") as new:
            for attempt in (
                lambda: put(saver, old),
                lambda: saver.aput_writes(
                    {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "x", **old}},
                    [("messages", 1)],
                    "task",
                ),
                lambda: saver.ledger.settle(claim.effect, EffectStatus.DONE, fence=fence),
                lambda: saver.ledger.take_over(claim.effect, fence=fence),
                lambda: saver.ledger.ask(claim.effect, "q", fence=fence),
                lambda: saver.ledger.claim(wanted(), fence=fence),
            ):
                with pytest.raises(LeaseLostError, match="Another runner has taken"):
                    await attempt()
            (kept,) = await other.ledger.of_thread("t")
            assert kept == replace(claim.effect, running=False)
            await put(other, new)
    async with thread_lease(other, "t") as third:
        with pytest.raises(LeaseLostError):
            await put(other, new)
        await put(other, third)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (3,)


async def test_a_graph_inside_with_a_thread_of_its_own_is_not_fenced_by_the_outer_one(saver: PostgresSaver) -> None:
    @tool
    async def pay() -> str:
        """Have another agent pay."""
        inner = react.build(model=ScriptedModel(turns=["Paid."]), checkpointer=saver)
        out = await inner.ainvoke({"messages": "Pay."}, {"configurable": {"thread_id": "inner"}})
        return str(out["answer"])

    turns: list[Any] = [{"calls": [{"name": "pay", "args": {}}]}, "Done."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=[pay], policy=POLICY, checkpointer=saver)
    run = Session(graph, "t")
    async for _ in run.start("Pay."):
        pass
    assert [m.text for m in (await run.state()).values["messages"] if m.type == "tool"] == ["Paid."]


async def test_a_frozen_runner_wakes_up_too_late(saver: PostgresSaver, other: PostgresSaver, database_url: str) -> None:
    """It froze inside a payment. The next one asks a person, and the sleeper's result counts for nothing."""
    entered, wake = asyncio.Event(), asyncio.Event()
    paid: list[str] = []

    def graph(checkpointer: PostgresSaver, *, slow: bool) -> Any:
        @tool
        async def pay() -> str:
            """Pay."""
            paid.append("slow" if slow else "quick")
            if slow:
                entered.set()
                await wake.wait()
            return "paid"

        turns: list[Any] = [{"calls": [{"name": "pay", "args": {}}]}, "Done."]
        return react.build(model=ScriptedModel(turns=turns), tools=[pay], policy=POLICY, checkpointer=checkpointer)

    async def drain(parts: Any) -> None:
        async for _ in parts:
            pass

    sleeper = asyncio.create_task(drain(Session(graph(saver, slow=True), "t").start("Pay.")))
    await entered.wait()
    next_one = Session(graph(other, slow=False), "t")
    with pytest.raises(ThreadBusyError):
        await drain(next_one.resume())
    cut_lease(database_url)
    await drain(next_one.resume())
    (question,) = await next_one.waiting()
    assert question.request["evidence"] == ["Attempt 1 was begun and never settled: its runner is gone."]
    wake.set()
    with pytest.raises(LeaseLostError):
        await sleeper
    await drain(next_one.resume({question.id: {"action": "happened", "result": "seen", "by": "ann"}}))
    assert (await next_one.state()).values["answer"] == "Done."
    assert paid == ["slow"]
    (effect,) = await other.ledger.of_thread("t")
    assert (effect.status, effect.settled_by) == ("done", "ann")
