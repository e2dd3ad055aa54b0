"""What of an entry of the audit log says who or what, and how it is closed: words apart, names as tokens.

The chain covers what is stored. So it is checked without keys, and nothing of it is closed anew when keys rotate: it
stands under the data key, of which only the wrapping is rotated (see `lockgate.runtime.data_key`).
"""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lockgate.audit import MAX_TEXT, AuditEntry, apart, audit_key, body
from lockgate.errors import StoreError
from lockgate.runtime.audit_chain import AuditRow
from lockgate.runtime.effect_row import stored_key
from lockgate.runtime.reading import named
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import about
from lockgate.text import clean

KINDS = {"user": "user", "tenant": "tenant", "by": "user", "digest": "digest"}
"""Fields that stand as tokens, by the kind of these."""
_MAX_NAMED = 1_400  # bytes, of which a token has no more than `MAX_TEXT` characters


def stored(entry: AuditEntry, seal: Seal) -> tuple[str, str]:
    """The text that the chain covers, and the words apart from it."""
    said: Any = {name: _named(getattr(entry, name), kind, seal) for name, kind in KINDS.items()}
    named = replace(entry, **said, key=audit_key(stored_key(entry.key, seal)))
    kept, words = apart(named, lambda value: seal.words.close_json(value, about(name_of(entry.thread_id), "audit")))
    return body(kept), words


def forms(name: str, value: str, seal: Seal) -> list[str]:
    """How a field of an entry may say `value`: also as it did before there was encryption."""
    return list(dict.fromkeys((_named(value, KINDS[name], seal), clean(value)[:MAX_TEXT])))


def _named(text: str, kind: str, seal: Seal) -> str:
    if seal.ring is None:
        return clean(text)[:MAX_TEXT]
    return seal.token(clean(text).encode("utf-8", "replace")[:_MAX_NAMED].decode("utf-8", "ignore"), kind)


def told(row: AuditRow, seal: Seal) -> dict[str, Any]:
    """The entry of a row with the words that belong to it. Raises StoreError without the key, RowError, ValueError."""
    entry = opened(json.loads(row.body), seal)
    if row.content is None:
        return entry
    closed = json.loads(row.content)
    words = named(
        row.thread_id, f"row {row.seq} of the audit log", seal.words.open_json, closed, about(row.thread_id, "audit")
    )
    return {**entry, **{name: value for name, value in words.items() if name in ("args", "reason")}}


def opened(entry: dict[str, Any], seal: Seal) -> dict[str, Any]:
    """The entry with the texts that its tokens stand for; one that does not open stays."""
    said: dict[str, Any] = {}
    for name, kind in KINDS.items():
        if isinstance(value := entry.get(name), str):
            with suppress(StoreError):
                said[name] = seal.untoken(value, kind)
    return {**entry, **said}


def name_of(text: str) -> str:
    """A thread, run or call as the entry's text has it."""
    return clean(text)[:MAX_TEXT]
