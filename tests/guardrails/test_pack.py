"""The YAML format: what a pack may say, and that each mistake is named with file, line, rule and field."""

import json
from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import PolicyError
from lockgate.guardrails.pack import json_schema
from lockgate.guardrails.policy import Policy

HEAD = "version: 1\nname: p\nrules:\n"
RULE = "  - id: small\n    tools: [refund]\n    action: allow\n"
FULL = """
version: 1
name: shop
description: One of each.
rules:
  - id: never-delete
    priority: 10
    tools: ["delete_*"]
    action: deny
    reason: Nothing is deleted.
  - id: large
    tools: [refund]
    args:
      amount: {min: 100.01, max: 1e+3}
      items[*].sku: {not_one_of: [a, "no", 5, true]}
      note: {absent: true}
    when: {agent: ["desk*"], role: [clerk], trust: {at_most: internal}, risk: {at_least: high}, effect: true}
    action: review
    approvers: [boss, cfo]
    expires_after: 3600
"""


def refused(text):
    with pytest.raises(PolicyError) as caught:
        Policy.parse(text, "p.yaml")
    assert str(caught.value).startswith(caught.value.where)
    return caught.value


def test_a_full_pack():
    with pytest.raises(PolicyError, match="'1e\\+3' means different things"):
        Policy.parse(FULL)
    policy = Policy.parse(FULL.replace("1e+3", "1.0e+3"))
    assert policy.name == "shop"
    assert [rule.id for rule in policy.rules] == ["never-delete", "large"]
    large = policy.rules[1]
    assert large.args["items[*].sku"].not_one_of == ("a", "no", 5, True)
    assert large.args["amount"].max == 1000
    assert large.approvers == ("boss", "cfo") and large.expires_after == 3600


AT = "p.yaml:7: rule 'small', field '"
MISTAKES = [
    # the rule's fields
    (HEAD + RULE + "    actions: deny\n", AT + "actions'", "Did you mean 'action'"),
    (HEAD + RULE + "    priority: high\n", AT + "priority'", "whole number"),
    (HEAD + RULE + "    args: [a]\n", AT + "args'", "mapping"),
    (HEAD + RULE + "    args: {amount: {maxx: 1}}\n", AT + "args.amount.maxx'", "Did you mean 'max'"),
    (HEAD + RULE + "    args: {amount: {max: x}}\n", AT + "args.amount.max'", "finite number"),
    (HEAD + RULE + "    args: {amount: {min: 2, max: 1}}\n", AT + "args.amount'", "no value can be both"),
    (HEAD + RULE + "    args: {amount: {}}\n", AT + "args.amount'", "asks nothing"),
    (HEAD + RULE + "    args: {amount: {equals: }}\n", AT + "args.amount.equals'", "has no value"),
    (HEAD + RULE + "    args: {'a..b': {max: 1}}\n", AT + "args.a..b'", "not a path"),
    (HEAD + RULE + "    args: {o: {matches: '(?=x)'}}\n", AT + "args.o.matches'", "linear time"),
    (HEAD + RULE + "    args: {o: {search: '(a)\\1'}}\n", AT + "args.o.search'", "linear time"),
    (HEAD + RULE + "    when: {role: clerk}\n", AT + "when.role'", "must be a list"),
    (HEAD + RULE + "    when: {trust: {at_most: low}}\n", AT + "when.trust.at_most'", "'internal'"),
    (HEAD + RULE + "    when: {effect: 1}\n", AT + "when.effect'", "true or false"),
    (HEAD + RULE + "    when: {rols: [a]}\n", AT + "when.rols'", "Did you mean 'role'"),
    (
        HEAD + RULE + "    args:\n      amount:\n        max: text\n",
        "p.yaml:9: rule 'small', field 'args.amount.max'",
        "finite",
    ),
    (HEAD + "  - id: a\n    action: deny\n", "p.yaml:4: rule 'a', field 'tools'", "required"),
    (HEAD + "  - id: a\n    tools: []\n    action: deny\n", "p.yaml:5: rule 'a', field 'tools'", "empty"),
    (HEAD + "  - id: a\n    tools: x\n    action: deny\n", "p.yaml:5: rule 'a', field 'tools'", "list"),
    (HEAD + "  - id: a\n    tools: [x, 5]\n    action: deny\n", "p.yaml:5: rule 'a', field 'tools[1]'", "quotes"),
    (HEAD + "  - id: a\n    tools: [x]\n    action: maybe\n", "p.yaml:6: rule 'a', field 'action'", "'review'"),
    (HEAD + "  - tools: [x]\n    action: deny\n", "p.yaml:4: rule number 1, field 'id'", "required"),
    (HEAD + "  - just text\n", "p.yaml:4: rule number 1", "mapping"),
    (HEAD + RULE + RULE, "p.yaml:7: rule 'small', field 'id'", "already taken in line 4"),
    # the pack's fields
    ("rules: []\n", "p.yaml:1: field 'version'", "required"),
    ("version: 2\nrules: []\n", "p.yaml:1: field 'version'", "must be 1"),
    ("version: '1'\nrules: []\n", "p.yaml:1: field 'version'", "must be 1"),
    ("version: 1\n", "p.yaml:1: field 'rules'", "required"),
    ("version: 1\nrules:\n", "p.yaml:2: field 'rules'", "no value"),
    ("version: 1\nrule: []\n", "p.yaml:1: field 'rules'", "required"),
    ("version: 1\nrules: {}\n", "p.yaml:2: field 'rules'", "list"),
    ("- a\n", "p.yaml:1", "mapping"),
    ("", "p.yaml", "empty"),
    ("# only a comment\n", "p.yaml", "empty"),
    # YAML's traps
    (HEAD + RULE + "    action: deny\n", AT + "action'", "already given in line 6"),
    ("version: 1\nversion: 1\n", "p.yaml:2: field 'version'", "already given in line 1"),
    (HEAD + RULE + "    args: {a: {equals: no}}\n", AT + "args.a.equals'", "different readers"),
    (HEAD + RULE + "    args: &a {a: {max: 1}}\n", "p.yaml:7", "aliases"),
    ("a: !!python/object/apply:os.system [x]\n", "p.yaml:1: field 'a'", "tag"),
    ("5: b\n", "p.yaml:1", "must be text"),
    ("version: 1\n---\nversion: 1\n", "p.yaml:2", "a pack is one document"),
    ("a: " + "x" * 1_000_000, "p.yaml", "a pack is at most 1,000,000 bytes. Split it and merge the policies."),
]


@pytest.mark.parametrize(("text", "where", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_is_named_with_its_place(text, where, message):
    error = refused(text)
    assert error.where.startswith(where)
    assert message in str(error)


@given(st.text() | st.lists(st.sampled_from([*"-:[]{}&*!|>'\"%@`#,? \n\t", "a", "rules", "version: 1\n"])).map("".join))
def test_no_text_makes_anything_but_a_policy_error(text):
    with suppress(PolicyError):
        assert isinstance(Policy.parse(text), Policy)


def test_files(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\nrules:\n" + RULE.encode())
    assert Policy.load(path).name == "shop"
    assert Policy.load(str(path)).rules[0].id == "small"
    path.write_bytes(b"version: 1\n# \xff\n")
    with pytest.raises(PolicyError, match=f"{path}:2: the file is not UTF-8"):
        Policy.load(path)


@pytest.mark.parametrize("name", ["nowhere.yaml", "customer-servise", "", "a\x00b", "x" * 5000])
def test_a_file_that_is_not_there(name):
    with pytest.raises(PolicyError, match="the policy file") as caught:
        Policy.load(name)
    if name.startswith("customer"):
        assert "Did you mean 'customer-service'" in caught.value.hint


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(PolicyError, match="is not a file"):
        Policy.load(tmp_path)


def test_the_schema_for_editors_is_up_to_date():
    kept = json.loads((files("lockgate.guardrails") / "packs" / "schema.json").read_text("utf-8"))
    assert kept == json_schema(), "run: python -m lockgate.guardrails.pack > guardrails/packs/schema.json"
    assert kept["$defs"]["Rule"]["required"] == ["id", "tools", "action"]
    assert '"null"' not in json.dumps(kept)


def test_names_load_from_the_room():
    import lockgate
    from lockgate import guardrails

    for name in set(guardrails.__all__) - {"Gate"}:
        assert getattr(guardrails, name).__name__ == name
    assert lockgate.Policy is Policy
    with pytest.raises(AttributeError):
        _ = guardrails.nothing
