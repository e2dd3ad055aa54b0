"""The risk matrix: every cell of the default table, production, unknown confidence, and packs that change it."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from lockgate import Policy
from lockgate.decision import Allow, Call, Deny, Review
from lockgate.errors import PolicyError
from lockgate.guardrails.narrowing import stricter
from lockgate.guardrails.risk.matrix import _ANSWERS, Band, RiskMatrix, RiskSection
from lockgate.labels import TRUSTED, UNTRUSTED, Integrity, Label
from lockgate.ports import History
from lockgate.spec import Risk, ToolSpec

RULES = """
rules:
  - {id: all, tools: ["*"], action: allow, reason: fine}
"""


class NoArguments(BaseModel):
    pass


def tool(risk: Risk = Risk.HIGH, *, name: str = "t", tags: frozenset[str] = frozenset(), **facts: bool) -> ToolSpec:
    return ToolSpec(
        name=name, description="", args_model=NoArguments, run=print, is_async=False, risk=risk, tags=tags, **facts
    )


def decided(pack: str, spec: ToolSpec, confidence: float | None = None, trust: Label = TRUSTED) -> Any:
    policy = Policy.parse(f"version: 1\n{RULES}{pack}", "p.yaml")
    history = History(confidence=confidence, trust=trust)
    return policy.decide(Call(id="c", name=spec.name, args={}), spec, history)


def answer(decision: Any) -> str:
    if isinstance(decision, Review):
        return "blocking" if decision.blocking else "review"
    assert isinstance(decision, Allow)
    return "logged" if decision.notice else "autonomous"


@pytest.mark.parametrize(
    ("risk", "reversible", "at_low", "unknown", "at_high"),
    [
        ("low", True, "autonomous", "autonomous", "autonomous"),
        ("low", False, "logged", "autonomous", "autonomous"),
        ("medium", True, "logged", "autonomous", "autonomous"),
        ("medium", False, "review", "autonomous", "autonomous"),
        ("high", True, "review", "autonomous", "autonomous"),
        ("high", False, "review", "logged", "autonomous"),
        ("critical", True, "review", "logged", "autonomous"),
        ("critical", False, "blocking", "review", "logged"),
    ],
)
def test_the_default_table(risk: str, reversible: bool, at_low: str, unknown: str, at_high: str) -> None:
    spec = tool(Risk.parse(risk), reversible=reversible)
    assert [answer(decided("", spec, c)) for c in (0.49, None, 0.5, 0.79, 0.8)] == [
        at_low,
        unknown,
        unknown,
        unknown,
        at_high,
    ]
    assert decided("", spec, float("nan")) == decided("", spec, float("nan"))
    assert answer(decided("", spec, float("nan"))) == at_low


def test_a_call_without_an_effect_counts_as_reversible() -> None:
    assert answer(decided("", tool(effect=False))) == "autonomous"


@pytest.mark.parametrize(
    ("confidence", "trust", "wanted"),
    [(0.2, TRUSTED, "review"), (None, TRUSTED, "review"), (0.6, TRUSTED, "autonomous"), (0.99, UNTRUSTED, "review")],
)
@pytest.mark.parametrize("how", ["tag", "name", "all"])
def test_a_low_confidence_write_to_production_goes_to_review(
    how: str, confidence: float | None, trust: Label, wanted: str
) -> None:
    tags = frozenset({"production"}) if how == "tag" else frozenset()
    spec = tool(Risk.LOW, name="deploy_site", tags=tags, reversible=True)
    pack = {"tag": "", "name": "risk: {production: ['deploy_*']}", "all": "risk: {production: ['*']}"}[how]
    assert answer(decided(pack, spec, confidence, trust)) == wanted
    read = tool(Risk.LOW, name="deploy_site", tags=tags, effect=False)
    assert answer(decided(pack, read, confidence, trust)) == "autonomous"


def test_no_table_lets_a_low_confidence_write_to_production_run() -> None:
    cells = "{low: autonomous, medium: autonomous, high: autonomous}"
    rows = ", ".join(f"{tier}: {{reversible: {cells}, irreversible: {cells}}}" for tier in Risk)
    pack = f"risk: {{table: {{{rows}}}}}".replace("Risk.", "")
    assert answer(decided(pack, tool(Risk.CRITICAL), 0.1)) == "autonomous"
    assert answer(decided(pack, tool(Risk.LOW, tags=frozenset({"production"})), 0.1)) == "review"


def test_a_figure_cannot_raise_a_session_that_has_read_untrusted_text() -> None:
    spec = tool(Risk.CRITICAL)
    assert answer(decided("", spec, 0.99)) == "logged"
    assert answer(decided("", spec, 0.99, UNTRUSTED)) == "review"
    assert answer(decided("", spec, 0.1, UNTRUSTED)) == "blocking"


def test_what_a_pack_changes() -> None:
    pack = """
risk:
  table: {high: {irreversible: {medium: review}}}
  low: 0.3
  high: 0.9
  unknown: low
  approvers: [lead, boss]
  expires_after: 60
"""
    review = decided(pack, tool(), 0.85)
    assert (answer(review), review.approvers, review.expires_after) == ("review", frozenset({"lead", "boss"}), 60.0)
    assert "high risk, irreversible, confidence 0.85, which counts as medium" in review.reason
    assert answer(decided(pack, tool(), 0.95)) == "autonomous"
    assert "confidence unknown, which counts as low" in decided(pack, tool()).reason


def test_the_rules_stay_the_stricter_ones() -> None:
    policy = Policy.parse("version: 1\nrules:\n  - {id: never, tools: [t], action: deny, reason: never}", "p.yaml")
    said = policy.decide(Call(id="c", name="t", args={}), tool(), History(confidence=1.0))
    assert isinstance(said, Deny) and said.rule == "never"
    asked = Policy.parse("version: 1\nrules:\n  - {id: ask, tools: [t], action: review}", "p.yaml")
    both = asked.decide(Call(id="c", name="t", args={}), tool(Risk.CRITICAL), History(confidence=0.1))
    assert isinstance(both, Review) and (both.rule, both.blocking) == ("ask+risk", True)
    logged = decided("", tool())
    assert logged.rule == "all" and "runs without a person" in logged.notice


@pytest.mark.parametrize(
    ("pack", "where", "what"),
    [
        ("risk: {low: 0.9}", "p.yaml:5: field 'risk'", "low (0.9) is above high"),
        ("risk: {low: 2}", "p.yaml:5: field 'risk.low'", "must be at most 1"),
        ("risk: {tabel: {}}", "p.yaml:5: field 'risk.tabel'", "table"),
        ("risk:\n  table: {high: {reversible: {low: free}}}", "p.yaml:6: field 'risk.table.high", "'autonomous'"),
        ("risk: {estimators: [hedgin]}", "field 'risk.estimators'", "Did you mean 'hedging'"),
        ("risk: {samples: 11}", "field 'risk.samples'", "10"),
        ("risk:", "field 'risk'", "no value"),
        ("risk: {table: {low: {reversible: {high: review}}}}", "field 'risk'", "table.low.reversible less confidence"),
    ],
)
def test_a_broken_section_never_loads(pack: str, where: str, what: str) -> None:
    with pytest.raises(PolicyError) as error:
        decided(pack, tool())
    assert where in error.value.where
    assert what in str(error.value)


@given(
    st.sampled_from(Risk),
    st.tuples(st.booleans(), st.booleans()),
    st.none() | st.floats(0, 1),
    st.none() | st.floats(0, 1),
    st.sampled_from(Integrity),
    st.sampled_from(Integrity),
)
def test_less_confidence_and_less_trust_are_never_answered_more_freely(
    risk: Risk, facts: tuple[bool, bool], one: float | None, other: float | None, low: Integrity, high: Integrity
) -> None:
    matrix = RiskMatrix(RiskSection())
    spec = tool(risk, reversible=facts[0], tags=frozenset({"production"} if facts[1] else ()))

    def rank(confidence: float | None, integrity: Integrity) -> int:
        return _ANSWERS.index(matrix.judged(spec, confidence, integrity)[0])

    if one is not None and other is not None:
        assert rank(min(one, other), low) >= rank(max(one, other), low)
    assert rank(one, max(low, high)) >= rank(one, min(low, high))


def test_merging_keeps_notices_and_the_blocking() -> None:
    allows = [Allow(rule=r, reason="x", notice=n) for r, n in itertools.product("ab", ("", "n", "m"))]
    for left, right in itertools.product(allows, repeat=2):
        merged = stricter(left, right)
        assert isinstance(merged, Allow) and merged.rule == left.rule
        assert {left.notice, right.notice} - {""} == set(merged.notice.split())
    ask, block = Review(rule="a", reason="x"), Review(rule="b", reason="x", blocking=True)
    assert all(isinstance(m := stricter(*pair), Review) and m.blocking for pair in [(ask, block), (block, ask)])
    assert str(Band.LOW) == "low"
