"""Kill -9 after every commit of a run, while an approval waits among them: the resume finishes the same work."""

import signal
from pathlib import Path

import pytest
from tests.graphs.crashes import reports


@pytest.mark.parametrize("every_step", ["1", "0"])
def test_a_run_killed_anywhere_resumes_to_the_same_end(database_url: str, tmp_path: Path, every_step: str) -> None:
    *killed, undisturbed = reports("crash_worker.py", database_url, tmp_path, LOCKGATE_EVERY_STEP=every_step)
    assert undisturbed["killed"] == 0
    assert undisturbed["effects"] == ["1", "100", "2"]
    assert len(killed) > 30
    for run in killed:
        assert run["killed"] == -signal.SIGKILL, run
        assert run["resumed"] == 0, run
        if every_step == "1":
            assert run["effects"] == undisturbed["effects"], run
        assert set(run["effects"]) == set(undisturbed["effects"]), run
        assert run["answer"] == undisturbed["answer"] == "completed Paid.", run


@pytest.mark.parametrize("every_step", ["1", "0"])
def test_a_team_killed_anywhere_resumes_without_running_finished_workers_again(
    database_url: str, tmp_path: Path, every_step: str
) -> None:
    *killed, undisturbed = reports("team_crash_worker.py", database_url, tmp_path, "5", LOCKGATE_EVERY_STEP=every_step)
    names = ["a", "ask", "b", "c", "d"]
    assert undisturbed["killed"] == 0
    assert sorted(undisturbed["effects"]) == sorted(f"{sign}{name}" for sign in "+-" for name in names)
    assert len(killed) > 20
    for run in killed:
        assert run["killed"] == -signal.SIGKILL, run
        assert run["resumed"] == 0, run
        assert run["answer"] == undisturbed["answer"], run
        assert set(run["effects"]) == set(undisturbed["effects"]), run
        if every_step == "0":  # steps that only compute run again
            continue
        for name in names:
            # The last step begins when the first is stored, so from then on the first never runs again.
            effects = run["effects"]
            assert f"+{name}" not in effects[effects.index(f"-{name}") :], run
        again = [mark for mark in set(run["effects"]) if run["effects"].count(mark) > 1]
        assert len(again) <= 3, run  # only steps that were under way when the process died
