"""Every mistake gets one clear error with the next step, and loses nothing."""

import json
import socket

import psycopg
import pytest

from lockgate import Policy, ScriptedModel
from lockgate.bridge import run_sync
from lockgate.graphs import react
from lockgate.runtime import open_checkpointer
from lockgate.tools.builtin import builtin_tools

from .bench import WRITE, Bench

HELLO = "- Hello.\n"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run", "reakt", "x"], ["Unknown graph 'reakt'", "Did you mean 'react'"]),
        (["run", "agents:nothing", "x"], ["Unknown name in agents 'nothing'"]),
        (["run", "agents:number", "x"], ["int, neither a graph nor a function"]),
        (["run", "no_such_module:graph", "x"], ["'no_such_module' cannot be imported"]),
        (["run", "agents:bypass", "x"], ["round|without passing action_guard"]),
        (["run", "agents:ready", "x", "--tools", "agents:look"], ["built already"]),
        (["run", "react", "x", "--tools", "agents:lok"], ["Unknown name in agents 'lok'", "Did you mean 'look'"]),
        (["run", "react", "x", "--tools", "agents:number"], ["int is no tool"]),
        (["run", "react", "x", "--tools", "agents"], ["not of the form module:attribute"]),
        (["run", "react", "x", "--policy", "none.yaml"], ["none.yaml' does not exist"]),
        (["run", "react", "x", "--policy", "bad.yaml"], ["bad.yaml:3", "field 'action'"]),
        (["run", "react", "x", "--model", "scripted:none.yaml"], ["none.yaml"]),
        (["run", "react", "x", "--model", "openay:gpt"], ["Unknown model provider", "Did you mean 'openai'"]),
        (["run", "react", "x", "--model", "openai:gpt-x"], ["No key for openai", "OPENAI_API_KEY"]),
        (
            ["run", "react", "x", "--model", "anthropic:claude-x"],
            ["anthropic", "pip install 'lockgate|ANTHROPIC_API_KEY"],
        ),
        (["run", "react", "x", "--model", "local"], ["lockgate models pull smollm2"]),
        (["run", "react", " "], ["goal is empty"]),
        (["run", "react", "x", "--thread", "a\nb"], ["cannot name a thread"]),
        (["resume", "nowhere"], ["There is no thread 'nowhere'", "lockgate threads"]),
        (["show", "nowhere"], ["There is no thread 'nowhere'"]),
        (["approve", "abc123"], ["There is no approval 'abc123'", "lockgate approvals"]),
        (["approve", "%"], ["not an id"]),
        (["edit", "abc", "--args", "{"], ["not valid JSON"]),
        (["edit", "abc", "--args", "[]"], ["must be a JSON object"]),
        (["models", "pull", "smolm2"], ["Unknown model to pull", "Did you mean 'smollm2'"]),
        (["policy", "check", "bad.yaml"], ["bad.yaml:3", "action"]),
        (["policy", "explain", "starter", "calculate", "{"], ["not valid JSON"]),
        (["graph", "react", "--svg", "none/x.svg"], ["cannot be written"]),
    ],
)
def test_one_clear_error(bench: Bench, args: list[str], says: list[str]) -> None:
    (bench.folder / "bad.yaml").write_text("version: 1\nrules:\n  - {id: a, tools: [x], action: perhaps, reason: y}\n")
    if args[0] == "run" and "--model" not in args:
        args = [*args, "--model", bench.model(HELLO)]
    done = bench(*args)
    assert done.code == 1
    assert done.out == ""
    lines = done.err.splitlines()
    assert any(line.startswith("error: ") for line in lines)
    for text in says:
        assert any(option in done.err for option in text.split("|")), (text, done.err)
    assert bench("threads", "--json").json == []


@pytest.mark.parametrize("args", [["bogus"], ["run"], ["run", "react", "x", "--max-iterations", "0"], ["edit", "abc"]])
def test_a_command_written_wrongly_is_code_2(bench: Bench, args: list[str]) -> None:
    assert bench(*args).code == 2


def test_no_model_lists_the_choices(bench: Bench) -> None:
    done = bench("run", "react", "x")
    assert done.code == 1
    for choice in ("--model local", "scripted:", "LOCKGATE_MODEL", "provider:name"):
        assert choice in done.err


def test_settings_that_are_wrong_name_the_field(bench: Bench) -> None:
    (bench.folder / "lockgate.toml").write_text("max_iterations = 'many'\n")
    assert "max_iterations" in bench("threads").err
    doctor = bench("doctor")
    assert doctor.code == 1 and "max_iterations" in doctor.out
    (bench.folder / "lockgate.toml").write_text("= broken")
    assert "not valid TOML" in bench("threads").err


def test_a_huge_goal_is_refused_before_anything_is_kept(bench: Bench) -> None:
    done = bench.run(HELLO, goal="-", stdin=b"x" * 10_000_000)
    assert done.code == 1 and "200,000 bytes" in done.err
    assert bench.run(HELLO, goal="-", stdin=b"\xff\xfe").code == 1
    assert bench("threads", "--json").json == []


def test_a_closed_thread_and_a_closed_approval_say_so(bench: Bench) -> None:
    bench.run(WRITE)
    [asked] = bench.pending()
    assert bench("approve", asked["interrupt_id"]).code == 0
    again = bench("approve", asked["interrupt_id"])
    assert again.code == 1 and "is closed: answered approved by" in again.err
    finished = bench("resume", "t")
    assert finished.code == 1 and "finished" in finished.err
    bench.run(WRITE + "- more\n- again\n", thread="u")
    assert bench("reject", asked["interrupt_id"]).code == 1
    assert len(bench.pending()) == 1


def test_an_edit_that_leads_nowhere_loses_nothing(bench: Bench) -> None:
    bench.run(WRITE)
    short = bench.pending()[0]["interrupt_id"]
    for wrong in ("text", "a.b.c=1", "text.0=x"):
        assert bench("edit", short, "--set", wrong).code == 1
    unknown = bench("edit", short, "--set", "nothing=1")
    assert unknown.code == 1 and "nothing: Extra inputs" in unknown.err
    assert len(bench.pending()) == 1


def test_a_database_that_is_down_or_refuses(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    down = f"postgresql://ann:hunter2secret@127.0.0.1:{port}/x"
    missing = psycopg.conninfo.make_conninfo(bench.url, dbname="no_such_database")
    for url in (down, missing, "http://what"):
        for command in (["threads"], ["run", "react", "x", "--model", bench.model(HELLO)], ["resume", "t"]):
            done = bench(*command, DATABASE_URL=url)
            assert done.code == 1 and "error: " in done.err and "hint: " in done.err
            assert "hunter2secret" not in done.err
        doctor = bench("doctor", DATABASE_URL=url)
        assert doctor.code == 1 and "FAIL  database" in doctor.out
        assert "hunter2secret" not in doctor.out


def test_a_model_that_cannot_be_reached_costs_nothing(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    args = ["run", "react", "x", "--model", "openai:some", "--base-url", address, "--thread", "t"]
    done = bench(*args, OPENAI_API_KEY="sk-secret-of-mine")
    assert done.code == 1
    assert "error: The model call failed: OpenAIConnectionError" in done.err
    assert "lockgate resume t" in done.err
    assert "sk-secret" not in done.err
    as_json = bench("resume", "t", "--json", OPENAI_API_KEY="sk-secret-of-mine")
    assert as_json.result["status"] == "error" and as_json.result["thread"] == "t"
    went_on = bench("resume", "t", "--model", bench.model(HELLO))
    assert (went_on.code, went_on.out) == (0, "Hello.\n"), went_on.err


def test_a_script_that_ends_too_soon_can_be_mended(bench: Bench) -> None:
    call = "- calls:\n    - {name: calculate, args: {expression: '1+1'}}\n"
    done = bench.run(call)
    assert done.code == 1 and "lockgate resume t" in done.err
    bench.model(call + "- Two.\n")
    assert bench("resume", "t").out == "Two.\n"


def test_a_thread_of_another_program_asks_for_its_graph(bench: Bench) -> None:
    bench.model(WRITE)
    saver = run_sync(open_checkpointer(bench.url))
    model = ScriptedModel.from_file(bench.folder / "model.yaml")
    agent = react.build(model=model, tools=builtin_tools(), policy=Policy.load("starter"), checkpointer=saver)
    assert agent.invoke({"messages": "Write."}, {"configurable": {"thread_id": "t"}})["__interrupt__"]
    run_sync(saver.aclose())
    done = bench("resume", "t")
    assert done.code == 1 and "--graph" in done.err
    assert bench("resume", "t", "--graph", "react", "--model", "scripted:model.yaml", "--yes").code == 0


def test_a_pack_that_is_wrong_as_json(bench: Bench) -> None:
    (bench.folder / "bad.yaml").write_text("version: 2\nrules: []\n")
    done = bench("policy", "check", "bad.yaml", "--json")
    assert done.code == 1
    assert json.loads(done.out)["where"].startswith("bad.yaml:1")
