"""Migrations: several processes at once, a newer database, tables of another program."""

import subprocess
import sys
from os import environ, pathsep

import psycopg
import pytest

from lockgate.errors import StoreError
from lockgate.runtime import open_checkpointer
from lockgate.runtime.schema import _steps

OPEN = """
import asyncio, sys
from lockgate.runtime import PostgresSaver, open_checkpointer
print(PostgresSaver.__name__, flush=True)
sys.stdin.readline()
async def main():
    await (await open_checkpointer(sys.argv[1])).aclose()
asyncio.run(main())
"""


def test_several_processes_migrate_at_once(empty_database_url: str) -> None:
    env = {**environ, "PYTHONPATH": pathsep.join(sys.path)}
    command = [sys.executable, "-c", OPEN, empty_database_url]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) for _ in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline()  # all have done their imports
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=50)
        assert process.returncode == 0
    with psycopg.connect(empty_database_url) as connection:
        steps = [(number,) for number in _steps()]
        assert connection.execute("SELECT v FROM lockgate_migrations ORDER BY v").fetchall() == steps
        invalid = connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
        assert invalid == (0,)


async def test_a_newer_database_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO lockgate_migrations (v) VALUES (999)")
    with pytest.raises(StoreError, match=r"999.*Upgrade Lockgate"):
        await open_checkpointer(database_url)


async def test_tables_of_another_program_are_left_alone(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE events (mine text)")
        with pytest.raises(StoreError, match=r"another program.*search_path"):
            await open_checkpointer(empty_database_url)
        assert connection.execute("SELECT to_regclass('runs')").fetchone() == (None,)
        connection.execute("CREATE SCHEMA lockgate")
        saver = await open_checkpointer(f"{empty_database_url} options='-csearch_path=lockgate'")
        await saver.aclose()
        assert connection.execute("SELECT to_regclass('lockgate.events') IS NOT NULL").fetchone() == (True,)
        connection.execute("INSERT INTO events VALUES ('still mine')")


async def test_opening_twice_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        await (await open_checkpointer(database_url)).aclose()
