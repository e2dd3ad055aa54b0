"""The ledger by itself: claims that meet, a database that goes away, rows that are damaged, erased or another's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from langgraph.types import Interrupt
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lockgate.effect import Effect, EffectStatus
from lockgate.errors import LedgerError, StoreError, ThreadBusyError
from lockgate.result import ToolResult
from lockgate.runtime import PostgresSaver, open_checkpointer, thread_lease
from lockgate.runtime.fence import FENCE
from lockgate.runtime.gather import GATHER
from lockgate.runtime.records import Records

PAID = ToolResult(success=True, value="paid")


def wanted(**changes: Any) -> Effect:
    facts: dict[str, Any] = {"key": "k", "thread_id": "t", "run_id": "r", "call_id": "c", "agent": "a", "tool": "pay"}
    return Effect(**{**facts, "digest": "d", "args": {"n": 1}, **changes})


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[PostgresSaver]:
    opened = await open_checkpointer(database_url)
    yield opened
    await opened.aclose()


async def test_of_two_claims_one_wins(saver: PostgresSaver, other: PostgresSaver) -> None:
    """Two processes without a lease: the second finds it in doubt, and only the one that took over last settles."""
    for round_ in range(10):
        first, second = await asyncio.gather(
            saver.ledger.claim(wanted(key=str(round_))), other.ledger.claim(wanted(key=str(round_)))
        )
        assert sorted([first.mine, second.mine]) == [False, True]
        loser, ledger = (second, other.ledger) if first.mine else (first, saver.ledger)
        winner, theirs = (first, saver.ledger) if first.mine else (second, other.ledger)
        assert loser.effect.status == EffectStatus.UNKNOWN
        taken = await ledger.take_over(loser.effect)
        assert taken.mine and taken.effect.attempt == 2
        with pytest.raises(LedgerError, match="Another runner was at it"):
            await theirs.settle(winner.effect, EffectStatus.DONE, result=PAID)
        assert (await ledger.settle(taken.effect, EffectStatus.DONE, result=PAID)).status == "done"


async def test_of_two_takings_over_one_wins(saver: PostgresSaver, other: PostgresSaver) -> None:
    claim = await saver.ledger.claim(wanted())
    doubt = await saver.ledger.settle(claim.effect, EffectStatus.UNKNOWN, evidence="timed out")
    saver.ledger.left(doubt)
    taken = await asyncio.gather(saver.ledger.take_over(doubt), other.ledger.take_over(doubt), return_exceptions=True)
    busy = [one for one in taken if isinstance(one, ThreadBusyError)]
    assert len(busy) == 1
    assert [one.mine for one in taken if not isinstance(one, BaseException)] == [True]


async def test_a_second_task_waits_for_the_first(saver: PostgresSaver) -> None:
    first = await saver.ledger.claim(wanted())
    second = asyncio.create_task(saver.ledger.claim(wanted(call_id="c2")))
    done, _ = await asyncio.wait({second}, timeout=0.05)
    assert not done
    await saver.ledger.settle(first.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(first.effect)
    answered = await second
    assert not answered.mine and answered.effect.result == PAID


async def test_a_fork_elsewhere_does_not_take_what_its_parent_is_at(saver: PostgresSaver, other: PostgresSaver) -> None:
    async with thread_lease(saver, "t") as parent, thread_lease(other, "fork") as fork:
        claim = await saver.ledger.claim(wanted(), fence=parent[FENCE])
        assert claim.mine
        with pytest.raises(ThreadBusyError, match="'t' is at this very effect"):
            await other.ledger.claim(wanted(thread_id="fork"), fence=fork[FENCE])
        (seen,) = await other.ledger.of_thread("t")
        assert seen.running
    found = await other.ledger.claim(wanted(thread_id="fork"))
    assert found.effect.evidence == "Attempt 1 was begun and never settled: its runner is gone."


async def test_settling_outlasts_a_database_that_comes_back(saver: PostgresSaver, database_url: str) -> None:
    name = conninfo_to_dict(database_url)["dbname"]
    admin = make_conninfo(database_url, dbname="postgres")

    def allow(connections: bool) -> None:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(connections).lower()}")
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    claim = await saver.ledger.claim(wanted())
    allow(False)
    saver.ledger.patience = (0.01, 0.01)
    with pytest.raises(StoreError):
        await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.patience = (0.05,) * 100
    settling = asyncio.create_task(saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID))
    done, _ = await asyncio.wait({settling}, timeout=0.2)
    assert not done
    allow(True)
    assert (await settling).status == "done"
    # The answer to a commit may be lost: the same word again finds what the first one wrote.
    assert (await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)).result == PAID


async def test_a_claim_whose_answer_was_lost_is_known_again(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, lost = saver.ledger._write, [True]

    async def losing(*args: Any) -> Any:
        row = await write(*args)
        if lost:
            lost.pop()
            raise StoreError("The connection was lost.")
        return row

    monkeypatch.setattr(saver.ledger, "_write", losing)
    saver.ledger.patience = (0.0,)
    assert (await saver.ledger.claim(wanted())).mine


@pytest.mark.parametrize("changes", [{"tool": "refund"}, {"digest": "other"}, {"run_id": "other"}])
async def test_a_ledger_that_disagrees_is_named(saver: PostgresSaver, changes: dict[str, str]) -> None:
    claim = await saver.ledger.claim(wanted())
    await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(claim.effect)
    with pytest.raises(LedgerError, match="disagree on call 'c'"):
        await saver.ledger.claim(wanted(**changes))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("result = '\\xc1'", "Its result in the ledger cannot be read"),
        ("result = substr(result, 1, 9)", "Its result in the ledger cannot be read"),
        ("result = args", "Its result in the ledger cannot be read"),
        ("status = 'failed'", "Its result in the ledger cannot be read"),
        ("attempt = 2", "Its result in the ledger cannot be read"),
        ("call_id = 'other'", "Its result in the ledger cannot be read"),
        ("result_type = 'rot13'", "Its result in the ledger cannot be read"),
        ("status = 'quantum'", "Its status 'quantum' is not known to this version."),
        ("result = NULL, result_type = NULL", "It was settled as done, but with what result is lost."),
    ],
)
async def test_a_damaged_row_is_in_doubt_and_says_why(saver: PostgresSaver, damage: str, named: str) -> None:
    claim = await saver.ledger.claim(wanted())
    await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(claim.effect)
    async with saver.pools.connection() as connection:
        await connection.execute(f"UPDATE effects SET {damage}".encode())
    found = await saver.ledger.claim(wanted())
    assert not found.mine and found.effect.status == EffectStatus.UNKNOWN
    assert named in found.effect.evidence
    assert (await saver.ledger.settle(found.effect, EffectStatus.DONE, result=PAID)).status == "done"


async def test_a_deleted_thread_leaves_the_key(saver: PostgresSaver) -> None:
    claim = await saver.ledger.claim(wanted())
    await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID, evidence="secret")
    saver.ledger.left(claim.effect)
    await saver.adelete_thread("t")
    (kept,) = await saver.ledger.of_thread("t")
    assert (kept.status, kept.args, kept.result, kept.evidence) == ("done", None, None, "erased with its thread")
    assert not (await saver.ledger.claim(wanted())).mine


async def test_a_row_that_vanished(saver: PostgresSaver) -> None:
    claim = await saver.ledger.claim(wanted())
    async with saver.pools.connection() as connection:
        await connection.execute("DELETE FROM effects")
    with pytest.raises(LedgerError, match="is gone from the ledger"):
        await saver.ledger.ask(claim.effect, "?")


async def test_hostile_text_is_kept_clean(saver: PostgresSaver) -> None:
    hostile = "a\x00\ud800b"
    claim = await saver.ledger.claim(wanted(call_id=hostile, agent=hostile, args={"x": hostile}))
    settled = await saver.ledger.settle(claim.effect, EffectStatus.UNKNOWN, evidence=hostile * 10_000, by=hostile)
    assert len(settled.evidence.encode()) <= 4_000


async def test_a_claim_beside_a_question_finds_what_another_has_claimed(saver: PostgresSaver) -> None:
    """What files a question cannot be part of one statement with the claim, and is told from it all the same."""
    first = await saver.ledger.claim(wanted())
    assert first.mine
    await saver.ledger.settle(first.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(first.effect)
    where: Any = {"thread_id": first.effect.thread_id, "checkpoint_ns": "", "checkpoint_id": "1", GATHER: {}}
    await saver.aput_writes({"configurable": where}, [("__interrupt__", [Interrupt({"tool": "x"}, id="i")])], "task")
    again = await saver.ledger.claim(wanted())
    assert not again.mine and again.effect.result and again.effect.result.value == "paid"
    assert [one.interrupt_id for one in await Records(saver).approvals()] == ["i"]
