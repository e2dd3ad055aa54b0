"""What many use together, counted so that no two can both take the last of it.

`PostgresRates` counts for all processes, `ProcessRates` for the runs of this one that have no Postgres checkpointer.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from lockgate.ports import Share
from lockgate.runtime.pool import Pools
from lockgate.runtime.seal import Seal
from lockgate.runtime.wire import Connection

RUN = "run"
"""The first word of the key of what counts in one run only."""
_RUN_KEY = f'["{RUN}"'
RUN_WINDOW = 30 * 86_400.0
"""Seconds for which that is kept; nobody asks for it later, but for a run that has waited as long."""
MAX_KEYS = 100_000
"""Sums that a process holds for runs without a database; beyond that the one that was asked for least lately goes."""

_RESERVE = b"SELECT budget_reserve(%s, %s::text[], %s::float8[], %s::bigint[], %s::bigint[], %s::float8) AS full_key"
_SETTLE = b"""
INSERT INTO budget_uses (key, reservation, amount) SELECT key, %s, amount
FROM unnest(%s::text[], %s::bigint[]) AS c (key, amount)
ON CONFLICT (key, reservation) DO UPDATE SET amount = EXCLUDED.amount, expires = NULL
"""
_USED = b"""
SELECT coalesce(sum(amount), 0) AS used FROM budget_uses WHERE key = %s AND reservation <> %s
    AND at > clock_timestamp() - make_interval(secs => %s) AND (expires IS NULL OR expires > clock_timestamp())
"""
_SWEEP = b"DELETE FROM budget_uses WHERE starts_with(key, %s) AND at <= clock_timestamp() - make_interval(secs => %s)"
# What was counted before there was encryption counts on. A use that stands there as both is one use.
_ADOPT = b"""
UPDATE budget_uses u SET key = t.token FROM unnest(%s::text[], %s::text[]) AS t (key, token)
WHERE u.key = t.key AND NOT EXISTS (SELECT FROM budget_uses o WHERE (o.key, o.reservation) = (t.token, u.reservation))
"""
_DOUBLES = b"DELETE FROM budget_uses WHERE key = ANY(%s)"
# Such a use was made before the server's clock was set back. It counts for one window from now, not until its time.
_FROM_AHEAD = b"""
UPDATE budget_uses SET at = clock_timestamp(), expires = expires - (at - clock_timestamp())
WHERE key = %s AND at > clock_timestamp()
"""
_RELEASE = b"DELETE FROM budget_uses WHERE reservation = ANY(%s::text[])"

KIND = "rate"
"""Kind of the tokens that stand for keys of rates."""


async def adopt(connection: Connection, seal: Seal, keys: Sequence[str]) -> int:
    """Puts tokens in place of the keys, where they stand in the clear and are not to; how many rows changed."""
    plain = sorted({key for key in keys if not _of_run(key)})
    if seal.ring is None or not plain:
        return 0
    async with connection.transaction():
        tokens = [seal.token(key, KIND) for key in plain]
        found = await connection.execute(_ADOPT, (plain, tokens))
        await connection.execute(_DOUBLES, (plain,))
    return found.rowcount


def _of_run(key: str) -> bool:
    """Whether it counts in one run: such a key names runs, tasks and tools, and nobody."""
    return key.startswith(_RUN_KEY)


class PostgresRates:
    """Implements `lockgate.ports.RateStore` on the connections of a checkpointer.

    With the keys of a `seal` the rates and who shares them stand as tokens.
    """

    def __init__(self, pools: Pools, seal: Seal | None = None) -> None:
        self._pools = pools
        self._swept = False
        self._seal = seal or Seal()

    async def reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """Reserves all of `claims` or nothing, in one statement; the key of one that has no room, or an empty string.

        The time that counts is the server's. A window slides: what was used more than `window` seconds ago is free
        again. Raises StoreError.
        """
        await self._seal.ready()
        wanted = list(claims)
        async with self._pools.connection() as connection:
            await adopt(connection, self._seal, [claim.key for claim in wanted])
            if not self._swept and any(_of_run(claim.key) for claim in wanted):
                self._swept = True
                await connection.execute(_SWEEP, (_RUN_KEY, RUN_WINDOW))
            keys = [self._key(claim) for claim in wanted]
            while True:
                row = (
                    reservation,
                    keys,
                    [claim.window for claim in wanted],
                    [claim.bound for claim in wanted],
                    [claim.amount for claim in wanted],
                    expires_after,
                )
                cursor = await connection.execute(_RESERVE, row)
                found = await cursor.fetchone()
                full = str(found["full_key"]) if found else keys[0]
                if not full:
                    return ""
                await connection.execute(_FROM_AHEAD, (full,))
                at = keys.index(full)
                claim = wanted[at]
                if claim.least is None:
                    return claim.key
                # Between this look and the next attempt others may take more: then it looks again, for still less.
                cursor = await connection.execute(_USED, (full, reservation, claim.window))
                used = await cursor.fetchone()
                left = min(claim.bound - int(used["used"] if used else claim.bound), claim.amount - 1)
                if left < claim.least:
                    return claim.key
                wanted[at] = replace(claim, amount=left)

    async def settle(self, reservation: str, claims: Sequence[Share]) -> None:
        """Puts the amounts of `claims` in place of what was reserved, also when the reservation has expired."""
        await self._seal.ready()
        row = (reservation, [self._key(claim) for claim in claims], [claim.amount for claim in claims])
        async with self._pools.connection() as connection:
            await connection.execute(_SETTLE, row)

    def _key(self, claim: Share) -> str:
        return claim.key if _of_run(claim.key) else self._seal.token(claim.key, KIND)

    async def release(self, reservations: Sequence[str]) -> None:
        """Forgets the reservations; those that are not there are none to give back."""
        async with self._pools.connection() as connection:
            await connection.execute(_RELEASE, (list(reservations),))


class ProcessRates:
    """Implements `lockgate.ports.RateStore` in memory: as long-lived as the runs of a process without a database."""

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        self._uses: OrderedDict[str, dict[str, _Use]] = OrderedDict()
        self._keys: dict[str, set[str]] = {}
        """Where each reservation has its uses."""
        self._max_keys = max_keys
        self._lock = Lock()  # graphs of several loops and threads share it

    async def reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """As in Postgres."""
        now, taken = time.monotonic(), {}
        with self._lock:
            for claim in claims:
                uses = self._uses.get(claim.key, {})
                for name in [name for name, use in uses.items() if use.at <= now - claim.window or use.ends <= now]:
                    self._forget(claim.key, name)
                left = claim.bound - sum(use.amount for name, use in uses.items() if name != reservation)
                if left < (claim.amount if claim.least is None else claim.least):
                    return claim.key
                taken[claim.key] = min(left, claim.amount)
            ends = now + expires_after if expires_after is not None else math.inf
            for key, amount in taken.items():
                self._put(key, reservation, _Use(amount, now, ends))
        return ""

    async def settle(self, reservation: str, claims: Sequence[Share]) -> None:
        """As in Postgres."""
        with self._lock:
            for claim in claims:
                known = self._uses.get(claim.key, {}).get(reservation)
                at = known.at if known else time.monotonic()
                self._put(claim.key, reservation, _Use(claim.amount, at, math.inf))

    async def release(self, reservations: Sequence[str]) -> None:
        """As in Postgres."""
        with self._lock:
            for name in reservations:
                for key in self._keys.get(name, set()).copy():
                    self._forget(key, name)

    def _put(self, key: str, reservation: str, use: "_Use") -> None:
        self._uses.setdefault(key, {})[reservation] = use
        self._uses.move_to_end(key)
        self._keys.setdefault(reservation, set()).add(key)
        while len(self._uses) > self._max_keys:
            oldest = next(iter(self._uses))
            for name in [*self._uses[oldest]]:
                self._forget(oldest, name)

    def _forget(self, key: str, reservation: str) -> None:
        del self._uses[key][reservation]
        if not self._uses[key]:
            del self._uses[key]
        self._keys[reservation].discard(key)
        if not self._keys[reservation]:
            del self._keys[reservation]


@dataclass(frozen=True, slots=True)
class _Use:
    amount: int
    at: float
    ends: float


IN_PROCESS = ProcessRates()
"""For the teams of this process that run without Postgres."""
