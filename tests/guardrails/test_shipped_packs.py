"""Every shipped pack: its table of cases holds, speaks of each of its rules, and the lint finds nothing."""

import pytest

from lockgate.guardrails import Policy, shipped_packs
from lockgate.guardrails.cases import beside, read_cases, run_cases, specs
from lockgate.guardrails.lint import lint_policy

PACKS = shipped_packs()


def test_the_packs_that_are_promised_are_there():
    assert [
        *("banking", "coding", "communications", "customer-service", "data-analyst", "personal-assistant"),
        *("research", "starter"),
    ] == PACKS


@pytest.mark.parametrize("pack", PACKS)
def test_every_case_is_answered_as_its_table_says(pack):
    outcomes = run_cases(Policy.load(pack), read_cases(beside(pack)))
    assert [(item.where, item.got, item.rule) for item in outcomes if not item.ok] == []


@pytest.mark.parametrize("pack", PACKS)
def test_every_rule_has_a_case(pack):
    outcomes = run_cases(Policy.load(pack), read_cases(beside(pack)))
    shown = {part for item in outcomes for part in item.rule.split("+")}
    assert {rule.id for rule in Policy.load(pack).rules} - shown == set()


@pytest.mark.parametrize("pack", PACKS)
def test_the_lint_finds_nothing(pack):
    table = read_cases(beside(pack))
    stated = {name: spec for name, spec in specs(table).items() if name in table.cases.tools}
    assert lint_policy(Policy.load(pack), stated or None) == []
