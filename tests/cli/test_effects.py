"""`effects`, `undo`, and answers about an effect in doubt, as commands."""

import pytest

from .bench import Bench

MODULE = '''
import os
from lockgate import tool

def log(line):
    with open(os.environ["EFFECTS"], "a") as file:
        file.write(line + "\\n")

@tool(timeout=0.2, undo="cancel", undo_args={"number": "args.number"})
async def order(number: int) -> str:
    """Order."""
    log(f"order {number}")
    if number > 9:
        raise ConnectionError
    return "ordered"

@tool
def cancel(number: int) -> str:
    """Cancel."""
    log(f"cancel {number}")
    return "cancelled"

tools = [order, cancel]
'''
POLICY = """
version: 1
name: shop
rules:
  - {id: all, tools: [order, cancel], action: allow, reason: a test}
"""
TURNS = """
- calls: [{name: order, args: {number: %s}}]
- Done.
"""


@pytest.fixture
def shop(bench: Bench) -> Bench:
    (bench.folder / "shop.py").write_text(MODULE)
    (bench.folder / "shop.yaml").write_text(POLICY)
    return bench


def order(shop: Bench, number: int) -> int:
    options = ("--tools", "shop:tools", "--policy", "shop.yaml", "--thread", "t", "--json")
    return shop("run", "react", "Order.", "--model", shop.model(TURNS % number), *options).code


def log(shop: Bench) -> list[str]:
    return (shop.folder / "effects").read_text().splitlines()


def test_the_ledger_is_listed_and_undone(shop: Bench) -> None:
    assert order(shop, 1) == 0
    (effect,) = shop("effects", "t", "--json").json
    assert (effect["tool"], effect["state"], effect["args"]) == ("order", "done", {"number": 1})
    shown = shop("effects")
    assert effect["key"][:8] in shown.out and "done" in shown.out
    assert shop("effects", "--open").out == ""
    undone = shop("undo", "t", "--json")
    assert (undone.code, undone.result["answer"]) == (0, "1 undone, 0 not.")
    again = shop("undo", "t")
    assert "There is nothing to undo." in again.out
    assert log(shop) == ["order 1", "cancel 1"]
    both = shop("effects", "t", "--json").json
    assert both[1]["undo_of"] == both[0]["key"]


@pytest.mark.parametrize(
    ("said", "state", "lines"),
    [
        (("approve", "--happened", "--result", '"seen"'), "done", ["order 10"]),
        (("reject", "--reason", "leave it"), "given_up", ["order 10"]),
    ],
)
def test_an_effect_in_doubt_is_answered(shop: Bench, said: tuple[str, ...], state: str, lines: list[str]) -> None:
    assert order(shop, 10) == 3
    (waiting,) = shop("approvals", "--json").json
    question = waiting["interrupt_id"]
    assert "in doubt" in shop("resume", "t").err
    for wrong, fault in (
        (("approve", question), "--happened"),
        (("approve", question, "--happened", "--run-again"), "--happened"),
        (("edit", question, "--set", "number=1"), "cannot be answered by edit"),
    ):
        refused = shop(*wrong)
        assert refused.code == 1 and fault in refused.err
    done = shop(said[0], question, *said[1:], "--json")
    assert (done.code, done.result["answer"]) == (0, "Done.")
    (effect,) = shop("effects", "t", "--json").json
    assert effect["state"] == state
    assert log(shop) == lines


def test_a_failed_run_offers_its_undos(shop: Bench) -> None:
    model = shop.model("- calls: [{name: order, args: {number: 1}}]\n" * 2 + "- Done.\n")
    options = ("--tools", "shop:tools", "--policy", "shop.yaml", "--thread", "t", "--max-iterations", "2")
    failed = shop("run", "react", "Order.", "--model", model, *options)
    assert failed.code == 4
    assert "1 of its effects stand (order). Undo: lockgate undo t" in failed.err
    assert shop("undo", "t").code == 0
    assert log(shop) == ["order 1", "cancel 1"]


def test_a_policy_may_undo_a_failed_run_at_once(shop: Bench) -> None:
    (shop.folder / "shop.yaml").write_text(POLICY + "effects: {on_failure: undo}\n")
    model = shop.model("- calls: [{name: order, args: {number: 1}}]\n" * 2 + "- Done.\n")
    options = ("--tools", "shop:tools", "--policy", "shop.yaml", "--thread", "t", "--max-iterations", "2")
    failed = shop("run", "react", "Order.", "--model", model, *options)
    assert failed.code == 4
    assert "1 undone, 0 not." in failed.err and "effects stand" not in failed.err
    assert log(shop) == ["order 1", "cancel 1"]


def test_run_again(shop: Bench) -> None:
    assert order(shop, 10) == 3
    (waiting,) = shop("approvals", "--json").json
    again = shop("approve", waiting["interrupt_id"], "--run-again", "--json")
    assert again.code == 3  # it fails again, and is in doubt again
    assert again.result["waiting"][0]["commands"][0].endswith("--happened --result VALUE")
    assert log(shop) == ["order 10", "order 10"]


def test_what_is_not_there(shop: Bench) -> None:
    assert "There are no effects." in shop("effects").err
    for command in ("effects", "undo"):
        refused = shop(command, "nowhere")
        assert refused.code == 1 and "There is no thread 'nowhere'" in refused.err
