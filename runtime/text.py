"""Makes values fit for storage: Postgres refuses NUL characters, UTF-8 refuses lone surrogates, JSON refuses NaN.

What cannot be kept is replaced by U+FFFD (text) or null (NaN, infinities), so that one bad character of an
outsider cannot stop a thread.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from lockgate.text import MAX_DEPTH, clean


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """`value` as clean JSON data. What JSON has no form for stands as its repr, what lies deeper as `...`."""
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
