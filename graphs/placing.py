"""`placed`: a state with one value in it replaced, wherever in it that value stands."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from lockgate.decision import canonical_json
from lockgate.errors import ConfigError

_KINDS = ((bool, "yes or no"), (int | float, "number"), (str, "text"), (list, "list"), (dict, "mapping"))


def placed(whole: Any, path: str, value: Any) -> Any:
    """A copy of `whole` with `value` at the dotted `path`; a number in it counts list items, -1 is the last one.

    Leads through mappings, lists, messages and Lockgate's own types. Raises ConfigError for a path that leads
    nowhere, and for a value that cannot stand there.
    """
    try:
        return _placed(whole, path.split("."), value)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        why = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error) or "it leads nowhere"
        raise ConfigError(f"{path[:200]!r} cannot be set: {why[:200]}.", "See: lockgate show THREAD --at ID") from None


def _placed(place: Any, path: list[str], value: Any) -> Any:
    if not path:
        return _alike(place, value)
    name, rest = path[0], path[1:]
    if isinstance(place, Mapping):
        if name not in place and rest:
            raise KeyError(f"there is no {name!r}")
        return {**place, name: _placed(place.get(name), rest, value)}
    if isinstance(place, list | tuple):
        copy = list(place)
        index = int(name)
        copy[index] = _placed(copy[index], rest, value)
        return copy
    if isinstance(place, BaseModel):
        if name not in type(place).model_fields:
            raise KeyError(f"{type(place).__name__} has no {name!r}")
        return type(place).model_validate({**dict(place), name: _placed(getattr(place, name), rest, value)})
    if is_dataclass(place) and not isinstance(place, type):
        if name not in {field.name for field in fields(place)}:
            raise KeyError(f"{type(place).__name__} has no {name!r}")
        return replace(place, **{name: _placed(getattr(place, name), rest, value)})
    raise TypeError(f"nothing lies below a {type(place).__name__}")


def _alike(before: Any, value: Any) -> Any:
    """`value` in the kind of what it takes the place of."""
    if before is None or value is None:
        return value
    if isinstance(before, Enum):
        return type(before)(value)
    if isinstance(before, BaseModel):
        return type(before).model_validate(value)
    if isinstance(before, str) and not isinstance(value, str):
        return canonical_json(value)  # a text of digits was meant as text
    if isinstance(before, bool | int | float | str | list | dict):
        kind, name = next((kind, name) for kind, name in _KINDS if isinstance(before, kind))
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise TypeError(f"it must be a {name}, as before")
        return value
    raise TypeError(f"a {type(before).__name__} is set field by field")
