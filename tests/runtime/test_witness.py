"""A ledger and an audit log that disagree: the log takes no line back, so what it knows is never taken for new."""

from typing import Any

import psycopg
import pytest
from tests.runtime.test_ledger import PAID, wanted

from lockgate.audit import AuditEntry, audit_key
from lockgate.effect import EffectStatus
from lockgate.runtime import PostgresSaver
from lockgate.runtime.erasure import rotate
from lockgate.runtime.seal import Keyring

KEY = "0123456789abcdef" * 4


def outcome(**changes: Any) -> AuditEntry:
    said: dict[str, Any] = {"thread_id": "t", "run_id": "r", "call_id": "c", "tool": "pay", "key": audit_key(KEY)}
    return AuditEntry(kind="outcome", verdict="executed", **{**said, "detail": {"effect": "done"}, **changes})


async def done(saver: PostgresSaver, **changes: Any) -> None:
    claim = await saver.ledger.claim(wanted(key=KEY, **changes))
    assert claim.mine
    await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=PAID)
    saver.ledger.left(claim.effect)


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
