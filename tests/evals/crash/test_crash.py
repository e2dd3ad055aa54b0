"""`lockgate eval run crash`: nothing is lost or doubled, and when something is, the harness sees it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lockgate.cli.app import app
from lockgate.evals.crash import suite
from lockgate.evals.crash.suite import CrashError, CrashOptions, run
from lockgate.evals.crash.ways import PATTERNS
from lockgate.settings import settings

SABOTAGED = Path(__file__).with_name("sabotaged.py")


@pytest.mark.parametrize("seeds", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_runs_broken_anywhere_come_to_the_same_end_with_every_effect_once(seeds):
    done = CliRunner().invoke(app, ["eval", "run", "crash", "--seeds", str(seeds), "--json"])
    report = json.loads(done.stdout)
    assert (done.exit_code, report.get("details", [])) == (0, [])
    *rows, whole = report["rows"]
    assert {row["pattern"] for row in rows} == {*PATTERNS}
    assert whole["runs"] == sum(row["runs"] for row in rows) == seeds
    assert whole["kills"] >= 0.8 * seeds
    assert whole["struck"] >= 0.95 * seeds
    for figure in ("resumed", "same_answer", "effects_once", "audit_whole"):
        assert whole[figure] == seeds, figure
    assert (whole["lost"], whole["doubled"]) == (0, 0)
    assert whole["unknown"] > 0
    assert f"crash: {seeds} of {seeds}" in done.stderr


@pytest.fixture
def on_the_tests_server(server_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", server_url)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("broken", "options", "figure"),
    [
        ("ledger", {"pattern": "react", "way": "after-effect", "seeds": 4, "jobs": 1}, "doubled"),
        ("halting", {"pattern": "orchestrator", "way": "saver-error", "seeds": 8, "jobs": 1}, "lost"),
        ("answer", {"pattern": "react", "way": "after-effect", "seeds": 4, "jobs": 1}, "lost"),
    ],
)
def test_a_broken_promise_is_seen_and_told_with_the_seed(broken, options, figure, on_the_tests_server, monkeypatch):
    monkeypatch.setattr(suite, "NURSERY", (sys.executable, str(SABOTAGED), broken))
    report = asyncio.run(run(CrashOptions(**options)))
    assert report.rows[-1].figures[figure] > 0
    assert report.broken(suite.EVAL.must)
    again = f"Again: lockgate eval run crash --seed {report.details[0]['seed']} --set pattern={options['pattern']}"
    assert any(again in note for note in report.notes)


def test_a_hole_in_the_audit_log_is_seen(on_the_tests_server, monkeypatch):
    monkeypatch.setattr(suite, "NURSERY", (sys.executable, str(SABOTAGED), "audit"))
    report = asyncio.run(run(CrashOptions(pattern="react", way="timed", seeds=1)))
    assert report.rows[-1].figures["audit_whole"] == 0
    assert "The audit log does not say" in report.details[0]["faults"][0]


def test_a_server_that_is_not_ours_is_left_alone(on_the_tests_server):
    report = asyncio.run(run(CrashOptions(pattern="react", way="server-crash,disk-full", seeds=2)))
    assert [row.part["way"] for row in report.rows] == ["disk-full", ""]
    assert report.rows[-1].figures["same_answer"] == 1
    assert "server-crash was left out" in report.notes[0]
    assert "SQLSTATE 53100" in report.notes[1]


def test_one_seed_alone_tells_where_the_blow_fell(on_the_tests_server):
    options = CrashOptions(seed=3, pattern="react", way="before-effect")
    first, second = (asyncio.run(run(options)).details for _ in range(2))
    assert first == second
    assert first[0]["struck"][0].startswith("before effect ")


def test_a_run_that_cannot_even_end_undisturbed_is_no_result(on_the_tests_server, monkeypatch):
    monkeypatch.setattr(suite, "NURSERY", (sys.executable, "-c", "raise SystemExit"))
    with pytest.raises(CrashError, match="is gone"):
        asyncio.run(run(CrashOptions(pattern="react", seeds=1)))
