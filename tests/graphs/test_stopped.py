"""A runner whose process is stopped (SIGSTOP) past the life of its lease, and wakes up after another has finished."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.graphs.stopped_worker import graph

import lockgate
from lockgate.errors import ThreadBusyError
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver, vigil

SOURCE = Path(lockgate.__file__).parents[1]
LIFE = 0.6
BOUND = 20.0
"""Seconds after which something that was waited for will not happen any more."""


@contextmanager
def worker(url: str, folder: Path, where: str) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("stopped_worker.py"), url, folder, where, str(LIFE)],
        stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(SOURCE)},
    )  # fmt: skip
    try:
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.communicate()


async def until(there: Any) -> None:
    end = time.monotonic() + BOUND
    while not there():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def rows(url: str, *tables: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]


def renewed_at(url: str) -> Any:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT extract(epoch FROM taken_at)::float8 FROM leases").fetchone()[0]  # type: ignore[index]


async def drain(parts: AsyncIterator[Any]) -> None:
    async for _ in parts:
        pass


async def wakes_up_too_late(stopped: subprocess.Popen[str], url: str, folder: Path) -> None:
    tables = ("steps", "blobs", "effects", "events", "runs", "approvals")
    before = rows(url, *tables)
    (folder / "go").touch()
    stopped.send_signal(signal.SIGCONT)
    assert "Another runner has taken thread 't'" in stopped.communicate(timeout=BOUND)[0]
    assert rows(url, *tables) == before
    with psycopg.connect(url) as connection:  # what it decided it may say, but nothing came of it
        said = [body for (body,) in connection.execute("SELECT body FROM audit")]
    assert sum('"kind":"outcome"' in body for body in said) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("where", ["tool", "model"])
async def test_a_stopped_runner_is_replaced_and_does_nothing_more(
    saver: PostgresSaver, database_url: str, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vigil, "LIFE", LIFE)
    with worker(database_url, tmp_path, where) as stopped:
        await until((tmp_path / "here").exists)
        first = renewed_at(database_url)
        await until(lambda: renewed_at(database_url) > first + LIFE)
        next_one = Session(graph(saver, tmp_path, ""), "t")
        with pytest.raises(ThreadBusyError):  # it lives, and has held the thread for longer than a lease lives
            await drain(next_one.resume())
        os.kill(stopped.pid, signal.SIGSTOP)
        end = time.monotonic() + BOUND
        while time.monotonic() < end:
            try:
                await drain(next_one.resume())
                break
            except ThreadBusyError:
                await asyncio.sleep(0.05)
        if where == "tool":
            (question,) = await next_one.waiting()
            assert question.request["evidence"] == ["Attempt 1 was begun and never settled: its runner is gone."]
            await drain(next_one.resume({question.id: {"action": "happened", "result": "paid", "by": "ann"}}))
        assert (await next_one.state()).values["answer"] == "Done."
        await wakes_up_too_late(stopped, database_url, tmp_path)
    assert (tmp_path / "world").read_text() == f"paid by {'tool' if where == 'tool' else 'the next'}\n"


async def test_a_clock_that_was_set_back_keeps_no_thread_from_those_who_live(
    saver: PostgresSaver, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The lease of a stopped runner that lies an hour in the future is nobody's either. It wakes up with a question."""
    monkeypatch.setattr(vigil, "LIFE", LIFE)
    with worker(database_url, tmp_path, "tool") as stopped:
        await until((tmp_path / "here").exists)
        os.kill(stopped.pid, signal.SIGSTOP)
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE leases SET taken_at = clock_timestamp() + interval '1 hour'")
        session = Session(graph(saver, tmp_path, ""), "t")
        await drain(session.resume())
        assert len(await session.waiting()) == 1
        await wakes_up_too_late(stopped, database_url, tmp_path)
        assert "'t' was renewed -3600 s ago; its runner counts as dead." in caplog.text
