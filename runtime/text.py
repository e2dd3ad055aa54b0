"""Makes values fit for storage: Postgres refuses NUL characters, UTF-8 refuses lone surrogates, JSON refuses NaN.

What cannot be kept is replaced by U+FFFD (text) or null (NaN, infinities), so that one bad character of an
outsider cannot stop a thread.
"""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

DEEPEST = 64
"""Levels of nesting kept in the record; what lies deeper is cut and shown as `...`."""
_UNFIT = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` without NUL characters and lone surrogates."""
    return _UNFIT.sub("\ufffd", text)


def plain(value: Any, depth: int = DEEPEST) -> Any:
    """`value` as clean JSON data. What JSON has no form for stands as its repr."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if depth == 0:
        return "..."
    if isinstance(value, BaseModel):
        value = dict(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth - 1) for item in value]
    return clean(repr(value))


def to_json(value: Any) -> str:
    """JSON that Postgres takes as jsonb. Costs one scan more than `json.dumps` when there is nothing to mend."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return json.dumps(plain(value))
    return json.dumps(plain(value)) if "\\u0000" in text or "\\ud" in text else text


def scrub(value: Any) -> Any:
    """`value` as msgpack can hold it, through containers, messages, models and dataclasses: clean text, and integers
    of more than 64 bits as text, from which pydantic reads them back.
    """
    if isinstance(value, str):
        return clean(value) if type(value) is str else value
    if type(value) is int and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, dict):
        return {scrub(key): scrub(item) for key, item in value.items()}
    if type(value) in {list, tuple, set, frozenset}:
        return type(value)(scrub(item) for item in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: scrub(item) for name, item in value})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: scrub(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **fields)
    return value
