"""Every column of every table, harmed in every way its type allows: no reader guesses, and no other thread suffers.

The columns are those of information_schema, so a new one is covered by itself.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from lockgate import Policy, ScriptedModel, tool
from lockgate.effect import FINAL, Effect
from lockgate.errors import LockgateError, RowError
from lockgate.graphs import react, travel
from lockgate.graphs.session import Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records
from lockgate.runtime.audit_check import rows, verify
from lockgate.runtime.audit_words import told
from lockgate.runtime.erasure import Retention, erase, prune
from lockgate.runtime.keyring import Keyring

POLICY = Policy.parse("""
version: 1
rules:
  - {id: small, tools: [pay], args: {amount: {max: 50}}, action: allow, reason: small}
  - {id: large, tools: [pay], action: review, reason: large}
budgets:
  rates:
    - {by: user, per: day, tool_calls: 100}
""")
ANN = Caller(user="ann", tenant="acme")
LARGE = "y" * 9_000
RINGS = {"plain": None, "sealed": Keyring({"k": b"k" * 32})}
NO_DATA = ("lockgate_migrations",)
COMMON = ("audit", "audit_content", "audit_head", "audit_heads", "data_keys", "deployments", "budget_uses", "erasures")
"""Tables whose rows are not one thread's alone, so harm there may reach others."""
HARMS: dict[str, dict[str, str]] = {
    "text": {
        "cut": "left({0}, length({0}) / 2)",
        "flipped": "overlay({0} PLACING chr(ascii({0}) % 26 + 97) FROM 1 FOR 1)",
        "nothing": "''",
        "newer": "{0} || '2'",
        "another's": "(SELECT {0} FROM {1} WHERE {2} = 'good' LIMIT 1)",
    },
    "bytea": {
        "cut": "substring({0} FOR length({0}) / 2)",
        "flipped": "set_byte({0}, length({0}) / 2, get_byte({0}, length({0}) / 2) # 1)",
        "nothing": "''::bytea",
        "newer": "set_byte({0}, 2, 9)",
        "another's": "(SELECT {0} FROM {1} WHERE {2} = 'good' AND {0} IS NOT NULL LIMIT 1)",
    },
    "jsonb": {
        "no object": "'[1]'",
        "empty": "'{{}}'",
        "no text": "'{{\"$sealed\": 7}}'",
        "cut": "'{{\"$sealed\": \"TEcC\"}}'",
        "another's": "(SELECT {0} FROM {1} WHERE {2} = 'good' AND {0} IS NOT NULL LIMIT 1)",
    },
    "integer": {"less": "-1", "huge": "2147483647", "flipped": "{0} # 1"},
    "bigint": {"less": "-1", "huge": "9223372036854775807", "flipped": "{0} # 1"},
    "double precision": {"no number": "'NaN'", "huge": "1e300"},
    "timestamp with time zone": {
        "long ago": "'-infinity'", "never": "'infinity'", "jumped": "{0} + interval '3 years'"
    },
    "ARRAY": {"empty": "'{{}}'"},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    table: str
    name: str
    kind: str
    nullable: bool
    of_thread: bool

    def harms(self) -> dict[str, str]:
        """The new value by the name of the harm."""
        key = "thread_id" if self.of_thread else "''"
        named = {harm: value.format(self.name, self.table, key) for harm, value in HARMS[self.kind].items()}
        return named | ({"null": "NULL"} if self.nullable else {})


def columns(url: str) -> list[Column]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES', EXISTS (SELECT FROM"
            " information_schema.columns o WHERE o.table_name = c.table_name AND o.column_name = 'thread_id')"
            " FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, c.ordinal_position"
        ).fetchall()
    names = ("table", "name", "kind", "nullable", "of_thread")
    made = [Column(**dict(zip(names, row, strict=True))) for row in found]
    return [column for column in made if column.table not in NO_DATA]


class Till:
    """Two payments of a thread: the first is made at once, the second waits for a review."""

    def __init__(self) -> None:
        self.paid: list[str] = []

    def session(self, saver: PostgresSaver, thread: str) -> Session:
        @tool(idempotent=False)
        def pay(to: str, amount: int) -> str:
            """Pay."""
            self.paid.append(f"{to} {amount}")
            return f"paid {to} {amount} {LARGE}"

        turns: list[Any] = [
            {"calls": [{"name": "pay", "args": {"to": thread, "amount": amount}, "id": f"c{amount}"}]}
            for amount in (5, 500)
        ]
        model = ScriptedModel(turns=[*turns, "Done."])
        graph = react.build(model=model, tools=[pay], policy=POLICY, checkpointer=saver)
        return Session(graph, thread, context=ANN, metadata={"lockgate": {"model": "scripted"}})

    async def waits(self, saver: PostgresSaver, thread: str) -> None:
        await drain(self.session(saver, thread).start("go"))

    async def resumed(self, saver: PostgresSaver, thread: str) -> str:
        session = self.session(saver, thread)
        await drain(session.resume({one.id: "approve" for one in await session.waiting()}))
        return str((await session.state()).values["answer"])


async def drain(parts: AsyncIterator[Any]) -> None:
    async for _ in parts:
        pass


@pytest.fixture(scope="module", params=RINGS)
def kept(request: pytest.FixtureRequest, server_url: str, template: str) -> Iterator[tuple[str, str, Effect]]:
    """A database in which the threads `t` and `good` wait, the ring it is under, and the first effect of `t`."""
    name = f"lockgate_harm_{request.param}_{hashlib.sha256(template.encode()).hexdigest()[:12]}"

    async def fill() -> Effect:
        saver = PostgresSaver(make_conninfo(server_url, dbname=name), keys=RINGS[request.param])
        saver.every_step = True
        for thread in ("t", "good", "gone"):
            await Till().waits(saver, thread)
        await saver.adelete_thread("gone")
        await erase(saver, user="nobody")
        await saver.audit.write()
        (effect,) = await saver.ledger.of_thread("t")
        await saver.aclose()
        return effect

    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield name, request.param, asyncio.run(fill())
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def copied(server_url: str, name: str) -> Iterator[str]:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_copy TEMPLATE {name} STRATEGY file_copy")
        try:
            yield make_conninfo(server_url, dbname=f"{name}_copy")
        finally:
            connection.execute(f"DROP DATABASE {name}_copy WITH (FORCE)")


def harmed(url: str, column: Column, value: str) -> bool:
    """Whether the harm could be done: the database itself refuses some."""
    where = " WHERE thread_id = 't'" if column.of_thread else ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(column.table)))
        try:
            change = f"UPDATE {column.table} SET {column.name} = {value}{where}"
            return connection.execute(change.encode()).rowcount > 0
        except (psycopg.IntegrityError, psycopg.DataError, psycopg.errors.GeneratedAlways):
            return False


async def opened(url: str, ring: str) -> PostgresSaver:
    saver = PostgresSaver(url, keys=RINGS[ring])
    saver.ledger.patience, saver.audit._bound = (0.0,), 0.3  # nothing here gets better by waiting
    return saver


async def heard(what: str, reader: Callable[[], Awaitable[Any]]) -> Any:
    """What a reader gives; an error must be one of ours, that says where and what next."""
    error: LockgateError
    try:
        return await reader()
    except LockgateError as raised:
        error = raised
    assert error.hint, f"{what}: {error!r} has no next step"
    if isinstance(error, RowError):
        assert f"thread {error.thread_id!r}" in error.message, f"{what}: {error!r}"
    return error


async def read_all(saver: PostgresSaver, till: Till) -> dict[str, Any]:
    graph, record = till.session(saver, "t").graph, Records(saver)

    async def history() -> list[Any]:
        return [moment async for moment in travel.history(graph, "t")]

    async def audit() -> list[Any]:
        await saver.seal.ready()
        found = []
        async for row in rows(saver.pools, thread_id="t"):
            with suppress(ValueError):  # no JSON any more: `verify` names it
                found.append(told(row, saver.seal))
        return found

    readers: dict[str, Callable[[], Awaitable[Any]]] = {
        "history": history,
        "threads": record.threads,
        "runs": lambda: record.runs("t"),
        "events": lambda: record.events("t"),
        "approvals": lambda: record.approvals(None),
        "effects": lambda: saver.ledger.of_thread("t"),
        "newest effects": saver.ledger.newest,
        "verify": lambda: verify(saver.pools),
        "audit": audit,
    }
    return {name: await heard(name, reader) for name, reader in readers.items()}


async def play(url: str, ring: str, column: Column, first: Effect) -> None:
    """All readers of a harmed database, the gentle ones first."""
    till, saver = Till(), await opened(url, ring)
    try:
        found = await read_all(saver, till)
        if column.table in ("audit", "audit_content", "audit_head"):
            assert isinstance(found["verify"], LockgateError) or not found["verify"].ok or column.name == "id"
        # The first payment was made: whatever its row says, it is not made again, and no other result is taken for it.
        claim = await heard("claim", lambda: saver.ledger.claim(replace(first, thread_id="t")))
        if not isinstance(claim, LockgateError):
            assert not claim.mine, "the effect would be made again"
            assert claim.effect.status not in FINAL or claim.effect.result == first.result
        # A thread of its own goes on.
        if column.table not in COMMON:
            assert await till.resumed(saver, "good") == "Done." and till.paid == ["good 500"]
            till.paid.clear()
        answer = await heard("resume", lambda: till.resumed(saver, "t"))
        assert till.paid in ([], ["t 500"])
        if not isinstance(answer, LockgateError):
            assert answer == "Done." or not till.paid
        rule = Retention(keep=1, older_than=timedelta(0), statuses=("completed", "waiting", ""))
        await heard("prune", lambda: prune(saver, rule))
        await heard("erase", lambda: erase(saver, user="ann"))
        assert till.paid in ([], ["t 500"])
    finally:
        await saver.aclose()


def cases(every: list[Column], *, all_of_them: bool, ring: str) -> Iterator[tuple[Column, str, str]]:
    """Column, harm, value; unless `all_of_them`, one harm a column, under one ring or the other."""
    for turn, column in enumerate(every):
        harms = sorted(column.harms().items())
        if all_of_them:
            yield from ((column, harm, value) for harm, value in harms)
        elif turn % 2 == list(RINGS).index(ring):
            harm, value = harms[turn // 2 % len(harms)]
            yield column, harm, value


@pytest.mark.parametrize("all_of_them", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_reader_guesses_at_a_harmed_column_and_no_other_thread_suffers(
    kept: tuple[str, str, Effect], server_url: str, all_of_them: bool
) -> None:
    name, ring, first = kept
    with copied(server_url, name) as url:
        every = columns(url)
    done, faults = 0, list[str]()
    for column, harm, value in cases(every, all_of_them=all_of_them, ring=ring):
        with copied(server_url, name) as url:
            if harmed(url, column, value):
                done += 1
                try:
                    asyncio.run(play(url, ring, column, first))
                except Exception as error:
                    faults.append(f"{column.table}.{column.name}, {harm}: {error!r:.300}")
    assert not faults, "\n".join(faults)
    assert done > len(every) * (2 if all_of_them else 0.25)
    tables = {column.table for column in every}
    assert tables > {"steps", "blobs", "effects", "runs", "approvals", "leases", "audit", "budget_uses", "data_keys"}


def test_every_type_of_column_can_be_harmed(database_url: str) -> None:
    assert {column.kind for column in columns(database_url)} <= {*HARMS}
