"""`PostgresRates`: what many runs use together, counted in Postgres so that no two can both take the last of it."""

from collections.abc import Sequence

from lockgate.ports import Share
from lockgate.runtime.pool import Pools
from lockgate.runtime.seal import Seal
from lockgate.runtime.wire import Connection

_RESERVE = b"SELECT budget_reserve(%s, %s::text[], %s::float8[], %s::bigint[], %s::bigint[], %s::float8) AS full_key"
_SETTLE = b"""
INSERT INTO budget_uses (key, reservation, amount) SELECT key, %s, amount
FROM unnest(%s::text[], %s::bigint[]) AS c (key, amount)
ON CONFLICT (key, reservation) DO UPDATE SET amount = EXCLUDED.amount, expires = NULL
"""
# What was counted before there was encryption counts on. A use that stands there as both is one use.
_ADOPT = b"""
UPDATE budget_uses u SET key = t.token FROM unnest(%s::text[], %s::text[]) AS t (key, token)
WHERE u.key = t.key AND NOT EXISTS (SELECT FROM budget_uses o WHERE (o.key, o.reservation) = (t.token, u.reservation))
"""
_DOUBLES = b"DELETE FROM budget_uses WHERE key = ANY(%s)"
_RELEASE = b"DELETE FROM budget_uses WHERE reservation = ANY(%s::text[])"

KIND = "rate"
"""Kind of the tokens that stand for keys of rates."""


async def adopt(connection: Connection, seal: Seal, keys: Sequence[str]) -> int:
    """Puts tokens in place of the keys, where they stand in the clear and are not to; how many rows changed."""
    if seal.ring is None or not keys:
        return 0
    plain = sorted(set(keys))
    async with connection.transaction():
        tokens = [seal.token(key, KIND) for key in plain]
        found = await connection.execute(_ADOPT, (plain, tokens))
        await connection.execute(_DOUBLES, (plain,))
    return found.rowcount


class PostgresRates:
    """Implements `lockgate.ports.RateStore` on the connections of a checkpointer.

    With the keys of a `seal` the rates and who shares them stand as tokens.
    """

    def __init__(self, pools: Pools, seal: Seal | None = None) -> None:
        self._pools = pools
        self._seal = seal or Seal()

    async def reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """Reserves all of `claims` or nothing, in one statement; the key of one that has no room, or an empty string.

        The time that counts is the server's. A window slides: what was used more than `window` seconds ago is free
        again. Raises StoreError.
        """
        await self._seal.ready()
        by_key = {self._key(claim): claim for claim in claims}
        row = (
            reservation,
            [self._key(claim) for claim in claims],
            [claim.window for claim in claims],
            [claim.bound for claim in claims],
            [claim.amount for claim in claims],
            expires_after,
        )
        async with self._pools.connection() as connection:
            await adopt(connection, self._seal, [claim.key for claim in claims])
            cursor = await connection.execute(_RESERVE, row)
            found = await cursor.fetchone()
        full = found["full_key"] if found else self._key(claims[0])
        return by_key[full].key if full else ""

    async def settle(self, reservation: str, claims: Sequence[Share]) -> None:
        """Puts the amounts of `claims` in place of what was reserved, also when the reservation has expired."""
        await self._seal.ready()
        row = (reservation, [self._key(claim) for claim in claims], [claim.amount for claim in claims])
        async with self._pools.connection() as connection:
            await connection.execute(_SETTLE, row)

    def _key(self, claim: Share) -> str:
        return self._seal.token(claim.key, KIND)

    async def release(self, reservations: Sequence[str]) -> None:
        """Forgets the reservations; those that are not there are none to give back."""
        async with self._pools.connection() as connection:
            await connection.execute(_RELEASE, (list(reservations),))
