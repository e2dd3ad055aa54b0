"""Kill -9 in the middle of a pipeline: the resume ends every item the same, and runs no finished stage again."""

import signal
from collections import Counter
from pathlib import Path

import pytest
from tests.graphs.crashes import reports
from tests.graphs.pipeline_crash_worker import ITEMS, PARALLEL

STAGES = ("one", "two.1", "two.2", "three")


@pytest.mark.parametrize("every_step", ["1", "0"])
def test_a_pipeline_killed_anywhere_resumes_without_doing_finished_stages_again(
    database_url: str, tmp_path: Path, every_step: str
) -> None:
    *killed, undisturbed = reports("pipeline_crash_worker.py", database_url, tmp_path, LOCKGATE_EVERY_STEP=every_step)
    assert undisturbed["killed"] == 0
    every = Counter(f"{item}/{stage}" for item in range(ITEMS) for stage in STAGES)
    assert Counter(undisturbed["effects"]) == every
    assert undisturbed["answer"] == ["completed", ["0", "1", "2", "three: ValueError: no threes", "4"]]
    assert len(killed) > 5
    for run in killed:
        assert (run["killed"], run["resumed"]) == (-signal.SIGKILL, 0), run
        assert run["answer"] == undisturbed["answer"], run
        assert not every - Counter(run["effects"]), run
        if every_step == "0":  # stages that only compute run again
            continue
        again = Counter(run["effects"]) - every
        # Only a stage that was under way when the process died runs twice: one an item, in as many as go in parallel.
        assert again.total() <= PARALLEL, run
        assert len({effect.partition("/")[0] for effect in again}) == again.total(), run
