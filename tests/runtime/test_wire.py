"""Several statements as one transaction in one message."""

import psycopg
import pytest

from lockgate.runtime import PostgresSaver, wire
from lockgate.runtime.wire import Statement

TABLE = "CREATE TABLE IF NOT EXISTS wired (id int PRIMARY KEY, said text)"


def put(number: int, said: str) -> Statement:
    return "INSERT INTO wired (id, said) VALUES (%s, %s)", (number, said)


async def test_all_or_none_are_run_and_columns_come_back(saver: PostgresSaver) -> None:
    async with saver.pools.connection() as connection:
        await connection.execute(TABLE)
        returning = "INSERT INTO wired (id, said) VALUES (%s, %s) RETURNING id, said"
        assert await connection.run([put(1, "a"), (returning, (2, "b"))]) == {"id": 2, "said": "b"}
        with pytest.raises(psycopg.errors.UniqueViolation):
            await connection.run([put(3, "c"), put(1, "again")])
        rows = await (await connection.execute("SELECT id FROM wired ORDER BY id")).fetchall()
        assert [row["id"] for row in rows] == [1, 2]


async def test_few_combinations_stay_prepared(saver: PostgresSaver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_PREPARED", 1)
    connection = await saver.pools.connect()
    await connection.execute(TABLE)
    for start in (0, 100):  # each combination twice
        for count in (1, 2, 3):
            await connection.run([put(start + 10 * count + n, "x") for n in range(count)])
    assert len(connection._ready) == 1
    cursor = await connection.execute("SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'lockgate_%'")
    assert (await cursor.fetchone() or {})["n"] == 1
    cursor = await connection.execute("SELECT count(*) AS n FROM wired")
    assert (await cursor.fetchone() or {})["n"] == 12
    await connection.close()
