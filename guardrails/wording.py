"""Says in one plain sentence what pydantic found wrong with a policy."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from lockgate.errors import UnknownNameError
from lockgate.yaml_data import Loc, Problem

_PLAIN = {
    "string_type": "must be text; put it in quotes if it looks like a number or a date",
    "tuple_type": "must be a list, such as [a, b]",
    "dict_type": "must be a mapping, such as {amount: {max: 100}}",
    "model_type": "must be a mapping of fields",
    "model_attributes_type": "must be a mapping of fields",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "missing": "is required and missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be letters, digits, '.', '_' and '-', starting with a letter or digit",
}
_BOUNDS = {
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be below {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_long": "must have at most {max_length} characters",
}
_MAX_PART = 80
"""Characters that are shown of one part of the way to a field."""


def first_problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    """The first problem of `error`, raised while `model` was validated."""
    first = error.errors(include_url=False)[0]
    loc, kind = first["loc"], first["type"]
    if kind == "extra_forbidden":
        hint = UnknownNameError.of("field", str(loc[-1]), _fields_at(model, loc[:-1])).hint
        return Problem(loc=loc, message="no such field.", hint=hint)
    return Problem(loc=loc, message=f"{_said(kind, first)}.", hint=_meant(model, loc))


def _said(kind: str, first: Any) -> str:
    if kind == "value_error":
        return str(first["ctx"]["error"])
    if kind in ("literal_error", "enum"):
        expected = {"True": "true", "False": "false"}.get(first["ctx"]["expected"], first["ctx"]["expected"])
        return f"must be {expected}"
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**first["ctx"])
    return _PLAIN.get(kind) or first["msg"].replace("Input should be", "must be")


def _meant(model: type[BaseModel], loc: Loc) -> str:
    """What the field at `loc`, or the nearest around it that says so, is for; else the fields there are."""
    for end in range(len(loc), 0, -1):
        name, around = str(loc[end - 1]), _models_at(model, loc[: end - 1])
        for known in around:
            for field_name, field in known.model_fields.items():
                if name == (field.alias or field_name) and field.description:
                    return f"{name}: {field.description}"
    return f"Known: {', '.join(sorted(_fields_at(model, ())))}."


def field_text(loc: Loc) -> str:
    """`args.amount.max`, `tools[0]`."""
    text = ""
    for part in loc:
        if part == "[key]":  # pydantic's mark for "the key itself is wrong"
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part[:_MAX_PART]}"
    return text.removeprefix(".")


def _fields_at(model: Any, loc: Loc) -> set[str]:
    """Names of the fields that the mapping at `loc` may have."""
    return {field.alias or name for known in _models_at(model, loc) for name, field in known.model_fields.items()}


def _models_at(model: Any, loc: Loc) -> list[type[BaseModel]]:
    """What the mapping at `loc` may be."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if not loc:
            return [model]
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        return _models_at(fields[str(loc[0])].annotation, loc[1:]) if str(loc[0]) in fields else []
    inner = get_args(model)
    found = [known for kind in inner for known in _models_at(kind, loc)]
    return found or [known for kind in inner for known in _models_at(kind, loc[1:])] if loc else found
