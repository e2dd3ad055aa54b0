"""SQL by a model: reads what it was given, and no statement reaches further."""

from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lockgate.decision import Call
from lockgate.errors import ConfigError, StoreError
from lockgate.runtime import reader_url
from lockgate.spec import ToolSpec
from lockgate.tools.execute import execute
from lockgate.tools.sql import sql_tools


@pytest.fixture
def tools(database_url: str) -> dict[str, ToolSpec]:
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, item text, total numeric(8, 2));")
        owner.execute("CREATE SCHEMA hidden; CREATE TABLE hidden.keys (key text)")
        owner.execute("INSERT INTO shop.orders VALUES (1, 'mug', 38.5), (2, 'tin', 12.9)")
    url = reader_url(database_url, ["shop"])
    return {spec.name: spec for spec in sql_tools(url, max_rows=3)}


async def asked(tools: dict[str, ToolSpec], query: str) -> Any:
    return await execute(tools["query_sql"], Call(id="1", name="query_sql", args={"query": query}))


async def test_it_answers_with_columns_and_rows(tools: dict[str, ToolSpec]) -> None:
    result = await asked(tools, "SELECT item, total FROM shop.orders ORDER BY id")
    assert result.value == '{"columns":["item","total"],"rows":[["mug","38.50"],["tin","12.90"]],"more":false}'
    result = await asked(tools, "SELECT * FROM generate_series(1, 9)")
    assert '"rows":[[1],[2],[3]],"more":true' in result.value
    result = await execute(tools["list_tables"], Call(id="1", name="list_tables", args={}))
    assert result.value == '{"shop.orders":["id integer","item text","total numeric"]}'


REFUSED = [
    "DELETE FROM shop.orders",
    "INSERT INTO shop.orders VALUES (3)",
    "WITH gone AS (DELETE FROM shop.orders RETURNING *) SELECT * FROM gone",
    "SELECT * FROM hidden.keys",
    "SELECT * FROM public.checkpoints",
    "SELECT 1; DELETE FROM shop.orders",
    "COMMIT",
    "COPY shop.orders TO PROGRAM 'cat > /tmp/lockgate-sql-test'",
    "COPY shop.orders TO '/tmp/lockgate-sql-test'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT set_config('role', 'postgres', false)",
    "SET ROLE postgres",
    "SELECT lo_import('/etc/passwd')",
    "CREATE TABLE shop.mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "DO $$ BEGIN DELETE FROM shop.orders; END $$",
    "SELECT * FROM pg_authid",
    "ALTER ROLE lockgate_reader SUPERUSER",
    "SET SESSION AUTHORIZATION postgres",
]


@pytest.mark.parametrize("query", REFUSED)
async def test_nothing_but_reading_what_it_was_given(tools: dict[str, ToolSpec], database_url: str, query: str) -> None:
    result = await asked(tools, query.replace("postgres", conninfo_to_dict(database_url)["user"]))
    assert not result.success, result.value
    with psycopg.connect(database_url) as owner:
        assert owner.execute("SELECT count(*) FROM shop.orders").fetchone() == (2,)


async def test_bad_queries_say_what_is_wrong_and_hold_nothing_up(tools: dict[str, ToolSpec]) -> None:
    result = await asked(tools, "SELEC 1")
    assert 'syntax error at or near "SELEC"' in result.value
    assert "NUL" in (await asked(tools, "SELECT '\0'")).value
    assert "no rows" in (await asked(tools, "SET TIME ZONE 'UTC'")).value
    assert not (await asked(tools, "SELECT '\ud800'")).success


async def test_a_database_out_of_reach_names_no_host(database_url: str) -> None:
    url = make_conninfo(**{**conninfo_to_dict(database_url), "dbname": "nowhere-at-all"})
    (_, query) = sql_tools(url)
    result = await execute(query, Call(id="1", name="query_sql", args={"query": "SELECT 1"}))
    assert (result.success, "out of reach" in result.value, "nowhere" in result.value) == (False, True, False)


def test_a_later_grant_replaces_the_earlier_one(database_url: str, tools: dict[str, ToolSpec]) -> None:
    url = reader_url(database_url, ["hidden"])
    with psycopg.connect(url) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT * FROM shop.orders")
    with pytest.raises(ConfigError, match="no schema 'nowhere'"):
        reader_url(database_url, ["nowhere"])
    with pytest.raises(StoreError, match="CREATEROLE"):
        reader_url(url, ["hidden"])
