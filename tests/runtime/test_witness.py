"""A ledger and an audit log that disagree: the log takes no line back, so what it knows is never taken for new."""

import asyncio
import json
import uuid
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from tests.runtime.test_ledger import PAID, wanted

from lockgate.audit import AuditEntry, audit_key
from lockgate.effect import EffectStatus, Fence
from lockgate.errors import LeaseLostError
from lockgate.runtime import PostgresSaver
from lockgate.runtime.audit_check import rows
from lockgate.runtime.keyring import Keyring
from lockgate.runtime.rotation import rotate

KEY = "0123456789abcdef" * 4


def outcome(**changes: Any) -> AuditEntry:
    said: dict[str, Any] = {"thread_id": "t", "run_id": "r", "call_id": "c", "tool": "pay", "key": audit_key(KEY)}
    return AuditEntry(kind="outcome", verdict="executed", **{**said, "detail": {"effect": "done"}, **changes})


async def done(saver: PostgresSaver, **changes: Any) -> None:
    claim = await saver.ledger.claim(wanted(key=KEY, **changes))
    assert claim.mine
    await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(claim.effect)


@pytest.mark.parametrize("at", ['"x"', "null", "[]", "9" * 400, "[" * 100_000])
async def test_what_is_lost_is_told_whatever_the_entry_says_of_its_time(
    saver: PostgresSaver, database_url: str, at: str
) -> None:
    body = f'{{"key":"{audit_key(KEY)}","kind":"outcome","tool":"pay","at":{at}}}'
    with psycopg.connect(database_url, autocommit=True) as connection:
        append = "SELECT audit_write(ARRAY['t'], ARRAY['r'], ARRAY['c'], ARRAY[%s], ARRAY[''])"
        connection.execute(append, (body,))
    (effect,) = await saver.ledger.of_thread("t")
    assert (effect.status, effect.claimed_at) == (EffectStatus.UNKNOWN, 0.0)


@pytest.mark.parametrize("run", ["r", ""])
async def test_a_row_that_is_gone_is_in_doubt_and_not_new(saver: PostgresSaver, database_url: str, run: str) -> None:
    await done(saver, run_id=run)
    await saver.audit.write(outcome(run_id=run))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM effects")
    (lost,) = await saver.ledger.of_thread("t")
    assert lost.status == EffectStatus.UNKNOWN and lost.tool == "pay" and KEY.startswith(lost.key)
    assert lost.evidence == "The ledger has lost it: entry 1 of the audit log says done."
    claim = await saver.ledger.claim(wanted(key=KEY, run_id=run))
    assert not claim.mine and claim.effect.status == EffectStatus.UNKNOWN
    assert claim.effect.evidence == "The ledger had lost it: entry 1 of the audit log says that it was there."
    assert claim.effect.args == {"n": 1}
    (known,) = await saver.ledger.of_thread("t")
    assert known.key == KEY
    taken = await saver.ledger.take_over(claim.effect)
    assert taken.mine and taken.effect.attempt == 2


@pytest.mark.parametrize(
    "changes", [{"run_id": "other"}, {"key": "f" * 32}, {"key": ""}, {"tool": f'"key":"{KEY[:32]}"', "key": ""}]
)
async def test_what_the_log_says_of_others_counts_for_nothing(saver: PostgresSaver, changes: dict[str, str]) -> None:
    await saver.audit.write(outcome(**changes))
    assert (await saver.ledger.claim(wanted(key=KEY))).mine


@pytest.mark.parametrize(
    ("changed", "told", "in_doubt"),
    [
        ("status = 'failed'", "done", True),
        ("status = 'waiting'", "done", True),
        ("status = 'claimed'", "done", True),
        ("status = 'done'", "failed", True),
        ("status = 'done'", "done", False),
        ("status = 'done'", "unknown", False),
        ("status = 'done'", "", False),
    ],
)
async def test_a_row_that_was_changed_is_in_doubt(
    saver: PostgresSaver, database_url: str, changed: str, told: str, in_doubt: bool
) -> None:
    await done(saver)
    await saver.audit.write(outcome(detail={"effect": told}))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"UPDATE effects SET {changed}")
    claim = await saver.ledger.claim(wanted(key=KEY))
    assert not claim.mine
    assert (claim.effect.status == EffectStatus.UNKNOWN) == in_doubt
    assert ("entry 1 of the audit log says" in claim.effect.evidence) == in_doubt


async def test_what_came_of_an_effect_is_not_lost_with_its_row(saver: PostgresSaver, database_url: str) -> None:
    claim = await saver.ledger.claim(wanted(key=KEY))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM effects")
    settled = await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    assert settled.result == PAID and "was gone when it ended" in settled.evidence
    saver.ledger.left(claim.effect)
    again = await saver.ledger.claim(wanted(key=KEY))
    assert not again.mine and again.effect.result == PAID and again.effect.args == {"n": 1}


async def test_a_harmed_log_harms_no_claim(saver: PostgresSaver, database_url: str) -> None:
    """What cannot be read is for `audit verify` to name."""
    await saver.audit.write(outcome())
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER refuse")
        for body in (f'{{"key":"{KEY[:32]}"', f'["key":"{KEY[:32]}"]', f'{{"key":"{KEY[:32]}","detail":7}}'):
            connection.execute("UPDATE audit SET body = %s", (body,))
            (lost,) = await saver.ledger.of_thread("t")
            assert lost.status == EffectStatus.UNKNOWN
    assert not (await saver.ledger.claim(wanted(key=KEY))).mine


async def test_the_ledger_is_read_after_its_old_key_is_taken_away(database_url: str) -> None:
    keys = {name: bytes([index]) * 32 for index, name in enumerate(("k1", "k2"))}
    rings = [Keyring({"k1": keys["k1"]}), Keyring({"k2": keys["k2"], "k1": keys["k1"]}), Keyring({"k2": keys["k2"]})]
    first, second, third = (PostgresSaver(database_url, keys=ring) for ring in rings)
    await done(first)
    assert await rotate(second) == 2
    claim = await third.ledger.claim(wanted(key=KEY))
    assert claim.effect.result == PAID and claim.effect.args == {"n": 1}
    for saver in (first, second, third):
        await saver.aclose()


def decided() -> AuditEntry:
    return AuditEntry(kind="decision", verdict="allow", thread_id="t", run_id="r", call_id="c", tool="pay")


async def test_a_claim_names_its_effect_in_the_log_so_a_row_that_is_gone_is_missed(
    saver: PostgresSaver, database_url: str
) -> None:
    """Its runner is gone too, and nobody has said what came of it."""
    claim = await saver.ledger.claim(wanted(key=KEY), decided=decided())
    assert claim.mine
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("DELETE FROM effects").rowcount == 1
    (lost,) = await saver.ledger.of_thread("t")
    assert (lost.status, lost.tool) == (EffectStatus.UNKNOWN, "pay")
    assert lost.evidence.endswith("entry 1 of the audit log says that it was claimed, and nothing what came of it.")
    saver.ledger.left(claim.effect)
    again = await saver.ledger.claim(wanted(key=KEY), decided=decided())
    assert not again.mine and again.effect.status == EffectStatus.UNKNOWN
    assert again.effect.evidence == "The ledger had lost it: entry 1 of the audit log says that it was there."


async def test_a_decision_hides_no_outcome_before_it(saver: PostgresSaver, database_url: str) -> None:
    await done(saver)
    await saver.audit.write(outcome())
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE effects SET status = 'failed'")
        for _ in range(2):  # the first passage writes a decision of its own
            claim = await saver.ledger.claim(wanted(key=KEY), decided=decided())
            assert "entry 1 of the audit log says done" in claim.effect.evidence
            connection.execute("UPDATE effects SET status = 'failed', evidence = ''")


async def test_a_claim_that_was_not_made_is_not_in_the_log(saver: PostgresSaver) -> None:
    with pytest.raises(LeaseLostError):
        await saver.ledger.claim(wanted(key=KEY), decided=decided(), fence=Fence(thread_id="t", token=7))
    await saver.audit.settled("t")
    assert KEY[:32] not in "".join([row.body async for row in rows(saver.pools)])
    assert (await saver.ledger.claim(wanted(key=KEY), decided=decided())).mine


async def test_claims_name_their_effects_while_the_log_is_busy(saver: PostgresSaver) -> None:
    """Entries of this thread and of others are on their way all the time: no claim is ever seen without its entry."""

    async def claimed(number: int) -> bool:
        key = f"{number:032x}" * 2
        thread = f"t{number % 3}"
        entry = replace(decided(), thread_id=thread)
        for _ in range(3):
            saver.audit.note(replace(entry, id=uuid.uuid4().hex))
        return (await saver.ledger.claim(wanted(key=key, thread_id=thread), decided=entry)).mine

    assert all(await asyncio.gather(*(claimed(number) for number in range(1, 30))))
    await saver.audit.write()
    told = [json.loads(row.body).get("key") async for row in rows(saver.pools)]
    assert sorted(filter(None, told)) == [f"{number:032x}" for number in range(1, 30)]
    assert len(told) == 29 * 4
