"""What only processes can show: kill -9, two at once, Ctrl-C, a closed pipe, start-up time."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .bench import WRITE, Bench

PAY = """
- calls:
    - {name: look, args: {what: first}}
- calls:
    - {name: pay, args: {amount: 5}}
- Paid.
"""


def paying(bench: Bench) -> list[str]:
    return ["run", "react", "Pay.", "--model", bench.model(PAY), "--thread", "t", "--tools", "agents:tools",
            "--policy", "allow.yaml"]  # fmt: skip


@pytest.fixture
def gate(bench: Bench) -> str:
    gate = str(bench.folder / "gate")
    os.mkfifo(gate + ".in")
    os.mkfifo(gate + ".out")
    return gate


def wait_until_paying(gate: str) -> None:
    with Path(gate + ".in").open() as ready:
        assert ready.read() == "ready"


def settle(bench: Bench) -> None:
    """Nobody knows whether the payment was made, so a person is asked before anything runs again."""
    done = bench.process("resume", "t")
    assert (done.code, done.out) == (3, ""), done.err
    assert "in doubt" in done.err and "never settled" in done.err
    done = bench("approve", bench.pending()[0]["interrupt_id"], "--happened", "--result", "paid")
    assert (done.code, done.out) == (0, "Paid.\n"), done.err
    effects = bench("effects", "t", "--json").json
    assert [(effect["tool"], effect["status"]) for effect in effects] == [("pay", "done")]


def test_killed_while_a_tool_runs_a_new_process_goes_on(bench: Bench, gate: str) -> None:
    process = bench.start(*paying(bench), GATE=gate)
    wait_until_paying(gate)
    process.kill()
    process.communicate()
    running = bench("show", "t")
    assert "running" in running.out and "lockgate resume t" in running.err
    settle(bench)
    record = bench("show", "t", "--json").json
    looked = [event for event in record["events"] if event["kind"] == "call" and event["name"] == "look"]
    assert len(looked) == 1, "a call that had finished ran again"
    assert bench("resume", "t").code == 1


def test_killed_while_it_waits_at_the_terminal_loses_nothing(bench: Bench) -> None:
    process = subprocess.Popen(
        bench.command("run", "react", "Go.", "--model", bench.model(WRITE), "--thread", "t", "--ask"),
        cwd=bench.folder, env=bench.environment(PYTHONUNBUFFERED="1"), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    while b"[a]pprove" not in process.stderr.readline() + process.stderr.peek():
        pass
    process.kill()
    process.communicate()
    [asked] = bench.pending()
    done = bench.process("approve", asked["interrupt_id"])
    assert (done.code, done.out) == (0, "It is done.\n")
    assert (bench.folder / "out.txt").read_text() == "hello"


def test_ctrl_c_says_how_to_go_on(bench: Bench, gate: str) -> None:
    process = bench.start(*paying(bench), GATE=gate)
    wait_until_paying(gate)
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    while b"once more to stop at once" not in (line := process.stderr.readline()):
        assert line, "it ended"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert b"nothing is lost" in err and b"lockgate resume t" in err and b"Traceback" not in err
    settle(bench)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_stops_the_run_after_the_call_that_is_under_way(
    bench: Bench, gate: str, number: signal.Signals, code: int
) -> None:
    process = bench.start(*paying(bench), GATE=gate)
    wait_until_paying(gate)
    process.send_signal(number)
    assert process.stderr is not None
    while b"once more" not in (line := process.stderr.readline()):
        assert line, "it ended"
    with Path(gate + ".out").open("w") as go:
        go.write("go")
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert b"stopped at a safe point" in err and b"lockgate resume t" in err
    assert list(bench.effects()) == ["5"]
    assert bench.process("resume", "t").out == "Paid.\n"
    assert list(bench.effects()) == ["5"]


def test_one_of_two_at_once_is_told_to_wait(bench: Bench, gate: str) -> None:
    process = bench.start(*paying(bench), GATE=gate)
    wait_until_paying(gate)
    second = bench("resume", "t")
    again = bench(*paying(bench))
    with Path(gate + ".out").open("w") as go:
        go.write("go")
    out, err = process.communicate(timeout=30)
    assert second.code == again.code == 1
    assert "is being run now" in second.err and "is being run now" in again.err
    assert (process.returncode, out) == (0, b"Paid.\n"), err
    assert list(bench.effects()) == ["5"]


def test_a_reader_that_leaves_is_no_error(bench: Bench) -> None:
    for args in (["tools", "--json"], ["graph", "react"], ["--help"]):
        process = bench.start(*args)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        with process.stderr:
            assert process.stderr.read() == b""
        process.wait(timeout=30)


@pytest.mark.parametrize("options", [["--debug"], []])
def test_a_traceback_only_for_those_who_ask(bench: Bench, options: list[str]) -> None:
    done = bench.process(*options, "resume", "nowhere")
    assert done.code == 1
    assert ("Traceback" in done.err) == bool(options)
    assert done.err.splitlines()[-2].startswith("error: There is no thread")


def test_colour_only_where_it_is_wanted(bench: Bench) -> None:
    assert "\x1b[" not in bench.process("policy", "explain", "starter", "calculate").out
    forced = bench.process("policy", "explain", "starter", "calculate", FORCE_COLOR="1", NO_COLOR=None, TERM="xterm")
    assert "\x1b[" in forced.out
    plain = bench.process("policy", "explain", "starter", "calculate", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm")
    assert "\x1b[3" not in plain.out


def test_help_is_quick_and_imports_nothing_heavy(bench: Bench) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "Exit codes" in bench.process("--help").out
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5
    code = """
import sys
from contextlib import suppress
from lockgate.cli.app import app
with suppress(SystemExit):
    app(["--help"])
heavy = {"langgraph", "langchain_core", "psycopg", "rich", "pydantic"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], env=bench.environment(), check=True, capture_output=True)
