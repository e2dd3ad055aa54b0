"""One person's data, erased: a team's run with all that hangs on it, looked for in every table."""

import base64
import os
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import zstandard
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import StoreError
from lockgate.graphs import compensate, orchestrator, react
from lockgate.graphs.compensate import undo_thread
from lockgate.graphs.session import Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.runtime.audit_check import grant, rows, verify
from lockgate.runtime.audit_words import told
from lockgate.runtime.erasure import erase, sha256
from lockgate.runtime.keyring import Keyring

WORD = "quagga"
"""Stands in everything that is said in the runs of ann, and nowhere else."""
POLICY = Policy.parse("""
version: 1
rules:
  - {id: ask, tools: [send], action: review, reason: somebody looks}
  - {id: all, tools: ["*"], action: allow, reason: fine}
budgets:
  rates:
    - {by: user, per: day, tool_calls: 100}
    - {by: tenant, per: day, tool_calls: 100}
""")
LONG = "." * 9_000
"""Large enough to be stored apart."""
ANN = Caller(user="ann", tenant="acme")


def tools() -> list[Any]:
    @tool(idempotent=False, undo="recall")
    def send(text: str) -> str:
        """Send."""
        return f"sent {text}"

    @tool(idempotent=False)
    def recall(text: str) -> str:
        """Call it back."""
        return f"recalled {text}"

    return [send, recall]


def team(saver: PostgresSaver, word: str) -> Any:
    turns = [{"calls": [{"name": "send", "args": {"text": word}}], "text": f"I send {word}."}, f"Sent {word} {LONG}"]
    worker = react.build(model=ScriptedModel(turns=turns), tools=tools(), policy=POLICY)
    leading = ScriptedModel(turns=[plan(a={"worker": "mail", "objective": f"mail {word}"}), f"{word} is out (a)."])
    return orchestrator.build(workers={"mail": worker}, model=leading, policy=POLICY, checkpointer=saver)


async def drain(parts: AsyncIterator[Any]) -> None:
    async for _ in parts:
        pass


async def ran(saver: PostgresSaver, thread: str, who: Caller, word: str, by: Caller | None = None) -> None:
    """A run for `who` that waits for a review and is resumed on behalf of `by`, then undone."""
    graph = team(saver, word)
    session = Session(graph, thread, context=who)
    await drain(session.start(f"Mail {word}, please."))
    (question,) = await session.waiting()
    again = Session(graph, thread, context=by or who)
    await drain(again.resume({question.id: {"action": "approve", "reason": f"{word} it is", "by": "eve"}}))
    run_id = (await again.state()).values["run_id"]
    undo = compensate.build(tools=tools(), policy=POLICY, checkpointer=saver)
    await drain(Session(undo, undo_thread(thread, run_id), context=who).start(f"Undo {word}."))


def held(url: str, word: str) -> dict[str, int]:
    """In how many cells of which table the word stands, also in bytes and in what those unpack to."""
    found: dict[str, int] = {}
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))):
                cells = [word in piece for cell in row for piece in pieces(cell)]
                if any(cells):
                    found[table] = found.get(table, 0) + sum(cells)
    return found


def pieces(cell: Any) -> list[str]:
    if isinstance(cell, list):
        return [piece for item in cell for piece in pieces(item)]
    if not isinstance(cell, bytes):
        return [repr(cell)]
    texts = [cell.decode("utf-8", "replace")]
    for offset in (0, 12):  # a sealed piece begins with its head and checksum
        try:
            texts.append(zstandard.ZstdDecompressor().decompress(cell[offset:]).decode("utf-8", "replace"))
        except zstandard.ZstdError:
            continue
    return texts


@pytest.fixture(params=["plain", "encrypted"])
async def kept(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[PostgresSaver]:
    plain = await open_checkpointer(database_url)
    ring = Keyring.parse(f"k={base64.b64encode(os.urandom(32)).decode()}")
    saver = plain if request.param == "plain" else PostgresSaver(lambda: database_url, keys=ring)
    saver.every_step = True  # so that large values outlive the row they came with
    yield saver
    await plain.aclose()
    await saver.aclose()


async def test_nothing_that_was_said_is_left_in_any_table(kept: PostgresSaver, database_url: str) -> None:
    await ran(kept, "a", ANN, WORD)
    await kept.acopy_thread("a", "copy of a")
    await kept.acopy_thread("copy of a", "copy of the copy")
    await ran(kept, "for ann, resumed by bob", ANN, WORD, by=Caller(user="bob"))
    await ran(kept, "begun by bob, resumed for ann", Caller(user="bob", tenant="acme"), WORD, by=ANN)
    await ran(kept, "of another", Caller(user="annabel", tenant="acme"), "okapi")
    await kept.audit.settled("of another")
    if kept.seal.ring is None:
        assert {"steps", "approvals", "effects", "audit_content"} <= set(held(database_url, WORD))
    okapi = held(database_url, "okapi")
    entries = [row async for row in rows(kept.pools)]

    receipt = await erase(kept, user="ann", tenant="acme")

    assert held(database_url, WORD) == {}
    assert held(database_url, "okapi") == okapi and (kept.seal.ring is not None) == (okapi == {})
    threads = {"a", "copy of a", "copy of the copy", "for ann, resumed by bob", "begun by bob, resumed for ann"}
    assert set(map(sha256, threads)) < set(receipt.threads) and len(receipt.threads) == 5 + 3  # and those that undo
    for table in ("steps", "blobs", "runs", "events", "approvals", "effects.content", "audit_content", "budget_uses"):
        assert receipt.rows[table] > 0, table
    assert receipt.kept == {"effects": 6, "audit": len(entries) - 6}
    with psycopg.connect(database_url) as connection:
        uses = connection.execute("SELECT DISTINCT key FROM budget_uses").fetchall()
        keys = [kept.seal.untoken(key, "rate") for (key,) in uses]
        assert all(key.startswith("$siv:") for (key,) in uses) == (kept.seal.ring is not None)
        assert not any('"ann"' in key for key in keys) and any('"annabel"' in key for key in keys)

    checked = await verify(kept.pools)
    assert checked.ok and checked.rows == len(entries)
    of_ann = [told(row, kept.seal) async for row in rows(kept.pools, thread_id="a")]
    assert [entry["verdict"] for entry in of_ann] == ["review", "approve", "allow", "executed"]
    assert not any("args" in entry or "reason" in entry for entry in of_ann) and of_ann[0]["content"]
    left = [told(row, kept.seal) async for row in rows(kept.pools, thread_id="of another")]
    assert left[0]["args"] == {"text": "okapi"}
    again = await erase(kept, user="ann", tenant="acme")
    assert again.threads == [] and set(again.rows.values()) == {0}


async def test_what_a_user_with_an_odd_name_has_used_keeps_nobody_from_being_erased(saver: PostgresSaver) -> None:
    for user in ("a\0b", "\ud800", 'quote" \\u0000'):
        agent = react.build(model=ScriptedModel(turns=["x"] * 3), policy=Policy.parse(ODD), checkpointer=saver)
        config: Any = {"configurable": {"thread_id": "t"}}
        await agent.ainvoke({"messages": "go"}, config, context=Caller(user=user, tenant="acme"))
    erased = await erase(saver, tenant="acme")
    assert erased.rows["budget_uses"] == 3


ODD = "version: 1\nrules: []\nbudgets: {rates: [{by: user, per: day, model_calls: 9}]}\n"


async def test_no_row_of_the_audit_log_keeps_anybody_from_being_erased(kept: PostgresSaver, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for body in ('[{"user":"ann"}]', '{"user":"ann"', "[" * 100_000 + '"user":"ann"'):
            append = "SELECT audit_write(ARRAY['x'], ARRAY[''], ARRAY[''], ARRAY[%s], ARRAY[''])"
            connection.execute(append, (body,))
    assert (await erase(kept, user="ann")).threads == []


async def test_words_that_vanish_without_their_thread_are_named(saver: PostgresSaver, database_url: str) -> None:
    await ran(saver, "a", ANN, WORD)
    await saver.audit.settled("a")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM audit_content WHERE seq = 1")
    (flaw,) = (await verify(saver.pools)).flaws
    assert (flaw.what, flaw.seq) == ("changed", 1) and "has lost its words" in flaw.message
    await saver.adelete_thread("a")
    assert (await verify(saver.pools)).ok


async def test_who_may_not_erase_all_of_it_erases_nothing(saver: PostgresSaver, database_url: str) -> None:
    await ran(saver, "a", ANN, WORD)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE agent LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        await grant(saver.pools, "agent")
        own = await open_checkpointer(make_conninfo(database_url, user="agent"))
        before = held(database_url, WORD)
        with pytest.raises(StoreError, match="may not take words out of the audit log"):
            await erase(own, user="ann")
        assert held(database_url, WORD) == before
        await own.adelete_thread("a")  # as LangGraph's own: the audit log stays as it is
        assert {"audit_content", "effects"} <= set(held(database_url, WORD))  # of the undo
        await own.aclose()
        connection.execute("DROP OWNED BY agent")
