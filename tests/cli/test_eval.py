"""`lockgate eval` in this process: it needs no database."""

import json
import re
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from lockgate.cli.app import app
from lockgate.evals import EVALS, Eval, Measure, Report, Row
from lockgate.evals.agentdojo import dojo
from lockgate.evals.registry import Options


def lockgate(*args):
    return CliRunner().invoke(app, ["eval", *args])


def test_the_evals_are_listed():
    assert [entry["name"] for entry in json.loads(lockgate("list", "--json").stdout)] == [*EVALS]
    assert "agentdojo" in lockgate("list").stdout


SMALL = ("run", "agentdojo", "--suite", "banking", "--limit", "3", "--set", "payload=plain")


def test_figures_on_stdout_and_progress_on_stderr():
    done = lockgate(*SMALL, "--json", "--policy", "allow-all")
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    (row,) = report["rows"]
    assert (row["suite"], row["payload"], row["attacks"], row["attack_success"]) == ("banking", "plain", 3, 100)
    assert report["settings"]["policy"] == "allow-all"
    assert "banking plain: " in done.stderr
    text = lockgate(*SMALL, "--policy", "allow-all").stdout
    assert re.search(r"attack success, % +100\n", text)


@pytest.mark.parametrize(("policy", "code"), [("allow-all", 1), ("review-effects", 0)])
def test_a_bound_that_does_not_hold_ends_with_1(policy, code):
    done = lockgate(*SMALL, "--policy", policy, "--must", "attack_success=0", "--must", "utility_under_attack=1")
    assert done.exit_code == code
    assert ("banking plain: attack_success is 100, the bound is 0" in done.stderr) == bool(code)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run", "agentdoj"], "Did you mean 'agentdojo'"),
        (["run", "agentdojo", "--suite", "bankin"], "Did you mean 'banking'"),
        (["run", "agentdojo", "--must", "atack_success=0"], "Did you mean 'attack_success'"),
        (["run", "agentdojo", "--must", "attack_success"], "'attack_success' is no bound"),
        (["run", "agentdojo", "--set", "wording"], "'wording' sets nothing"),
        (["run", "agentdojo", "--set", "colour=red"], "Options of agentdojo: details, limit, model"),
        (["run", "agentdojo", "--set", "payload=rot14"], "payload.0"),
        (["run", "agentdojo", "--set", "wording=rude"], "Unknown wording 'rude'"),
        (["run", "agentdojo", "--policy", "none.yaml"], "none.yaml' does not exist"),
        (["run", "agentdojo", "--model", "openay:gpt"], "Did you mean 'openai'"),
    ],
)
def test_one_clear_error(args, says):
    done = lockgate(*args)
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr


def test_without_the_extra_the_next_step_is_named(monkeypatch):
    dojo._suite.cache_clear()
    monkeypatch.setitem(sys.modules, "agentdojo.task_suite.load_suites", None)
    done = lockgate("run", "agentdojo")
    assert done.exit_code == 1
    assert "pip install 'lockgate[agentdojo]'" in done.stderr


def test_an_eval_may_bring_bounds_of_its_own_that_the_command_line_overrides(monkeypatch):
    module = ModuleType("demo_eval")
    lost = Measure(name="lost", title="lost", what="How many.", unit="", better="lower")

    async def run(options, progress):
        return Report(eval="demo", measures=[lost], rows=[Row(part={"part": "all"}, figures={"lost": options.seed})])

    class Seeded(Options):
        seed: int = 0
        seeds: int = 1

    module.EVAL = Eval(name="demo", options=Seeded, measures=(lost,), run=run, must={"lost": 0})
    monkeypatch.setitem(sys.modules, "demo_eval", module)
    monkeypatch.setitem(EVALS, "demo", ("demo_eval", "Nothing."))
    assert lockgate("run", "demo", "--seed", "0", "--seeds", "3").exit_code == 0
    failed = lockgate("run", "demo", "--seed", "2")
    assert failed.exit_code == 1
    assert "lost is 2, the bound is 0" in failed.stderr
    assert lockgate("run", "demo", "--seed", "2", "--must", "lost=2").exit_code == 0
