"""The grammar of a turn, and the reading of what was written under it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.models.constrained import Written, answer_so_far, grammar, read


def schema_of(parameters, **options):
    text = grammar([{"name": "t", "parameters": parameters}], answer=True, max_chars=100, **options)
    head, _, body = text.partition("start: %json ")
    assert head == "%llguidance {}\n"
    whole = json.loads(body)
    return whole["anyOf"][1]["properties"]["arguments"], whole["$defs"]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"type": "string"}, {"type": "string", "maxLength": 100}),
        ({"type": "string", "maxLength": 5}, {"type": "string", "maxLength": 5}),
        ({"type": "string", "minLength": 300}, {"type": "string", "minLength": 300, "maxLength": 300}),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        (
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"type": "string", "maxLength": 100}, "maxItems": 8},
        ),
        ({"type": "integer", "minimum": 1, "title": "T", "description": "d"}, {"type": "integer", "minimum": 1}),
        (
            {"type": "object", "properties": {"title": {"type": "integer"}}},
            {"type": "object", "properties": {"title": {"type": "integer"}}, "additionalProperties": False},
        ),
        (
            {"anyOf": [{"type": "null"}, {"type": "string"}]},
            {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 100}]},
        ),
    ],
)  # fmt: skip
def test_a_schema_is_made_finite(given_, expected):
    assert schema_of(given_)[0] == expected


def test_definitions_are_kept_apart_for_each_tool():
    arguments, definitions = schema_of({"$ref": "#/$defs/T", "$defs": {"T": {"$ref": "#/$defs/T"}}})
    assert arguments == {"$ref": "#/$defs/t0_T"}
    assert definitions == {"t0_T": {"$ref": "#/$defs/t0_T"}}


def test_a_bare_schema_holds_the_shape_alone():
    part = {"type": "string", "pattern": "^(?=x)", "format": "odd"}
    assert schema_of(part, bare=True)[0] == {"type": "string", "maxLength": 100}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"answer":"Yes."}', Written(answer="Yes.")),
        ('{"answer":"Ye', Written(answer="Ye")),
        ('{"answer":"\\ud83d"}', Written(answer="\ufffd")),
        ('{"tool":"t","arguments":{"a":1}}', Written(tool="t", args={"a": 1})),
        ('{"tool":"t","arguments":{"a":1', Written(tool="t", broken='{"tool":"t","arguments":{"a":1')),
        ("Hello", Written(broken="Hello")),
        ("[1]", Written(broken="[1]")),
        ("", Written(broken="")),
    ],
)
def test_reading(text, written):
    assert read(text) == written


@given(st.text(), st.booleans())
def test_an_answer_only_grows_while_it_is_written(answer, ascii_):
    text = json.dumps({"answer": answer}, ensure_ascii=ascii_, separators=(",", ":"))
    seen = ""
    for end in range(len(text) + 1):
        now = answer_so_far(text[:end])
        assert now.startswith(seen)
        seen = now
    assert seen == answer
