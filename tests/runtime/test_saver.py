"""The saver from any thread and loop, and against a database that misbehaves."""

import asyncio
import gc
import operator
import threading
import time
import warnings
from pathlib import Path
from typing import Annotated, Any, TypedDict

import psycopg
import pytest
from langgraph.graph import START, StateGraph
from psycopg.conninfo import make_conninfo

from lockgate.bridge import run_sync
from lockgate.errors import ConfigError, LockgateError, StoreError
from lockgate.runtime import PostgresSaver, open_checkpointer, pool
from lockgate.settings import Settings


class State(TypedDict):
    n: Annotated[int, operator.add]


def counter(saver: PostgresSaver) -> Any:
    return StateGraph(State).add_node("one", lambda s: {"n": 1}).add_edge(START, "one").compile(checkpointer=saver)


CONFIG: Any = {"configurable": {"thread_id": "t"}}


def test_a_script_needs_no_loop(database_url: str) -> None:
    saver = run_sync(open_checkpointer(database_url))
    agent = counter(saver)
    assert agent.invoke({"n": 1}, CONFIG) == {"n": 2}
    assert agent.invoke({"n": 1}, CONFIG) == {"n": 4}
    assert [s.values["n"] for s in agent.get_state_history(CONFIG) if s.next == ()] == [4, 2]
    assert len(list(saver.list(CONFIG, limit=2))) == 2
    saver.delete_thread("t")
    assert saver.get_tuple(CONFIG) is None
    run_sync(saver.aclose())


async def test_langgraphs_way_to_open_it(empty_database_url: str) -> None:
    async with PostgresSaver.from_conn_string(empty_database_url) as saver:
        with pytest.raises(StoreError, match="open_checkpointer"):
            await saver.aget_tuple(CONFIG)
        await saver.setup()
        assert await counter(saver).ainvoke({"n": 0}, CONFIG) == {"n": 1}


async def test_a_running_loop_may_call_both_faces(saver: PostgresSaver) -> None:
    agent = counter(saver)
    assert agent.invoke({"n": 0}, CONFIG) == {"n": 1}
    assert await agent.ainvoke({"n": 0}, CONFIG) == {"n": 2}
    assert agent.get_state(CONFIG).values == {"n": 2}


def test_each_loop_and_thread_has_its_own_connections(database_url: str) -> None:
    saver = run_sync(open_checkpointer(database_url))
    agent = counter(saver)
    failures: list[BaseException] = []

    def work(name: str) -> None:
        config: Any = {"configurable": {"thread_id": name}}
        try:
            for _ in range(3):  # a new loop each time; the old ones die with their connections open
                asyncio.run(agent.ainvoke({"n": 0}, config))
            assert agent.invoke({"n": 0}, config) == {"n": 4}
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(saver.pools._loops) <= 5
    run_sync(saver.aclose())


def test_a_dead_loop_leaves_no_warning_and_no_connection(database_url: str) -> None:
    saver = PostgresSaver(database_url)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop = asyncio.new_event_loop()
        loop.run_until_complete(saver.aget_tuple(CONFIG))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        assert _open(database_url) == 1
        asyncio.run(saver.aget_tuple(CONFIG))
        assert list(saver.pools._loops) != [loop]
        del saver
        gc.collect()
    deadline = time.monotonic() + 5
    while _open(database_url) and time.monotonic() < deadline:
        pass
    assert _open(database_url) == 0


def _open(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lockgate'"
        ).fetchone()
    assert row
    return int(row[0])


async def test_operations_run_side_by_side_up_to_the_pools_size(database_url: str) -> None:
    saver = PostgresSaver(database_url, pool_size=3)
    peak = 0
    inside = 0
    full = asyncio.Event()

    async def hold() -> None:
        nonlocal peak, inside
        async with saver.pools.connection():
            inside += 1
            peak = max(peak, inside)
            if inside == 3:
                full.set()
            await full.wait()
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.wait_for(asyncio.gather(*(hold() for _ in range(9))), 10)
    assert peak == 3
    assert _open(database_url) <= 3
    await saver.aclose()


async def test_no_free_connection_is_an_error_not_a_hang(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SLOT_TIMEOUT", 0.05)
    saver = PostgresSaver(database_url, pool_size=1)
    async with saver.pools.connection():
        with pytest.raises(StoreError, match="LOCKGATE_POOL_SIZE"):
            await saver.aget_tuple(CONFIG)
    assert await saver.aget_tuple(CONFIG) is None
    await saver.aclose()
    with pytest.raises(StoreError, match="closed"):
        await saver.aget_tuple(CONFIG)


SLEEPING = (
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = 'active' AND wait_event = 'PgSleep'"
)


async def test_a_cancelled_operation_gives_its_connection_back(database_url: str) -> None:
    saver = PostgresSaver(database_url, pool_size=1)
    saver_of_another_pool = PostgresSaver(database_url)

    async def slow() -> None:
        async with saver.pools.connection() as connection:
            await connection.execute("SELECT pg_sleep(60)")

    for _ in range(3):
        task = asyncio.create_task(slow())
        async with saver_of_another_pool.pools.connection() as watch:
            # A query that has not begun cannot be cancelled.
            while not await (await watch.execute(SLEEPING)).fetchone():
                await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await saver.aget_tuple(CONFIG) is None
    await saver.aclose()
    await saver_of_another_pool.aclose()


async def test_broken_connections_are_replaced(saver: PostgresSaver, database_url: str) -> None:
    agent = counter(saver)
    await agent.ainvoke({"n": 0}, CONFIG)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'lockgate'"
        )
    assert await agent.ainvoke({"n": 0}, CONFIG) == {"n": 2}


async def test_a_database_that_goes_away_in_mid_run_loses_nothing(server_url: str, database_url: str) -> None:
    """The connection is cut and new ones are refused; once they are taken again, the run goes on."""
    saver = await open_checkpointer(database_url)
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    runs: list[str] = []

    def allow(connections: bool) -> None:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {connections}")
            if not connections:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
                )

    def cut(state: State) -> dict[str, int]:
        runs.append("cut")
        if len(runs) == 2:
            allow(connections=False)
        return {"n": 10}

    def one(state: State) -> dict[str, int]:
        runs.append("one")
        return {"n": 1}

    agent = (
        StateGraph(State).add_sequence([("one", one), ("cut", cut)]).add_edge(START, "one").compile(checkpointer=saver)
    )
    with pytest.raises(StoreError, match="can be resumed"):
        await agent.ainvoke({"n": 0}, CONFIG, durability="sync")
    allow(connections=True)
    assert await agent.ainvoke(None, CONFIG, durability="sync") == {"n": 11}
    assert runs == ["one", "cut", "cut"]
    await saver.aclose()


SECRET = "hunter2secret"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"host": "127.0.0.1", "port": 1}, "Check that the server runs"),
        ({"host": "/nowhere"}, "Check that the server runs"),
        ({"dbname": "no_such_database"}, "Create that database"),
        ({"user": "nobody_here"}, "Check user and password"),
    ],
)
async def test_a_database_that_refuses_says_the_next_step(server_url: str, change: Any, message: str) -> None:
    url = make_conninfo(server_url, password=SECRET, **change)
    with pytest.raises(StoreError) as caught:
        await open_checkpointer(url)
    assert message in caught.value.hint
    assert SECRET not in str(caught.value)
    # Also without opening it first: an agent that starts while the database is down.
    with pytest.raises(StoreError, match=message):
        await PostgresSaver(url).aget_tuple(CONFIG)


@pytest.mark.parametrize(
    "url",
    [f"postgres//u:{SECRET}@h/db", f"postgresql://u:{SECRET}@h/db?nonsense=1", f"postgresql://u:{SECRET}@[h/db", ""],
)
async def test_an_unreadable_url_is_not_shown(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", url or "::")
    monkeypatch.chdir(tmp_path)
    for call in (open_checkpointer(url or None, settings=Settings()), open_checkpointer(settings=Settings())):
        with pytest.raises(LockgateError) as caught:
            await call
        assert isinstance(caught.value, ConfigError)
        shown = [str(caught.value), repr(caught.value.__cause__), str(caught.value.__suppress_context__)]
        assert not [text for text in shown if SECRET in text]


async def test_settings_choose_the_database(
    database_url: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    saver = await open_checkpointer(settings=Settings(pool_size=2))
    await counter(saver).ainvoke({"n": 0}, CONFIG)
    await saver.aclose()
    assert _rows(database_url) > 0
    monkeypatch.delenv("DATABASE_URL")
    saver = await open_checkpointer(settings=Settings(data_dir=open_folder / "data"))
    async with saver.pools.connection() as connection:
        assert connection.info.dbname == "postgres"
    await saver.aclose()


def _rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM steps").fetchone()
    assert row
    return int(row[0])
