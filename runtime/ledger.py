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

from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.effect import FINAL, Claim, Effect, EffectStatus, Fence
from lockgate.errors import LedgerError, StoreError, ThreadBusyError, UnrecordedError
from lockgate.result import ToolResult
from lockgate.runtime import witness
from lockgate.runtime.fence import fenced
from lockgate.runtime.pool import Pools
from lockgate.runtime.wire import Statement
from lockgate.text import clean, cut

T = TypeVar("T")
log = logging.getLogger(__name__)
Flush: TypeAlias = Callable[[str, Sequence[Statement]], Awaitable[dict[str, Any]]]

PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between two tries to reach the database, 16 in all: what happened outside must not be lost to a restart."""
MAX_EVIDENCE = 4_000
"""Bytes kept of what is known of an effect in doubt."""

# The runner lives when its lease is the newest of its thread and the server still holds its connection.
_COLUMNS = """
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
FROM (SELECT max(seq) AS seq FROM audit WHERE {}) AS w ON CONFLICT (key) DO NOTHING
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
_READ = f"SELECT {_COLUMNS} FROM effects e WHERE e.key = %s"  # noqa: S608 - only constants of this file
_TAKE_OVER = """
UPDATE effects SET status = 'claimed', attempt = attempt + 1, claimant = %s, fence = %s,
    claimed_at = now(), settled_at = NULL
WHERE key = %s AND attempt = %s AND status IN ('unknown', 'waiting')
"""
# In this order, so that a second try finds what the first one wrote.
_SETTLE = """
UPDATE effects SET status = %s, result_type = %s, result = %s, evidence = %s, settled_by = %s, settled_at = now()
WHERE key = %s AND attempt = %s AND status IN ('claimed', 'unknown')
RETURNING key, extract(epoch FROM settled_at)::float8 AS settled_at
"""
_DOUBT = "UPDATE effects SET status = 'unknown', evidence = %s WHERE key = %s AND attempt = %s"
_ASK = "UPDATE effects SET asked = %s WHERE key = %s AND attempt = %s"
_OF_THREAD = f"""
SELECT {_COLUMNS} FROM effects e
WHERE e.thread_id = %(thread)s OR e.undo_of IN (SELECT key FROM effects WHERE thread_id = %(thread)s)
    OR (%(thread)s::text IS NULL AND NOT (%(open)s AND e.status IN ('done', 'failed', 'given_up')))
ORDER BY e.claimed_at, e.key LIMIT %(limit)s
"""  # noqa: S608
_UNDONE = b"SELECT FROM effects WHERE undo_of = %s AND status = 'done'"
ERASE = """
UPDATE effects SET args = NULL, args_type = NULL, result = NULL, result_type = NULL, evidence = 'erased with its thread'
WHERE thread_id = ANY(%s) AND evidence <> 'erased with its thread'
"""
"""What deleting threads does to their effects. The keys stay: a fork must not repeat what a deleted parent did."""


class Ledger:
    """An `EffectLedger` on the connections of a checkpointer; arguments and results are stored as `serde` writes them.

    `flush` writes what a thread's run has gathered, with further statements. `patience` are the seconds to wait between
    tries while the database cannot be reached.
    """

    def __init__(
        self, pools: Pools, serde: SerializerProtocol, flush: Flush, patience: Sequence[float] = PATIENCE
    ) -> None:
        self._pools = pools
        self._serde = serde
        self._flush = flush
        self.patience = patience
        self._under_way: dict[str, Future[None]] = {}

    async def claim(self, wanted: Effect, *, fence: Fence | None = None) -> Claim:
        """Claims the effect, or says what is known of it; waits while another task of this process is at it.

        Then all that the thread's run did so far is durable, and so are its audit entries. An effect whose runner is
        gone comes back as `unknown`. Raises ThreadBusyError while another runner is at it, UnrecordedError when the
        audit log cannot be written.
        """
        claimant = uuid.uuid4().hex
        row = (*self._head(wanted), claimant, fence and fence.token)
        claim, found = await self._taken(wanted, lambda: self._claimed(wanted, row, claimant, fence), claimant)
        effect = claim.effect
        if (effect.tool, effect.digest, effect.run_id) != (wanted.tool, wanted.digest, wanted.run_id):
            raise LedgerError(
                f"The ledger and the checkpoint disagree on call {wanted.call_id!r}: under its key the ledger holds "
                f"{effect.tool} of run {effect.run_id!r}, the checkpoint {wanted.tool} of run {wanted.run_id!r}.",
                f"Nothing was run. Compare: lockgate effects {wanted.thread_id} --json",
            )
        if claim.mine:
            return claim
        told = await witness.newest(self._pools, wanted)
        against = told.against(found["status"]) if told and not effect.running else ""
        if against or (effect.status in FINAL and effect.result is None) or effect.status != found["status"]:
            gone = "" if against else f"It was settled as {found['status']}, but with what result is lost."
            evidence = _and(effect.evidence, against or gone)
            doubt = (_DOUBT, (evidence, effect.key, effect.attempt))
            found = await self._persistently(lambda: self._write(effect.key, doubt, fence))
            return Claim(effect=self._effect(found), mine=False)
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
        evidence = _and(effect.evidence, f"Attempt {effect.attempt} was begun and never settled: {gone}.")
        return Claim(effect=await self.settle(effect, EffectStatus.UNKNOWN, evidence=evidence, fence=fence), mine=False)

    async def take_over(self, effect: Effect, *, fence: Fence | None = None) -> Claim:
        """Claims an unknown effect for one more attempt; `mine` is False when another was faster."""
        claimant = uuid.uuid4().hex
        row = (claimant, fence and fence.token, effect.key, effect.attempt)
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
        stored = (None, None) if result is None else self._serde.dumps_typed(result)
        kept = cut(clean(evidence), MAX_EVIDENCE)[0]
        row = (status, *stored, kept, clean(by), effect.key, effect.attempt)
        written = await self._persistently(lambda: self._pools.run([(_SETTLE, row), *fenced(fence)]))
        if written["key"] is not None:
            known = {"status": status, "result": result, "evidence": kept, "settled_by": row[4], "running": False}
            return replace(effect, **known, settled_at=written["settled_at"])
        try:
            found = self._effect(await self._persistently(lambda: self._read_row(effect.key)))
        except LedgerError:
            return await self._restored(
                replace(effect, status=status, result=result, settled_by=clean(by)), kept, fence
            )
        if (found.status, found.attempt) != (status, effect.attempt):
            raise LedgerError(
                f"{effect.tool} was to be settled as {status}, but is {found.status}, attempt {found.attempt}.",
                f"Another runner was at it. Look: lockgate effects {effect.thread_id}",
            )
        return found

    async def ask(self, effect: Effect, question: str, *, fence: Fence | None = None) -> Effect:
        """Records that `question` is put to a person about the present attempt."""
        row = (question, effect.key, effect.attempt)
        return self._effect(await self._persistently(lambda: self._write(effect.key, (_ASK, row), fence)))

    def left(self, effect: Effect) -> None:
        """Says that this process is not at the effect any more; others that wait for it go on."""
        if (future := self._under_way.pop(effect.key, None)) is not None:
            future.set_result(None)

    async def undone(self, effect: Effect) -> bool:
        """See `EffectLedger.undone`."""
        return bool(await self._pools.fetch(_UNDONE, (effect.key,)))

    async def of_thread(self, thread_id: str) -> list[Effect]:
        """The effects of a thread and what undid them, oldest first; those that the ledger has lost as `unknown`."""
        known = await self._list(thread_id, only_open=False, limit=100_000)
        return sorted([*known, *await witness.lost(self._pools, thread_id)], key=lambda effect: effect.claimed_at)

    async def newest(self, limit: int = 50, *, only_open: bool = False) -> list[Effect]:
        """Effects of all threads, oldest first; `only_open` leaves out what is settled for good."""
        return await self._list(None, only_open=only_open, limit=limit)

    async def _list(self, thread_id: str | None, *, only_open: bool, limit: int) -> list[Effect]:
        async with self._pools.connection() as connection:
            values = {"thread": thread_id, "open": only_open, "limit": limit}
            cursor = await connection.execute(_OF_THREAD.encode(), values)
            return [self._effect(row) for row in await cursor.fetchall()]

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
            return Claim(effect=found.get("effect") or self._effect(found), mine=mine), found
        finally:
            if not mine:
                self.left(effect)

    async def _claimed(self, wanted: Effect, row: Sequence[Any], claimant: str, fence: Fence | None) -> dict[str, Any]:
        """The row after a claim; of one that this made only what matters, with the effect itself."""
        where, told = witness.place(wanted)
        made = await self._flush(wanted.thread_id, [(_CLAIMS[where], (*row, *told)), *fenced(fence)])
        if made.get("key") is None:  # another's, or written with what somebody else waited for
            return await self._read_row(wanted.key)
        if made["status"] != EffectStatus.CLAIMED:
            log.warning("The ledger had lost an effect of thread %r that the audit log knows.", wanted.thread_id)
            return {**await self._read_row(wanted.key), "claimant": ""}
        effect = replace(wanted, claimed_at=made["claimed_at"], running=fence is not None)
        return {"claimant": claimant, "effect": effect, "status": effect.status}

    def _head(self, effect: Effect) -> tuple[Any, ...]:
        """The first columns of its row."""
        named = (effect.key, effect.thread_id, effect.run_id, clean(effect.call_id), clean(effect.agent), effect.tool)
        return (*named, effect.digest, *self._serde.dumps_typed(effect.args), effect.undo_of)

    async def _restored(self, effect: Effect, evidence: str, fence: Fence | None) -> Effect:
        """The effect with its row written anew: what came of it is known, and must not be lost with the row."""
        log.warning("The row of an effect of thread %r was deleted while it ran; it is written anew.", effect.thread_id)
        evidence = _and(evidence, "Its row in the ledger was gone when it ended, and was written anew.")
        stored = (None, None) if effect.result is None else self._serde.dumps_typed(effect.result)
        more = (fence and fence.token, effect.attempt, effect.status, *stored, evidence, effect.settled_by)
        row = (*self._head(effect), *more)
        await self._persistently(lambda: self._pools.run([(_RESTORE, row), *fenced(fence)]))
        return self._effect(await self._persistently(lambda: self._read_row(effect.key)))

    async def _write(self, key: str, statement: Statement, fence: Fence | None) -> dict[str, Any]:
        """Runs the statement, in a transaction that the fence may end, and returns the row after it."""
        await self._pools.run([statement, *fenced(fence)])
        return await self._read_row(key)

    async def _read_row(self, key: str) -> dict[str, Any]:
        rows = await self._pools.fetch(_READ.encode(), (key,))
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

    def _effect(self, row: dict[str, Any]) -> Effect:
        read = {name: value for name, value in row.items() if name not in _STORED}
        args, unreadable_args = self._read("arguments", row["args_type"], row["args"], dict)
        result, unreadable = self._read("result", row["result_type"], row["result"], ToolResult)
        try:
            status = EffectStatus(row["status"])
        except ValueError:
            status, unreadable = EffectStatus.UNKNOWN, f"Its status {row['status']!r} is not known to this version."
        evidence = _and(row["evidence"], unreadable_args, unreadable)
        return Effect(**{**read, "status": status, "args": args, "result": result, "evidence": evidence})

    def _read(self, what: str, encoding: str | None, data: bytes | None, kind: type) -> tuple[Any, str]:
        if encoding is None or data is None:
            return None, ""
        try:
            value = self._serde.loads_typed((encoding, data))
        except Exception as error:  # noqa: BLE001 - a damaged row is named, and harms nothing else
            return None, f"Its {what} in the ledger cannot be read: {type(error).__name__}."
        if not isinstance(value, kind):
            return None, f"Its {what} in the ledger is a {type(value).__name__}."
        return value, ""


_STORED = frozenset({"args", "args_type", "result", "result_type", "claimant", "fence", "status", "evidence"})


def _and(*sentences: str) -> str:
    return "\n".join(dict.fromkeys(sentence for sentence in sentences if sentence))
