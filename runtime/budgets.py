"""`PostgresRates`: what many runs use together, counted in Postgres so that no two can both take the last of it."""

from collections.abc import Sequence

from lockgate.ports import Share
from lockgate.runtime.pool import Pools

_RESERVE = b"SELECT budget_reserve(%s, %s::text[], %s::float8[], %s::bigint[], %s::bigint[], %s::float8) AS full_key"
_SETTLE = b"""
INSERT INTO budget_uses (key, reservation, amount) SELECT key, %s, amount
FROM unnest(%s::text[], %s::bigint[]) AS c (key, amount)
ON CONFLICT (key, reservation) DO UPDATE SET amount = EXCLUDED.amount, expires = NULL
"""
_RELEASE = b"DELETE FROM budget_uses WHERE reservation = ANY(%s::text[])"


class PostgresRates:
    """Implements `lockgate.ports.RateStore` on the connections of a checkpointer."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    async def reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """Reserves all of `claims` or nothing, in one statement; the key of one that has no room, or an empty string.

        The time that counts is the server's. A window slides: what was used more than `window` seconds ago is free
        again. Raises StoreError.
        """
        row = (
            reservation,
            [claim.key for claim in claims],
            [claim.window for claim in claims],
            [claim.bound for claim in claims],
            [claim.amount for claim in claims],
            expires_after,
        )
        async with self._pools.connection() as connection:
            cursor = await connection.execute(_RESERVE, row)
            found = await cursor.fetchone()
        return str(found["full_key"]) if found else claims[0].key

    async def settle(self, reservation: str, claims: Sequence[Share]) -> None:
        """Puts the amounts of `claims` in place of what was reserved, also when the reservation has expired."""
        row = (reservation, [claim.key for claim in claims], [claim.amount for claim in claims])
        async with self._pools.connection() as connection:
            await connection.execute(_SETTLE, row)

    async def release(self, reservations: Sequence[str]) -> None:
        """Forgets the reservations; those that are not there are none to give back."""
        async with self._pools.connection() as connection:
            await connection.execute(_RELEASE, (list(reservations),))
