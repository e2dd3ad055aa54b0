"""Encryption at rest: whole runs that fill every table, and a raw dump in which nothing of what was said stands."""

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.decision import Call, digest
from lockgate.effect import effect_key
from lockgate.graphs import compensate, orchestrator, react, travel
from lockgate.graphs.compensate import undo_thread
from lockgate.graphs.replay import replay
from lockgate.graphs.session import Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records, open_checkpointer
from lockgate.runtime.audit_check import rows, verify
from lockgate.runtime.audit_words import told
from lockgate.runtime.erasure import erase, sha256
from lockgate.runtime.keyring import Keyring
from lockgate.runtime.rotation import rotate

WORDS = {
    "user": "ulrike.quagga",
    "tenant": "tarpan & sons",
    "other user": "otto.okapi",
    "answerer": "abby.axolotl",
    "role": "keeper-of-numbats",
    "argument": "account-of-bilby",
    "amount": "737313.37",
    "message": "the wombat wants it",
    "objective": "feed the dugong",
    "model": "said the kakapo",
    "result": "receipt of the vaquita",
    "error": "the pangolin line broke",
    "reason": "because of the fossa",
    "evidence": "the gharial saw it",
    "metadata": "model-of-the-saola",
    "large": "tuatara" * 2_000,
    "forked": "the axis of the aye-aye",
}
"""What is said in the runs, by what it is. No word of it is part of a name that the program or its graphs have."""
ULRIKE = Caller(user=WORDS["user"], tenant=WORDS["tenant"], roles=frozenset({WORDS["role"]}))
OTTO = Caller(user=WORDS["other user"], tenant=WORDS["tenant"])
ARGS = {"to": WORDS["argument"], "amount": WORDS["amount"]}
POLICY = Policy.parse("""
version: 1
rules:
  - {id: ask, tools: [send], action: review, reason: somebody looks}
  - {id: all, tools: ["*"], action: allow, reason: fine}
budgets:
  rates:
    - {by: user, per: day, tool_calls: 100, model_calls: 100}
    - {by: tenant, per: day, tool_calls: 100}
    - {by: everyone, per: day, tool_calls: 100}
""")
EMPTY = {"lockgate_migrations", "leases", "audit_head", "audit_heads"}
"""Tables that hold counters and signatures only, or are written by hand (`audit sign`)."""


def ring(*names: str) -> Keyring:
    """Keys that are the same for the same name."""
    return Keyring({name: hashlib.sha256(name.encode()).digest() for name in names})


def tools() -> list[Any]:
    @tool(idempotent=False, undo="recall")
    def send(to: str, amount: str) -> str:
        """Send."""
        return WORDS["result"]

    @tool(idempotent=False)
    def recall(to: str, amount: str) -> str:
        """Call it back."""
        return WORDS["result"]

    @tool(idempotent=False, once_per="run")
    def wire(to: str, amount: str) -> str:
        """Wire."""
        raise ConnectionError(WORDS["error"])

    return [send, recall, wire]


def team(saver: PostgresSaver) -> Any:
    turns: list[Any] = [
        {"calls": [{"name": "send", "args": ARGS, "id": "s"}], "text": WORDS["model"]},
        {"calls": [{"name": "wire", "args": ARGS, "id": "w"}]},
        f"{WORDS['model']} {WORDS['large']}",
    ]
    worker = react.build(model=ScriptedModel(turns=turns), tools=tools(), policy=POLICY)
    leading = ScriptedModel(
        turns=[plan(a={"worker": "mail", "objective": WORDS["objective"]}), f"{WORDS['model']} (a)."]
    )
    return orchestrator.build(workers={"mail": worker}, model=leading, policy=POLICY, checkpointer=saver)


async def drain(parts: AsyncIterator[Any]) -> None:
    async for _ in parts:
        pass


def answer(request: Any) -> Any:
    if request["type"] == "effect":
        assert "ConnectionError" in str(request["evidence"])
        said = {"action": "happened", "result": WORDS["result"], "reason": WORDS["evidence"]}
        return {**said, "by": WORDS["answerer"]}
    return {"action": "approve", "reason": WORDS["reason"], "by": WORDS["answerer"], "roles": [WORDS["role"]]}


async def ran(saver: PostgresSaver, thread: str, who: Caller) -> Any:
    """A team's run with a review and an effect in doubt, undone, forked, and played again."""
    graph = team(saver)
    spec = {"model": WORDS["metadata"], "roles": sorted(who.roles), "graph": "team"}
    session = Session(graph, thread, context=who, metadata={"lockgate": spec})
    await drain(session.start(WORDS["message"]))
    for _ in range(2):
        await drain(session.resume({one.id: answer(one.request) for one in await session.waiting()}))
    values = (await session.state()).values
    assert values["status"] == "completed", values
    undo = compensate.build(tools=tools(), policy=POLICY, checkpointer=saver)
    await drain(Session(undo, undo_thread(thread, values["run_id"]), context=who).start(WORDS["message"]))
    first = [moment async for moment in travel.history(graph, thread)][-1]
    await travel.fork(graph, thread, first.id, {"answer": WORDS["forked"]})
    return await replay(graph, thread)


def dumped(url: str) -> Iterator[tuple[str, str]]:
    """Each table as `COPY` writes it, and its name; column comments, sequences and functions hold no data."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p', 'm')"
            " AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        for (table,) in found.fetchall():
            out = io.BytesIO()
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                for block in copy:
                    out.write(bytes(block))
            yield table, out.getvalue().decode()


def disguises(text: str) -> set[str]:
    """How a text may stand in a dump: as it is, in hex as bytes are shown, in base64 at any offset."""
    raw = text.encode()
    found = {text, raw.hex(), text.replace(" ", "_")}
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).decode()
        found.add(coded[4 if shift else 0 : -4])
    return found


def seen(url: str, texts: dict[str, str]) -> set[tuple[str, str]]:
    """Which of the texts stand in which table."""
    return {
        (table, name)
        for table, dump in dumped(url)
        for name, text in texts.items()
        if any(form in dump for form in disguises(text))
    }


def under(url: str, key: str) -> set[str]:
    """Tables with a row that is closed under the key."""
    name = bytes([len(key)]) + key.encode()
    begins = (b"LG\2\1" + name).hex(), base64.b64encode(b"LG\2\1" + name)[:9].decode(), "\t\\\\x" + name.hex()
    return {table for table, dump in dumped(url) if any(begin in dump for begin in begins)}


async def guesses(saver: PostgresSaver, thread: str) -> dict[str, str]:
    """What somebody would look for who guesses right: digests over what was said."""
    runs = {run.run_id for run in await Records(saver).runs(thread)}
    events = {event.run_id for event in await Records(saver).events(thread) if event.run_id}
    call = Call(id="w", name="wire", args=ARGS)
    wire = next(one for one in tools() if one.name == "wire")
    found = {f"key {run}": effect_key(call, wire, run_id=run, answer_id="", thread_id=thread) for run in runs | events}
    found |= {f"digest of {name}": digest(Call(id="x", name=name, args=ARGS)) for name in ("send", "wire", "recall")}
    found["erased person"] = sha256(f"{OTTO.tenant}\0{OTTO.user}")
    encoding, large = saver.serde.dumps_typed(f"{WORDS['model']} {WORDS['large']}")
    found["large value"] = hashlib.blake2b(encoding.encode() + b"\0" + large, digest_size=16).hexdigest()
    found |= {f"sha256 of {name}": sha256(text) for name, text in WORDS.items()}
    return found


@pytest.fixture
async def sealed(database_url: str) -> AsyncIterator[PostgresSaver]:
    saver = PostgresSaver(database_url, keys=ring("old"))
    saver.every_step = True
    yield saver
    await saver.aclose()


async def test_a_dump_of_every_table_shows_nothing_that_was_said(sealed: PostgresSaver, database_url: str) -> None:
    await ran(sealed, "t1", ULRIKE)
    await ran(sealed, "t2", OTTO)
    looked_for = {**WORDS, **await guesses(sealed, "t1")}
    assert any(name.startswith("key ") for name in looked_for)
    receipt = await erase(sealed, user=OTTO.user)
    assert receipt.rows["budget_uses"] > 0 and receipt.rows["runs"] > 0 and len(receipt.threads) == 2
    await sealed.audit.write()
    filled = {table for table, dump in dumped(database_url) if dump}
    assert filled | EMPTY == {table for table, _ in dumped(database_url)}
    assert seen(database_url, looked_for) == set()

    # With the key all of it is there.
    (run,) = await Records(sealed).runs("t1")
    assert run.spec["user"] == ULRIKE.user and run.spec["model"] == WORDS["metadata"]
    assert run.spec["roles"] == [WORDS["role"]]
    wire = next(one for one in await sealed.ledger.of_thread("t1") if one.tool == "wire")
    assert wire.settled_by == WORDS["answerer"] and WORDS["evidence"] in wire.evidence and wire.args == ARGS
    assert wire.key in looked_for.values() and wire.digest == looked_for["digest of wire"]
    entries = [told(row, sealed.seal) async for row in rows(sealed.pools, thread_id="t1")]
    assert {entry["user"] for entry in entries} == {ULRIKE.user}
    assert {entry["by"] for entry in entries if "by" in entry} == {WORDS["answerer"]}
    assert (await verify(sealed.pools)).ok
    assert {run.thread_id for run in await Records(sealed).runs("t2")} == set()


async def test_the_same_runs_without_keys_show_it(saver: PostgresSaver, database_url: str) -> None:
    """So the search above finds what there is to find."""
    saver.every_step = True
    await ran(saver, "t1", ULRIKE)
    await saver.audit.write()
    found = seen(database_url, {**WORDS, **await guesses(saver, "t1")})
    assert {("runs", "user"), ("audit", "user"), ("budget_uses", "tenant"), ("effects", "answerer")} <= found
    assert {("effects", "digest of wire"), ("approvals", "argument"), ("audit_content", "argument")} <= found
    assert any(table == "effects" and name.startswith("key ") for table, name in found)


async def test_after_a_rotation_nothing_needs_the_old_key(sealed: PostgresSaver, database_url: str) -> None:
    await ran(sealed, "t1", ULRIKE)
    await sealed.audit.write()
    await erase(sealed, user="nobody")
    before = (await Session(team(sealed), "t1").state()).values
    assert {"steps", "effects", "approvals", "data_keys"} <= under(database_url, "old")
    both, new = PostgresSaver(database_url, keys=ring("new", "old")), PostgresSaver(database_url, keys=ring("new"))
    assert await rotate(both) > 0
    assert await rotate(both) == 0
    assert under(database_url, "new") and not under(database_url, "old")
    entries = [told(row, new.seal) async for row in _rows(new)]
    assert {entry["user"] for entry in entries} == {ULRIKE.user}
    assert any(entry.get("args") == ARGS for entry in entries)
    assert {one.args["to"] for one in await new.ledger.of_thread("t1") if one.args} == {WORDS["argument"]}
    assert (await Session(team(new), "t1").state()).values == before
    assert (await Records(new).runs("t1"))[0].spec["user"] == ULRIKE.user
    assert any(event.detail for event in await Records(new).events("t1"))
    assert all(WORDS["answerer"] in str(one.answer) for one in await Records(new).approvals(None))
    receipt = await erase(new, user=ULRIKE.user)
    assert len(receipt.threads) == 2 and receipt.rows["budget_uses"] > 0
    for saver in (both, new):
        await saver.aclose()


async def test_a_rotation_that_was_killed_goes_on_and_runs_go_on_beside_it(
    sealed: PostgresSaver, database_url: str
) -> None:
    """Struck at each of its statements in turn; a run, its question and its effect come and go meanwhile."""
    await ran(sealed, "t1", ULRIKE)
    both = PostgresSaver(database_url, keys=ring("new", "old"))
    running = PostgresSaver(database_url, keys=ring("new", "old"))
    struck = 0

    class Killed(BaseException):
        """The end of the process that rotates."""

    session = Session(team(running), "t3", context=ULRIKE)
    moves = [
        lambda: session.start(WORDS["message"]),
        *[lambda: answered(session)] * 2,
    ]
    original = psycopg.AsyncCursor.execute
    try:
        for number in count(1, 7):
            left = number

            async def execute(self: Any, query: Any, *args: Any, **options: Any) -> Any:
                nonlocal left
                if "UPDATE" in str(query) and str(query).lstrip("b'\\n").startswith("UPDATE"):
                    left -= 1
                    if not left:
                        raise Killed
                return await original(self, query, *args, **options)

            psycopg.AsyncCursor.execute = execute  # type: ignore[assignment, method-assign]
            try:
                await rotate(both)
                break
            except Killed:
                struck += 1
            finally:
                psycopg.AsyncCursor.execute = original  # type: ignore[method-assign]
            if moves:
                await drain(moves.pop(0)())
    finally:
        psycopg.AsyncCursor.execute = original  # type: ignore[method-assign]
    assert struck > 3 and not moves
    await rotate(both)
    assert await rotate(both) == 0 and not under(database_url, "old")
    new = PostgresSaver(database_url, keys=ring("new"))
    assert (await Session(team(new), "t3").state()).values["status"] == "completed"
    assert [one.status for one in await new.ledger.of_thread("t3")] == ["done", "done"]
    assert (await verify(new.pools)).ok
    for saver in (both, running, new):
        await saver.aclose()


async def answered(session: Session) -> AsyncIterator[Any]:
    async for part in session.resume({one.id: answer(one.request) for one in await session.waiting()}):
        yield part


async def test_a_result_that_is_settled_while_its_row_is_rotated_is_kept(
    sealed: PostgresSaver, database_url: str
) -> None:
    from lockgate.effect import Effect, EffectStatus
    from lockgate.result import ToolResult

    wanted = Effect(key="1" * 64, thread_id="t", run_id="r", call_id="c", agent="a", tool="pay", digest="d", args={})
    claim = await sealed.ledger.claim(wanted)
    both = PostgresSaver(database_url, keys=ring("new", "old"))
    paid = ToolResult(success=True, value="paid")
    _, settled = await asyncio.gather(rotate(both), sealed.ledger.settle(claim.effect, EffectStatus.DONE, result=paid))
    await rotate(both)
    new = PostgresSaver(database_url, keys=ring("new"))
    (effect,) = await new.ledger.of_thread("t")
    assert (effect.status, effect.result, effect.key) == ("done", paid, settled.key)
    for saver in (both, new):
        await saver.aclose()


async def _rows(saver: PostgresSaver) -> AsyncIterator[Any]:
    await saver.seal.ready()
    async for row in rows(saver.pools, thread_id="t1"):
        yield row


async def test_what_was_there_before_there_were_keys_is_encrypted_by_a_rotation(
    saver: PostgresSaver, database_url: str
) -> None:
    """All but the audit log, which takes no change, and the keys of effects, which it names."""
    await ran(saver, "t1", ULRIKE)
    await saver.aclose()
    later = await open_checkpointer(database_url)
    await later.aclose()
    keyed = PostgresSaver(database_url, keys=ring("k"))
    before = [(one.key, one.status, one.digest, one.args) for one in await keyed.ledger.of_thread("t1")]
    assert await rotate(keyed) > 0
    left = {table for table, _ in seen(database_url, WORDS)}
    assert left == {"audit", "audit_content"}
    assert [(one.key, one.status, one.digest, one.args) for one in await keyed.ledger.of_thread("t1")] == before
    wire = next(one for one in await keyed.ledger.of_thread("t1") if one.tool == "wire")
    assert not (await keyed.ledger.claim(wire)).mine  # it is known, under the key that it had
    assert (await erase(keyed, user=ULRIKE.user)).rows["runs"] == 1
    assert seen(database_url, {"argument": WORDS["argument"]}) == set()
    await keyed.aclose()


async def test_a_data_key_that_is_gone_or_changed_is_named(sealed: PostgresSaver, database_url: str) -> None:
    from lockgate.errors import StoreError

    await sealed.audit.write()
    with psycopg.connect(database_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute("DELETE FROM data_keys")
        connection.execute("UPDATE data_keys SET wrapped = set_byte(wrapped, 30, get_byte(wrapped, 30) # 1)")
    other = PostgresSaver(database_url, keys=ring("old"))
    with pytest.raises(StoreError, match="data key of this database does not open") as caught:
        await team(other).ainvoke({"messages": "x"}, {"configurable": {"thread_id": "t"}})
    assert "backup" in caught.value.hint
    await other.aclose()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE data_keys SET name = 'other'")
    third = PostgresSaver(database_url, keys=ring("old"))
    with pytest.raises(StoreError, match="data key of this database is gone"):  # another one would find no effect
        await third.ledger.of_thread("t")
    await third.aclose()
