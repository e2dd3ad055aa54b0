"""Calls that show what a rule does: for each rule some that it matches and some just beside them."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, get_origin

from lockgate.decision import Call
from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.pattern import Pattern, glob, is_glob
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Rule
from lockgate.spec import ToolSpec

MAX_WITNESSES = 24
"""Calls for one rule."""
_TEXTS = (
    *("a", "x", "1", "42", "A1", "ORD-1", "ORD-42", "a@b.example", "ann@example.com", "https://example.com/a", "a.txt"),
    *("docs/a.txt", "2026-01-31", "DE89370400440532013000", "4111111111111111", "delete", "read", "select", "main"),
)
"""Tried where a text must match a pattern that is no plain word."""

_SAMPLES: dict[Any, Any] = {str: "x", int: 1, float: 1.0, bool: True, list: [], dict: {}}


def witnesses(*policies: Policy, tools: Mapping[str, ToolSpec] | None = None) -> list[Call]:
    """Calls for every rule of `policies`, each once. Globs stand for the `tools` they fit, or for a made-up name."""
    found: dict[str, Call] = {}
    for policy in policies:
        for rule in policy.rules:
            for tool in _tools(rule, tools):
                spec = tools.get(tool) if tools else None
                for args in islice(_calls(rule), MAX_WITNESSES):
                    call = Call(id="witness", name=tool, args=_filled(args, spec))
                    found.setdefault(f"{tool}\0{call.args!r}", call)
    return list(found.values())


def _filled(args: dict[str, Any], spec: ToolSpec | None) -> dict[str, Any]:
    """`args` with a value for each further argument that the tool must have, so that the rules get to judge it."""
    fields = spec.args_model.model_fields if spec else {}
    missing = {name: field.annotation for name, field in fields.items() if field.is_required() and name not in args}
    return {**args, **{name: _SAMPLES.get(get_origin(kind) or kind, "x") for name, kind in missing.items()}}


def _tools(rule: Rule, tools: Mapping[str, Any] | None) -> Iterator[str]:
    for name in rule.tools:
        if not is_glob(name):
            yield name
        elif tools:
            yield from (tool for tool in tools if glob(name)(tool))
        else:
            yield name.replace("*", "thing").replace("?", "x")


def _calls(rule: Rule) -> Iterator[dict[str, Any]]:
    """A call that fits, then calls that differ from it in one argument, and the call without arguments."""
    choices = {path: _values(constraint) for path, constraint in rule.args.items()}
    base = {path: values[0] for path, values in choices.items()}
    yield _nested(base)
    for path, values in choices.items():
        for value in values[1:]:
            yield _nested({**base, path: value})
    if base:
        yield {}


def _values(constraint: Constraint) -> list[Any]:
    """Values to try, those that surely satisfy first. None stands for nothing there."""
    check = constraint.compile()
    tried: list[Any] = []
    tried += [value for value in (constraint.equals, *(constraint.one_of or ())) if value is not None]
    tried += [value for value in (constraint.not_equals, *(constraint.not_one_of or ())) if value is not None]
    for bound in (constraint.min, constraint.max):
        if bound is not None:
            tried += [bound, bound - 1, bound + 1]
    for pattern in (constraint.matches, constraint.search):
        if pattern is not None:
            fits = Pattern(pattern, whole=pattern is constraint.matches)
            words = pattern.replace("(?i)", "").split("|")
            tried += [text for text in (*words, *_TEXTS) if fits(text)][:4]
    for length in (constraint.min_length, constraint.max_length):
        if length is not None:
            tried += ["x" * min(length, 10_000), "x" * (min(length, 10_000) + 1)]
    tried += ["something else", 7, None]
    return sorted(tried, key=lambda value: check(value) is not True)


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1, "c[*].d": 2}` as the arguments it speaks of; what has no value is left out."""
    made: dict[str, Any] = {}
    for path, value in flat.items():
        if value is None:
            continue
        steps = path.replace("[", ".[").split(".")
        here: Any = made
        for step, after in zip(steps, [*steps[1:], ""], strict=True):
            key: Any = 0 if step.startswith("[") else step
            if isinstance(here, list):
                here.extend([None] * (1 - len(here)))
            elif key == 0:
                break
            if not after:
                here[key] = value
                break
            existing = here[key] if isinstance(here, list) else here.get(key)
            if not isinstance(existing, (dict, list)):
                existing = [] if after.startswith("[") else {}
                here[key] = existing
            here = existing
    return made
