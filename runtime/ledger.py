"""The effect ledger in Postgres: an effect is claimed before it happens and settled after it, so it happens once.

Each method is one short transaction, fenced by the lease of the runner, and may be tried again when the connection
fails: a claim knows its claimant, a settled effect says the same twice. A claim goes with the checkpoint and the audit
entries that have to be there before the effect.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from lockgate.audit import AuditEntry
from lockgate.effect import FINAL, Claim, Effect, EffectStatus, Fence
from lockgate.errors import LedgerError, StoreError, ThreadBusyError, UnrecordedError
from lockgate.result import ToolResult
from lockgate.runtime import witness
from lockgate.runtime.effect_row import EffectRows, and_, keys
from lockgate.runtime.fence import fenced
from lockgate.runtime.pool import Pools
from lockgate.runtime.wire import Statement
from lockgate.text import clean, cut

T = TypeVar("T")
log = logging.getLogger(__name__)
Flush: TypeAlias = Callable[[str, Sequence[Statement], AuditEntry | None], Awaitable[dict[str, Any]]]

PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between two tries to reach the database, 16 in all: what happened outside must not be lost to a restart."""
MAX_EVIDENCE = 4_000
"""Bytes kept of what is known of an effect in doubt."""

# The runner lives when its lease is the newest of its thread and the server still holds its connection.
COLUMNS = """
e.key, e.thread_id, e.run_id, e.call_id, e.agent, e.tool, e.digest, e.args, e.args_type,
coalesce(e.undo_of, '') AS undo_of,
e.status, e.attempt, e.result, e.result_type, e.evidence, e.asked, e.settled_by, e.claimant, e.fence,
extract(epoch FROM e.claimed_at)::float8 AS claimed_at, extract(epoch FROM e.settled_at)::float8 AS settled_at,
e.status = 'claimed' AND EXISTS (
    SELECT 1 FROM leases l JOIN pg_stat_activity a ON a.pid = l.pid AND a.backend_start = l.backend_start
    WHERE l.token = e.fence
) AS running
"""
_CLAIM = """
INSERT INTO effects (key, thread_id, run_id, call_id, agent, tool, digest, args_type, args, undo_of, claimant, fence,
    status, evidence)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s::bytea, nullif(%s, ''), %s, %s::bigint,
    CASE WHEN w.seq IS NULL THEN 'claimed' ELSE 'unknown' END, coalesce(
    'The ledger had lost it: entry ' || w.seq || ' of the audit log says that it was there.', '')
FROM (SELECT max(seq) AS seq FROM audit WHERE {}) AS w WHERE NOT EXISTS (SELECT FROM effects o WHERE o.key = %s)
ON CONFLICT (key) DO NOTHING
RETURNING key, status, extract(epoch FROM claimed_at)::float8 AS claimed_at
"""
_CLAIMS = {where: _CLAIM.format(where) for where in (witness.OF_RUN, witness.OF_THREAD)}
# What an attempt came to, of which the row is gone.
_RESTORE = """
INSERT INTO effects (key, thread_id, run_id, call_id, agent, tool, digest, args_type, args, undo_of, claimant, fence,
    attempt, status, result_type, result, evidence, settled_by, settled_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, nullif(%s, ''), '', %s, %s, %s, %s, %s, %s, %s, now())
ON CONFLICT (key) DO NOTHING RETURNING key, extract(epoch FROM settled_at)::float8 AS settled_at
"""
_READ = f"SELECT {COLUMNS} FROM effects e WHERE e.key = ANY(%s)"  # noqa: S608 - only constants of this file
_TAKE_OVER = """
UPDATE effects SET status = 'claimed', attempt = attempt + 1, claimant = %s, fence = %s,
    claimed_at = now(), settled_at = NULL, result = NULL, result_type = NULL
WHERE key = ANY(%s) AND attempt = %s AND status IN ('unknown', 'waiting')
"""
# In this order, so that a second try finds what the first one wrote.
_SETTLE = """
UPDATE effects SET status = %s, result_type = %s, result = %s, evidence = %s, settled_by = %s, settled_at = now()
WHERE key = ANY(%s) AND attempt = %s AND status IN ('claimed', 'unknown')
RETURNING key, extract(epoch FROM settled_at)::float8 AS settled_at
"""
_DOUBT = """
UPDATE effects SET status = 'unknown', evidence = %s, result = NULL, result_type = NULL
WHERE key = ANY(%s) AND attempt = %s
"""
_ASK = "UPDATE effects SET asked = %s WHERE key = ANY(%s) AND attempt = %s"
_OF_THREAD = f"""
SELECT {COLUMNS} FROM effects e
WHERE e.thread_id = %(thread)s OR e.undo_of = ANY(%(keys)s)
    OR (%(thread)s::text IS NULL AND NOT (%(open)s AND e.status IN ('done', 'failed', 'given_up')))
ORDER BY e.claimed_at, e.key LIMIT %(limit)s
"""  # noqa: S608
_KEYS = b"SELECT key FROM effects WHERE thread_id = %s"
_UNDONE = b"SELECT FROM effects WHERE undo_of = ANY(%s) AND status = 'done'"
ERASE = """
UPDATE effects SET args = NULL, args_type = NULL, result = NULL, result_type = NULL, evidence = 'erased with its thread'
WHERE thread_id = ANY(%s) AND evidence <> 'erased with its thread'
"""
"""What deleting threads does to their effects. The keys stay: a fork must not repeat what a deleted parent did."""


class Ledger:
    """An `EffectLedger` on the connections of a checkpointer; `rows` says how its rows are written and read.

    `flush` writes what a thread's run has gathered, with further statements. `patience` are the seconds to wait between
    tries while the database cannot be reached.
    """

    def __init__(self, pools: Pools, rows: EffectRows, flush: Flush, patience: Sequence[float] = PATIENCE) -> None:
        self._pools = pools
        self._rows = rows
        self._flush = flush
        self.patience = patience
        self._under_way: dict[str, Future[None]] = {}

    async def claim(self, wanted: Effect, *, fence: Fence | None = None, decided: AuditEntry | None = None) -> Claim:
        """Claims the effect, or says what is known of it; waits while another task of this process is at it.

        Then all that the thread's run did so far is durable, and so are its audit entries. `decided` is written with
        the claim or not at all, and names the effect: a key that the log knows was in the ledger. An effect whose
        runner is gone comes back as `unknown`. Raises ThreadBusyError while another runner is at it, UnrecordedError
        when the audit log cannot be written.
        """
        await self._rows.seal.ready()
        claimant = uuid.uuid4().hex
        row = (*self._rows.head(wanted), claimant, fence and fence.token)
        known = decided and replace(decided, key=wanted.key)
        claim, found = await self._taken(wanted, lambda: self._claimed(wanted, row, claimant, fence, known), claimant)
        effect = claim.effect
        if (effect.tool, effect.digest, effect.run_id) != (wanted.tool, wanted.digest, wanted.run_id):
            raise LedgerError(
                f"The ledger and the checkpoint disagree on call {wanted.call_id!r}: under its key the ledger holds "
                f"{effect.tool} of run {effect.run_id!r}, the checkpoint {wanted.tool} of run {wanted.run_id!r}.",
                f"Nothing was run. Compare: lockgate effects {wanted.thread_id} --json",
            )
        if claim.mine:
            return claim
        told = await witness.newest(self._pools, wanted, self._rows.seal)
        against = told.against(found["status"]) if told and not effect.running else ""
        if against or (effect.status in FINAL and effect.result is None) or effect.status != found["status"]:
            gone = "" if against else f"It was settled as {found['status']}, but with what result is lost."
            evidence = and_(effect.evidence, against or gone)
            kept = self._rows.text(effect, "evidence", evidence)
            doubt = (_DOUBT, (kept, self._keys(effect), effect.attempt))
            found = await self._persistently(lambda: self._write(effect.key, doubt, fence))
            return Claim(effect=self._rows.effect(found), mine=False)
        if effect.status == EffectStatus.WAITING:
            return await self.take_over(effect, fence=fence)
        if effect.status != EffectStatus.CLAIMED:
            return claim
        own = fence is not None and found["fence"] == fence.token
        if effect.running and not own:
            raise ThreadBusyError(
                f"Thread {effect.thread_id!r} is at this very effect now ({effect.tool}).", "Resume when it has ended."
            )
        gone = "was cut off" if own else "its runner is gone"
        evidence = and_(effect.evidence, f"Attempt {effect.attempt} was begun and never settled: {gone}.")
        return Claim(effect=await self.settle(effect, EffectStatus.UNKNOWN, evidence=evidence, fence=fence), mine=False)

    async def take_over(self, effect: Effect, *, fence: Fence | None = None) -> Claim:
        """Claims an unknown effect for one more attempt; `mine` is False when another was faster."""
        claimant = uuid.uuid4().hex
        row = (claimant, fence and fence.token, self._keys(effect), effect.attempt)
        claim, _ = await self._taken(effect, lambda: self._write(effect.key, (_TAKE_OVER, row), fence), claimant)
        if not claim.mine and claim.effect.status == EffectStatus.CLAIMED:
            raise ThreadBusyError(
                f"Another runner is at this very effect now ({effect.tool}).", "Resume when it ended."
            )
        return claim

    async def settle(
        self,
        effect: Effect,
        status: EffectStatus,
        *,
        result: ToolResult | None = None,
        evidence: str = "",
        by: str = "",
        fence: Fence | None = None,
    ) -> Effect:
        """Records what came of an attempt; tries for as long as `patience` says while the database is away.

        Raises LedgerError when somebody else has settled the attempt, or begun another, meanwhile.
        """
        await self._rows.seal.ready()
        kept = cut(clean(evidence), MAX_EVIDENCE)[0]
        settled = replace(effect, status=status, result=result, evidence=kept, settled_by=clean(by), running=False)
        texts = [self._rows.text(effect, name, getattr(settled, name)) for name in ("evidence", "settled_by")]
        row = (status, *self._rows.result(settled), *texts, self._keys(effect), effect.attempt)
        written = await self._persistently(lambda: self._pools.run([(_SETTLE, row), *fenced(fence)]))
        if written["key"] is not None:
            return replace(settled, settled_at=written["settled_at"])
        try:
            found = self._rows.effect(await self._persistently(lambda: self._read_row(effect.key)))
        except LedgerError:
            return await self._restored(settled, fence)
        if (found.status, found.attempt) != (status, effect.attempt):
            raise LedgerError(
                f"{effect.tool} was to be settled as {status}, but is {found.status}, attempt {found.attempt}.",
                f"Another runner was at it. Look: lockgate effects {effect.thread_id}",
            )
        return found

    async def ask(self, effect: Effect, question: str, *, fence: Fence | None = None) -> Effect:
        """Records that `question` is put to a person about the present attempt."""
        row = (question, self._keys(effect), effect.attempt)
        return self._rows.effect(await self._persistently(lambda: self._write(effect.key, (_ASK, row), fence)))

    def left(self, effect: Effect) -> None:
        """Says that this process is not at the effect any more; others that wait for it go on."""
        if (future := self._under_way.pop(effect.key, None)) is not None:
            future.set_result(None)

    async def undone(self, effect: Effect) -> bool:
        """See `EffectLedger.undone`."""
        await self._rows.seal.ready()
        return bool(await self._pools.fetch(_UNDONE, (self._keys(effect),)))

    async def of_thread(self, thread_id: str) -> list[Effect]:
        """The effects of a thread and what undid them, oldest first; those that the ledger has lost as `unknown`."""
        known = await self._list(thread_id, only_open=False, limit=100_000)
        lost = await witness.lost(self._pools, thread_id, self._rows.seal)
        return sorted([*known, *lost], key=lambda effect: effect.claimed_at)

    async def newest(self, limit: int = 50, *, only_open: bool = False) -> list[Effect]:
        """Effects of all threads, oldest first; `only_open` leaves out what is settled for good."""
        return await self._list(None, only_open=only_open, limit=limit)

    async def _list(self, thread_id: str | None, *, only_open: bool, limit: int) -> list[Effect]:
        await self._rows.seal.ready()
        async with self._pools.connection() as connection:
            found = await (await connection.execute(_KEYS, (thread_id,))).fetchall() if thread_id else []
            known = [form for row in found for form in self._rows.forms(row["key"])]
            values = {"thread": thread_id, "open": only_open, "limit": limit, "keys": known}
            cursor = await connection.execute(_OF_THREAD.encode(), values)
            return [self._rows.effect(row) for row in await cursor.fetchall()]

    async def _taken(
        self, effect: Effect, take: Callable[[], Awaitable[dict[str, Any]]], claimant: str
    ) -> tuple[Claim, dict[str, Any]]:
        """Takes the effect for `claimant`, while no other task of this process is at it."""
        own: Future[None] = Future()
        while (other := self._under_way.setdefault(effect.key, own)) is not own:
            await asyncio.shield(asyncio.wrap_future(other))
        mine = False
        try:
            found = await self._persistently(take, only_down=True)
            mine = found["claimant"] == claimant
            return Claim(effect=found.get("effect") or self._rows.effect(found), mine=mine), found
        finally:
            if not mine:
                self.left(effect)

    async def _claimed(
        self, wanted: Effect, row: Sequence[Any], claimant: str, fence: Fence | None, decided: AuditEntry | None
    ) -> dict[str, Any]:
        """The row after a claim; of one that this made only what matters, with the effect itself."""
        where, told = witness.place(wanted, self._rows.seal)
        claim = (_CLAIMS[where], (*row, *told, wanted.key))
        made = await self._flush(wanted.thread_id, [claim, *fenced(fence)], decided)
        if made.get("key") is None:  # another's, or written with what somebody else waited for
            return await self._read_row(wanted.key)
        if made["status"] != EffectStatus.CLAIMED:
            log.warning("The ledger had lost an effect of thread %r that the audit log knows.", wanted.thread_id)
            return {**await self._read_row(wanted.key), "claimant": ""}
        effect = replace(wanted, claimed_at=made["claimed_at"], running=fence is not None)
        return {"claimant": claimant, "effect": effect, "status": effect.status}

    def _keys(self, effect: Effect) -> list[str]:
        return keys(effect.key, self._rows.seal)

    async def _restored(self, effect: Effect, fence: Fence | None) -> Effect:
        """The effect with its row written anew: what came of it is known, and must not be lost with the row."""
        log.warning("The row of an effect of thread %r was deleted while it ran; it is written anew.", effect.thread_id)
        evidence = and_(effect.evidence, "Its row in the ledger was gone when it ended, and was written anew.")
        texts = {"evidence": evidence, "settled_by": effect.settled_by}
        closed = [self._rows.text(effect, name, text) for name, text in texts.items()]
        more = (fence and fence.token, effect.attempt, effect.status, *self._rows.result(effect), *closed)
        row = (*self._rows.head(effect), *more)
        await self._persistently(lambda: self._pools.run([(_RESTORE, row), *fenced(fence)]))
        return self._rows.effect(await self._persistently(lambda: self._read_row(effect.key)))

    async def _write(self, key: str, statement: Statement, fence: Fence | None) -> dict[str, Any]:
        """Runs the statement, in a transaction that the fence may end, and returns the row after it."""
        await self._pools.run([statement, *fenced(fence)])
        return await self._read_row(key)

    async def _read_row(self, key: str) -> dict[str, Any]:
        rows = await self._pools.fetch(_READ.encode(), (keys(key, self._rows.seal),))
        if not rows:
            raise LedgerError(f"The effect {key[:12]} is gone from the ledger.", "Somebody deleted its row.")
        return rows[0]

    async def _persistently(self, write: Callable[[], Awaitable[T]], *, only_down: bool = False) -> T:
        for pause in self.patience:
            try:
                return await write()
            except UnrecordedError:
                raise
            except StoreError as error:
                if only_down and not error.down:
                    raise
                await asyncio.sleep(pause)
        return await write()
