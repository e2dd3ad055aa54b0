"""What the audit log knows of effects. It takes no line back, so it tells of a row that the ledger has lost.

The decision that is written with the claim of an effect names its key, and each outcome too, with what became of it.
A key that the log knows and the ledger does not was deleted, or the ledger was restored from an older copy: nobody may
take it for new.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.audit import MAX_TEXT, audit_key
from lockgate.effect import FINAL, Effect, EffectStatus
from lockgate.runtime.audit_words import opened
from lockgate.runtime.effect_row import stored_key
from lockgate.runtime.pool import Pools
from lockgate.runtime.seal import Seal
from lockgate.text import clean

OF_RUN = "run_id = %s AND (position(%s IN body) > 0 OR position(%s IN body) > 0)"
OF_THREAD = "thread_id = %s AND (position(%s IN body) > 0 OR position(%s IN body) > 0)"
"""Conditions that find the entries of an effect in `audit`: of a run, or of a thread whose graph names none."""
_OUTCOME = '"kind":"outcome"'  # no value of an entry holds it: quotation marks in texts are escaped
_NEWEST = "SELECT seq, body FROM audit WHERE {} AND position(%s IN body) > 0 ORDER BY seq DESC LIMIT 1"
# The key in the log is the beginning of the ledger's.
_LOST = f"""
SELECT DISTINCT ON (k.key) a.seq, a.thread_id, a.run_id, a.call_id, a.body, k.key
FROM audit a CROSS JOIN LATERAL (SELECT substring(a.body FROM '"key":"([0-9a-f]{{32}})"') AS key) k
WHERE a.thread_id = %s AND k.key IS NOT NULL
    AND NOT EXISTS (SELECT FROM effects e WHERE e.key >= k.key AND e.key < k.key || 'g')
ORDER BY k.key, position('{_OUTCOME}' IN a.body) > 0 DESC, a.seq DESC
""".encode()  # noqa: S608 - only constants of this file


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one entry of the log says became of an effect."""

    seq: int
    status: str

    def against(self, status: str) -> str:
        """What stands against the ledger, which says `status`; empty when nothing does.

        That the ledger doubts what the log knows is no contradiction: somebody found its result damaged, or erased.
        """
        if status in (self.status, EffectStatus.UNKNOWN) or self.status not in FINAL:
            return ""
        return (
            f"The ledger says {status}, entry {self.seq} of the audit log says {self.status}: one of them was changed."
        )


def place(effect: Effect, seal: Seal) -> tuple[str, Sequence[str]]:
    """The condition that finds the effect's entries in `audit`, and its values."""
    named = [f'"key":"{audit_key(key)}"' for key in (stored_key(effect.key, seal), effect.key)]
    if effect.run_id:
        return OF_RUN, (clean(effect.run_id)[:MAX_TEXT], *named)
    return OF_THREAD, (clean(effect.thread_id)[:MAX_TEXT], *named)


async def newest(pools: Pools, effect: Effect, seal: Seal) -> Told | None:
    """What the log says last of what became of the effect."""
    where, values = place(effect, seal)
    rows = await pools.fetch(_NEWEST.format(where).encode(), (*values, _OUTCOME))
    return Told(seq=rows[0]["seq"], status=_said(rows[0]["body"]).get("effect", "")) if rows else None


async def lost(pools: Pools, thread_id: str, seal: Seal) -> list[Effect]:
    """The effects of a thread that the log knows and the ledger does not, as `unknown`, oldest first."""
    rows = await pools.fetch(_LOST, (clean(thread_id)[:MAX_TEXT],))
    return [_effect(row, seal) for row in sorted(rows, key=lambda row: int(row["seq"]))]


def _effect(row: dict[str, Any], seal: Seal) -> Effect:
    said = opened(_said(row["body"]), seal)
    return Effect(
        key=row["key"],
        thread_id=row["thread_id"],
        run_id=row["run_id"],
        call_id=row["call_id"],
        agent=str(said.get("agent", "")),
        tool=str(said.get("tool", "")),
        digest=str(said.get("digest", "")),
        status=EffectStatus.UNKNOWN,
        evidence=f"The ledger has lost it: entry {row['seq']} of the audit log {_saying(said)}.",
        claimed_at=float(at) if isinstance(at := said.get("at"), float) else 0.0,
    )


def _saying(said: dict[str, Any]) -> str:
    if said.get("kind") == "decision":
        return "says that it was claimed, and nothing what came of it"
    return f"says {said.get('effect') or 'it ran'}"


def _said(body: str) -> dict[str, Any]:
    """The entry's own fields, with what its `detail` says of the effect."""
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):  # touched: `audit verify` names it
        return {}
    if not isinstance(entry, dict):
        return {}
    detail = entry.get("detail")
    return {**entry, "effect": str(detail.get("effect", "")) if isinstance(detail, dict) else ""}
