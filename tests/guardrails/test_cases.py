"""Tables of cases: what they say of caller, trust and history is what the policy sees, and slips are named."""

import pytest

from lockgate.errors import FileError
from lockgate.guardrails import Policy
from lockgate.guardrails.cases import _KIND as KIND
from lockgate.guardrails.cases import parse_cases, read_cases, run_cases
from lockgate.labels import Integrity
from lockgate.yaml_data import read_yaml

POLICY = Policy.parse(
    """
version: 1
rules:
  - {id: boss, tools: [pay], when: {role: [boss], trust: {at_most: internal}}, action: allow}
  - {id: desk, tools: [pay], when: {agent: [desk], tenant: [acme]}, action: review}
  - {id: risky, tools: [pay], when: {risk: {at_least: critical}}, action: review}
"""
)


def table(text):
    return parse_cases(read_yaml("version: 1\n" + text, "t.test.yaml", KIND))


@pytest.mark.parametrize(
    ("case", "ok"),
    [
        ("{tool: pay, caller: {roles: [boss]}, expect: allow, rule: boss}", True),
        ("{tool: pay, caller: {roles: [boss]}, trust: untrusted, expect: deny}", True),
        ("{tool: pay, caller: {roles: [boss]}, history: [{text: hi}], expect: allow}", True),
        ("{tool: pay, caller: {roles: [boss]}, history: [{source: 'tool:mail', text: hi}], expect: deny}", True),
        (
            "{tool: pay, caller: {roles: [boss]}, history: [{source: x, text: a, integrity: internal}], expect: allow}",
            True,
        ),
        ("{tool: pay, agent: desk, caller: {tenant: acme}, expect: review, rule: desk}", True),
        ("{tool: pay, args: {amount: 5}, expect: deny, rule: default}", True),
        ("{tool: pay, expect: allow}", False),
        ("{tool: pay, expect: deny, rule: boss}", False),
    ],
)
def test_a_case_sees_what_it_says(case, ok):
    [outcome] = run_cases(POLICY, table(f"cases:\n  - {case}"))
    assert outcome.ok is ok
    assert outcome.where == "t.test.yaml:3"


def test_the_stated_facts_judge_and_check_arguments():
    said = "tools:\n  pay: {risk: critical, args: {amount: number, note: string}, optional: [note]}\ncases:\n"
    cases = [
        ("{amount: 5}", "review"),
        ("{amount: 5, note: a}", "review"),
        ("{amount: x}", "deny"),
        ("{amount: 5, x: 1}", "deny"),
    ]
    lines = "".join(f"  - {{tool: pay, args: {args}, expect: {expect}}}\n" for args, expect in cases)
    assert all(outcome.ok for outcome in run_cases(POLICY, table(said + lines)))


def test_what_was_seen_is_joined():
    made = table(
        "cases:\n  - {tool: pay, history: [{text: a}, {source: 'tool:x', text: b}], expect: deny}"
    ).cases.cases[0]
    seen = made.seen()
    assert seen.trust.integrity == Integrity.UNTRUSTED and seen.trust.sources == {"user", "tool:x"}
    assert [passage.text for passage in seen.passages] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: []", "must not be empty"),
        ("cases:\n  - {tool: pay}", r"t.test.yaml:3: field 'cases\[0\].expect': is required"),
        ("cases:\n  - {tool: pay, expect: maybe}", "t.test.yaml:3"),
        ("cases:\n  - {tool: pay, expect: deny, rulle: x}", "Did you mean 'rule'"),
        ("cases:\n  - {tool: pay, expect: deny}\ntools: {pay: {risk: huge}}", "risk"),
        ("cases:\n  - {tool: a, name: x, expect: deny}\n  - {tool: b, name: x, expect: deny}", "the name 'x'"),
        ("cases: [&a {tool: pay, expect: deny}]", "aliases"),
        ("cases: no", "t.test.yaml:2"),
    ],
)
def test_a_slip_is_named_with_its_line(text, said):
    with pytest.raises(FileError, match=said):
        table(text)


def test_a_table_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        read_cases(tmp_path / "none.test.yaml")
