"""The worked example of docs/policy.md does what the page says."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from lockgate.decision import DEFAULT_RULE, Call
from lockgate.guardrails.policy import Policy
from lockgate.labels import UNTRUSTED, Label
from lockgate.ports import Caller, History
from lockgate.spec import ToolSpec

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
POLICY = Policy.parse(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0], "refunds.yaml")


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
