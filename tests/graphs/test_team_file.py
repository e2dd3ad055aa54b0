"""Teams in YAML: each pattern runs, what is wrong is named with its line, and the published schema is current."""

import json
import logging
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.team_files import DEBATE, FILES, HIERARCHY, ORCHESTRATOR, PIPELINE, REACT

from lockgate.deadline import SECONDS
from lockgate.errors import FileError
from lockgate.graphs import load_team, verify
from lockgate.graphs.team_file import json_schema, read_team
from lockgate.handoff import Status, Usage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "team.yaml"
    path.write_text(text)
    return path


def test_react_runs_and_waits_for_a_person(folder: Path) -> None:
    graph = load_team(written(folder, REACT), checkpointer=InMemorySaver())
    verify(graph)
    config: Any = {"configurable": {"thread_id": "t"}}
    out = graph.invoke({"messages": "Look at order 7."}, config)
    (question,) = out["__interrupt__"]
    assert (question.value["tool"], question.value["agent"]) == ("note", "desk")
    out = graph.invoke(Command(resume={question.id: "approve"}), config)
    assert (out["status"], out["answer"]) == (Status.COMPLETED, "Done.")


@pytest.mark.parametrize("text", [ORCHESTRATOR, HIERARCHY], ids=["orchestrator", "hierarchy"])
async def test_a_team_hands_its_task_to_the_worker(folder: Path, text: str) -> None:
    graph = load_team(written(folder, text), checkpointer=InMemorySaver())
    verify(graph)
    out = await graph.ainvoke({"messages": "Find order 7."}, {"configurable": {"thread_id": "t"}})
    assert out["status"] == Status.COMPLETED
    assert out["answer"].startswith("It is order 7 (t1).")
    assert out["usage"].tool_calls == 1


@pytest.mark.parametrize("text", [REACT, ORCHESTRATOR, HIERARCHY, DEBATE, PIPELINE])
async def test_a_file_bounds_each_run_of_its_team(folder: Path, text: str) -> None:
    graph = load_team(written(folder, f"{text}deadline: 0.001\n"), checkpointer=InMemorySaver())
    entry = {"items": ["7"]} if text is PIPELINE else {"messages": "Find order 7."}
    config: Any = {"configurable": {"thread_id": "t", SECONDS: 600}}
    out = await graph.ainvoke(entry, config)
    assert (out["status"], out["usage"]) == (Status.DEADLINE, Usage())


async def test_a_pipeline_takes_items(folder: Path) -> None:
    graph = load_team(written(folder, PIPELINE))
    verify(graph)
    out = await graph.ainvoke({"items": ["order seven"]})
    assert [result.output for result in out["results"]] == [{"number": 7}]


@pytest.mark.parametrize(
    ("text", "entry", "calls"),
    [(DEBATE, {"messages": "Which order?"}, 2), (PIPELINE, {"items": ["order seven", "order eight"]}, 1)],
    ids=["debate", "pipeline"],
)
async def test_the_policy_of_a_file_bounds_the_whole_run_and_not_each_agent(
    folder: Path, text: str, entry: Any, calls: int
) -> None:
    (folder / "tight.yaml").write_text(f"{FILES['desk.yaml']}budgets: {{run: {{model_calls: {calls}}}}}\n")
    out = await load_team(written(folder, f"{text}policy: tight.yaml\n")).ainvoke(entry)
    assert (out["status"], out["usage"].model_calls) == (Status.FAILED, 0)
    assert "budget" in str([*out.get("notes", []), *out.get("dead_letters", [])])


async def test_a_debate_ends_in_agreement(folder: Path) -> None:
    graph = load_team(written(folder, DEBATE))
    verify(graph)
    out = await graph.ainvoke({"messages": "Which order?"})
    assert (out["status"], out["verdict"].answer) == (Status.COMPLETED, "7")


def test_a_model_stands_in_only_where_the_file_names_none(folder: Path) -> None:
    script = f"scripted:{folder / 'desk.script.yaml'}"
    text = REACT.replace("model: scripted:desk.script.yaml\n", "")
    config: Any = {"configurable": {"thread_id": "t"}}
    out = load_team(written(folder, text), model=script, checkpointer=InMemorySaver()).invoke({"messages": "x"}, config)
    assert out["__interrupt__"]
    out = load_team(written(folder, REACT), model="no-such:model", checkpointer=InMemorySaver()).invoke(
        {"messages": "x"}, config
    )
    assert out["__interrupt__"]


BAD = [
    ("promt: x", "team.yaml:9: field 'agents.desk.promt': no such field.", "Did you mean 'prompt'?"),
    ("budget: {tokens: 1}", "team.yaml:9: field 'agents.desk.budget': the pattern react has no use", "orchestrator"),
    ("max_iterations: 0", "team.yaml:9: field 'agents.desk.max_iterations'", ""),
    ("tools: [team_tools.py:nope]", "team.yaml:9: field 'agents.desk.tools[0]': Unknown name", "Known: "),
    ("tools: [missing:x]", "team.yaml:9: field 'agents.desk.tools[0]': 'missing' cannot be imported", ""),
    ("tools: [look_up]", "team.yaml:9: field 'agents.desk.tools[0]': 'look_up' is not of the form", ""),
    ("policy: nowhere.yaml", "team.yaml:9: field 'agents.desk.policy': the policy file", "Known: "),
    ("tools: [builtin, builtin]", "team.yaml:9: field 'agents.desk.tools': Two tools", "Rename"),
]


@pytest.mark.parametrize(("field", "message", "hint"), BAD, ids=[field for field, *_ in BAD])
def test_what_is_wrong_is_named_with_its_line(folder: Path, field: str, message: str, hint: str) -> None:
    lines = REACT.splitlines()
    path = written(folder, "\n".join([*lines[:8], f"    {field}"]))
    with pytest.raises(FileError) as caught:
        load_team(path)
    assert caught.value.message.startswith(f"{folder}/{message}")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a team is a mapping of fields"),
        ("version: 1\npattern: ring\nagents: {a: {}}", "team.yaml:2: field 'pattern': must be 'react', "),
        ("version: 2\npattern: react\nagents: {a: {}}", "team.yaml:1: field 'version'"),
        ("version: 1\npattern: react\nagents: {}", "team.yaml:3: field 'agents'"),
        (
            "version: 1\npattern: react\nagents: {a: {}, b: {}}",
            "team.yaml:3: field 'agents': the pattern react has one",
        ),
        (
            "version: 1\npattern: pipeline\nagents:\n  a: {}",
            "team.yaml:4: field 'agents.a': a stage needs an objective",
        ),
        ("version: 1\npattern: react\nrounds: 2\nagents: {a: {}}", "team.yaml:3: field 'rounds': the pattern react"),
        ("version: 1\npattern: react\nagents: {a: {}}\nagents: {b: {}}", "team.yaml:4: field 'agents': the field"),
        ("version: 1\npattern: react\nagents: {a: &x {}, b: *x}", "anchors and aliases"),
    ],
)
def test_a_team_that_is_none_is_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        load_team(written(folder, text))
    assert message in caught.value.message


def test_a_member_of_a_hierarchy_cannot_ask_for_more(folder: Path) -> None:
    with pytest.raises(FileError, match=r"team.yaml:\d+: field 'agents.finder': 'finder' asks for the tool 'delete'"):
        load_team(written(folder, HIERARCHY.replace("tools: [look_up]", "tools: [delete]")))


def test_a_broken_policy_is_named_in_its_own_file(folder: Path) -> None:
    (folder / "desk.yaml").write_text("version: 1\nrules: []\nrulez: []\n")
    with pytest.raises(FileError, match=r"desk\.yaml:3: field 'rulez'"):
        load_team(written(folder, REACT))


def test_a_god_agent_is_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_team(written(folder, REACT))
        assert not caplog.records
        load_team(written(folder, REACT.replace("prompt: You look orders up for clerks and", "prompt: Do it all,")))
    assert "desk: Its prompt says 'Do it all'" in caplog.text


def test_the_published_schema_is_current_and_takes_what_the_reader_takes() -> None:
    kept = json.loads((files("lockgate.graphs") / "team.schema.json").read_text("utf-8"))
    assert kept == json_schema(), "run: python -m lockgate.graphs.team_file > graphs/team.schema.json"
    validator = jsonschema.Draft202012Validator(kept)
    for text in (REACT, ORCHESTRATOR, HIERARCHY, PIPELINE, DEBATE):
        validator.validate(yaml.safe_load(text))
    for change in ({"pattern": "ring"}, {"agents": {}}, {"agents": {"a": {"promt": "x"}}}, {"rounds": 0}):
        assert not validator.is_valid({"version": 1, "pattern": "react", "agents": {"a": {}}, **change})


def test_reading_loads_nothing(folder: Path) -> None:
    team = read_team(written(folder, REACT.replace("team_tools.py", "missing")))
    assert team.agents["desk"].tools == ("missing:look_up", "missing:note")
