"""One runner a thread, across tasks, processes and kills."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from os import environ, pathsep

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.memory import InMemorySaver

from lockgate.errors import LeaseLostError, ThreadBusyError
from lockgate.runtime import PostgresSaver, open_checkpointer, thread_lease

HOLD = """
import asyncio, sys
from lockgate.runtime import PostgresSaver, thread_lease
async def main():
    async with thread_lease(PostgresSaver(sys.argv[1]), "t"):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.fixture(params=["postgres", "memory"])
def any_saver(request: pytest.FixtureRequest) -> InMemorySaver | PostgresSaver:
    return request.getfixturevalue("saver") if request.param == "postgres" else InMemorySaver()


async def test_a_thread_has_one_runner_at_a_time(any_saver: InMemorySaver | PostgresSaver) -> None:
    for _ in range(20):  # given back at once, each time
        async with thread_lease(any_saver, "t"):
            with pytest.raises(ThreadBusyError, match="'t' is being run"):
                async with thread_lease(any_saver, "t"):
                    pass
            async with thread_lease(any_saver, "other"):
                pass
    with pytest.raises(RuntimeError, match="inside"):
        async with thread_lease(any_saver, "t"):
            raise RuntimeError("inside")
    async with thread_lease(any_saver, "t"):
        pass


async def test_a_runner_may_wait_its_turn(any_saver: InMemorySaver | PostgresSaver) -> None:
    async with thread_lease(any_saver, "t"):
        with pytest.raises(ThreadBusyError):
            async with thread_lease(any_saver, "t", wait=0.05):
                pass
        entered = asyncio.Event()

        async def later() -> None:
            async with thread_lease(any_saver, "t", wait=30):
                entered.set()

        waiting = asyncio.create_task(later())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(entered.wait()), 0.1)
    await waiting
    assert entered.is_set()


async def test_savers_in_memory_do_not_share_threads() -> None:
    async with thread_lease(InMemorySaver(), "t"), thread_lease(InMemorySaver(), "t"):
        pass


async def test_a_killed_process_gives_its_lease_back(saver: PostgresSaver, database_url: str) -> None:
    env = {**environ, "PYTHONPATH": pathsep.join(sys.path)}
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, database_url, stdout=subprocess.PIPE, env=env
    )
    assert holder.stdout
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(ThreadBusyError):
        async with thread_lease(saver, "t"):
            pass
    holder.kill()
    await holder.communicate()
    async with asyncio.timeout(10):
        while True:
            try:
                async with thread_lease(saver, "t"):
                    break
            except ThreadBusyError:
                await asyncio.sleep(0.01)  # until the server has noticed


async def test_leases_of_a_loop_share_a_connection(saver: PostgresSaver, database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for number in range(20):
            await stack.enter_async_context(thread_lease(saver, f"t{number}"))
        with psycopg.connect(database_url) as connection:
            holders = connection.execute("SELECT count(DISTINCT pid), count(*) FROM leases WHERE pid IS NOT NULL")
            assert holders.fetchone() == (1, 20)
    with psycopg.connect(database_url) as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert left.fetchone() == (0,)


async def test_a_runner_that_is_cancelled_while_it_asks_keeps_nothing(saver: PostgresSaver) -> None:
    async def hold() -> None:
        async with thread_lease(saver, "t"):
            await asyncio.Event().wait()

    for turns in range(40):  # loop iterations after which the cancellation comes: before, during and after the query
        asking = asyncio.create_task(hold())
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with thread_lease(saver, "t", wait=10):
            pass


async def test_a_lost_connection_is_all_its_leases_each_named(
    saver: PostgresSaver, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = await open_checkpointer(database_url)
    async with thread_lease(saver, "t") as old, thread_lease(saver, "u"):
        with psycopg.connect(database_url, autocommit=True) as connection:
            (pid,) = connection.execute("SELECT DISTINCT pid FROM leases").fetchall()
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", pid)
        async with thread_lease(other, "t"), thread_lease(other, "u"):
            with pytest.raises(LeaseLostError, match="thread 't'"):
                await saver.aput({"configurable": {"thread_id": "t", **old}}, empty_checkpoint(), {}, {})
            async with thread_lease(saver, "v"):  # on a new connection
                assert "lease of: 't', 'u'" in caplog.text
        async with thread_lease(saver, "t"):
            pass
    async with thread_lease(other, "t"), thread_lease(other, "u"):
        pass
    await other.aclose()


async def test_a_lost_connection_does_not_hide_what_the_block_raised(saver: PostgresSaver, database_url: str) -> None:
    with pytest.raises(KeyError):  # noqa: PT012
        async with thread_lease(saver, "t"):
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'lockgate'"
                )
            raise KeyError
