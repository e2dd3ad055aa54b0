"""`undo` from the command line: killed, refused, asked about, twice at once, after a fork, and of teams."""

import os
from pathlib import Path
from typing import Any

import pytest

from .bench import Bench

MODULE = '''
import os
from lockgate import tool
from lockgate.errors import ToolError

def log(line):
    with open(os.environ["EFFECTS"], "a") as file:
        file.write(line + "\\n")

@tool(undo="cancel", undo_args={"number": "args.number"})
def order(number: int) -> str:
    """Order."""
    log(f"order {number}")
    return "ordered"

@tool(idempotent=False)
def cancel(number: int) -> str:
    """Cancel."""
    if os.environ.get("CLOSED") == str(number):
        raise ToolError("The shop is closed.")
    log(f"cancel {number}")
    if (gate := os.environ.get("GATE")) and os.environ["AT"] == str(number):
        with open(gate + ".in", "w") as ready:
            ready.write("ready")
        with open(gate + ".out") as go:
            go.read()
    return "cancelled"

tools = [order, cancel]
'''
POLICY = """
version: 1
name: shop
rules:
  - {id: order, tools: [order], action: allow, reason: a test}
  - {id: cancel, tools: [cancel], action: %s, reason: a test}
"""
THREE = "".join(f"- calls: [{{name: order, args: {{number: {n}}}}}]\n" for n in (1, 2, 3)) + "- Done.\n"


@pytest.fixture
def shop(bench: Bench) -> Bench:
    (bench.folder / "shop.py").write_text(MODULE)
    for action in ("allow", "deny", "review"):
        (bench.folder / f"{action}.yaml").write_text(POLICY % action)
    return bench


@pytest.fixture
def ordered(shop: Bench) -> Bench:
    done = shop("run", "react", "Order.", "--model", shop.model(THREE), "--thread", "t", *OPTIONS)
    assert done.code == 0, done.err
    return shop


OPTIONS = ("--tools", "shop:tools", "--policy", "allow.yaml")
ALL = [*(f"order {n}" for n in (1, 2, 3)), *(f"cancel {n}" for n in (3, 2, 1))]


def log(shop: Bench) -> list[str]:
    return (shop.folder / "effects").read_text().splitlines()


def started(shop: Bench, at: int) -> tuple[Any, str]:
    """An `undo` in a process of its own, in the middle of cancelling `at`."""
    gate = str(shop.folder / "gate")
    os.mkfifo(gate + ".in")
    os.mkfifo(gate + ".out")
    process = shop.start("undo", "t", GATE=gate, AT=str(at))
    with Path(gate + ".in").open() as ready:
        assert ready.read() == "ready"
    return process, gate


def test_killed_in_the_middle_of_one_it_asks_about_that_one_and_goes_on(ordered: Bench) -> None:
    process, _ = started(ordered, 2)
    process.kill()
    process.communicate()
    again = ordered.process("undo", "t")
    assert again.code == 3 and "in doubt" in again.err and "never settled" in again.err
    assert log(ordered) == ALL[:5]
    done = ordered("approve", ordered.pending()[0]["interrupt_id"], "--happened", "--result", '"cancelled"')
    assert (done.code, log(ordered)) == (0, ALL), done.err
    assert "nothing to undo" in ordered("undo", "t").out


def test_a_second_one_at_the_same_time_is_told_to_wait(ordered: Bench) -> None:
    process, gate = started(ordered, 3)
    second, run = (
        ordered("undo", "t"),
        ordered("run", "react", "More.", "--model", "scripted:model.yaml", "--thread", "t", *OPTIONS),
    )
    with Path(gate + ".out").open("w") as go:
        go.write("go")
    out, err = process.communicate(timeout=30)
    assert second.code == run.code == 1
    assert "is being run now" in second.err and "is being run now" in run.err
    assert (process.returncode, out, log(ordered)) == (0, b"3 undone, 0 not.\n", ALL), err


def test_one_that_fails_holds_up_no_other_and_is_tried_anew(ordered: Bench) -> None:
    failed = ordered("undo", "t", CLOSED="2")
    assert failed.code == 1 and "2 undone, 1 not." in failed.out and "The shop is closed." in failed.out
    assert log(ordered) == [*ALL[:4], "cancel 1"]
    assert ordered("undo", "t").out == "1 undone, 0 not.\n"
    assert log(ordered) == [*ALL[:4], "cancel 1", "cancel 2"]


def test_one_that_is_denied_or_asked_about(ordered: Bench) -> None:
    denied = ordered("undo", "t", "--policy", "deny.yaml")
    assert denied.code == 1 and "0 undone, 3 not." in denied.out and log(ordered) == ALL[:3]
    asked = ordered("undo", "t", "--policy", "review.yaml")
    assert asked.code == 3 and "cancel" in asked.err and log(ordered) == ALL[:3]
    code = asked.code
    for _ in range(3):
        assert code == 3
        code = ordered("approve", ordered.pending()[0]["interrupt_id"]).code
    assert (code, log(ordered), ordered.pending()) == (0, ALL, [])


def test_a_rejected_one_is_named_and_the_others_go_on(ordered: Bench) -> None:
    assert ordered("undo", "t", "--policy", "review.yaml").code == 3
    assert ordered("reject", ordered.pending()[0]["interrupt_id"], "--reason", "keep it").code == 3
    assert ordered("approve", ordered.pending()[0]["interrupt_id"]).code == 3
    last = ordered("approve", ordered.pending()[0]["interrupt_id"])
    assert "2 undone, 1 not." in last.out and log(ordered) == [*ALL[:3], "cancel 2", "cancel 1"]


def test_what_was_undone_is_not_taken_for_done_by_a_fork(shop: Bench) -> None:
    """The model is told; what it asks for anew is another effect."""
    script = ("--model", shop.model(THREE), "--thread", "t", "--every-step")
    assert shop("run", "react", "Order.", *script, *OPTIONS).code == 0
    found = shop("history", "t", "--json").json
    at = next(one["id"] for one in found if one["messages"] == 2 and one["next"] == ["execute_tool"])
    assert shop("undo", "t").code == 0
    assert shop("fork", "t", "--at", at).code == 0
    assert shop("resume", "t", "--model", shop.model("- x\n- It was undone.\n", "told")).out == "It was undone.\n"
    assert log(shop) == ALL
    last = shop("history", "t", "--json").json[0]["id"]
    values = shop("show", "t", "--at", last, "--json").json["values"]
    assert "order took effect and was undone since. Call it again if" in values["messages"][2]["content"]


STAFF = """
version: 1
pattern: %s
policy: allow.yaml
model: scripted:lead.yaml
%s
"""
ORDERS = "- calls: [{name: order, args: {number: %d}}]\n- '%s'\n"
PLAN = """
- calls:
    - name: submit_plan
      args:
        tasks:
          - {task_id: a, worker: %s, objective: Order 1.}
          - {task_id: b, worker: %s, objective: Order 2., depends_on: [a]}
- Done (a, b).
"""
ONE = '{model: "scripted:one.yaml", tools: ["shop:tools"], description: d%s}'
TWO = '{model: "scripted:two.yaml", tools: ["shop:tools"], description: d%s}'
DESK = "- calls: [{name: submit_plan, args: {tasks: [{task_id: x, worker: two, objective: Order 2.}]}}]\n- Done (x).\n"
HIERARCHY = """
tools: ["shop:tools"]
agents:
  one: {model: "scripted:one.yaml", tools: [order], description: d}
  desk:
    description: d
    model: scripted:desk.yaml
    tools: [order]
    agents:
      two: {model: "scripted:two.yaml", tools: [order], description: d}
"""
TEAMS = {
    "react": STAFF % ("react", "agents: {a: {model: scripted:both.yaml, tools: ['shop:tools']}}"),
    "orchestrator": STAFF % ("orchestrator", f"agents:\n  one: {ONE % ''}\n  two: {TWO % ''}"),
    "pipeline": STAFF
    % (
        "pipeline",
        f"agents:\n  one: {ONE % ', objective: o'}\n  two: {TWO % ', objective: o'}",
    ),
    "debate": STAFF % ("debate", f"agents:\n  one: {ONE % ''}\n  two: {TWO % ''}"),
    "hierarchy": STAFF
    % (
        "hierarchy",
        HIERARCHY,
    ),
}


@pytest.mark.parametrize("pattern", TEAMS)
def test_what_a_team_did_is_undone_newest_first(shop: Bench, pattern: str) -> None:
    said = '{"answer": "42", "reasons": "r"}' if pattern == "debate" else '"Ordered."'
    for name, text in {
        "team": TEAMS[pattern],
        "lead": PLAN % ("one", "desk" if pattern == "hierarchy" else "two"),
        "desk": DESK,
        "one": ORDERS % (1, said),
        "two": ORDERS % (2, said),
        "both": ORDERS.splitlines()[0] % 1 + "\n" + ORDERS % (2, said),
    }.items():
        (shop.folder / f"{name}.yaml").write_text(text)
    done = shop("run", "team.yaml", "Order both.", "--thread", "t")
    assert done.code == 0, done.err
    undone = shop("undo", "t")
    assert (undone.code, undone.out) == (0, "2 undone, 0 not.\n"), undone.err
    ordered, cancelled = log(shop)[:2], log(shop)[2:]
    assert sorted(ordered) == ["order 1", "order 2"]
    newest_first = [line.replace("order", "cancel") for line in reversed(ordered)]
    # Debaters work at once: which of them was the later one the shop and the ledger may see differently.
    assert (sorted(cancelled) if pattern == "debate" else cancelled) == (
        sorted(newest_first) if pattern == "debate" else newest_first
    )
    assert "nothing to undo" in shop("undo", "t").out


def test_the_policy_of_a_team_may_undo_a_failed_run_at_once(shop: Bench) -> None:
    (shop.folder / "allow.yaml").write_text(POLICY % "allow" + "effects: {on_failure: undo}\n")
    agent = "agents: {a: {model: scripted:model.yaml, tools: ['shop:tools'], max_iterations: 2}}"
    (shop.folder / "team.yaml").write_text(STAFF % ("react", agent))
    shop.model(THREE)
    failed = shop("run", "team.yaml", "Order.", "--thread", "t")
    assert failed.code == 4 and "what it did is undone" in failed.err
    assert log(shop) == ["order 1", "cancel 1"]


def test_a_team_without_one_policy_says_which_undos_need_one(shop: Bench) -> None:
    agents = f"agents:\n  one: {ONE % ', policy: deny.yaml'}\n  two: {TWO % ', policy: allow.yaml'}"
    (shop.folder / "team.yaml").write_text((STAFF % ("orchestrator", agents)).replace("policy: allow.yaml\n", "", 1))
    for name, text in {"lead": PLAN % ("two", "two"), "one": ORDERS % (1, "x"), "two": ORDERS % (2, "x")}.items():
        (shop.folder / f"{name}.yaml").write_text(text)
    assert shop("run", "team.yaml", "Order.", "--thread", "t").code == 0
    assert "names no one policy for its undos" in shop("undo", "t").err
    elsewhere = shop.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.yaml").write_text(POLICY % "allow")
    there = Bench(folder=elsewhere, url=shop.url, more=shop.more)
    assert there.process("undo", "t", "--policy", "mine.yaml").code == 0
    assert log(shop)[2:] == ["cancel 2", "cancel 2"]
