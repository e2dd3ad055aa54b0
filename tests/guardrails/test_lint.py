"""What the lint finds, with file and line, and what it leaves alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.errors import PolicyError
from lockgate.guardrails import Policy
from lockgate.guardrails.breadth import TEXTS
from lockgate.guardrails.lint import lint_policy
from lockgate.guardrails.pack import rule_lines
from lockgate.guardrails.pattern import Pattern
from lockgate.guardrails.rule import Rule
from lockgate.guardrails.standin import StandIn

TOOLS = {
    name: StandIn(**facts).spec(name)
    for name, facts in {
        "look": {"effect": False, "args": {"what": "string"}},
        "pay": {"sensitive": ["account", "amount"], "args": {"account": "string", "amount": "number"}},
        "wipe": {"risk": "critical"},
        "note": {"reversible": True, "args": {"text": "string"}},
    }.items()
}
COVERED = "  - {id: rest, priority: 900, tools: [look, pay, wipe, note], action: review}\n"

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
    "a deny that waits for an argument the tool does not take": (
        "  - {id: dead, tools: [look], args: {whot: {equals: a}}, action: deny}\n",
        [("never applies", "dead")],
    ),
    "a review that waits for where such an argument comes from": (
        "  - {id: dead, tools: [look], args: {whot: {from: [untrusted]}}, action: review}\n",
        [("never applies", "dead")],
    ),
    "a deny of what is not a value that never comes": (
        "  - {id: fine, tools: [look], args: {whot: {not_equals: a}}, action: deny}\n",
        [],
    ),
    "a deny on an argument of one of its tools": (
        "  - {id: fine, tools: [look, pay], args: {amount: {min: 900}}, action: deny}\n",
        [],
    ),
    "a number wanted of a text": (
        "  - {id: dead, tools: [look], args: {what: {max: 5}}, action: allow}\n",
        [("never applies", "dead")],
    ),
    "a pattern wanted of a number": (
        "  - {id: dead, tools: [pay], args: {amount: {matches: '[0-9]+'}}, action: allow}\n",
        [("never applies", "dead")],
    ),
    "an effect whose arguments the section on provenance asks about": (
        "  - {id: open, tools: [pay], args: {amount: {max: 5}}, action: allow}\n",
        [],
    ),
    "an effect whoever wrote its arguments": (
        "  - {id: open, tools: [pay], args: {amount: {max: 5}}, action: allow}\n",
        [("no provenance", "open")],
        "provenance: {sensitive: allow}\n",
    ),
    "a section that trusts anybody": (
        "  - {id: open, tools: [pay], args: {amount: {max: 5}}, action: allow}\n",
        [("no provenance", "open")],
        "provenance: {trust: [user, untrusted]}\n",
    ),
    "a rule that trusts anybody": (
        "  - {id: open, tools: [pay], args: {account: {from: [user, untraced]}}, action: allow}\n",
        [("no provenance", "open")],
        "provenance: {sensitive: allow}\n",
    ),
    "a rule that trusts whatever tool": (
        "  - {id: open, tools: [pay], args: {account: {from: [user, 'tool:*']}}, action: allow}\n",
        [("no provenance", "open")],
        "provenance: {sensitive: allow}\n",
    ),
    "a rule that trusts the user": (
        """
  - id: tied
    tools: [pay]
    args: {account: {from: [user]}, amount: {not_from: [untrusted, untraced]}}
    action: allow
""",
        [],
        "provenance: {sensitive: allow}\n",
    ),
    "two reviews by different people": (
        """
  - {id: clerks, tools: [pay], action: review, approvers: [clerk]}
  - {id: bosses, tools: [pay], args: {amount: {min: 1000}}, action: review, approvers: [boss]}
""",
        [("shadowed", "bosses")],
    ),
    "a value of a type the argument never has": (
        "  - {id: dead, tools: [pay], args: {amount: {equals: much}}, action: allow}\n",
        [("never applies", "dead")],
    ),
    "a value that becomes one of the argument's type": (
        "  - {id: fine, tools: [pay], args: {amount: {one_of: [5, 7]}, account: {one_of: [a]}}, action: allow}\n",
        [],
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
    "a name that is hardly one": (
        '  - {id: any, tools: ["*o*"], args: {what: {equals: a}}, action: allow}\n',
        [("too wide", "any")],
    ),
    "any text in other letters": (
        '  - {id: any, tools: [look], args: {what: {matches: "(?s)[a-z]*|.{0,900}"}}, action: allow}\n',
        [("too wide", "any")],
    ),
    "any page": (
        "  - {id: any, tools: [note], args: {text: {matches: 'https?://[^ ]+'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "any page to read": (
        "  - {id: any, tools: [look], args: {what: {matches: 'https?://[^ ]+'}}, action: allow}\n",
        [],
    ),
    "any mail address": (
        "  - {id: any, tools: [note], args: {text: {matches: '[^@]+@[^@]+'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "any mail address, and the section on provenance asks whose": (
        "  - {id: any, tools: [pay], args: {account: {matches: '[^@]+@[^@]+'}}, action: allow}\n",
        [],
    ),
    "a path that climbs": (
        "  - {id: any, tools: [note], args: {text: {matches: '[a-z./]+'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "a host that others can begin theirs with": (
        "  - {id: any, tools: [look], args: {what: {matches: 'https://shop[.]example[.]com.*'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "a host in a group that others can begin theirs with": (
        "  - {id: any, tools: [look], args: {what: {matches: 'https://(www\\.)?shop\\.com.*'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "any host before one's own": (
        "  - {id: any, tools: [look], args: {what: {matches: 'https?://.*[.]shop[.]com/.*'}}, action: allow}\n",
        [("too wide", "any")],
    ),
    "hosts below one's own": (
        "  - {id: fine, tools: [look], args: {what: {matches: 'https?://([a-z]+[.])?shop[.]com/.*'}}, action: allow}\n",
        [],
    ),
    "a host with an end": (
        "  - {id: fine, tools: [look], args: {what: {matches: 'https://shop[.]example[.]com/.*'}}, action: allow}\n",
        [],
    ),
    "a search by another name": (
        '  - {id: part, tools: [look], args: {what: {matches: ".*ORD-.*"}}, action: allow}\n',
        [("unanchored", "part")],
    ),
    "a pattern in the middle": (
        '  - {id: part, tools: [look], args: {what: {search: "ORD-"}}, action: allow}\n',
        [("unanchored", "part")],
    ),
    "sound": ('  - {id: fine, tools: [look], args: {what: {matches: "ORD-[0-9]+"}}, action: allow}\n', []),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_found(case, tmp_path):
    rules, expected, *sections = FOUND[case]
    file = tmp_path / "p.yaml"
    file.write_text(f"version: 1\nrules:\n{rules.strip(chr(10))}\n{COVERED}{''.join(sections)}")
    found = lint_policy(Policy.load(file), TOOLS, lines=rule_lines(file), file=str(file))
    assert [(item.smell, item.rule) for item in found] == expected
    lines = file.read_text().splitlines()
    for item in found:
        name, _, number = item.where.rpartition(":")
        assert name == str(file) and f"id: {item.rule}" in lines[int(number) - 1]


PARTS = [".*", "[^ ]+", "a", "[.]", "(x|y)*", "https://", "(?i)", "|", "é", "{2,9}", "\\S", "$", "^"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=8))
def test_any_pattern_that_loads_can_be_linted(parts):
    text = "".join(parts)
    try:
        rule = Rule(id="r", tools=["look"], args={"what": {"matches": text}}, action="allow")
    except PolicyError:
        return
    found = lint_policy(Policy([rule]), TOOLS)
    if all(Pattern(text, whole=True)(probe) for probe in TEXTS):
        assert "too wide" in {item.smell for item in found}


def test_tools_that_no_rule_allows_are_named_unless_denied_on_purpose():
    policy = Policy.parse(
        "version: 1\nrules:\n  - {id: a, tools: [look], action: allow}\n  - {id: never, tools: [wipe], action: deny}"
    )
    assert [(item.smell, item.tool) for item in lint_policy(policy, TOOLS)] == [
        ("uncovered tool", "pay"),
        ("uncovered tool", "note"),
    ]
    assert lint_policy(policy) == []
