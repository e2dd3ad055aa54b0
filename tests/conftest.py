"""The database that tests run against: an embedded Postgres of their own, or LOCKGATE_TEST_DATABASE_URL."""

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from lockgate.bridge import run_sync
from lockgate.runtime import PostgresSaver, embedded_url, open_checkpointer


@pytest.fixture(scope="session")
def open_folder() -> Path:
    """A folder outside every home that each user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="lockgate-test-"))
    folder.chmod(0o755)
    # Registered before the server's own hook, so it runs after the server has stopped.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@pytest.fixture(scope="session")
def server_url(open_folder: Path) -> str:
    return os.environ.get("LOCKGATE_TEST_DATABASE_URL") or embedded_url(open_folder / "data")


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """Name of a migrated database; a copy of it costs less than migrating again."""
    name = f"lockgate_template_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    saver = run_sync(open_checkpointer(make_conninfo(server_url, dbname=name)))
    run_sync(saver.aclose())
    yield name
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A fresh database without any table."""
    yield from _database(server_url, "template1")


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh, migrated database for one test."""
    yield from _database(server_url, template)


@pytest.fixture
async def saver(database_url: str) -> AsyncIterator[PostgresSaver]:
    opened = await open_checkpointer(database_url)
    yield opened
    await opened.aclose()


def _database(server_url: str, template: str) -> Iterator[str]:
    name = f"lockgate_test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield make_conninfo(server_url, dbname=name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
