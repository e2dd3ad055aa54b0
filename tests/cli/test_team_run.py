"""`lockgate run team.yaml "goal"` with each pattern."""

import pytest
from tests.graphs.team_files import FILES, TEAMS

from .bench import Bench

GOALS = {
    "react": ("Look at order 7.", 3, ""),
    "orchestrator": ("Find order 7.", 0, "It is order 7 (t1).\n\nSources: [t1] finder\n"),
    "hierarchy": ("Find order 7.", 0, "It is order 7 (t1).\n\nSources: [t1] finder\n"),
    "pipeline": ("order seven\n\norder seven again", 0, "2 of 2 items went through.\n"),
    "debate": ("Which order?", 0, "7\n"),
}


@pytest.fixture
def folder(bench: Bench) -> Bench:
    for name, text in FILES.items():
        (bench.folder / name).write_text(text)
    return bench


@pytest.mark.parametrize("pattern", TEAMS)
def test_a_team_file_runs(folder: Bench, pattern: str) -> None:
    goal, code, answer = GOALS[pattern]
    (folder.folder / "team.yaml").write_text(TEAMS[pattern])
    done = folder("run", "team.yaml", goal, "--thread", "t")
    assert (done.code, done.out) == (code, answer), done.err
    if code == 3:
        [asked] = folder.pending()
        done = folder("approve", asked["interrupt_id"])
        assert (done.code, done.out) == (0, "Done.\n")
    assert folder("graph", "team.yaml", "--verify").code == 0
    drawn = folder("graph", "team.yaml").out
    for agent in {"react": ["call_model"], "debate": ["builder", "sceptic"], "pipeline": ["extract"]}.get(
        pattern, ["finder"]
    ):
        assert agent in drawn
    assert folder("show", "t", "--view", "gantt").code == 0
