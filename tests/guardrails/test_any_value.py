"""Every field of a pack with values of every wrong kind: it loads whole, or one clear message says what to do."""

import re
import types
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from lockgate import Gate, Policy, tool
from lockgate.decision import Call
from lockgate.errors import PolicyError
from lockgate.guardrails.budgets.section import Price, Rate
from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.pack import Pack
from lockgate.guardrails.rule import Conditions, Rule
from lockgate.ports import History
from lockgate.spec import ToolSpec

RULE = {"id": "r", "tools": ["send"], "action": "review"}
NEEDED: dict[type, dict[str, Any]] = {
    Rate: {"by": "user", "per": "hour", "tool_calls": 1},
    Rule: RULE,
    Price: {"input": 1, "output": 1},
    Constraint: {"present": True},
    Conditions: {"effect": True},
    Pack: {"version": 1, "rules": [RULE]},
}
"""What each part of a pack has besides the field that is tried."""

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, -(10**30), 10**30, 10**400, 0.5, -0.5, 1e300, -1e300, 1e-300,
    "", " ", "x", "never", "-1", "1e5", "a\0b", "\0", "a\nb", "tab\there", "\x1b[31m", "\u202egnp", "имя", "🐟" * 300,
    "9" * 5_000, "*", "?" * 300, "(", "a{1000}{1000}", "(?=x)y", r"\1", "[", "a.b[0]", "..", "[*]", "{{x}}", "!!int",
    [], [None], [""], ["a\0"], [[]], [{}], ["x", "x"], [1], list("abc") * 400, {}, {"": 1}, {"x": None}, {"a\0b": 1},
    {"x": -1}, {"x": "y"}, {"x": {}}, {"x": []}, {"*": 1}, {"x" * 300: 1}, {"é": 1}, {"[": 1}, {"x": {"x": {"x": {}}}},
]  # fmt: skip


def models(annotation: Any) -> Iterator[tuple[list[Any], type[BaseModel]]]:
    """The parts that stand in a field of this type, with what surrounds each: keys, and 0 for an item of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield [], annotation
        return
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from models(inner[0])
    elif origin is dict:
        yield from (([("x"), *path], model) for path, model in models(inner[1]))
    elif origin is tuple:
        yield from (([0, *path], model) for path, model in models(inner[0]))
    elif origin is not Literal and isinstance(origin, type | type(types.UnionType)) | (inner != ()):
        for kind in inner:
            yield from models(kind)


def fields(model: type[BaseModel]) -> Iterator[list[tuple[Any, type[BaseModel] | None]]]:
    """Each field of `model` and of the parts in it, as the way to it: keys, each with the part it leads into."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield [(key, None)]
        for around, inner in models(field.annotation):
            for rest in fields(inner):
                way = [key, *around]
                yield [*((step, None) for step in way[:-1]), (way[-1], inner), *rest]


def pack(way: list[tuple[Any, type[BaseModel] | None]], value: Any) -> dict[str, Any]:
    """A pack that is sound but for `value` at the end of the way."""
    root: dict[str, Any] = {**NEEDED[Pack]}
    at: Any = root
    for (step, inner), (following, _) in pairwise(way):
        new: Any = [] if following == 0 and inner is None else {**NEEDED.get(inner, {})} if inner else {}
        if isinstance(at, list):
            at.append(new)
        else:
            at[step] = new
        at = new
    if isinstance(at, list):
        at.append(value)
    else:
        at[way[-1][0]] = value
    return root


def told(way: list[tuple[Any, type[BaseModel] | None]]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step, _ in way).removeprefix(".")


WAYS = {told(way): way for way in fields(Pack)}


@tool
def send(to: str) -> str:
    """Send."""
    return to


SPECS: list[ToolSpec] = [send]


def test_the_walk_reaches_every_section() -> None:
    assert len(WAYS) > 120
    wanted = {"budgets.rates[0].per", "rules[0].args.x.from", "risk.table.high.reversible.low", "privacy.detokenise"}
    assert {*wanted, "budgets.agents.x.usd", "screens.definition.above", "rules[0].when.trust.at_most"} <= set(WAYS)


@pytest.mark.parametrize("name", WAYS)
def test_any_value_loads_whole_or_is_told_in_one_clear_message(name: str) -> None:
    loaded = 0
    for value in VALUES:
        data = pack(WAYS[name], value)
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        try:
            policy = Policy.parse(text, "p.yaml")
        except PolicyError as error:
            check(error, name, value)
            continue
        loaded += 1
        usable(policy)
    assert loaded < len(VALUES)  # something is refused everywhere


def check(error: PolicyError, name: str, value: Any) -> None:
    shown = f"{name} = {str(value)[:60]!r}: {error.where} | {error.message} | {error.hint}"
    assert re.match(r"p\.yaml:[1-9]\d*", error.where), shown
    # The field, or the part or item around it that does not fit together.
    head = re.split(r"[.\[]", name.removeprefix("rules[0]").removeprefix("."))[0]
    assert head in error.where or "rule " in error.where or error.where.split(":")[0] == "p.yaml", shown
    assert "\n" not in str(error.message) and len(error.message) < 600, shown
    assert error.message.endswith(".") and not error.message.endswith(".."), shown
    assert "Traceback" not in shown and "pydantic" not in shown and "Input should" not in shown, shown
    assert error.hint or ";" in error.message, shown  # what to do next


def usable(policy: Policy) -> None:
    """What has loaded also runs: nothing in it is found out only by the first call."""
    gate = Gate(policy, SPECS)
    gate.rule(Call(id="c", name="send", args={"to": "x"}), History())
    policy.sections.budgets.model_dump_json()
    for rate in policy.sections.budgets.rates:
        assert all(0 <= TypeAdapter(float).validate_python(bound) <= 1e18 for _, bound in rate.bounds())
        assert 0 < rate.window < 1e9
