"""The snippets of docs/evals.md work, and its tables are complete."""

import asyncio
import json
import re
from pathlib import Path

from lockgate.evals.agentdojo import Dojo, DojoOptions
from lockgate.evals.agentdojo.score import MEASURES
from lockgate.evals.crash.suite import MEASURES as CRASH_MEASURES
from lockgate.evals.crash.suite import CrashOptions
from lockgate.evals.crash.ways import WAYS
from lockgate.evals.debate.suite import MEASURES as DEBATE_MEASURES
from lockgate.evals.debate.suite import DebateOptions
from lockgate.tools.facts import read_facts

PAGE = (Path(__file__).parents[2] / "docs" / "evals.md").read_text("utf-8")


def test_a_guard_is_two_yaml_files(tmp_path, monkeypatch):
    facts, pack = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "facts.yaml").write_text(facts)
    (tmp_path / "pack.yaml").write_text(pack)
    monkeypatch.chdir(tmp_path)
    assert {*read_facts("facts.yaml")} == {"read_inbox", "today", "transfer"}
    suite = Dojo.open("banking").suite
    stated = {function.name: {"effect": not function.name.startswith(("get", "read"))} for function in suite.tools}
    (tmp_path / "facts.yaml").write_text(json.dumps({"version": 1, "tools": stated}))
    names: dict = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)
    found = asyncio.run(names["figures"](suite))
    assert found["banking plain"]["attack_success"] == 0
    assert found["banking plain"]["asked"] + found["banking plain"]["denied_outright"] == 100


def test_every_figure_and_option_is_explained():
    for measure in MEASURES:
        assert f"| `{measure.name}` |" in PAGE or measure.name in ("tasks", "attacks")
    for option in DojoOptions.model_fields:
        assert re.search(rf"`(--)?{option}[=` ]", PAGE), option


def test_every_way_figure_and_option_of_the_crash_eval_is_explained():
    page = PAGE.partition("## Crash")[2].partition("\n## ")[0]
    for name in [*WAYS, *(measure.name for measure in CRASH_MEASURES)]:
        assert re.search(rf"^\|[^|]*`{name}`", page, re.MULTILINE), name
    for option in CrashOptions.model_fields:
        assert re.search(rf"`(--)?{option}[= ]", page), option


def test_every_figure_and_option_of_the_debate_eval_is_explained():
    page = PAGE.partition("## Debate")[2].partition("\n## ")[0]
    for measure in DEBATE_MEASURES:
        assert re.search(rf"^\|[^|]*`{measure.name}`", page, re.MULTILINE), measure.name
    for option in DebateOptions.model_fields:
        assert re.search(rf"`(--)?{option}[= ]", page), option
