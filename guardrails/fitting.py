"""Whether a rule can match any call of a tool at all, as far as the tool's facts tell."""

from pydantic import TypeAdapter, ValidationError

from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.path import MISSING
from lockgate.guardrails.rule import Rule
from lockgate.spec import ToolSpec

_OF_NUMBERS = frozenset({"min", "max"})
_OF_TEXTS = frozenset({"matches", "search", "min_length", "max_length"})


def fits(rule: Rule, spec: ToolSpec) -> bool:
    """Whether a call of the tool can be one that the rule matches, by its facts and the arguments that it takes."""
    if not _takes(rule, spec):
        return False
    if (when := rule.when) is None:
        return True
    least, most = when.risk.range() if when.risk else (None, None)
    return (
        (when.effect is None or when.effect is spec.effect)
        and (when.reversible is None or when.reversible is spec.reversible)
        and (least is None or spec.risk >= least)
        and (most is None or spec.risk <= most)
    )


def takes_any(spec: ToolSpec) -> bool:
    """Whether the tool takes arguments that it does not name."""
    return spec.args_model.model_config.get("extra") == "allow"


def _takes(rule: Rule, spec: ToolSpec) -> bool:
    """Whether the tool has the arguments that the rule must find."""
    if takes_any(spec):
        return True
    known = set(spec.args_model.model_fields)
    for path, constraint in rule.args.items():
        name = path.replace("[", ".").split(".")[0]
        if name not in known:
            if not _holds_of_nothing(constraint, path, sure=rule.action == "allow"):
                return False
        elif rule.action == "allow" and name == path and not _can_be(constraint, spec, name):
            return False
    return True


def _holds_of_nothing(constraint: Constraint, path: str, *, sure: bool) -> bool:
    """Whether the constraint can hold where there is no such argument; unless `sure`, also where nobody can tell."""
    answer = constraint.compile()(MISSING)
    return constraint.origin(path) is None and (answer is True if sure else answer is not False)


def _can_be(constraint: Constraint, spec: ToolSpec, name: str) -> bool:
    """Whether the argument's type can be judged so, and can have one of the values that are listed, if any are."""
    given, kind = constraint.model_fields_set, spec.args_model.model_fields[name].annotation
    if (kind is str and given & _OF_NUMBERS) or (kind in (int, float, bool) and given & _OF_TEXTS):
        return False
    named = [constraint.equals] if constraint.equals is not None else constraint.one_of
    if not named:
        return True
    field, check = TypeAdapter(spec.args_model.model_fields[name].rebuild_annotation()), constraint.compile()
    for value in named:
        try:
            # The gate judges what the tool would get: "5" is 5 to a tool that takes a number.
            if check(field.validate_python(value)) is True:
                return True
        except ValidationError:
            continue
    return False
