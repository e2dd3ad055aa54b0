"""Rates in Postgres: never over the bound, whoever asks at once; reservations of the dead come back."""

import asyncio
import random

import pytest

from lockgate.ports import Share
from lockgate.runtime import PostgresSaver
from lockgate.runtime.budgets import PostgresRates


def claim(amount: int, *, key: str = "k", bound: int = 10, window: float = 3600.0) -> Share:
    return Share(key=key, window=window, bound=bound, amount=amount)


async def total(saver: PostgresSaver, key: str = "k") -> int:
    async with saver.pools.connection() as connection:
        cursor = await connection.execute(
            "SELECT coalesce(sum(amount), 0) AS n FROM budget_uses WHERE key = %s", (key,)
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row["n"])


async def test_reserve_settle_release(saver: PostgresSaver) -> None:
    rates = saver.rates
    assert isinstance(rates, PostgresRates)
    assert await rates.reserve("a", [claim(6)]) == ""
    assert await rates.reserve("b", [claim(5)]) == "k"
    assert await rates.reserve("a", [claim(7)]) == ""  # the same again takes its own place
    await rates.settle("a", [claim(2)])
    assert await rates.reserve("b", [claim(8)]) == ""
    assert await rates.reserve("c", [claim(1)]) == "k"
    await rates.release(["b", "unknown"])
    assert await rates.reserve("c", [claim(8)]) == ""
    assert await total(saver) == 10
    assert await rates.reserve("d", [claim(0, bound=0, key="zero")]) == ""
    assert await rates.reserve("e", [claim(1, bound=0, key="zero")]) == "zero"


async def test_all_claims_or_none(saver: PostgresSaver) -> None:
    rates = saver.rates
    assert await rates.reserve("a", [claim(1), claim(11, key="z")]) == "z"
    assert (await total(saver), await total(saver, "z")) == (0, 0)


async def test_a_window_slides_and_a_dead_runners_reservation_expires(saver: PostgresSaver) -> None:
    rates = saver.rates
    assert await rates.reserve("dead", [claim(10)], expires_after=900.0) == ""
    assert await rates.reserve("old", [claim(10, key="o")]) == ""
    assert await rates.reserve("x", [claim(1)]) == "k" and await rates.reserve("x", [claim(1, key="o")]) == "o"
    async with saver.pools.connection() as connection:
        await connection.execute("UPDATE budget_uses SET expires = now() - interval '1 s' WHERE reservation = 'dead'")
        await connection.execute("UPDATE budget_uses SET at = now() - interval '1 h' WHERE reservation = 'old'")
    assert await rates.reserve("x", [claim(10)]) == "" and await rates.reserve("x", [claim(10, key="o")]) == ""
    await rates.settle("dead", [claim(3)])  # it was only slow: what it used counts
    assert await total(saver) == 13


@pytest.mark.parametrize("seed", range(3))
async def test_twenty_who_reserve_at_once_never_go_over(saver: PostgresSaver, seed: int) -> None:
    chance, rates, bound = random.Random(seed), saver.rates, 50
    seen: list[int] = []
    plans = [[(chance.randint(0, 12), chance.random()) for _ in range(4)] for _ in range(20)]

    async def runner(name: int) -> int:
        kept = 0
        for step, (amount, luck) in enumerate(plans[name]):
            reservation = f"{name}-{step}"
            both = [claim(amount, bound=bound), claim(amount, key="other", bound=bound + 5)]
            both = both if luck < 0.5 else both[::-1]  # in any order: no deadlock
            if await rates.reserve(reservation, both):
                continue
            seen.append(await total(saver))
            if luck < 0.3:
                await rates.release([reservation])
            else:
                used = int(amount * luck)
                await rates.settle(reservation, [claim(used, bound=bound), claim(used, key="other", bound=bound + 5)])
                kept += used
            seen.append(await total(saver))
        return kept

    kept = await asyncio.gather(*(runner(name) for name in range(20)))
    assert seen and all(0 <= amount <= bound for amount in seen)
    assert max(seen) > bound * 0.8  # it was tight
    assert await total(saver) == await total(saver, "other") == sum(kept)
