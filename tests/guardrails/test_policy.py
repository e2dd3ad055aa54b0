"""The algebra of policies, against the plain way of deciding, for random rules and calls."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from lockgate.decision import DEFAULT_RULE, Allow, Call, Deny, Review, verb
from lockgate.errors import PolicyError
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Rule
from lockgate.guardrails.sections import Sections
from lockgate.labels import Integrity, Label
from lockgate.ports import Caller, History
from lockgate.spec import Risk, ToolSpec


class NoArguments(BaseModel):
    pass


def spec(name="pay", **facts):
    return ToolSpec(name=name, description="", args_model=NoArguments, run=print, is_async=False, **facts)


def call(name="pay", **args):
    return Call(id="c", name=name, args=args)


def rule(id="r", action="allow", tools=("pay",), **fields):  # noqa: A002 - the field's own name
    return Rule(id=id, action=action, tools=tools, **fields)


TEXTS = st.sampled_from(["a", "b", "c", "ab", "abc", "", "\ud800", "a\x00", "A"])
SCALARS = TEXTS | st.booleans() | st.integers(-3, 3) | st.floats() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner)
)
ARGS = st.dictionaries(st.sampled_from(["x", "y", "z"]), VALUES, max_size=3)
PLAIN = TEXTS | st.booleans() | st.integers(-3, 3)
CONSTRAINTS = st.one_of(
    st.builds(lambda value: {"equals": value}, TEXTS),
    st.builds(lambda value: {"equals": value}, PLAIN),
    st.builds(lambda value: {"not_equals": value}, PLAIN),
    st.builds(lambda values: {"one_of": values}, st.lists(TEXTS, min_size=1, max_size=3)),
    st.builds(lambda values: {"one_of": values}, st.lists(PLAIN, min_size=1, max_size=3)),
    st.builds(lambda values: {"not_one_of": values}, st.lists(PLAIN, min_size=1, max_size=3)),
    st.builds(lambda text: {"matches": text}, st.sampled_from(["a", "a.*", "[ab]+", "", "(?i)a", "b|c"])),
    st.builds(lambda text: {"search": text}, st.sampled_from(["a", "b$", "^a", "", "c"])),
    st.builds(lambda bound: {"max": bound}, st.integers(-3, 3)),
    st.builds(lambda bound: {"min": bound}, st.integers(-3, 3)),
    st.builds(lambda bound: {"max_length": bound}, st.integers(0, 3)),
    st.sampled_from([{"absent": True}, {"present": True}]),
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "agent": st.sampled_from([["a*"], ["alice", "bob"]]),
        "role": st.sampled_from([["clerk"], ["boss", "clerk"]]),
        "trust": st.sampled_from([{"at_most": "internal"}, {"at_least": "untrusted"}]),
        "risk": st.sampled_from([{"at_most": "medium"}, {"at_least": "high"}]),
        "effect": st.booleans(),
        "reversible": st.booleans(),
        "user": st.just(["u"]),
        "tenant": st.just(["t"]),
    },
).filter(bool)
PATHS = st.sampled_from(["x", "x", "x", "y", "x.y", "x[*]", "x[0]", "y[*].x"])
BODIES = st.fixed_dictionaries(
    {
        "tools": st.lists(st.sampled_from(["pay", "pay", "read", "p*", "*", "?ay"]), min_size=1, max_size=2),
        "action": st.sampled_from(["allow", "deny", "review"]),
        "priority": st.integers(0, 3),
        "args": st.dictionaries(PATHS, CONSTRAINTS, max_size=2),
    },
    optional={"when": CONDITIONS},
)
RULES = st.lists(BODIES, max_size=14).map(lambda bodies: [Rule(id=f"r{i}", **body) for i, body in enumerate(bodies)])
CALLS = st.builds(lambda name, args: Call(id="c", name=name, args=args), st.sampled_from(["pay", "read", "pray"]), ARGS)
SPECS = st.fixed_dictionaries({"effect": st.booleans(), "reversible": st.booleans(), "risk": st.sampled_from(Risk)})
HISTORIES = st.builds(
    lambda agent, roles, user, level: History(
        agent=agent, caller=Caller(user=user, roles=roles, tenant="t"), trust=Label(integrity=level)
    ),
    st.sampled_from(["alice", "bob", "eve"]),
    st.frozensets(st.sampled_from(["clerk", "boss"])),
    st.sampled_from(["u", "v"]),
    st.sampled_from(Integrity),
)

FREE = {"low": "autonomous", "medium": "autonomous", "high": "autonomous"}
TABLE = {str(tier): {"reversible": FREE, "irreversible": FREE} for tier in Risk}
RULES_ALONE = Sections.model_validate({"risk": {"table": TABLE}})


def plainly(policy, a_call, a_spec, history):
    """The decision without any index: every rule in order."""
    last = (policy.explain(a_call, a_spec, history) or [None])[-1]
    return (last.action, last.rule) if last and last.matched else ("deny", DEFAULT_RULE)


@settings(max_examples=400)
@given(RULES, CALLS, SPECS, HISTORIES)
def test_the_index_decides_as_trying_every_rule_in_order_does(rules, a_call, facts, history):
    policy, a_spec = Policy(rules, sections=RULES_ALONE), spec(a_call.name, **facts)
    decision = policy.decide(a_call, a_spec, history)
    assert (verb(decision), decision.rule) == plainly(policy, a_call, a_spec, history)


@settings(max_examples=300)
@given(
    st.lists(CONSTRAINTS, min_size=6, max_size=12), st.lists(st.sampled_from(["allow", "deny"]), min_size=12), VALUES
)
def test_the_index_agrees_on_many_rules_for_one_argument(constraints, actions, value):
    rules = [rule(f"r{i}", actions[i], args={"x": fields}) for i, fields in enumerate(constraints)]
    policy, a_call = Policy(rules), call(x=value)
    decision = policy.decide(a_call, spec(), History())
    assert (verb(decision), decision.rule) == plainly(policy, a_call, spec(), History())


@settings(max_examples=200)
@given(RULES, BODIES, CALLS, SPECS, HISTORIES)
def test_one_more_deny_rule_never_allows_more(rules, body, a_call, facts, history):
    a_spec = spec(a_call.name, **facts)
    before = Policy(rules).decide(a_call, a_spec, history)
    after = Policy([*rules, Rule(id="more", **(body | {"action": "deny"}))]).decide(a_call, a_spec, history)
    assert after == before or (isinstance(after, Deny) and after.rule == "more")


@given(CALLS, SPECS, HISTORIES)
def test_without_rules_everything_is_denied(a_call, facts, history):
    decision = Policy.deny_all().decide(a_call, spec(a_call.name, **facts), history)
    assert decision == Deny(rule=DEFAULT_RULE, reason=f"No rule allows this call of the tool {a_call.name!r}.")


@settings(max_examples=150)
@given(RULES, st.randoms(use_true_random=False), CALLS, HISTORIES)
def test_with_priorities_of_their_own_rules_decide_alike_in_any_order(rules, random, a_call, history):
    ranked = [Rule(**(each.model_dump(exclude_none=True) | {"priority": i})) for i, each in enumerate(rules)]
    shuffled = random.sample(ranked, len(ranked))
    one, two = Policy(ranked), Policy(shuffled)
    assert one.fingerprint == two.fingerprint
    assert one.decide(a_call, spec(a_call.name), history) == two.decide(a_call, spec(a_call.name), history)


@settings(max_examples=150)
@given(RULES, st.integers(0, 14), st.integers(0, 14))
def test_merge_is_associative_and_deny_all_changes_nothing(rules, i, j):
    a, b, c = (
        Policy(part, name=name) for part, name in ((rules[:i], "a"), (rules[i : i + j], "b"), (rules[i + j :], "c"))
    )
    left, right = Policy.merge(Policy.merge(a, b), c), Policy.merge(a, Policy.merge(b, c))
    assert (left.rules, left.name, left.fingerprint) == (right.rules, right.name, right.fingerprint)
    assert Policy.merge(a, Policy.deny_all()).rules == a.rules


def test_merge_refuses_two_rules_of_one_id_and_takes_the_same_rule_once():
    one, other = Policy([rule(args={"x": {"equals": 1}})]), Policy([rule(args={"x": {"equals": True}})])
    assert len(Policy.merge(one, one).rules) == 1
    with pytest.raises(PolicyError, match="'r'"):
        Policy.merge(one, other)
    with pytest.raises(PolicyError, match="two rules have the id"):
        Policy([rule(), rule()])


def test_the_first_rule_by_priority_then_by_place_decides():
    rules = [rule("late", priority=9), rule("first", "deny", priority=1), rule("second", priority=1)]
    assert [each.id for each in Policy(rules).rules] == ["first", "second", "late"]
    assert Policy(rules).decide(call(), spec(), History()).rule == "first"


def test_a_decision_carries_its_rule_reason_and_approvers():
    history = History()
    assert Policy([rule(reason="Small.")]).decide(call(), spec(), history) == Allow(rule="r", reason="Small.")
    review = Policy([rule(action="review", approvers=["boss"], expires_after=60, description="Large.")])
    expected = Review(rule="r", reason="Large.", approvers=frozenset({"boss"}), expires_after=60.0)
    assert review.decide(call(), spec(), history) == expected
    assert Policy([rule(action="review", blocking=True)]).decide(call(), spec(), history).blocking


# An item that lacks the amount, or whose amount cannot be judged, is no reason to allow and one to deny.
QUANTIFIED = [
    ([{"amount": 5}, {"amount": 7}], True, False), ([{"amount": 5}, {"amount": 500}], False, True), ([], False, False),
    ([{"amount": 5}, {}], False, False), ([{"amount": "5"}], False, True), ([{"amount": float("nan")}], False, True),
    ({"amount": 5}, False, True), (None, False, False), ("text", False, True), ([{"amount": True}], False, True),
]  # fmt: skip


@pytest.mark.parametrize(("items", "allowed", "denied"), QUANTIFIED)
def test_allow_needs_every_value_and_deny_one(items, allowed, denied):
    small = Policy([rule(args={"items[*].amount": {"max": 100}})])
    large = Policy([rule("no", "deny", args={"items[*].amount": {"min": 101}}), rule("yes", priority=200)])
    assert (verb(small.decide(call(items=items), spec(), History())) == "allow") is allowed
    assert (verb(large.decide(call(items=items), spec(), History())) == "deny") is denied


def test_explain_says_what_did_not_hold():
    rules = [
        rule("small", args={"amount": {"max": 100}}), rule("clerks", when={"role": ["clerk"]}),
        rule("order", args={"order.id": {"present": True}}), rule("rest", "review"), rule("never-reached"),
    ]  # fmt: skip
    found = Policy(rules).explain(call(amount=250), spec(), History())
    assert [(each.rule, each.matched) for each in found] == [
        ("small", False),
        ("clerks", False),
        ("order", False),
        ("rest", True),
    ]
    assert [each.why for each in found] == [
        "args.amount is not max 100; it is 250",
        "when.role is not one of clerk",
        "args.order.id is not present True; it is missing",
        "",
    ]


def nested(depth):
    value = "bottom"
    for _ in range(depth):
        value = {"x": [value]}
    return value


LOOP = {}
LOOP["x"] = LOOP

STRANGE = [
    nested(1000), LOOP, "x" * 10_000_000, "\x00", "\ud800\udfff", 10**5000, float("nan"), object(), b"\xff", {1: 2},
    ..., [[]] * 100_001,
]  # fmt: skip
EVERY_KIND = Policy(
    [
        rule(f"{path}-{next(iter(fields))}".translate(str.maketrans("[]*", "---")), "deny", args={path: fields})
        for path in ("v", "v.x", "v[*].x", "v.x[0].x")
        for fields in (
            {"equals": "no"}, {"one_of": ["no", 1]}, {"matches": "(a+)+b"}, {"search": "(x+x+)+y"}, {"max": -1},
            {"max_length": 0}, {"not_equals": "yes"}, {"absent": True},
        )
    ]
    + [rule("rest", args={"v": {"matches": "yes"}})]
)  # fmt: skip


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: type(value).__name__)
def test_strange_arguments_are_denied_and_hang_nothing(value):
    started = process_time()
    decision = EVERY_KIND.decide(call(v=value), spec(), History())
    assert isinstance(decision, Deny) and decision.reason
    assert EVERY_KIND.explain(call(v=value), spec(), History())
    assert process_time() - started < 2


@pytest.mark.parametrize("args", [None, [], "text", 5])
def test_arguments_that_are_no_mapping_are_denied(args):
    decision = Policy([rule()]).decide(Call(id="c", name="pay", args=args), spec(), History())
    assert isinstance(decision, Deny) and decision.rule == DEFAULT_RULE


def test_a_policy_judges_nothing_that_could_not_be_parsed_or_names_another_tool():
    policy = Policy([rule(tools=["*"])])
    assert isinstance(policy.decide(Call(id="c", name="pay", args={}, error="bad JSON"), spec(), History()), Deny)
    assert isinstance(policy.decide(call("pay"), spec("refund"), History()), Deny)
    assert isinstance(policy.decide(call("\ud800"), spec("\ud800"), History()), Deny)
    assert isinstance(policy.decide(call("pay"), spec("pay"), History()), Allow)


@settings(max_examples=200)
@given(st.text(), st.dictionaries(st.text(), VALUES | st.binary() | st.decimals()))
def test_no_call_makes_a_decision_raise(name, args):
    assert isinstance(EVERY_KIND.decide(Call(id="c", name=name, args=args), spec(name), History()), Deny)
    assert isinstance(EVERY_KIND.decide(Call(id="c", name="pay", args=args), spec(), History()), Deny)


def test_strange_tool_names_do_not_fill_memory():
    policy = Policy([rule(tools=["x*"])])
    for i in range(5000):
        policy.decide(call(f"x{i}"), spec(f"x{i}"), History())
    assert len(policy._tools) < 4200


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"args": {"a": {"matches": "(?=x)"}}}, "rule 'r', field 'args.a.matches'"),
        ({"tools": []}, "rule 'r', field 'tools'"),
        ({"priority": True}, "rule 'r', field 'priority'"),
        ({"id": "default"}, "rule 'default', field 'id'"),
        ({"id": "a b"}, "rule 'a b', field 'id'"),
        ({"when": {}}, "rule 'r', field 'when'"),
        ({"when": {"risk": {"at_least": "high", "at_most": "low"}}}, "rule 'r', field 'when.risk'"),
        ({"expires_after": 5}, "rule 'r'"),
        ({"blocking": True}, "rule 'r'"),
        ({"action": "review", "blocking": "yes"}, "rule 'r', field 'blocking'"),
        ({"action": "review", "expires_after": 0}, "rule 'r', field 'expires_after'"),
    ],
)
def test_a_wrong_rule_names_itself_and_the_field(fields, where):
    with pytest.raises(PolicyError) as caught:
        Rule(**({"id": "r", "tools": ["pay"], "action": "allow"} | fields))
    assert caught.value.where == where
    assert str(caught.value).startswith(where)
