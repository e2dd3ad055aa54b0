"""Two policies: which rules differ, and calls that show on what the answers differ."""

import pytest

from lockgate.decision import Call, verb
from lockgate.guardrails import Policy
from lockgate.guardrails.difference import compare_rules, flips, histories
from lockgate.guardrails.explaining import explained
from lockgate.guardrails.standin import StandIn
from lockgate.guardrails.witness import witnesses
from lockgate.ports import History

BEFORE = """
version: 1
rules:
  - {id: small, tools: [pay], args: {amount: {max: 100}}, action: allow}
  - {id: large, tools: [pay], action: review, approvers: [boss], priority: 200}
  - {id: look, tools: [look], args: {path: {matches: "docs/[a-z.]+"}}, action: allow}
  - {id: nested, tools: [order], args: {"items[*].price.sum": {max: 5}}, action: allow}
"""


def pair(change=("", "")):
    before, after = Policy.parse(BEFORE), Policy.parse(BEFORE.replace(*change))
    calls = witnesses(before, after)
    tools = {call.name: StandIn().spec(call.name) for call in calls}
    return compare_rules(before, after), flips(before, after, calls, tools, histories(before, after))


def test_what_differs_is_named_as_the_pack_has_it_and_no_more() -> None:
    text = "version: 1\nrules: [{id: a, tools: [t], args: {x: {from: [user]}}, action: allow}]\nrisk: {low: 0.3}\n"
    other = text.replace("[user]", "[trusted]").replace("low: 0.3", "low: 0.4")
    before, after = Policy.parse(text), Policy.parse(other)
    rule, sections = compare_rules(before, after)
    assert rule.fields == {"args": ({"x": {"from": ["user"]}}, {"x": {"from": ["trusted"]}})}
    assert (sections.rule, sections.fields) == ("sections", {"risk.low": (0.3, 0.4)})


CHANGES = {
    "nothing": ((" ", " "), [], set()),
    "a bound": (("max: 100", "max: 50"), [("changed", "small")], {("pay", "allow", "review")}),
    "an action": (
        ("allow}\n  - {id: large", "deny}\n  - {id: large"),
        [("changed", "small")],
        {("pay", "allow", "deny"), ("pay", "review", "deny")},  # what cannot be judged is denied too
    ),
    "an approver": (("[boss]", "[chief]"), [("changed", "large")], {("pay", "review", "review")}),
    "a rule gone": (
        ("  - {id: large, tools: [pay], action: review, approvers: [boss], priority: 200}\n", ""),
        [("removed", "large")],
        {("pay", "review", "deny")},
    ),
    "a condition": (
        ("action: allow}\n  - {id: large", "when: {role: [clerk]}, action: allow}\n  - {id: large"),
        [("changed", "small")],
        {("pay", "allow", "review")},
    ),
    "conditions together": (
        ("action: allow}\n  - {id: large", "when: {role: [clerk], tenant: [acme]}, action: deny}\n  - {id: large"),
        [("changed", "small")],
        {("pay", "allow", "review"), ("pay", "review", "deny")},
    ),
    "a pattern": (("docs/[a-z.]+", "src/[a-z.]+"), [("changed", "look")], {("look", "allow", "deny")}),
    "a nested bound": (("max: 5}", "max: 4}"), [("changed", "nested")], {("order", "allow", "deny")}),
    "words only": (("id: large,", "id: large, reason: because,"), [("changed", "large")], set()),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_changed_and_a_call_that_shows_it(case):
    change, rules, answers = CHANGES[case]
    changed, found = pair(change)
    assert [(item.change, item.rule) for item in changed] == rules
    assert {(flip.call.name, verb(flip.before), verb(flip.after)) for flip in found} == answers


def test_a_changed_field_is_shown_before_and_after():
    [change] = pair(("max: 100", "max: 50"))[0]
    assert change.fields == {"args": ({"amount": {"max": 100}}, {"amount": {"max": 50}})}


def test_explained_asks_the_guards_too(monkeypatch):
    from lockgate.decision import Review
    from lockgate.guardrails.sections import Sections

    def careful(call, spec, history):
        return Review(rule="careful", reason="because") if call.args else None

    def broken(call, spec, history):
        raise RuntimeError

    monkeypatch.setattr(Sections, "guards", lambda self: (careful, broken))
    policy = Policy.parse("version: 1\nrules:\n  - {id: a, tools: [pay], action: allow}")
    spec = StandIn().spec("pay")
    asked = explained(policy, Call(id="c", name="pay", args={"x": 1}), spec, History())
    assert [(item.action, item.matched) for item in asked] == [("allow", True), ("review", True), ("deny", True)]
    quiet = explained(policy, Call(id="c", name="pay", args={}), spec, History())
    assert (quiet[1].action, quiet[1].matched) == ("guard", False) and "explained" in quiet[1].rule
