"""What the lint finds, with file and line, and what it leaves alone."""

import pytest

from lockgate.guardrails import Policy
from lockgate.guardrails.lint import lint_policy
from lockgate.guardrails.pack import rule_lines
from lockgate.guardrails.standin import StandIn

TOOLS = {
    name: StandIn(**facts).spec(name)
    for name, facts in {
        "look": {"effect": False, "args": {"what": "string"}},
        "pay": {"sensitive": ["account", "amount"], "args": {"account": "string", "amount": "number"}},
        "wipe": {"risk": "critical"},
    }.items()
}
COVERED = "  - {id: rest, priority: 900, tools: [look, pay, wipe], action: review}\n"

FOUND = {
    "a rule after one that takes all": (
        """
  - {id: all, tools: [look], action: deny}
  - {id: some, tools: [look], args: {what: {equals: a}}, action: allow}
""",
        [("shadowed", "some")],
    ),
    "the same twice": (
        """
  - {id: wide, tools: ["lo*"], action: allow}
  - {id: narrow, tools: [look], action: allow}
""",
        [("redundant", "narrow")],
    ),
    "a narrower range": (
        """
  - {id: wide, tools: [pay], args: {amount: {max: 100}}, action: deny}
  - {id: narrow, tools: [pay], args: {amount: {min: 1, max: 50}}, action: review}
""",
        [("shadowed", "narrow")],
    ),
    "a tool's name with a slip": ("  - {id: slip, tools: [lookk], action: allow}\n", [("no such tool", "slip")]),
    "a deny that waits for tools to come": ('  - {id: never, tools: ["drop_*"], action: deny}\n', []),
    "conditions no tool fits": (
        "  - {id: dead, tools: [look], when: {effect: true}, action: allow}\n",
        [("never applies", "dead")],
    ),
    "an argument the tool does not take": (
        "  - {id: dead, tools: [look], args: {whot: {equals: a}}, action: allow}\n",
        [("never applies", "dead")],
    ),
    "an effect whoever wrote its arguments": (
        "  - {id: open, tools: [pay], args: {amount: {max: 5}}, action: allow}\n",
        [("no provenance", "open")],
    ),
    "an effect tied to values": (
        "  - {id: tied, tools: [pay], args: {amount: {equals: 5}, account: {one_of: [a]}}, action: allow}\n",
        [],
    ),
    "an effect in sessions that saw no outsider": (
        "  - {id: bound, tools: [pay], when: {trust: {at_most: internal}}, action: allow}\n",
        [],
    ),
    "an effect without sensitive arguments": (
        "  - {id: open, tools: [wipe], action: allow}\n",
        [("no provenance", "open")],
    ),
    "all tools": (
        '  - {id: any, tools: ["*"], when: {trust: {at_most: internal}}, action: allow}\n',
        [("too wide", "any")],
    ),
    "a pattern that says nothing": (
        '  - {id: any, tools: [look], args: {what: {matches: ".*"}}, action: allow}\n',
        [("too wide", "any")],
    ),
    "a pattern in the middle": (
        '  - {id: part, tools: [look], args: {what: {search: "ORD-"}}, action: allow}\n',
        [("unanchored", "part")],
    ),
    "sound": ('  - {id: fine, tools: [look], args: {what: {matches: "ORD-[0-9]+"}}, action: allow}\n', []),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(case, tmp_path):
    rules, expected = FOUND[case]
    file = tmp_path / "p.yaml"
    file.write_text(f"version: 1\nrules:\n{rules.strip(chr(10))}\n{COVERED}")
    found = lint_policy(Policy.load(file), TOOLS, lines=rule_lines(file), file=str(file))
    assert [(item.smell, item.rule) for item in found] == expected
    lines = file.read_text().splitlines()
    for item in found:
        name, _, number = item.where.rpartition(":")
        assert name == str(file) and f"id: {item.rule}," in lines[int(number) - 1]


def test_tools_that_no_rule_allows_are_named_unless_denied_on_purpose():
    policy = Policy.parse(
        "version: 1\nrules:\n  - {id: a, tools: [look], action: allow}\n  - {id: never, tools: [wipe], action: deny}"
    )
    assert [(item.smell, item.tool) for item in lint_policy(policy, TOOLS)] == [("uncovered tool", "pay")]
    assert lint_policy(policy) == []
