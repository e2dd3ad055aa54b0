"""The worked example of docs/policy.md does what the page says."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from lockgate.decision import DEFAULT_RULE, Call
from lockgate.guardrails.cases import beside, read_cases, run_cases
from lockgate.guardrails.lint import Smell, lint_policy
from lockgate.guardrails.pack import shipped_packs
from lockgate.guardrails.policy import Policy
from lockgate.labels import UNTRUSTED, Label
from lockgate.ports import Caller, History
from lockgate.spec import ToolSpec

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
POLICY = Policy.parse(BLOCKS[0], "refunds.yaml")


class NoArguments(BaseModel):
    pass


@pytest.mark.parametrize(
    ("tool", "args", "trust", "rule"),
    [
        ("lookup", {"order_id": "ORD-1"}, Label(), "look"),
        ("refund", {"amount": 40, "order_id": "ORD-1"}, Label(), "small-refunds"),
        ("refund", {"amount": 400, "order_id": "ORD-1"}, Label(), "other-refunds"),
        ("refund", {"amount": -40, "order_id": "ORD-1"}, Label(), "other-refunds"),
        ("refund", {"amount": 40, "order_id": "ORD-1"}, UNTRUSTED, "other-refunds"),
        ("refund", {"amount": 40}, Label(), "other-refunds"),
        ("delete_order", {}, Label(), "never-delete"),
        ("send_mail", {}, Label(), DEFAULT_RULE),
    ],
)
def test_the_worked_example(tool, args, trust, rule):
    spec = ToolSpec(name=tool, description="", args_model=NoArguments, run=print, is_async=False)
    history = History(caller=Caller(roles=frozenset({"clerk"})), trust=trust)
    assert POLICY.decide(Call(id="c", name=tool, args=args), spec, history).rule == rule


def test_the_table_of_cases_beside_it(tmp_path):
    (tmp_path / "refunds.test.yaml").write_text(BLOCKS[1])
    table = read_cases(beside(tmp_path / "refunds.yaml"))
    outcomes = run_cases(POLICY, table)
    assert [outcome.where for outcome in outcomes if not outcome.ok] == []
    assert f"refunds: {len(outcomes)} of {len(outcomes)} cases as expected." in PAGE
    stated = {name: facts.spec(name) for name, facts in table.cases.tools.items()}
    assert lint_policy(POLICY, stated) == []


def test_every_shipped_pack_and_every_finding_is_told():
    for word in (*shipped_packs(), *get_args(Smell)):
        assert f"`{word}`" in PAGE
