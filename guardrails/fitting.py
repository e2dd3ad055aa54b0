"""Whether a rule can match any call of a tool at all, as far as the tool's facts tell."""

from pydantic import TypeAdapter, ValidationError

from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.rule import Rule
from lockgate.spec import ToolSpec


def fits(rule: Rule, spec: ToolSpec) -> bool:
    """Whether a call of the tool can be one that the rule matches, by its facts and the arguments that it takes."""
    if rule.action == "allow" and not _takes(rule, spec):
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
    return all(
        constraint.absent
        or (
            (name := path.replace("[", ".").split(".")[0]) in known
            and (name != path or _can_be(constraint, spec, name))
        )
        for path, constraint in rule.args.items()
    )


def _can_be(constraint: Constraint, spec: ToolSpec, name: str) -> bool:
    """Whether the argument can have one of the values that the constraint lists, where it lists some."""
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
