"""Packs and team files with one thing wrong: one message with file and field, no traceback, and an exit code."""

import pytest

from .bench import Bench

RULES = "rules:\n  - {id: a, tools: [x], action: allow}\n"
PACK = f"version: 1\n{RULES}"
REACT = "version: 1\npattern: react\nagents: {a: {tools: []}}\n"
BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n"

PACKS = {
    "a field of reviews on an allow": (
        "version: 1\nrules:\n  - {id: a, tools: [x], action: allow, blocking: true}\n",
        "bad.yaml:3: rule 'a': blocking belongs to rules whose action is review",
    ),
    "a negative bound": (PACK + "budgets: {tool_seconds: {x: -1}}\n", "'budgets.tool_seconds.x'"),
    "a section with a slip": (PACK + "bugdets: {}\n", "Did you mean 'budgets'?"),
    "too deep": (PACK + "privacy: " + "{a: " * 500 + "1" + "}" * 500, "bad.yaml:4: nested more than 64 deep"),
    "aliases": (BOMB, "anchors and aliases are not allowed"),
    "a field twice": (f"version: 1\n{PACK}", "'version' is already given in line 1"),
    "NUL": (PACK + 'name: "a\0b"\n', "control characters are not allowed"),
    "no mapping": ("- 1\n", "a pack is a mapping"),
    "nothing": ("", "the pack is empty"),
    "a pattern too large": (
        "version: 1\nrules:\n  - {id: a, tools: [x], args: {p: {matches: '(a{1000}){1000}'}}, action: allow}\n",
        "field 'args.p.matches': not a pattern that RE2 can run",
    ),
    "UTF-16": (PACK.encode("utf-16"), "not UTF-8 text"),
}
TEAMS = {
    "a deadline that is none": (REACT + "deadline: never\n", "field 'deadline'"),
    "a tool that is none": (REACT.replace("[]", "[nosuch]"), "field 'agents.a.tools[0]': 'nosuch'"),
    "a tool that the top has not": (
        "version: 1\npattern: hierarchy\nagents: {a: {tools: [zzz]}}\n",
        "asks for the tool 'zzz'",
    ),
    "a member twice": ("version: 1\npattern: orchestrator\nagents:\n  a: {}\n  a: {}\n", "bad.yaml:5"),
    "a member of itself": ("version: 1\npattern: hierarchy\nagents: &x {a: {agents: *x}}\n", "anchors and aliases"),
    "a board that is not there": (
        "version: 1\npattern: orchestrator\nagents: {a: {reads: [zz]}}\n",
        "Unknown name on the blackboard 'zz'",
    ),
    "wrong types": ("version: one\npattern: 7\nagents: []\n", "field 'version': must be 1"),
    "aliases": (BOMB, "anchors and aliases are not allowed"),
    "huge": (REACT + "#" + "x" * 2_000_000, "at most 1,000,000 bytes"),
    "a stage without an objective": ("version: 1\npattern: pipeline\nagents: {a: {}}\n", "a stage needs an objective"),
    "a policy that is not there": (REACT + "policy: nope.yaml\n", "nope.yaml' does not exist"),
}


def says(bench: Bench, text: str | bytes, what: str, *command: str) -> None:
    (bench.folder / "bad.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    done = bench(*command, "bad.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ") and what in done.err


@pytest.mark.parametrize("command", ["check", "lint", "show"])
@pytest.mark.parametrize(("text", "what"), PACKS.values(), ids=PACKS)
def test_a_pack_with_one_thing_wrong(bench: Bench, text: str | bytes, what: str, command: str) -> None:
    says(bench, text, what, "policy", command)


@pytest.mark.parametrize(("text", "what"), TEAMS.values(), ids=TEAMS)
def test_a_team_file_with_one_thing_wrong(bench: Bench, text: str, what: str) -> None:
    says(bench, text, what, "graph")


def test_a_mark_of_byte_order_and_windows_line_ends_are_no_fault(bench: Bench) -> None:
    (bench.folder / "good.yaml").write_bytes(b"\xef\xbb\xbf" + PACK.replace("\n", "\r\n").encode())
    assert bench("policy", "check", "good.yaml").code == 0


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["graph", "./nope.py:graph"], "path/to/file.py:graph"),
        (["graph", "nosuch"], "Known: react"),
        (["policy", "explain", "starter", "x", "{}", "--trust", "lots"], "--trust untrusted"),
        (["graph", "react", "--svg", "/proc/x.svg"], "Name another file."),
    ],
)
def test_the_next_step_is_named(bench: Bench, args: list[str], what: str) -> None:
    done = bench(*args)
    assert done.code == 1 and what in done.err.partition("hint: ")[2]
