"""Tables of what a constraint says of a value: True, False, or None for one it cannot judge."""

from decimal import Decimal
from math import inf, nan

import pytest
from pydantic import ValidationError

from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.path import MISSING, ODD, ArgumentPath
from lockgate.guardrails.pattern import MAX_WORK, Pattern, PatternSet, glob

SURROGATE = "\ud800"
HUGE = 10**400

VERDICTS = [
    # equality keeps types apart
    ({"equals": 5}, 5, True), ({"equals": 5}, 5.0, True), ({"equals": 5}, Decimal("5.00"), True),
    ({"equals": 5}, "5", False), ({"equals": "5"}, 5, False), ({"equals": 1}, True, False),
    ({"equals": True}, 1, False),
    ({"equals": False}, 0, False), ({"equals": True}, True, True), ({"equals": ""}, None, False),
    ({"equals": 5}, nan, None), ({"equals": 5}, Decimal("NaN"), None), ({"equals": 5}, Decimal("sNaN"), None),
    ({"equals": "a"}, ["a"], None), ({"equals": "a"}, {"a": 1}, None), ({"equals": "a"}, b"a", None),
    ({"equals": "a"}, MISSING, False), ({"equals": "a"}, ODD, None),
    ({"equals": 19.99}, Decimal("19.99"), True), ({"equals": 19.99}, 19.99, True), ({"equals": HUGE}, HUGE, True),
    ({"equals": SURROGATE}, SURROGATE, True), ({"equals": "é"}, "e\u0301", False),
    ({"not_equals": "a"}, "b", True), ({"not_equals": "a"}, "a", False), ({"not_equals": "a"}, 1, True),
    ({"not_equals": "a"}, ["a"], None), ({"not_equals": "a"}, None, None), ({"not_equals": "a"}, MISSING, None),
    ({"not_equals": 1}, True, True), ({"not_equals": 1}, nan, None),
    ({"one_of": ["a", "b"]}, "b", True), ({"one_of": ["a", "b"]}, "c", False), ({"one_of": ["a"]}, 1, False),
    ({"one_of": ["a", 1]}, 1.0, True), ({"one_of": ["a", 1]}, True, False), ({"one_of": ["a"]}, ["a"], None),
    ({"one_of": [1, 2]}, nan, None), ({"one_of": ["a"]}, MISSING, False), ({"one_of": ["a"]}, None, False),
    ({"not_one_of": ["a", 1]}, "b", True), ({"not_one_of": ["a", 1]}, 1, False), ({"not_one_of": ["a"]}, None, None),
    ({"not_one_of": ["a"]}, ODD, None),
    # patterns: `matches` covers the whole text, `search` looks inside
    ({"matches": "ORD-[0-9]+"}, "ORD-12", True), ({"matches": "ORD-[0-9]+"}, "xORD-12", False),
    ({"matches": "ORD-[0-9]+"}, "ORD-12\n", False), ({"matches": "a|b"}, "ab", False), ({"search": "b"}, "abc", True),
    ({"search": "b"}, "acc", False), ({"matches": "[0-9]+"}, 12, None), ({"matches": ".*"}, None, False),
    ({"matches": ".*"}, MISSING, False), ({"search": ""}, "", True), ({"matches": "(?i)straße"}, "STRAßE", True),
    ({"matches": ".*"}, SURROGATE, None), ({"search": "a"}, "a" + SURROGATE, None), ({"search": "a"}, ["a"], None),
    ({"matches": "a\x00b"}, "a\x00b", True), ({"search": "b"}, "a\x00b", True), ({"search": "a"}, "x" * MAX_WORK, None),
    # numbers
    ({"max": 100}, 100, True), ({"max": 100}, 100.5, False), ({"max": 100}, -inf, True), ({"max": 100}, inf, False),
    ({"max": 100}, nan, None), ({"min": 0}, nan, None), ({"max": 100}, Decimal("sNaN"), None), ({"max": 1}, True, None),
    ({"max": 100}, "5", None), ({"max": 100}, None, False), ({"max": 100}, MISSING, False), ({"max": 100}, [5], None),
    ({"max": 19.99}, Decimal("19.99"), True), ({"max": 19.99}, Decimal("19.990001"), False),
    ({"max": 100}, HUGE, False), ({"min": 100}, HUGE, True), ({"min": 0.5}, HUGE, True),
    ({"max": 5}, Decimal("Infinity"), False),
    ({"max": 9007199254740992}, 9007199254740993, False), ({"min": 1, "max": 2}, 1.5, True),
    ({"min": 1, "max": 2}, 3, False),
    # lengths
    ({"max_length": 2}, "ab", True), ({"max_length": 2}, "abc", False), ({"min_length": 1}, [], False),
    ({"min_length": 1}, [0], True), ({"max_length": 0}, {}, True), ({"max_length": 2}, 12, None),
    ({"max_length": 2}, None, False),
    ({"min_length": 1}, MISSING, False),
    # presence
    ({"present": True}, 0, True), ({"present": True}, "", True), ({"present": True}, None, False),
    ({"present": True}, MISSING, False), ({"present": True}, ODD, None), ({"absent": True}, None, True),
    ({"absent": True}, MISSING, True), ({"absent": True}, 0, False), ({"absent": True}, ODD, None),
    # several: False beats None beats True
    ({"min_length": 1, "matches": "a"}, "b", False), ({"min": 1, "not_equals": 5}, 5, False),
    ({"min": 1, "not_equals": 5}, "x", None), ({"present": True, "not_one_of": ["a"]}, MISSING, False),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "value", "verdict"), VERDICTS, ids=range(len(VERDICTS)))
def test_verdict(fields, value, verdict):
    assert Constraint(**fields).compile()(value) is verdict


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"min": 2, "max": 1}, {"min_length": 2, "max_length": 1}, {"absent": True, "equals": 1},
        {"absent": True, "present": True}, {"equals": "a", "not_equals": "a"}, {"equals": "a", "matches": "b"},
        {"one_of": [1, 2], "min": 3}, {"equals": "a", "min": 1}, {"one_of": []}, {"not_one_of": []}, {"equals": None},
        {"equals": nan}, {"max": inf}, {"max": "1"}, {"max": True}, {"max_length": -1}, {"max_length": 1.0},
        {"matches": 5}, {"matches": "("}, {"search": r"(a)\1"}, {"matches": "(?<=a)b"}, {"matches": "(?=a)"},
        {"matches": "((a{1,100}){1,100}){1,100}"}, {"search": SURROGATE}, {"present": False}, {"equals": [1]},
        {"maximum": 1},
    ],
)  # fmt: skip
def test_a_constraint_that_means_nothing_is_refused(fields):
    with pytest.raises(ValidationError):
        Constraint(**fields)


ITEMS = {"items": [{"amount": 5}, {"amount": 7}, {}], "a": {"b": {"c": 1}}, "n": None, "e": [], "m": [[1], [2, 3], []]}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b.c", [1]), ("a.b.x", [MISSING]), ("a.x.c", [MISSING]), ("n", [None]), ("n.x", [MISSING]),
        ("a.b.c.d", [ODD]),
        ("items[0].amount", [5]), ("items[9].amount", [MISSING]), ("items[*].amount", [5, 7, MISSING]), ("a[*]", [ODD]),
        ("a[0]", [ODD]), ("e[*]", [MISSING]), ("e[*].x", [MISSING]), ("zz[*]", [MISSING]), ("n[*]", [MISSING]),
        ("m[*][*]", [1, 2, 3, MISSING]), ("items.amount", [ODD]), ("m[1][0]", [2]),
    ],
)  # fmt: skip
def test_path(path, values):
    assert ArgumentPath(path).values(ITEMS) == values


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", "[0]", "[*]", "a[", "a[]", "a[-1]", "a[x]", "a]b", "a.b" * 99]
)
def test_what_is_no_path(path):
    with pytest.raises(ValueError, match="is not a path"):
        ArgumentPath(path)


def test_a_list_that_holds_itself_does_not_explode():
    loop = []
    loop.extend([loop] * 1000)
    assert ArgumentPath("x[*][*][*][*]").values({"x": loop}) == [ODD]


def test_a_set_of_patterns_finds_what_each_finds_and_says_when_it_cannot():
    patterns = ["a+", "b", "a|b", "(?i)A", ""]
    for whole in (True, False):
        together = PatternSet(patterns, whole=whole)
        for text in ("", "a", "b", "ab", "B", "A\n"):
            alone = [index for index, pattern in enumerate(patterns) if Pattern(pattern, whole=whole)(text)]
            assert sorted(together(text)) == alone
        assert together(SURROGATE) is None
        assert together("a" * 5000) is None


def test_a_set_out_of_memory_does_not_say_that_nothing_matches():
    starved = PatternSet([f"(?s).*{letter}.{{12}}" for letter in "abcdefgh"], whole=True, max_mem=1 << 13)
    assert starved("a" + "x" * 12) is None


def test_globs():
    assert glob("delete_*")("delete_a\nb")
    assert not glob("delete_*")("Delete_a")
    assert glob("a?c")("abc") and not glob("a?c")("ac")
    assert glob("a.b+")("a.b+") and not glob("a.b")("axb")


@pytest.mark.parametrize("answer", [None, [], [0]])
def test_an_answer_of_a_set_without_its_sentinel_is_not_believed(answer):
    # What RE2 answers when its memory runs out in the middle of a text; no text is known that brings it there.
    together = PatternSet(["a"], whole=True)
    together._match = lambda _text: answer
    assert together("a") is None
    alone = Pattern("a", whole=True)
    alone._quick = together
    assert alone("a") is True and alone("b") is False
