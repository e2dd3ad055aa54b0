"""Whether one rule surely matches whenever another does. Cautious: when it cannot tell, it says no."""

from typing import Any

from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.pattern import glob, is_glob
from lockgate.guardrails.rule import Conditions, Rule


def covers(rule: Rule, other: Rule) -> bool:
    """Every call on which `other` matches is one on which `rule` matches."""
    if not all(any(names(own, tool) for own in rule.tools) for tool in other.tools):
        return False
    if not conditions_cover(rule.when, other.when):
        return False
    # An allow rule matches only what is sure; a deny or review rule also what cannot be judged.
    if rule.args and rule.action == "allow" and other.action != "allow":
        return False
    return all(
        path in other.args and implied(wanted, other.args[path], sure=other.action == "allow")
        for path, wanted in rule.args.items()
    )


def speaks_of(rule: Rule, tool: str) -> bool:
    """Whether the rule surely speaks of the tool called `tool`."""
    return any(own == tool or (is_glob(own) and glob(own)(tool) is True) for own in rule.tools)


def names(pattern: str, tool: str) -> bool:
    """Whether the name or glob `pattern` stands for every name that `tool` stands for."""
    if pattern in (tool, "*"):
        return True
    if not is_glob(pattern):
        return False
    if not is_glob(tool):
        return glob(pattern)(tool) is True
    # `delete_*` lies within `del*`: what precedes and follows the stars is longer on the inner one.
    if pattern.count("*") == 1 == tool.count("*") and "?" not in pattern + tool:
        head, _, tail = pattern.partition("*")
        inner_head, _, inner_tail = tool.partition("*")
        return inner_head.startswith(head) and inner_tail.endswith(tail)
    return False


def conditions_cover(when: Conditions | None, other: Conditions | None) -> bool:
    """Whether `when` holds wherever `other` does."""
    if when is None:
        return True
    if other is None:
        return False
    for name in type(when).model_fields:
        wanted, given = getattr(when, name), getattr(other, name)
        if wanted is None or wanted == given:
            continue
        if given is None:
            return False
        if isinstance(wanted, tuple):
            fits = names if name == "agent" else str.__eq__
            if not all(any(fits(own, item) for own in wanted) for item in given):
                return False
        elif hasattr(wanted, "range"):
            if not _within(given.range(), wanted.range()):
                return False
        else:
            return False
    return True


def implied(wanted: Constraint, given: Constraint, *, sure: bool) -> bool:
    """Whether a value that satisfies `given` satisfies `wanted`; unless `sure`, also one that cannot be judged."""
    left = wanted.model_dump(exclude_none=True)
    right = given.model_dump(exclude_none=True)
    for name, value in left.items():
        if name in right and _same(right[name], value):
            continue
        # A list is no text that could be judged, but it has a length.
        if (not sure and "length" in name and name not in right) or not _implied(name, value, wanted, right):
            return False
    return True


def _implied(name: str, value: Any, wanted: Constraint, right: dict[str, Any]) -> bool:
    if name in ("from_", "not_from"):  # of where a value comes from its text tells nothing
        inner, outer = (right.get(name, ()), value) if name == "from_" else (value, right.get(name, ()))
        return bool(inner) and set(inner) <= set(outer)
    named = [right["equals"]] if "equals" in right else list(right.get("one_of", ()))
    if named:  # a list of values that can be tried
        check = wanted.compile()
        return all(check(item) is True for item in named)
    match name:
        case "min" | "min_length":
            return name in right and bool(right[name] >= value)
        case "max" | "max_length":
            return name in right and bool(right[name] <= value)
        case "present":
            return bool({"equals", "one_of", "matches", "search", "min", "max"} & right.keys())
        case "not_one_of":
            return all(item in right.get("not_one_of", ()) for item in value)
        case "not_equals":
            return value in right.get("not_one_of", ())
        case _:
            return False


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _within(inner: tuple[int | None, int | None], outer: tuple[int | None, int | None]) -> bool:
    low, high = (-1 if inner[0] is None else inner[0]), (99 if inner[1] is None else inner[1])
    return (outer[0] is None or low >= outer[0]) and (outer[1] is None or high <= outer[1])
