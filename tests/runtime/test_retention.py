"""Pruning, copies, deletion and erasure: what is kept can be gone on from, and the audit stays whole."""

import json
import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from lockgate import Policy, ScriptedModel
from lockgate.errors import ConfigError, LostParentError, StoreError
from lockgate.graphs import react
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records, gather, open_checkpointer, writing
from lockgate.runtime.erasure import Retention, erase, prune, sha256

POLICY = Policy.parse("version: 1\nname: t\nrules: [{id: a, tools: ['*'], action: allow, reason: test}]\n")
TURNS = ["one", "two", "three", "four", "five", "six"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine would write an answer before its run ends, and so one checkpoint more."""
    monkeypatch.setattr(writing, "LINGER", 60.0)


def agent(saver: PostgresSaver) -> Any:
    return react.build(model=ScriptedModel(turns=TURNS), policy=POLICY, checkpointer=saver)


def config(thread: str = "t") -> Any:
    return {"configurable": {"thread_id": thread}}


async def said(saver: PostgresSaver, where: Any) -> list[str]:
    return [message.text for message in (await agent(saver).aget_state(where)).values.get("messages", [])]


async def talk(saver: PostgresSaver, turns: int, where: Any = None, context: Caller | None = None) -> None:
    for number in range(turns):
        await agent(saver).ainvoke({"messages": f"q{number}"}, where or config(), context=context)


async def fresh(url: str) -> PostgresSaver:
    return await open_checkpointer(url)


async def test_pruned_threads_keep_what_was_said_and_go_on(saver: PostgresSaver, database_url: str) -> None:
    await talk(saver, 4)
    before = await said(saver, config())
    assert len([c async for c in saver.alist(config())]) == 4
    events = await Records(saver).events("t")
    assert events
    await saver.aprune(["t"], keep=2)
    assert await Records(saver).events("t") == events
    other = await fresh(database_url)
    for one in (saver, other):
        assert await said(one, config()) == before
        history = [state async for state in agent(one).aget_state_history(config())]
        assert [len(state.values["messages"]) for state in history] == [8, 6]
        assert history[-1].parent_config is None
    await agent(other).ainvoke({"messages": "q4"}, config())
    assert await said(other, config()) == [*before, "q4", "five"]
    assert await said(saver, config()) == [*before, "q4", "five"]
    await other.aclose()


async def test_a_fork_of_a_fork_of_a_pruned_parent_stands(saver: PostgresSaver, database_url: str) -> None:
    await talk(saver, 2)
    first = [state.config async for state in agent(saver).aget_state_history(config())][-1]
    fork = await agent(saver).aupdate_state(first, {"messages": [("user", "fork")]}, as_node="output_guard")
    again = await agent(saver).aupdate_state(fork, {"messages": [("user", "again")]}, as_node="output_guard")
    await saver.aprune(["t"])
    other = await fresh(database_url)
    assert await said(other, config()) == await said(other, again) == ["q0", "one", "fork", "again"]
    assert await saver.aget_tuple(first) is None and await saver.aget_tuple(fork) is None
    await other.aclose()


async def test_a_lost_parent_is_named_and_nothing_is_guessed(saver: PostgresSaver, database_url: str) -> None:
    await talk(saver, 3)
    await talk(saver, 1, config("other"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM steps WHERE thread_id = 't' AND seq = (SELECT min(seq) + 1 FROM steps)")
    other = await fresh(database_url)
    with pytest.raises(LostParentError, match="Thread 't' goes back to checkpoint") as caught:
        await said(other, config())
    assert caught.value.thread_id == "t" and caught.value.checkpoint_id and "backup" in caught.value.hint
    assert await said(other, config("other")) == ["q0", "one"]
    await other.aclose()


async def test_copies_are_apart(saver: PostgresSaver) -> None:
    await talk(saver, 2)
    await saver.acopy_thread("t", "copy")
    await agent(saver).ainvoke({"messages": "more"}, config("copy"))
    assert await said(saver, config()) == ["q0", "one", "q1", "two"]
    assert await said(saver, config("copy")) == ["q0", "one", "q1", "two", "more", "three"]
    assert {event.run_id for event in await Records(saver).events("copy")} == {
        run.run_id for run in await Records(saver).runs("copy")
    }  # the record of what came before the copy is the other's
    with pytest.raises(StoreError, match="already"):
        await saver.acopy_thread("t", "copy")
    await saver.adelete_thread("t")
    assert len(await said(saver, config("copy"))) == 6


async def test_the_steps_of_one_run_go_and_what_came_after_stays(saver: PostgresSaver) -> None:
    await talk(saver, 3)
    records = Records(saver)
    first, gone, last = [run.run_id for run in await records.runs("t")]
    await saver.adelete_for_runs([gone])
    assert {event.run_id for event in await records.events("t")} == {first, last}
    assert await said(saver, config()) == ["q0", "one", "q1", "two", "q2", "three"]
    history = [state async for state in agent(saver).aget_state_history(config())]
    assert [len(state.values["messages"]) for state in history] == [6, 2]
    assert gone not in [run.run_id for run in await records.runs("t")]


async def test_large_values_are_stored_once_and_go_with_the_last_that_needs_them(
    saver: PostgresSaver, database_url: str
) -> None:
    big, small = "x" * 3 + str(list(range(3_000))), "y"
    parent: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    for step in range(6):
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"big": [big] if step < 5 else [small], "step": step}
        parent = await saver.aput(parent, checkpoint, {"source": "loop", "step": step, "parents": {}}, {})
    other = await fresh(database_url)
    found = [item.checkpoint["channel_values"]["big"] async for item in other.alist(config())]
    assert found == [[small]] + [[big]] * 5
    with psycopg.connect(database_url) as connection:
        count = "SELECT count(*), (SELECT count(*) FROM steps WHERE blobs IS NOT NULL) FROM blobs"
        assert connection.execute(count).fetchone() == (1, 4)
    assert len(str(big)) > gather.BLOB_FROM
    await other.aprune(["t"])
    with psycopg.connect(database_url) as connection:
        assert connection.execute(count).fetchone() == (0, 0)
    await other.aclose()


async def test_a_rule_takes_threads_by_status_and_age(saver: PostgresSaver, database_url: str) -> None:
    for thread in ("old", "young", "running"):
        await talk(saver, 2, config(thread))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE steps SET at = now() - interval '40 days' WHERE thread_id <> 'young'")
        connection.execute("UPDATE runs SET status = 'running' WHERE thread_id = 'running'")
    month = Retention(keep=1, older_than=timedelta(days=30))
    assert [item.thread_id for item in await prune(saver, month, dry_run=True)] == ["old"]
    assert len([c async for c in saver.alist(config("old"))]) == 2
    (taken,) = await prune(saver, month)
    assert taken.status == "completed" and 0 < taken.after < taken.before
    assert len([c async for c in saver.alist(config("old"))]) == 1
    for ended in ("budget", "no_progress", "deadline", "refused"):
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE runs SET status = %s WHERE thread_id = 'old'", (ended,))
        assert [item.status for item in await prune(saver, month, dry_run=True)] == [ended]
    (taken,) = await prune(saver, Retention(older_than=timedelta(days=30), statuses=("running",)))
    assert taken.thread_id == "running" and taken.after == 0
    assert [thread.thread_id for thread in await Records(saver).threads()] == ["young", "old"]


@pytest.mark.parametrize(
    ("ahead", "age", "taken"),
    [
        ("0 s", 30, []),
        ("31 days", 30, []),  # its age is not known
        ("-31 days", 30, ["t"]),
        ("30 s", 30, []),
        ("31 days", 0, ["t"]),  # and does not matter
        ("-31 days", 0, ["t"]),
    ],
)
async def test_what_was_used_in_the_future_is_left_and_named(
    saver: PostgresSaver, database_url: str, caplog: pytest.LogCaptureFixture, ahead: str, age: int, taken: list[str]
) -> None:
    await talk(saver, 2)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE steps SET at = now() + %s::interval", (ahead,))
    found = await prune(saver, Retention(older_than=timedelta(days=age)))
    assert [one.thread_id for one in found] == taken
    assert ("Thread 't' was last used at" in caplog.text) == (ahead == "31 days" and age == 30)
    assert bool(await said(saver, config())) == (not taken)


async def test_after_the_databases_clock_was_set_back_the_last_use_counts(
    saver: PostgresSaver, database_url: str
) -> None:
    """Once 40 days ahead, both of the threads were used again; one of them is being worked at."""
    for thread in ("old", "going"):
        await talk(saver, 2, config(thread))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("""UPDATE steps s SET at = now() + CASE WHEN seq = (SELECT max(seq) FROM steps x
            WHERE x.thread_id = s.thread_id) THEN interval '-31 days' ELSE interval '40 days' END""")
        connection.execute("""UPDATE runs r SET started = now() + CASE WHEN checkpoint_id = (SELECT max(checkpoint_id)
            FROM runs x WHERE x.thread_id = r.thread_id) THEN interval '-31 days' ELSE interval '40 days' END""")
        connection.execute("""UPDATE runs SET status = 'running'
            WHERE thread_id = 'going' AND started < now()""")
    assert [one.thread_id for one in await prune(saver, Retention(older_than=timedelta(days=30)))] == ["old"]
    assert await said(saver, config("going")) == ["q0", "one", "q1", "two"]


@pytest.mark.parametrize("days", [-366, 366])
async def test_age_is_told_by_the_database_whatever_the_runners_clock_says(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    real, precise = time.time, time.time_ns
    monkeypatch.setattr("time.time", lambda: real() + days * 86_400)
    monkeypatch.setattr("time.time_ns", lambda: precise() + days * 86_400 * 10**9)
    monkeypatch.setattr("langgraph.checkpoint.base.id._last_v6_timestamp", None)
    await talk(saver, 1)
    month = Retention(older_than=timedelta(days=30))
    assert await prune(saver, month) == []
    monkeypatch.undo()
    assert await prune(saver, month) == []
    assert [one.thread_id for one in await prune(saver, Retention())] == ["t"]


async def test_one_persons_data_is_erased_with_a_receipt(saver: PostgresSaver, database_url: str) -> None:
    people = {"a1": Caller(user="ann"), "a2": Caller(user="ann", tenant="acme"), "b": Caller(user="bob", tenant="acme")}
    for thread, person in people.items():
        await talk(saver, 1, config(thread), person)
    with psycopg.connect(database_url, autocommit=True) as connection:
        # Stands for any table of the audit: it is counted, and never touched.
        connection.execute("CREATE TABLE IF NOT EXISTS audit (thread_id text)")
        connection.execute("INSERT INTO audit (thread_id) SELECT 'a1'") if _is_bare(connection) else None
        receipt = await erase(saver, user="ann", tenant="acme")
        assert receipt.threads == [sha256("a2")] and receipt.rows["steps"] > 0 and receipt.rows["runs"] == 1
        receipt = await erase(saver, user="ann")
        assert receipt.threads == [sha256("a1")]
        left = connection.execute("SELECT DISTINCT thread_id FROM steps").fetchall()
        assert left == [("b",)]
        stored = connection.execute("SELECT digest, receipt FROM erasures").fetchall()
        if _is_bare(connection):
            assert receipt.kept["audit"] == 1 and connection.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    assert receipt.digest in [digest for digest, _ in stored]
    assert "ann" not in json.dumps(stored) and "a1" not in [item for _, found in stored for item in found["threads"]]
    with pytest.raises(ConfigError, match="Whose"):
        await erase(saver)


def _is_bare(connection: Any) -> bool:
    columns = connection.execute(
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'audit'"
    ).fetchone()
    return bool(columns == (1,))
