"""A thread whose rows were harmed while it waited: it is named, nothing is guessed, nothing runs, others go on."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import CorruptRowError, LedgerError, NewerRowError, RowError
from lockgate.graphs import compensate, react, travel
from lockgate.graphs.session import Session
from lockgate.handoff import AgentTask
from lockgate.runtime import PostgresSaver, Records, open_checkpointer
from lockgate.runtime.keyring import Keyring

POLICY = "version: 1\nrules:\n  - {id: all, tools: [pay], action: ACTION, reason: a test}\n"
HARMS = {
    "cut": ("substring({} for 40)", CorruptRowError),
    "one bit": ("set_byte({0}, 20, get_byte({0}, 20) # 1)", CorruptRowError),
    "nothing": ("''::bytea", CorruptRowError),
    "another's": ("(SELECT {} FROM {table} WHERE thread_id = 'good' AND {} IS NOT NULL LIMIT 1)", CorruptRowError),
    "newer": ("set_byte({}, 2, 9)", NewerRowError),
}  # fmt: skip
PLACES = [("steps", "body"), ("steps", "spine"), ("blobs", "data")]


class Till:
    def __init__(self) -> None:
        self.paid: list[str] = []

    def session(self, saver: PostgresSaver, thread: str, action: str = "review") -> Session:
        @tool(idempotent=False)
        def pay(to: str) -> str:
            """Pay."""
            self.paid.append(to)
            return "paid"

        turns: Any = [{"calls": [{"name": "pay", "args": {"to": thread}}]}, "Done."]
        policy = Policy.parse(POLICY.replace("ACTION", action))
        graph = react.build(model=ScriptedModel(turns=turns), tools=[pay], policy=policy, checkpointer=saver)
        return Session(graph, thread)

    async def waits(self, saver: PostgresSaver, thread: str) -> None:
        """Runs up to the review, with a value in the state that is stored apart."""
        task = AgentTask(task_id="t", objective="Pay.", context={"large": "y" * 9_000})
        graph = self.session(saver, thread).graph
        await graph.ainvoke({"messages": "go", "task": task}, {"configurable": {"thread_id": thread}})

    async def answered(self, saver: PostgresSaver, thread: str) -> str:
        session = self.session(saver, thread)
        questions = {question.id: "approve" for question in await session.waiting()}
        await drain(session.resume(questions))
        return str((await session.state()).values["answer"])


async def drain(parts: AsyncIterator[Any]) -> None:
    async for _ in parts:
        pass


@pytest.mark.parametrize("harm", HARMS)
async def test_a_harmed_row_stops_its_thread_alone(saver: PostgresSaver, database_url: str, harm: str) -> None:
    till, saver.every_step = Till(), True
    for thread in ("t", "good"):
        await till.waits(saver, thread)
    change, kind = HARMS[harm]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept_steps AS SELECT * FROM steps WHERE thread_id = 't'")
        connection.execute("CREATE TABLE kept_blobs AS SELECT * FROM blobs WHERE thread_id = 't'")
        for table, column in PLACES:
            value = change.format(column, column, table=table)
            found = connection.execute(
                f"UPDATE {table} SET {column} = {value} WHERE thread_id = 't' AND {column} IS NOT NULL"
            )
            assert found.rowcount > 0, (table, column)
            other = await open_checkpointer(database_url)
            with pytest.raises(RowError) as caught:
                await till.answered(other, "t")
            await other.aclose()
            assert isinstance(caught.value, kind) and caught.value.thread_id == "t", (table, column)
            assert caught.value.hint and till.paid == []
            key = "seq" if table == "steps" else "digest"
            connection.execute(
                f"UPDATE {table} x SET {column} = k.{column} FROM kept_{table} k"
                f" WHERE x.thread_id = k.thread_id AND x.{key} = k.{key}"
            )
        other = await open_checkpointer(database_url)
        assert await till.answered(other, "good") == "Done." and till.paid == ["good"]
        assert await till.answered(other, "t") == "Done." and till.paid == ["good", "t"]
        await other.aclose()


async def test_a_blob_that_is_gone_is_named(saver: PostgresSaver, database_url: str) -> None:
    till, saver.every_step = Till(), True
    await till.waits(saver, "t")
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("DELETE FROM blobs").rowcount > 0
    other = await open_checkpointer(database_url)
    with pytest.raises(CorruptRowError, match="'t'"):
        await till.answered(other, "t")
    await other.aclose()
    assert till.paid == []


async def paid(saver: PostgresSaver) -> tuple[Till, Any, Any]:
    """A till that was paid, the session that paid, and its state from just before."""
    till, saver.every_step = Till(), True
    session = till.session(saver, "t", "allow")
    await drain(session.start("go"))
    moments = [one async for one in session.graph.aget_state_history({"configurable": {"thread_id": "t"}})]
    return till, session, next(one for one in moments if "execute_tool" in one.next)


async def test_a_ledger_that_knows_another_call_under_the_key_runs_nothing(
    saver: PostgresSaver, database_url: str
) -> None:
    """The checkpoint says one thing, the ledger another; after a crash, so before the checkpoint knows the result."""
    till, session, before = await paid(saver)
    graph = session.graph
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE effects SET tool = 'refund'")
    with pytest.raises(LedgerError, match="disagree"):
        await graph.ainvoke(None, before.config)
    assert till.paid == ["t"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE effects SET tool = 'pay', result = '\\xc1'")
    out = await graph.ainvoke(None, before.config)
    (question,) = out["__interrupt__"]  # what came of it cannot be read: a person is asked, nothing runs
    assert "cannot be read" in str(question.value["evidence"]) and till.paid == ["t"]


async def test_a_harmed_record_is_named_by_whoever_reads_it_and_stops_no_run(
    saver: PostgresSaver, database_url: str
) -> None:
    till, saver.every_step = Till(), True
    await till.waits(saver, "t")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE steps SET record = substring(record for 20) WHERE record IS NOT NULL")
    other = await open_checkpointer(database_url)
    with pytest.raises(CorruptRowError, match="'t'"):
        await Records(other).events("t")
    assert await till.answered(other, "t") == "Done." and till.paid == ["t"]
    await other.aclose()


@pytest.mark.parametrize("action", ["happened", "give_up"])
async def test_a_fork_from_before_an_effect_whose_row_is_gone_asks_and_runs_nothing(
    saver: PostgresSaver, database_url: str, action: str
) -> None:
    """The ledger has lost what the checkpoints say was done; the audit log takes no line back."""
    till, session, before = await paid(saver)
    graph = session.graph
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("DELETE FROM effects").rowcount == 1
    (since,) = await travel.effects_since(graph, "t", before)
    assert "The ledger has lost it" in since.evidence
    out = await graph.ainvoke(None, before.config)
    (question,) = out["__interrupt__"]
    assert "the audit log says that it was there" in str(question.value["evidence"]) and till.paid == ["t"]
    await drain(session.resume({question.id: {"action": action, "result": "paid", "by": "ann"}}))
    assert (await session.state()).values["answer"] == "Done." and till.paid == ["t"]
    (effect,) = await saver.ledger.of_thread("t")
    assert effect.status == ("done" if action == "happened" else "given_up")


async def test_an_undo_names_what_the_ledger_has_lost(saver: PostgresSaver, database_url: str) -> None:
    till = Till()
    session = till.session(saver, "t", "allow")
    await drain(session.start("go"))
    run_id = (await session.state()).values["run_id"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM effects")
    undoing = compensate.build(checkpointer=saver)
    where: Any = {"configurable": {"thread_id": compensate.undo_thread("t", run_id)}}
    out = await undoing.ainvoke({"messages": "undo"}, where)
    assert out["status"] == "failed" and "in doubt" in out["answer"]


async def test_an_effect_whose_row_went_while_its_runner_died_is_asked_about(
    saver: PostgresSaver, database_url: str
) -> None:
    """Between claim and settle there is the log's word alone that it was claimed."""
    till = Till()

    class Died(BaseException):
        """The end of the process."""

    @tool(idempotent=False)
    async def pay(to: str) -> str:
        """Pay."""
        till.paid.append(to)
        raise Died

    def session(on: PostgresSaver) -> Session:
        policy = Policy.parse(POLICY.replace("ACTION", "allow"))
        turns: Any = [{"calls": [{"name": "pay", "args": {"to": "t"}}]}, "Done."]
        graph = react.build(model=ScriptedModel(turns=turns), tools=[pay], policy=policy, checkpointer=on)
        return Session(graph, "t", wait=5)

    with pytest.raises(Died):
        await drain(session(saver).start("go"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("DELETE FROM effects").rowcount == 1
    other = await open_checkpointer(database_url)
    again = session(other)
    await drain(again.resume())
    (question,) = await again.waiting()
    assert "the audit log says that it was there" in str(question.request["evidence"]) and till.paid == ["t"]
    await drain(again.resume({question.id: {"action": "happened", "result": "paid", "by": "ann"}}))
    assert (await again.state()).values["answer"] == "Done." and till.paid == ["t"]
    await other.aclose()


@pytest.mark.parametrize("before", ["nothing", "the input"])
async def test_a_fork_repeats_nothing_though_checkpoints_before_it_were_never_stored(
    saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """Steps are gathered, so the one that a checkpoint came from need not be there; what was said is all the same."""
    for place in ("writing.LINGER", "writing.MAX_AGE"):  # nothing is written before it has to be
        monkeypatch.setattr(f"lockgate.runtime.{place}", 600.0)
    till = Till()
    session = till.session(saver, "t", "allow")
    if before == "the input":
        put, written = saver.aput, []

        async def at_once(config: Any, checkpoint: Any, metadata: Any, versions: Any) -> Any:
            done = await put(config, checkpoint, metadata, versions)
            if not written:
                written.append(done)
                await saver.aflush("t")
            return done

        monkeypatch.setattr(saver, "aput", at_once)
    await drain(session.start("go"))
    moments = [moment async for moment in travel.history(session.graph, "t")]
    first = next(moment for moment in reversed(moments) if "execute_tool" in moment.next)
    assert (first.step, bool(first.parent)) == (3, before == "the input")
    said = (await travel.state_at(session.graph, "t", first.id)).values
    await travel.fork(session.graph, "t", first.id)
    assert (await session.state()).values == said and len(said["messages"]) == 2
    await drain(session.resume())
    values = (await session.state()).values
    assert till.paid == ["t"] and values["answer"] == "Done." and len(values["messages"]) == 4


async def test_a_harmed_question_does_not_hide_those_of_others(saver: PostgresSaver, database_url: str) -> None:
    till = Till()
    keyed = PostgresSaver(database_url, keys=Keyring({"k": b"k" * 32}))
    for thread in ("t", "good"):
        await till.waits(keyed, thread)
    with psycopg.connect(database_url, autocommit=True) as connection:
        harm = "UPDATE approvals SET value = '{\"$sealed\": \"TEcC\"}' WHERE thread_id = 't' RETURNING interrupt_id"
        (harmed,) = connection.execute(harm).fetchone() or ("",)
    found = {one.thread_id: one.value for one in await Records(keyed).approvals()}
    assert found["good"]["tool"] == "pay" and "In thread 't', the value of" in found["t"]["reason"]
    with pytest.raises(CorruptRowError, match="In thread 't'") as caught:
        await Records(keyed).approval(harmed)
    assert caught.value.hint
    await keyed.aclose()
