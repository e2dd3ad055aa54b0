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
    "missing": "is required and missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be letters, digits, '.', '_' and '-', starting with a letter or digit",
}


def first_problem(error: ValidationError, model: type[BaseModel]) -> Problem:
    """The first problem of `error`, raised while `model` was validated."""
    first = error.errors(include_url=False)[0]
    loc, kind = first["loc"], first["type"]
    if kind == "extra_forbidden":
        hint = UnknownNameError.of("field", str(loc[-1]), _fields_at(model, loc[:-1])).hint
        return Problem(loc=loc, message="no such field.", hint=hint)
    if kind == "value_error":
        return Problem(loc=loc, message=f"{first['ctx']['error']}.")
    if kind == "literal_error":
        return Problem(loc=loc, message=f"must be {first['ctx']['expected']}.")
    return Problem(loc=loc, message=f"{_PLAIN.get(kind) or first['msg']}.")


def field_text(loc: Loc) -> str:
    """`args.amount.max`, `tools[0]`."""
    text = ""
    for part in loc:
        if part == "[key]":  # pydantic's mark for "the key itself is wrong"
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _fields_at(model: Any, loc: Loc) -> set[str]:
    """Names of the fields that the mapping at `loc` may have."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if not loc:
            return {field.alias or name for name, field in model.model_fields.items()}
        field = model.model_fields.get(str(loc[0]))
        return _fields_at(field.annotation, loc[1:]) if field else set()
    inner = get_args(model)
    models = {known for kind in inner for known in _fields_at(kind, loc)}
    return models or {known for kind in inner for known in _fields_at(kind, loc[1:])} if loc else models
