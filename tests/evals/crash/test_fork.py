"""Children that end, die, hang and are killed, and what their parent knows of them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import lockgate
from lockgate.errors import StoreError
from lockgate.evals.crash.strike import Diary, InjectedError, Strike

SOURCE = Path(lockgate.__file__).parents[1]


def test_a_parent_knows_how_each_child_ended(tmp_path):
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("forking.py"), tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    killed = -signal.SIGKILL
    assert (found["ends"], found["says"], found["dies"], found["too late"]) == (0, 7, 1, 0)
    assert (found["killed"], found["struck"], found["hangs"]) == (killed, killed, 1)
    assert "on stdout" in found["said"] and "ValueError: of this" in found["said"] and "Timeout" in found["said"]
    assert found["diary"] == [{"statement": 0, "effect": 2, "node": 0, "save": 0}, True, "after effect 2: b"]


@pytest.mark.parametrize(
    ("point", "error"),
    [("statement", psycopg.OperationalError), ("save", StoreError), ("node", InjectedError), ("effect", InjectedError)],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_an_exception_falls_once_at_its_point(point, error, side):
    strike = Strike(diary=Diary(), point=point, side=side, number=2, act="raise")
    done = []
    for turn in range(4):
        try:
            with strike.at(point, f"turn {turn}"):
                done.append(turn)
        except error:
            done.append("struck")
    assert done == ([0, "struck", 2, 3] if side == "before" else [0, 1, "struck", 2, 3])
    assert strike.diary.read()[1:] == (True, f"{side} {point} 2: turn 1")
    assert strike.diary.read()[0][point] == 4
