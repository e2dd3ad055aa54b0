"""How rows are closed: encryption with a ring of keys; rows that were changed, cut off or made by a newer version."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import ConfigError, CorruptRowError, NewerRowError, RowError, StoreError
from lockgate.graphs import react
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records
from lockgate.runtime.keyring import Keyring
from lockgate.runtime.rotation import rotate
from lockgate.runtime.seal import VERSION, WORDS, Seal

OLD, NEW = os.urandom(32), os.urandom(32)
RINGS = {"plain": None, "old": Keyring({"old": OLD}), "both": Keyring({"new": NEW, "old": OLD})}
POLICY = "version: 1\nname: t\nrules: [{id: a, tools: ['*'], action: review, reason: 'ask about MARGARINE'}]\n"
SECRET = "MARGARINE"


@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS)
@given(data=st.binary(max_size=3_000), prefix=st.binary(max_size=3_000), at=st.integers(0), bit=st.integers(1, 255))
def test_what_is_closed_opens_and_what_was_changed_does_not(
    ring: Keyring | None, data: bytes, prefix: bytes, at: int, bit: int
) -> None:
    seal = Seal(ring)
    closed = seal.close(data, b"t", prefix)
    assert seal.open(closed, b"t", prefix) == data
    with pytest.raises(CorruptRowError):
        seal.open(closed, b"u", prefix)
    with pytest.raises(CorruptRowError):
        seal.open(closed[: at % len(closed)], b"t", prefix)
    changed = bytearray(closed)
    changed[at % len(closed)] ^= bit
    with pytest.raises((RowError, StoreError)):
        seal.open(bytes(changed), b"t", prefix)


@given(st.binary(max_size=200))
def test_noise_is_no_row(noise: bytes) -> None:
    for ring in RINGS.values():
        with pytest.raises(StoreError):
            Seal(ring).open(noise, b"t")
        with pytest.raises(StoreError):
            Seal(ring).open(b"LG\x01\x01" + noise, b"t")


FIRST = {
    "plain": (
        (
            "TEcBAKYq5htnkhxEKLUv/WBiAJUIAGQQaGVsbG8gAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygp"
            "KissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3Bx"
            "cnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5"
            "uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/wIA"
            "AA0sc5aoFAE="
        ),
        "TEcBAOvzmXvMamHIKLUv/WBiAJ0AADBoZWxsbyADAA2sCf2cRYESlSI=",
    ),
    "aes": (
        (
            "TEcBAQFru6qmuyc9IUzN6B9f50Vp3UH0jsYnFB5/TXVWDb6O8H0KGIzAp1jTLh+x3DFur1Ue511NGpnHCCk74g5YG2OSdpDt"
            "A9c8p14o4S8TOoFVwWvkL5MO2/FVeSG2q4mRv3HGCLL347KGpLss00bRocLywkn0jD5vnWgSD90miXXMewmYu2CfbEfz3N8v"
            "mauECK8pSbTIQDY+r8cXNVaye2IC1E1zsCo7HH0ocojwGVKHGzs6sbVxxEGVdGvzTS89liKh7QqTZ3WmF7t3nR8Gm1Hy2ojP"
            "YnKULP2NTeVKSwEHT3912sEcUbe/ge5zno0gQhMZO+Szh0NYNBcqSux1uXrTIoYWuLPuoSJSJKdphrHfmInbqsm8Ftr2ioiE"
            "MS1eTQwnqhpjbAQHdQgY15fWAyyan4N7OKhZ+aPX"
        ),
        "TEcBAQFr+BDXyzS9giNxtBAnfpLAGFxi7OHyDx6RWptU+iPdrDB1aTA/QAF2j9CgRxRoxu9qoSV0mcMTBn0x",
    ),
}
"""Two pieces as the first format had them, the second with a prefix."""


@pytest.mark.parametrize("way", FIRST)
def test_pieces_of_the_first_format_open(way: str) -> None:
    seal, prefix = Seal(Keyring({"k": b"\1" * 32})), bytes(range(256)) * 3
    for stored, before in zip(FIRST[way], (b"", prefix), strict=True):
        assert seal.open(base64.b64decode(stored), b"t", before) == b"hello " * 9 + prefix[:300]
    assert len(base64.b64decode(FIRST[way][1])) < len(base64.b64decode(FIRST[way][0]))


def test_the_words_that_stored_rows_need_stay_as_they_are() -> None:
    assert hashlib.sha256(WORDS).hexdigest() == "a0f72ecdd15fde9b3c2f6e5e271163f37a842bb652bf6d68efbf01c80bf41d53"


def test_a_newer_format_says_so() -> None:
    with pytest.raises(NewerRowError, match="format"):
        Seal().open(b"LG" + bytes([VERSION + 1]) + b"\0" + b"x" * 40, b"t")


@pytest.mark.parametrize(
    "text", ["", "a", "a=!!!", f"a={base64.b64encode(b'short').decode()}", f"={base64.b64encode(bytes(32)).decode()}"]
)
def test_an_unfit_ring_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Keyring.parse(text)
    assert len(text) < 2 or (text.partition("=")[2] or "?!") not in str(caught.value)
    assert Keyring.parse(f"x={base64.b64encode(NEW).decode()}, y={base64.b64encode(OLD).decode()}").first == "x"


def agent(saver: PostgresSaver) -> Any:
    def pay(what: str) -> str:
        """Pay."""
        return SECRET

    call = {"calls": [{"name": "pay", "args": {"what": SECRET}, "id": "c"}]}
    return react.build(
        model=ScriptedModel(turns=[call, f"{SECRET}!"] * 3),
        tools=[tool(pay)],
        policy=Policy.parse(POLICY),
        checkpointer=saver,
    )


def config(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}, "metadata": {"note": SECRET}}


async def ask_and_answer(saver: PostgresSaver, thread: str = "t") -> None:
    from langgraph.types import Command

    await agent(saver).ainvoke({"messages": f"About {SECRET}"}, config(thread), context=Caller(user="ann"))
    (asked,) = await Records(saver).approvals(thread_id=thread)
    assert SECRET in str(asked.value)
    answer = {asked.interrupt_id: {"action": "reject", "reason": SECRET, "by": "eve"}}
    await agent(saver).ainvoke(Command(resume=answer), config(thread), context=Caller(user="ann"))


def dump(url: str) -> str:
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "".join(str(connection.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in tables)


@pytest.fixture
async def savers(database_url: str) -> AsyncIterator[dict[str, PostgresSaver]]:
    made = {name: PostgresSaver(database_url, keys=ring) for name, ring in RINGS.items()}
    yield made
    for one in made.values():
        await one.aclose()


async def test_nothing_of_the_content_stands_in_the_clear(savers: dict[str, PostgresSaver], database_url: str) -> None:
    await ask_and_answer(savers["old"])
    await savers["old"].aclose()  # the audit log's last entries too
    assert SECRET not in dump(database_url) and base64.b64encode(SECRET.encode()).decode()[:10] not in dump(
        database_url
    )
    found = await savers["both"].aget_tuple(config("t"))
    assert found and found.metadata["note"] == SECRET
    assert [SECRET in str(item.answer) for item in await Records(savers["both"]).approvals(None)] == [True]
    assert any(event.detail for event in await Records(savers["both"]).events("t"))
    with pytest.raises(StoreError, match="LOCKGATE_ENCRYPTION_KEYS"):
        await savers["plain"].aget_tuple(config("t"))
    await ask_and_answer(savers["plain"], "plain")
    assert SECRET in dump(database_url)


async def test_keys_rotate_and_the_old_one_can_go(savers: dict[str, PostgresSaver]) -> None:
    await ask_and_answer(savers["old"])
    before = await agent(savers["old"]).aget_state(config("t"))
    only_new = PostgresSaver(savers["old"].pools._address(), keys=Keyring({"new": NEW}))
    with pytest.raises(StoreError, match="'old', which is not in the ring"):
        await only_new.aget_tuple(config("t"))
    assert await rotate(savers["both"]) > 0
    assert await rotate(savers["both"]) == 0
    assert (await agent(only_new).aget_state(config("t"))).values == before.values
    assert SECRET in str(await Records(only_new).approvals(None))
    assert any(event.detail for event in await Records(only_new).events("t"))
    await agent(only_new).ainvoke({"messages": "more"}, config("t"))
    await savers["plain"].aclose()
    await only_new.aclose()


async def test_rows_that_were_harmed_are_named_and_harm_nothing_else(
    savers: dict[str, PostgresSaver], database_url: str
) -> None:
    await ask_and_answer(savers["plain"], "t")
    await ask_and_answer(savers["plain"], "good")
    with psycopg.connect(database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT seq, spine, body FROM steps WHERE thread_id = 't'").fetchall()
        newest = max(rows)[0]
        harms = [
            ("UPDATE steps SET body = substring(body for 20) WHERE seq = %s", CorruptRowError, "checksum"),
            ("UPDATE steps SET body = set_byte(body, 30, get_byte(body, 30) # 1) WHERE seq=%s", CorruptRowError, "ch"),
            ("UPDATE steps SET body = '\\x4c47' WHERE seq = %s", CorruptRowError, "does not begin"),
            ("UPDATE steps SET body = set_byte(body, 2, 9) WHERE seq = %s", NewerRowError, "format 9"),
            ("UPDATE steps SET body = (SELECT body FROM steps WHERE thread_id = 'good' LIMIT 1) WHERE seq = %s",
             CorruptRowError, "checksum"),
        ]  # fmt: skip
        for harm, kind, text in harms:
            connection.execute(harm, (newest,))
            reader = PostgresSaver(database_url)
            with pytest.raises(kind, match=text) as caught:
                await reader.aget_tuple(config("t"))
            assert caught.value.thread_id == "t" and f"row {newest}" in caught.value.message and caught.value.hint
            assert caught.value.checkpoint_id and caught.value.checkpoint_id in caught.value.message
            assert (await agent(reader).aget_state(config("good"))).values["answer"] == f"{SECRET}!"
            await reader.aclose()
            for seq, spine, body in rows:
                connection.execute("UPDATE steps SET spine = %s, body = %s WHERE seq = %s", (spine, body, seq))
    assert (await agent(savers["old"]).aget_state(config("t"))).values["answer"] == f"{SECRET}!"
