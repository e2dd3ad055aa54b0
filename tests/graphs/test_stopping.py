"""SIGTERM and SIGINT in a plain script: what is under way ends, and the next process goes on from there."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langgraph.runtime import RunControl
from tests.graphs import stopped_script

import lockgate
from lockgate.errors import ConfigError, RunStoppedError
from lockgate.graphs.stopping import stop_all, stoppable, stopped_by_signals

SOURCE = Path(lockgate.__file__).parents[1]
ROOT = Path(__file__).parents[2]


def script(url: str, folder: Path, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, stopped_script.__file__, url, folder, *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": f"{SOURCE}:{ROOT}"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "face", "number"),
    [
        ("react", "sync", signal.SIGTERM),
        ("react", "async", signal.SIGINT),
        ("orchestrator", "sync", signal.SIGINT),
        ("pipeline", "async", signal.SIGTERM),
        ("debate", "sync", signal.SIGTERM),
    ],
)
def test_a_script_stops_after_the_call_under_way_and_is_gone_on_with(
    database_url: str, tmp_path: Path, pattern: str, face: str, number: signal.Signals
) -> None:
    for name in ("in", "out"):
        os.mkfifo(tmp_path / name)
    running = script(database_url, tmp_path, pattern, face)
    assert (tmp_path / "in").read_text() == "here"
    os.killpg(running.pid, number)
    assert running.stderr is not None and "once more" in running.stderr.readline()
    (tmp_path / "out").write_text("go")
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (128 + number, ""), err
    assert f"Thread 't' was stopped at a safe point ({number.name})" in err and "lockgate resume t" in err
    (tmp_path / "in").unlink()
    again = script(database_url, tmp_path, pattern, face, "resume")
    answer, err = again.communicate(timeout=60)
    assert again.returncode == 0 and ("1 of 1 items" if pattern == "pipeline" else "paid") in answer.lower(), err
    assert (tmp_path / "world").read_text() == "5\n"


async def drain(steps: AsyncIterator[Any]) -> None:
    async for _ in steps:
        pass


def test_a_signal_while_nothing_runs_acts_as_ever() -> None:
    with pytest.raises(KeyboardInterrupt), stopped_by_signals():
        signal.raise_signal(signal.SIGINT)


def test_the_second_signal_acts_as_ever_and_the_handlers_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_signals(), stoppable("t") as control:
        signal.raise_signal(signal.SIGINT)
        assert control.drain_reason == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert "once more to stop at once" in capsys.readouterr().err


class Told(RunControl):
    """Says that it was asked to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def request_drain(self, reason: str = "shutdown") -> None:
        super().request_drain(reason)
        self.told.set()


def test_another_thread_is_told_where_signals_are_taken() -> None:
    with ThreadPoolExecutor() as pool, pytest.raises(ConfigError, match="main thread"):
        pool.submit(stopped_by_signals().__enter__).result()


def test_a_signal_that_another_thread_was_given_wakes_the_main_one() -> None:
    control, main = Told(), threading.main_thread().ident or 0

    def elsewhere() -> None:
        waited = 0
        while waited < 1_000:  # times that this thread has let the others run
            time.sleep(0)
            waited = waited + 1 if sys._current_frames()[main].f_code is threading.Condition.wait.__code__ else 0
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    urgent = signal.getsignal(signal.SIGURG)
    with stopped_by_signals(), stoppable("t", control):
        threading.Thread(target=elsewhere).start()
        assert control.told.wait(20), "the handler waits for a lock that nobody frees"
    assert signal.getsignal(signal.SIGURG) is urgent and signal.set_wakeup_fd(-1) == -1


async def test_a_service_stops_all_of_its_runs(tmp_path: Path, database_url: str) -> None:
    agent = stopped_script.graph(database_url, tmp_path, "react")
    config = {"configurable": {"thread_id": "t"}}
    steps = agent.astream({"messages": "Pay 5."}, config, stream_mode="updates")
    await anext(steps)
    stop_all("deploy")
    with pytest.raises(RunStoppedError, match="deploy"):
        await drain(steps)
    assert "paid" in (await agent.ainvoke(None, config))["answer"]
    await agent.checkpointer.aclose()
