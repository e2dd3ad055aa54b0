"""Kill -9 of a team of hundreds of workers, at random moments, while it plans anew and while it answers."""

import signal
from collections import Counter
from pathlib import Path

import pytest
from tests.graphs.crashes import reports


def killed_and_resumed(url: str, folder: Path, count: int, kills: int, seconds: float) -> None:
    whole, *runs = reports("many_crash_worker.py", url, folder, count, kills, seconds=seconds)
    said = (folder / "stderr").read_text() if (folder / "stderr").exists() else ""
    assert whole["ended"] == [0], said
    assert set(Counter(whole["lines"]).values()) == {1}
    status, answer, ends = whole["end"]
    assert (status, answer.split("\n")[0]) == ("completed", "All is done [t1].")
    assert Counter(name[0] + how for name, (how, _) in ends.items()) == {
        "tcompleted": count,
        "ffailed": count // 20,
        "rcompleted": count // 20,
    }
    dead = [run for run in runs if run["ended"][0] == -signal.SIGKILL]
    assert len(dead) >= len(runs) - 2, [run["ended"] for run in runs]  # a random moment may come after the end
    for run in dead:
        where = (run["thread"], run["strike"], run["after"])
        assert run["ended"] == [-signal.SIGKILL, 0], (where, said)
        assert run["end"] == whole["end"], where
        assert set(run["lines"]) == set(whole["lines"]), where
        starts = Counter(run["lines"])
        again = [name for name in run["done"] if starts[f"+{name}"] > 1]
        assert not again, f"{where}: workers that had finished ran again: {again}"
        # What ran again was under way or had ended too lately to be on disk: few of many.
        assert sum(starts.values()) - len(starts) <= 60, where
    assert any(len(run["done"]) > count // 2 for run in dead)
    assert {run["strike"] for run in dead} >= {"plan 2", "answer"}
    for run in dead:
        if run["strike"] == "answer":
            # What ended in the last twentieth of a second may not be on disk yet.
            assert len(run["done"]) >= count - 40, "at its answer all that it answers from was done"


def test_a_hundred_workers_are_not_run_again_when_they_had_finished(database_url: str, tmp_path: Path) -> None:
    killed_and_resumed(database_url, tmp_path, 100, 2, 200)


@pytest.mark.slow
def test_a_thousand_workers_are_not_run_again_when_they_had_finished(database_url: str, tmp_path: Path) -> None:
    killed_and_resumed(database_url, tmp_path, 1_000, 8, 900)
