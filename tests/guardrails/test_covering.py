"""`covers` never says that a rule matches wherever another does when there is a call on which it does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from lockgate.guardrails.compiled import compile_rule
from lockgate.guardrails.covering import covers, names
from lockgate.guardrails.rule import Rule
from lockgate.labels import UNTRUSTED, Label
from lockgate.passage import Passage
from lockgate.ports import Caller, History
from lockgate.spec import Risk, ToolSpec


class NoArguments(BaseModel):
    pass


SCALARS = st.sampled_from(["a", "ab", "b", 1, 2, 3, True])
VALUES = st.one_of(SCALARS, st.none(), st.lists(SCALARS, max_size=3), st.just({}), st.just(float("nan")))
CONSTRAINTS = st.one_of(
    st.builds(lambda v: {"equals": v}, SCALARS),
    st.builds(lambda v: {"not_equals": v}, SCALARS),
    st.builds(lambda v: {"one_of": v}, st.lists(SCALARS, min_size=1, max_size=3)),
    st.builds(lambda v: {"not_one_of": v}, st.lists(SCALARS, min_size=1, max_size=3)),
    st.builds(lambda a, b: {"min": min(a, b), "max": max(a, b)}, st.integers(0, 3), st.integers(0, 3)),
    st.builds(lambda v: {"min": v}, st.integers(0, 3)),
    st.sampled_from([{"matches": "a+"}, {"matches": "a.*"}, {"search": "a"}, {"present": True}, {"absent": True}]),
    st.builds(lambda v: {"min_length": v}, st.integers(0, 2)),
    st.builds(lambda v: {"max_length": v}, st.integers(0, 2)),
    st.builds(
        lambda name, sources, more: {name: sources, **more},
        st.sampled_from(["from", "not_from"]),
        st.lists(st.sampled_from(["user", "untrusted", "untraced"]), min_size=1, max_size=2),
        st.sampled_from([{}, {"equals": "ab"}, {"one_of": ["a", "ab"]}]),
    ),
)
SAID = st.sampled_from(
    [
        Passage(source="user", text="Take ab.", label=Label()),
        Passage(source="tool:read", text="Take ab.", label=UNTRUSTED),
    ]
)
WHEN = st.sampled_from(
    [
        None,
        *({"trust": {"at_most": bound}} for bound in ("internal", "trusted")),
        *({"role": roles} for roles in (["a"], ["a", "b"])),
        *({"agent": names} for names in (["d*"], ["desk"])),
        {"effect": True},
        {"risk": {"at_least": "high"}},
    ]
)
TOOLS = st.lists(st.sampled_from(["go", "get", "g*", "*", "g?", "*t"]), min_size=1, max_size=2)


@st.composite
def rules(draw):
    given_when = draw(WHEN)
    return Rule(
        id="r",
        tools=draw(TOOLS),
        action=draw(st.sampled_from(["allow", "deny", "review"])),
        args=draw(st.dictionaries(st.sampled_from(["x", "y[*]"]), CONSTRAINTS, max_size=2)),
        **({"when": given_when} if given_when else {}),
    )


@given(rules(), rules(), st.data())
@settings(max_examples=600, deadline=None)
def test_a_rule_that_covers_another_matches_whenever_it_does(rule, other, data):
    if not covers(rule, other):
        return
    args = data.draw(st.fixed_dictionaries({}, optional={"x": VALUES, "y": st.one_of(VALUES, st.lists(VALUES))}))
    history = History(
        agent=data.draw(st.sampled_from(["", "desk", "door"])),
        caller=Caller(roles=data.draw(st.frozensets(st.sampled_from(["a", "b"])))),
        trust=data.draw(st.sampled_from([Label(), UNTRUSTED])),
        passages=tuple(data.draw(st.lists(SAID, max_size=2))),
    )
    tool = data.draw(st.sampled_from(["go", "get", "gx", "at"]))
    risk = data.draw(st.sampled_from([Risk.LOW, Risk.CRITICAL]))
    spec = ToolSpec(name=tool, description="", args_model=NoArguments, run=print, is_async=False, risk=risk)
    if matches(other, tool, args, spec, history):
        assert matches(rule, tool, args, spec, history)


def matches(rule, tool, args, spec, history):
    return any(names(own, tool) for own in rule.tools) and compile_rule(0, rule).holds(args, spec, history)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ({"from": ["user", "trusted"]}, {"from": ["user"]}, True),
        ({"from": ["user"]}, {"from": ["user", "trusted"]}, False),
        ({"not_from": ["untraced"]}, {"not_from": ["untraced", "untrusted"]}, True),
        ({"not_from": ["untraced", "untrusted"]}, {"not_from": ["untraced"]}, False),
        ({"from": ["user"]}, {"from": ["user"], "equals": "ab"}, True),
        # A value that is spelled out may come from anybody.
        ({"from": ["user"]}, {"equals": "ab"}, False),
        ({"not_from": ["untrusted"]}, {"one_of": ["a", "ab"]}, False),
        ({"from": ["user"], "equals": "ab"}, {"equals": "ab"}, False),
    ],
)
@pytest.mark.parametrize("action", ["allow", "deny"])
def test_where_a_value_comes_from(outer, inner, expected, action):
    first, second = (Rule(id="r", tools=["go"], action=action, args={"x": asked}) for asked in (outer, inner))
    assert covers(first, second) is expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("*", "delete_*", True),
        ("del*", "delete_*", True),
        ("delete_*", "del*", False),
        ("*_x", "a*b_x", True),
        ("a*a", "a", False),
        ("a?", "ab", True),
        ("a?", "a*", False),
        ("a", "a", True),
        ("a", "A", False),
    ],
)
def test_globs_within_globs(outer, inner, expected):
    assert names(outer, inner) is expected
