"""Time travel with arguments that make no sense: each is named, and the thread stays as it was."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from lockgate.cli import screen
from lockgate.cli.stated import _LAST

from .bench import Bench

CALC = """
- calls: [{name: calculate, args: {expression: "6 * 7"}}]
- It is 42.
"""
LONG = "x" * 10_000
IDS = ["zz", "-5", "%", "\N{GRINNING FACE}", "../x", "a b", LONG]


@pytest.fixture
def thread(bench: Bench) -> Bench:
    bench.run(CALC, "--every-step")
    return bench


def moments(bench: Bench) -> int:
    return len(bench("history", "t", "--limit", "1000", "--json").json)


@pytest.mark.parametrize("command", ["show", "fork", "replay", "diff"])
def test_an_id_that_names_no_moment_of_the_thread(thread: Bench, command: str) -> None:
    thread.run("- Hello.\n", thread="other")
    elsewhere = thread("history", "other", "--json").json[0]["id"]
    before = moments(thread)
    for name in ["", *IDS, elsewhere]:
        args = (command, "t", "--", name) if command == "diff" else (command, "t", f"--at={name}")
        done = thread(*args)
        assert (done.code, done.out) == (1, "")
        assert ("empty id" if not name else "has no moment") in done.err and "lockgate history" in done.err
        assert len(done.err) < 1_000
    assert f"names {before} moments" in thread(command, "t", *(["1"] if command == "diff" else ["--at=1"])).err
    assert moments(thread) == before


@pytest.mark.parametrize("command", ["history", "diff", "fork", "replay", "undo", "effects"])
def test_a_thread_that_is_not_there(thread: Bench, command: str) -> None:
    more = {"diff": ["zz"], "fork": ["--at=zz"]}.get(command, [])
    for name in ("\N{GRINNING FACE}", LONG, "-x", "a\tb"):
        done = thread(command, *(more if command == "fork" else []), "--", name, *(more if command == "diff" else []))
        assert done.code == 1 and "There is no thread" in done.err and len(done.err) < 1_000


def test_a_namespace_in_which_nothing_ran(thread: Bench) -> None:
    at = thread("history", "t", "--json").json[0]["id"]
    for args in (("history", "t"), ("show", "t", "--at", at), ("diff", "t", at)):
        done = thread(*args, "--namespace", "nope")
        assert done.code == 1 and "Nothing ran as 'nope' in thread 't'" in done.err
    alone = thread("show", "t", "--namespace", "nope")
    assert alone.code == 1 and "Name a moment: --at" in alone.err


NONSENSE = [
    "", "=", "=1", "messages", "..=1", "nothing=1", "events=5", "__pregel_tasks=5", "branch:to:call_model=1",
    "messages=null", "messages=5",
    'messages=[{"a": 1}]', "messages=[5]", 'messages=[{"type": "nope", "content": "x"}]',
    "messages.0=null", "messages.9.content=x", "messages.x.content=1",
    "messages.0.content.a=1", "messages.0.type=ai", "messages.1.tool_calls=7", 'messages.1.tool_calls=[{"name": 1}]',
    "usage=null", "usage=5", "usage.input_tokens=-5", "usage.input_tokens=lots", "usage.input_tokens=1e400",
    "iterations=true", "iterations=1.5", "iterations=null", "status=bogus", "trust=null", "trust.integrity=9",
    "decisions=null", 'decisions={"a": 5}', "decisions.call-0-0=5", "notes=[5]", "held=[5]", "deadline=5",
    "run_id=null", f"{LONG}=1",
]  # fmt: skip


def test_settings_that_cannot_stand_there(thread: Bench) -> None:
    at, before = thread("history", "t", "--json").json[2]["id"], moments(thread)
    for setting in NONSENSE:
        done = thread("fork", "t", "--at", at, f"--set={setting}")
        assert done.code == 1 and done.err.startswith("error: ") and len(done.err) < 1_500, setting
        assert "_Indexed" not in done.err and "https://" not in done.err
    assert moments(thread) == before


def test_settings_that_can(thread: Bench) -> None:
    at = thread("history", "t", "--json").json[2]["id"]
    for setting, after in {
        'messages=[{"type": "human", "content": "Say 42."}]': ["Say 42."],
        "messages.0.content=" + LONG: [LONG, "", "42"],
        "messages.-1.content=43": ["Do it.", "", "43"],
        "messages=[]": [],
    }.items():
        made = thread("fork", "t", "--at", at, "--set", setting, "--json").json
        said = thread("show", "t", "--at", made["id"], "--json").json["values"]["messages"]
        assert [message["content"] for message in said] == after
        assert all(message["id"] for message in said)


@pytest.mark.parametrize("policy", ["bad.yaml", "none.yaml", "/", "\N{GRINNING FACE}"])
def test_a_policy_that_cannot_be_read(thread: Bench, policy: str) -> None:
    Path(thread.folder / "bad.yaml").write_text("rules: [")
    done = thread("replay", "t", "--policy", policy)
    assert done.code == 1 and done.out == "" and ("policy" in done.err or "bad.yaml:" in done.err)


def test_of_a_long_state_the_last_items_are_shown(thread: Bench) -> None:
    for _ in range(_LAST // 2 + 1):
        thread.run("- It is 42.\n- Yes.\n" + "- No.\n" * 2 * _LAST)
    at = thread("history", "t", "--json").json[0]["id"]
    shown, whole = thread("show", "t", "--at", at).out, thread("show", "t", "--at", at, "--all").out
    count = len(thread("show", "t", "--at", at, "--json").json["values"]["messages"])
    assert f"({count - _LAST} earlier ones: --all)" in shown and f"{count - 1}: ai: " in shown
    assert "messages    0: human: Do it." in whole and "messages    0: human: Do it." not in shown
    assert "(empty)" in shown and "input_tokens" in shown


def test_on_a_narrow_terminal_each_row_stands_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    for width, lines in {80: 2, 40: 8}.items():
        console = Console(file=written, width=width, force_terminal=True, color_system=None, soft_wrap=True)
        monkeypatch.setattr(screen, "out", lambda console=console: console)
        made = screen.table("moment", "after", "step", "at (UTC)", "next", "messages", "last")
        made.add_row("a0ff8419", "50dd5acf", "6", "2026-11-21", "lock", "4", "Done.")
        screen.print_table(made)
        shown = written.getvalue()
        written.seek(written.truncate(0))
        assert len(shown.splitlines()) == lines and "…" not in shown
        assert {"a0ff8419", "50dd5acf", "Done."} <= set(shown.split())
