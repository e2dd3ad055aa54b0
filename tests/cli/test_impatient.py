"""Every command for somebody in a hurry: a narrow dumb terminal, a program that reads JSON, no database, Ctrl-C."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer
import typer.main

from lockgate.cli.app import COMMANDS, app

from .bench import HOSTILE, WRITE, Bench, Done

LOOKS: dict[str, list[str]] = {
    "approvals": ["--all"],
    "approve": ["{asked}"],
    "diff": ["t", "{first}", "{last}"],
    "doctor": [],
    "edit": ["{other}", "--set", "text=bye"],
    "effects": [],
    "eval list": [],
    "eval run": ["agentdojo", "--suite", "banking", "--limit", "1"],
    "fork": ["t", "--at", "{first}"],
    "graph": ["react"],
    "history": ["t"],
    "models list": [],
    "audit show": [],
    "audit verify": [],
    "policy check": ["starter"],
    "policy diff": ["starter", "allow.yaml"],
    "policy explain": ["starter", "calculate"],
    "policy lint": ["starter"],
    "policy replay": ["allow.yaml"],
    "policy show": ["starter"],
    "policy test": ["starter"],
    "reject": ["{third}", "--reason", "no"],
    "replay": ["t"],
    "resume": ["t"],
    "run": ["react", "Go.", "--model", "scripted:model.yaml", "--thread", "new"],
    "show": ["t", "--all"],
    "threads": [],
    "threads erase": ["--user", "nobody", "--yes"],
    "threads prune": ["--keep", "100", "--dry-run"],
    "threads rotate": [],
    "tools": [],
}
"""Each command that can be run on what `stocked` has made, with its arguments."""
ELSEWHERE = {
    "demo": "tests/cli/test_desk.py: a world of its own",
    "undo": "tests/cli/test_effects.py: it needs an effect that can be undone",
    "threads import": "tests/cli/test_keeping.py: it needs two databases",
    "models pull": "it downloads",
    "audit export": "no --json: it is JSON lines",
    "audit key": "writes a file",
    "audit sign": "no --json: its line is JSON",
    "audit grant": "writes nothing that a program reads",
    "version": "one word",
}
OFFLINE = {"eval list", "eval run", "graph", "models list", "tools", *(name for name in LOOKS if "policy" in name)}
OFFLINE -= {"policy replay"}
LINES = {"run", "resume", "approve", "reject", "edit", "audit show"}
"""Commands whose JSON comes line by line."""


def leaves(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[str]:
    command = command or typer.main.get_command(app)
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        if getattr(command, "invoke_without_command", False):
            yield " ".join(path)
        for name in command.list_commands(context):
            yield from leaves(command.get_command(context, name), (*path, name))
    else:
        yield " ".join(path)


def test_no_command_is_left_out() -> None:
    assert set(LOOKS) | set(ELSEWHERE) == set(leaves())
    assert {name.split()[0] for name in (*LOOKS, *ELSEWHERE)} == set(COMMANDS)


@pytest.fixture
def stocked(bench: Bench) -> dict[str, str]:
    """Threads that wait for a person, with hostile words in one of them."""
    for thread, script in (("u", WRITE), ("v", WRITE), ("x", HOSTILE), ("t", WRITE)):
        assert bench.run(script, thread=thread).code == 3
    asked = {row["thread_id"]: row["interrupt_id"] for row in bench.pending()}
    moments = bench("history", "t", "--json").json
    return {"asked": asked["t"], "other": asked["u"], "third": asked["v"]} | {
        "first": moments[0]["id"],
        "last": moments[-1]["id"],
    }


def words(name: str, stocked: dict[str, str]) -> list[str]:
    return [*name.split(), *(word.format(**stocked) for word in LOOKS[name])]


ORDER = sorted(LOOKS, key=lambda name: name in ("approve", "reject", "edit", "resume", "fork"))
"""Those last that change what the others look at."""


def test_on_a_narrow_terminal_that_can_do_nothing(bench: Bench, stocked: dict[str, str]) -> None:
    for name in ORDER:
        done = bench(*words(name, stocked), COLUMNS="40", TERM="dumb", NO_COLOR="1")
        assert done.code in (0, 3), (name, done.err)
        assert "\x1b" not in done.out + done.err and "Traceback" not in done.err, name
        assert (done.out + done.err).strip(), name


def test_json_can_be_read_as_json(bench: Bench, stocked: dict[str, str]) -> None:
    for name in ORDER:
        done = bench(*words(name, stocked), "--json")
        assert done.code in (0, 3), (name, done.err)
        assert done.lines if name in LINES else done.json is not None, name


def fault(done: Done) -> dict[str, Any]:
    """The error that a program reads: the last line of stdout, as its own JSON object."""
    told = json.loads(done.out.splitlines()[-1])
    found: dict[str, Any] = told["error"]
    assert set(found) == {"type", "message", "hint"} and found["message"]
    assert f"error: {found['message'][:60]}" in done.err  # and the person is told the same
    return found


@pytest.mark.parametrize(
    ("args", "kind", "says"),
    [
        (["show", "nowhere"], "ThreadNotFoundError", "no thread 'nowhere'"),
        (["history", "nowhere"], "ThreadNotFoundError", "no thread 'nowhere'"),
        (["resume", "nowhere"], "ThreadNotFoundError", "no thread 'nowhere'"),
        (["replay", "nowhere"], "ThreadNotFoundError", "no thread 'nowhere'"),
        (["approve", "abc123"], "ApprovalError", "no approval 'abc123'"),
        (["run", "reakt", "x"], "UnknownNameError", "Unknown graph 'reakt'"),
        (["policy", "show", "starte"], "PolicyError", "does not exist"),
        (["eval", "run", "agentdoyo"], "UnknownNameError", "agentdoyo"),
        (["graph", "reakt"], "UnknownNameError", "Unknown graph 'reakt'"),
        (["audit", "verify", "--key", "none"], "ConfigError", "none"),
    ],
)
def test_an_error_is_json_too_for_those_who_asked_for_it(bench: Bench, args: list[str], kind: str, says: str) -> None:
    done = bench(*args, "--json")
    found = fault(done)
    assert done.code == 1 and says in found["message"] and found["type"] == kind
    assert bench(*args).out == ""  # nobody else gets JSON


def test_a_word_after_the_options_end_is_no_option(bench: Bench) -> None:
    assert bench("show", "--", "--json").out == ""


@pytest.mark.parametrize("name", sorted(set(LOOKS) - OFFLINE - {"doctor"}))
def test_without_its_database_each_command_says_so(bench: Bench, name: str) -> None:
    bench.model(WRITE)
    args = words(name, dict.fromkeys(("asked", "other", "third", "first", "last"), "1f1e5ca8"))
    done = bench(*args, "--json", DATABASE_URL="postgresql://ann:hunter2secret@127.0.0.1:1/x")
    found = fault(done)
    assert (done.code, found["type"]) == (1, "StoreError") and "127.0.0.1:1" in found["message"]
    assert "DATABASE_URL" in found["hint"] and "hunter2secret" not in done.out + done.err


@contextmanager
def listening(answer: bytes | None) -> Iterator[tuple[int, threading.Event]]:
    """A server that is no Postgres: it says `answer` to whatever comes, or nothing at all when that is None."""
    met, kept = threading.Event(), []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                kept.append(client)
                met.set()
                if answer is not None:
                    with client:
                        client.recv(8)
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], met
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for client in kept:
                client.close()


@pytest.mark.parametrize(
    ("answer", "says", "hint"),
    [
        (None, "timeout expired", "Check that the server runs"),
        (b"", "closed the connection", "Check that the server runs"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "invalid response", "no Postgres server"),
        (b"\0" * 64, "invalid response", "no Postgres server"),
        (b"N" + b"SSH-2.0-OpenSSH_9.6\r\n" * 9, "", "DATABASE_URL"),
        (b"NR\0\0\0\x08\0\0\0\0Z", "", "DATABASE_URL"),  # it begins well
    ],
)
@pytest.mark.parametrize("command", [["threads"], ["audit", "verify"], ["run", "react", "x", "--model", "{model}"]])
def test_a_server_that_is_no_postgres_is_told_and_not_waited_for(
    bench: Bench, command: list[str], answer: bytes | None, says: str, hint: str
) -> None:
    model = bench.model(WRITE)
    with listening(answer) as (port, _):
        url = f"postgresql://ann:hunter2secret@127.0.0.1:{port}/x?connect_timeout=2"
        done = bench(*(word.format(model=model) for word in command), DATABASE_URL=url)
    assert done.code == 1 and says in done.err and hint in done.err, done.err
    assert f"127.0.0.1:{port}" in done.err and len(done.err.splitlines()) == 2
    assert "hunter2secret" not in done.err


@pytest.mark.parametrize(
    "command", [["threads"], ["audit", "verify"], ["audit", "export"], ["policy", "replay", "allow.yaml"]]
)
def test_ctrl_c_while_the_database_does_not_answer(bench: Bench, command: list[str]) -> None:
    with listening(None) as (port, met):
        process = bench.start(*command, DATABASE_URL=f"postgresql://ann@127.0.0.1:{port}/x?connect_timeout=60")
        assert met.wait(50)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b""), err
    assert b"interrupted" in err and b"Traceback" not in err


def test_ctrl_c_in_an_eval_tells_how_far_it_was(bench: Bench) -> None:
    process = bench.start("eval", "run", "agentdojo", "--suite", "workspace", "--json")
    assert process.stderr is not None and process.stdout is not None
    while b" of " not in (line := process.stderr.readline()):
        assert line, "it ended"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b""), err
    assert b"interrupted after " in err and b"--limit" in err and b"Traceback" not in err


def test_ctrl_c_in_an_export_and_a_replay_tells_what_was_done(
    bench: Bench, stocked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lockgate.cli import audit, policy_code

    rows, recorded = audit._rows, policy_code._recorded

    def some(*args: Any) -> Iterator[Any]:
        for number, row in enumerate(rows(*args)):
            if number == 2:
                raise KeyboardInterrupt
            yield row

    with monkeypatch.context() as patched:
        patched.setattr(audit, "_rows", some)
        done = bench("audit", "export")
    assert done.code == 130 and len(done.lines) == 2
    last = done.lines[-1]["seq"]
    assert f"interrupted after 2 rows. Go on: lockgate audit export --after {last}" in done.err
    assert bench("audit", "export", "--after", str(last)).lines[0]["seq"] > last

    seen: list[str] = []

    def first(thread: str, *args: Any) -> Any:
        seen.append(thread)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return recorded(thread, *args)

    monkeypatch.setattr(policy_code, "_recorded", first)
    done = bench("policy", "replay", "allow.yaml", "--json", "--all")
    assert done.code == 130 and "interrupted: only 1 of 4 threads were judged" in done.err
    assert done.json["interrupted"] and {one["thread"] for one in done.json["answers"]} == {seen[0]}


@pytest.mark.slow
def test_no_command_minds_a_reader_that_leaves(bench: Bench, stocked: dict[str, str]) -> None:
    for name in ORDER:
        process = bench.start(*words(name, stocked))
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        process.wait(timeout=60)
        assert b"Traceback" not in err and b"BrokenPipe" not in err and b"Exception ignored" not in err, (name, err)
