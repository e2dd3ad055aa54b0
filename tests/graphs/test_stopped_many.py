"""A signal in the middle of a crowd: what is under way ends, the next process does the rest, and each pays once."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests.graphs.stopped_many import SIZE, message

import lockgate

SOURCE = Path(lockgate.__file__).parents[1]
ROOT = Path(__file__).parents[2]
SCRIPT = str(Path(__file__).with_name("stopped_many.py"))


def started(url: str, folder: Path, face: str, name: str, *resume: str) -> "subprocess.Popen[str]":
    command = [SCRIPT, url, name, face, *resume]
    if face == "cli":
        new = ["run", f"tests.graphs.stopped_many:{name}", message(name), "--thread", "t"]
        command = ["-m", "lockgate", *(["resume", "t"] if resume else new)]
    return subprocess.Popen(
        [sys.executable, *command], cwd=folder, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": f"{SOURCE}:{ROOT}", "DATABASE_URL": url, "WORLD": str(folder)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("face", "name", "number"),
    [
        ("cli", "model", signal.SIGINT),
        ("cli", "fanout", signal.SIGTERM),
        ("session", "fanout", signal.SIGINT),
        ("sync", "levels", signal.SIGINT),
        pytest.param("async", "stages", signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param("cli", "levels", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_crowd_stops_with_what_is_under_way_and_each_pays_once(
    database_url: str, tmp_path: Path, face: str, name: str, number: signal.Signals
) -> None:
    (tmp_path / "world").touch()
    with (tmp_path / "gate").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        running = started(database_url, tmp_path, face, name)
        assert running.stdout is not None and running.stderr is not None
        for _ in range(1 if name == "model" else 4):
            assert running.stdout.readline().startswith("here"), running.stderr.read()
        os.killpg(running.pid, number)
        said = [running.stderr.readline()]
        while "once more" not in said[-1]:
            assert said[-1], f"it ended: {''.join(said)}"
            said.append(running.stderr.readline())
    _, err = running.communicate(timeout=120)  # the gate is closed, and with it the lock on it
    assert running.returncode == 128 + number, err
    assert "stopped at a safe point" in err and "Go on: lockgate resume t" in err
    paid = (tmp_path / "world").read_text().split()
    size = SIZE.get(name, 1)
    assert len(paid) < size
    with psycopg.connect(database_url) as connection:
        states = connection.execute("SELECT status FROM effects").fetchall()
        held = connection.execute(
            "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND datname = current_database()"
        ).fetchall()
    assert (states, held) == ([("done",)] * len(paid), [])
    (tmp_path / "gate").unlink()
    again = started(database_url, tmp_path, face, name, "resume")
    answer, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    undisturbed = {"model": "paid", "fanout": "[t49]", "levels": "Of all: [m]", "stages": "100 of 100"}
    assert undisturbed[name] in answer
    paid = (tmp_path / "world").read_text().split()
    assert sorted(map(int, paid)) == ([7] if name == "model" else list(range(size)))
