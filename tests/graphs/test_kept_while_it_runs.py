"""Threads that somebody else prunes, copies, deletes, erases or rotates while they run."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import LeaseLostError
from lockgate.graphs import react
from lockgate.graphs.session import Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records, open_checkpointer
from lockgate.runtime.erasure import Retention, erase, prune
from lockgate.runtime.rotation import rotate
from lockgate.settings import Settings

POLICY = Policy.parse("version: 1\nname: t\nrules: [{id: a, tools: ['*'], action: allow, reason: test}]\n")
SAID = ["Hello.", "Hi.", "Pay.", "", "paid 0", "", "paid 1", "", "paid 2", "Done."]
WORDS = ("steps", "blobs", "runs", "events", "approvals", "audit_content")
KEYS = f"k={base64.b64encode(b'k' * 32).decode()}"

Keeping = Callable[[PostgresSaver], Awaitable[Any]]


async def drain(parts: Any) -> None:
    async for _ in parts:
        pass


class Till:
    """A thread of two runs, whose second pays three times; in the middle of its second payment comes `meanwhile`."""

    def __init__(self, url: str, meanwhile: Keeping, keys: str = "") -> None:
        self.url, self.meanwhile, self.keys, self.paid = url, meanwhile, keys, list[int]()
        self.came: Any = None

    def session(self, saver: PostgresSaver, thread: str = "t") -> Session:
        @tool(idempotent=False)
        async def pay(number: int) -> str:
            """Pay."""
            self.paid.append(number)
            if self.paid == [0, 1]:
                other = await self.opened()
                self.came = await self.meanwhile(other)
                await other.aclose()
            return f"paid {number}"

        calls = [{"calls": [{"name": "pay", "args": {"number": number}}]} for number in range(3)]
        model = ScriptedModel(turns=["Hi.", *calls, "Done."])
        graph = react.build(model=model, tools=[pay], policy=POLICY, checkpointer=saver)
        return Session(graph, thread, context=Caller(user="ann"), metadata={"lockgate": '{"user": "ann"}'})

    async def opened(self) -> PostgresSaver:
        return await open_checkpointer(settings=Settings(database_url=self.url, encryption_keys=self.keys or None))

    async def run(self, saver: PostgresSaver) -> None:
        session = self.session(saver)
        await drain(session.start("Hello."))
        await drain(session.start("Pay."))


async def said(session: Session) -> list[str]:
    return [message.text for message in (await session.state()).values["messages"]]


def rows(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute(f"SELECT count(*) FROM {table} WHERE thread_id = 't'").fetchone() or (0,)
    return int(found)


@pytest.mark.parametrize(
    "meanwhile", [lambda s: erase(s, user="ann"), lambda s: s.adelete_thread("t")], ids=["erase", "delete"]
)
async def test_a_deleted_thread_stays_deleted_and_nothing_more_is_done_in_it(
    saver: PostgresSaver, database_url: str, meanwhile: Keeping
) -> None:
    till = Till(database_url, meanwhile)
    with pytest.raises(LeaseLostError, match="or it was deleted"):
        await till.run(saver)
    assert till.paid == [0, 1]
    assert {table: rows(database_url, table) for table in WORDS} == dict.fromkeys(WORDS, 0)
    effects = await saver.ledger.of_thread("t")
    assert [(one.status, one.running, one.args, one.result) for one in effects] == [
        ("done", False, None, None), ("claimed", False, None, None),
    ]  # fmt: skip
    again = till.session(saver)
    await drain(again.start("Hello again."))
    assert await said(again) == ["Hello again.", "Hi."]


async def without_run(saver: PostgresSaver, number: int) -> None:
    await saver.adelete_for_runs([(await Records(saver).runs("t"))[number].run_id])


async def test_a_run_that_is_deleted_while_it_runs_ends_and_the_thread_stands_as_before_it(
    saver: PostgresSaver, database_url: str
) -> None:
    till = Till(database_url, lambda s: without_run(s, -1))
    with pytest.raises(LeaseLostError):
        await till.run(saver)
    other = await open_checkpointer(database_url)
    for one in (saver, other):
        assert await said(till.session(one)) == ["Hello.", "Hi."]
    await drain(till.session(other).start("Go on."))
    assert (await said(till.session(other)))[2:4] == ["Go on.", ""] and till.paid == [0, 1, 0, 1, 2]
    await other.aclose()


@pytest.mark.parametrize(
    ("meanwhile", "came"),
    [
        (lambda s: s.aprune(["t"]), None),
        (lambda s: prune(s, Retention(keep=0, statuses=("running", "completed"))), []),
        (lambda s: prune(s, Retention(keep=1, statuses=("running", "completed"))), []),
        (lambda s: s.acopy_thread("t", "copy"), None),
        (lambda s: without_run(s, 0), None),
    ],
    ids=["prune", "rule-0", "rule-1", "copy", "an earlier run"],
)
async def test_a_run_comes_to_the_same_while_its_thread_is_pruned_or_copied(
    saver: PostgresSaver, database_url: str, meanwhile: Keeping, came: Any
) -> None:
    """A rule leaves a thread that is run alone, whatever status it had when the rule was read."""
    till = Till(database_url, meanwhile)
    await till.run(saver)
    assert (till.paid, till.came) == ([0, 1, 2], came)
    other = await open_checkpointer(database_url)
    assert await said(till.session(saver)) == await said(till.session(other)) == SAID
    await other.aclose()


async def test_a_copy_made_in_the_middle_of_an_effect_repeats_nothing_that_its_model_had_asked_for(
    saver: PostgresSaver, database_url: str
) -> None:
    till = Till(database_url, lambda s: s.acopy_thread("t", "copy"))
    await till.run(saver)
    copy = till.session(saver, "copy")
    await drain(copy.resume())
    assert (await said(copy), till.paid) == (SAID, [0, 1, 2, 2])  # the third its own model asked for


async def test_a_thread_is_encrypted_while_it_runs(saver: PostgresSaver, database_url: str) -> None:
    till = Till(database_url, rotate, KEYS)
    await till.run(saver)
    assert till.came > 0 and till.paid == [0, 1, 2]
    other = await till.opened()
    assert await rotate(other) > 0  # what the run wrote after it, in its own way
    assert await rotate(other) == 0
    assert await said(till.session(other)) == SAID
    await other.aclose()
