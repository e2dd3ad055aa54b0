"""Text and JSON values as they must be before they enter the state.

Lone surrogates cannot be encoded as UTF-8 and NUL cannot be stored in Postgres text, so neither gets in.
"""

import dataclasses
import re
from typing import Any

from pydantic import BaseModel

MAX_DEPTH = 64
"""Levels of nesting in a call's arguments. Deeper data is refused: parsers on the way would overflow."""

_BAD = re.compile("[\x00\ud800-\udfff]")
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, which begin every terminal sequence; not tab, not newline
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # invisible, or turning the reading direction
    "\ud800-\udfff\ufffe\uffff]"
)


def clean(text: str) -> str:
    """`text` with every NUL and lone surrogate replaced by U+FFFD."""
    return _BAD.sub("\ufffd", text) if _bad(text) else text


def cut(text: str, limit: int) -> tuple[str, int]:
    """`text` held to `limit` bytes of UTF-8 at a character's border, and how many bytes were left out."""
    if len(text) * 4 <= limit:
        return text, 0
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, 0
    return data[:limit].decode("utf-8", "ignore"), len(data) - limit


def unfit(value: Any) -> str:
    """Why a JSON value must not enter the state, or an empty string. Looks at keys too; never recurses."""
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if _bad(item):
                    return "holds NUL or lone surrogate characters"
            elif isinstance(item, dict):
                deeper.extend(item)
                deeper.extend(item.values())
            elif isinstance(item, (list, tuple)):
                deeper.extend(item)
            elif isinstance(item, int) and not -(2**63) <= item < 2**64:
                return "holds a number beyond 64 bits"
        if not deeper:
            return ""
        level = deeper
    return f"is nested deeper than {MAX_DEPTH} levels"


def cleaned(value: Any) -> Any:
    """`value` with every text in it clean, keys too; for values no deeper than `MAX_DEPTH`.

    Goes through containers, models (so messages too) and dataclasses, and keeps their types. An integer of more
    than 64 bits becomes text, from which pydantic reads it back.
    """
    if isinstance(value, str):
        return clean(value)
    if type(value) is int and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if type(value) in {tuple, set, frozenset}:
        return type(value)(cleaned(item) for item in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: cleaned(item) for name, item in value})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: cleaned(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **fields)
    return value


def _bad(text: str) -> bool:
    return not (text.isascii() and "\0" not in text) and _BAD.search(text) is not None


def safe(text: object) -> str:
    r"""`text` with everything that a terminal could act upon, or that hides from the eye, written out as an escape.

    Everything from a model, a tool, a file or the database goes through here before it is printed. Nothing is
    dropped, so a reviewer sees what is really there: an ANSI colour shows as `\x1b[31m`.
    """
    return _UNSAFE.sub(lambda found: found.group().encode("unicode_escape").decode(), str(text).replace("\r\n", "\n"))


def one_line(text: object, limit: int = 200) -> str:
    """`safe` on one line of at most `limit` characters."""
    words = " ".join(safe(str(text)[: 8 * limit]).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"
