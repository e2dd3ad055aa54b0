"""The packs and the code of docs/risk.md and docs/budgets.md do what the pages say."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lockgate import Policy
from lockgate.decision import Allow, Call, Review
from lockgate.guardrails.risk import confidence
from lockgate.guardrails.risk.matrix import RiskSection
from lockgate.guardrails.risk.utterance import Utterance
from lockgate.ports import History
from lockgate.spec import Risk, ToolSpec

DOCS = Path(__file__).parents[3] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def block(name: str, language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)[0]


class NoArguments(BaseModel):
    pass


def test_the_pack_of_the_risk_page() -> None:
    policy = Policy.parse(block("risk.md", "yaml"))

    def decided(name: str, sure: float | None) -> Any:
        spec = ToolSpec(
            name=name,
            description="",
            args_model=NoArguments,
            run=print,
            is_async=False,
            risk=Risk.MEDIUM,
            reversible=True,
        )
        return policy.decide(Call(id="c", name=name, args={}), spec, History(confidence=sure))

    assert isinstance(decided("deploy", None), Review) and decided("deploy", 0.4).approvers == {"release-manager"}
    assert isinstance(decided("deploy", 0.6), Allow) and decided("deploy", 0.6).notice
    assert isinstance(decided("rollback", None), Allow)


def test_the_default_table_is_the_one_on_the_page() -> None:
    answers = RiskSection().answers()
    for tier in Risk:
        row = f"| `{tier}` | {' / '.join(answers[tier, True])} | {' / '.join(answers[tier, False])} |"
        assert row in page("risk.md")


def test_the_estimator_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confidence, "ESTIMATORS", {**confidence.ESTIMATORS})
    exec(block("risk.md", "python"), {})
    assert confidence.confidence(Utterance(text="Done."), ["short-answers"], "minimum") == 0.4


def test_the_pack_of_the_budgets_page() -> None:
    section = Policy.parse(block("budgets.md", "yaml")).sections.budgets
    assert section.run.budget().bounds() == {
        "tokens": 200_000,
        "model_calls": 40,
        "tool_calls": 60,
        "usd": 2.5,
        "seconds": 600,
    }
    assert len(section.rates) == 4 and (price := section.price("big-1")) and price.output == 15
