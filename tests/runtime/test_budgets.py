"""What many share, in Postgres and in one process: never over the bound, whoever asks at once; the dead give back."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from lockgate.ports import RateStore, Share
from lockgate.runtime import PostgresSaver, budgets
from lockgate.runtime.budgets import PostgresRates, ProcessRates


def claim(amount: int, *, key: str = "k", bound: int = 10, window: float = 3600.0, least: int | None = None) -> Share:
    return Share(key=key, window=window, bound=bound, amount=amount, least=least)


class Store:
    """A store that tests can look into, and whose time they can move."""

    def __init__(self, rates: RateStore, total: Callable[[str], Awaitable[int]], later: Callable[[float], Any]) -> None:
        self.rates = rates
        self.total = total
        self.later = later


@pytest.fixture(params=["postgres", "process"])
async def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    if request.param == "postgres":
        from lockgate.runtime import open_checkpointer

        saver = await open_checkpointer(request.getfixturevalue("database_url"))

        async def count(key: str) -> int:
            async with saver.pools.connection() as connection:
                sql = "SELECT coalesce(sum(amount), 0) AS n FROM budget_uses WHERE key = %s"
                row = await (await connection.execute(sql, (key,))).fetchone()
            assert row is not None
            return int(row["n"])

        async def aged(seconds: float) -> None:
            sql = "UPDATE budget_uses SET at = at - %s * interval '1 s', expires = expires - %s * interval '1 s'"
            async with saver.pools.connection() as connection:
                await connection.execute(sql, (seconds, seconds))

        assert isinstance(saver.rates, PostgresRates)
        yield Store(saver.rates, count, aged)
        await saver.aclose()
        return
    process, now = ProcessRates(), [0.0]
    monkeypatch.setattr(budgets.time, "monotonic", lambda: now[0])

    async def summed(key: str) -> int:
        return sum(use.amount for use in process._uses.get(key, {}).values())

    async def passed(seconds: float) -> None:
        now[0] += seconds

    yield Store(process, summed, passed)


async def test_reserve_settle_release(store: Store) -> None:
    rates = store.rates
    assert await rates.reserve("a", [claim(6)]) == ""
    assert await rates.reserve("b", [claim(5)]) == "k"
    assert await rates.reserve("a", [claim(7)]) == ""  # the same again takes its own place
    await rates.settle("a", [claim(2)])
    assert await rates.reserve("b", [claim(8)]) == ""
    assert await rates.reserve("c", [claim(1)]) == "k"
    await rates.release(["b", "unknown"])
    assert await rates.reserve("c", [claim(8)]) == ""
    assert await store.total("k") == 10
    assert await rates.reserve("d", [claim(0, bound=0, key="zero")]) == ""
    assert await rates.reserve("e", [claim(1, bound=0, key="zero")]) == "zero"


async def test_all_claims_or_none(store: Store) -> None:
    assert await store.rates.reserve("a", [claim(1), claim(11, key="z")]) == "z"
    assert (await store.total("k"), await store.total("z")) == (0, 0)


async def test_what_is_left_will_do_where_the_claim_says_so(store: Store) -> None:
    rates = store.rates
    assert await rates.reserve("a", [claim(7, least=1), claim(1, key="other")]) == ""
    assert await rates.reserve("b", [claim(7, least=4)]) == "k"
    assert await rates.reserve("b", [claim(7, least=1), claim(9, least=1, key="other", bound=3)]) == ""
    assert (await store.total("k"), await store.total("other")) == (10, 3)
    assert await rates.reserve("c", [claim(7, least=1)]) == "k"
    await rates.settle("b", [claim(30)])  # it took longer
    assert await store.total("k") == 37
    assert await rates.reserve("c", [claim(7, least=1)]) == "k"
    assert await rates.reserve("c", [claim(7, least=0)]) == "k"


async def test_a_window_slides_and_a_dead_runners_reservation_expires(store: Store) -> None:
    rates = store.rates
    assert await rates.reserve("old", [claim(10, key="o")]) == ""
    await store.later(3_000)
    assert await rates.reserve("dead", [claim(10)], expires_after=900.0) == ""
    assert await rates.reserve("x", [claim(1)]) == "k" and await rates.reserve("x", [claim(1, key="o")]) == "o"
    await store.later(901)
    assert await rates.reserve("x", [claim(10)]) == "" and await rates.reserve("x", [claim(10, key="o")]) == ""
    await rates.settle("dead", [claim(3)])  # it was only slow: what it used counts
    assert await store.total("k") == 13


@pytest.mark.parametrize(("seed", "least"), [(0, None), (1, None), (2, 1)])
async def test_twenty_who_reserve_at_once_never_go_over(store: Store, seed: int, least: int | None) -> None:
    chance, rates, bound = random.Random(seed), store.rates, 50
    seen: list[int] = []
    plans = [[(chance.randint(0, 12), chance.random()) for _ in range(4)] for _ in range(20)]

    async def runner(name: int) -> int:
        kept = 0
        for step, (amount, luck) in enumerate(plans[name]):
            reservation = f"{name}-{step}"
            both = [
                claim(amount, bound=bound, least=least and min(least, amount)),
                claim(amount, key="other", bound=bound + 5),
            ]
            both = both if luck < 0.5 else both[::-1]  # in any order: no deadlock
            if await rates.reserve(reservation, both):
                continue
            seen.append(await store.total("k"))
            if luck < 0.3:
                await rates.release([reservation])
            else:
                used = int(amount * luck) if least is None else min(least, amount)
                await rates.settle(reservation, [claim(used, bound=bound), claim(used, key="other", bound=bound + 5)])
                kept += used
            seen.append(await store.total("k"))
        return kept

    kept = await asyncio.gather(*(runner(name) for name in range(20)))
    assert seen and all(0 <= amount <= bound for amount in seen)
    assert max(seen) > bound * 0.8  # it was tight
    assert await store.total("k") == await store.total("other") == sum(kept)


async def test_runs_of_long_ago_are_swept_and_rates_are_not(saver: PostgresSaver) -> None:
    run, rate = '["run", ["r"], "tokens"]', '["user", ["a", "b"], "tokens", 1e9, null]'
    await saver.rates.reserve("a", [claim(1, key=run), claim(1, key=rate)])
    async with saver.pools.connection() as connection:
        await connection.execute("UPDATE budget_uses SET at = at - interval '31 days'")
    await PostgresRates(saver.pools).reserve("b", [claim(1, key='["run", ["s"], "tokens"]')])
    async with saver.pools.connection() as connection:
        cursor = await connection.execute("SELECT key FROM budget_uses WHERE reservation = 'a'")
        assert [row["key"] for row in await cursor.fetchall()] == [rate]


async def test_uses_from_before_the_servers_clock_was_set_back_count_for_one_window(saver: PostgresSaver) -> None:
    """They lie a year ahead, and would fill the window for as long."""
    async with saver.pools.connection() as connection:
        await saver.rates.settle("a", [claim(6)])
        assert not await saver.rates.reserve("b", [claim(4)], expires_after=60)
        shift = "UPDATE budget_uses SET at = at + %s::interval, expires = expires + %s::interval"
        await connection.execute(shift, ["1 y"] * 2)
        assert await saver.rates.reserve("c", [claim(1)]) == "k"
        await connection.execute(shift, ["-2 min"] * 2)
        assert not await saver.rates.reserve("c", [claim(4)])  # whose runner had died
        assert await saver.rates.reserve("d", [claim(1)]) == "k"
        await connection.execute("UPDATE budget_uses SET at = at - interval '1 h'")
        assert not await saver.rates.reserve("d", [claim(10)])


async def test_a_process_forgets_what_was_asked_for_longest_ago() -> None:
    rates = ProcessRates(max_keys=2)
    for key in "abac":
        await rates.reserve(f"r-{key}", [claim(1, key=key)])
    assert list(rates._uses) == ["a", "c"] and set(rates._keys) == {"r-a", "r-c"}
    await rates.release(["r-a", "r-c"])
    assert not rates._uses and not rates._keys
