"""`AuditEntry`: one line of the audit log, and the text of it that the hash chain covers."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias

from lockgate.text import clean

Kind: TypeAlias = Literal["decision", "answer", "outcome", "lost"]
MAX_ARGS = 8_192
"""Bytes of JSON of a call's arguments that an entry holds; longer ones are left to their digest."""
MAX_TEXT = 2_000
"""Characters of each other text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What was decided, answered, or came of a call.

    `kind` and `verdict`: a `decision` is `allow`, `deny` or `review`; the `answer` of a person `approve`, `edit`,
    `reject` or `expire`; an `outcome` `executed`, `failed`, `not_run`, `unknown` or `settled`. `lost` counts, in
    `detail`, entries that could not be kept while the log was down.

    `digest` is the call's (see `lockgate.decision.digest`), `args` are redacted. `key` is that of its
    effect (stored as `audit_key` says), so that log and ledger bear each other out. `by` is the person who answered,
    `user` and `tenant` those on whose behalf. `at` is seconds since the epoch, `id` tells a repetition from a
    second event. `content` is the SHA-256 of arguments and reason where those are kept apart (see `apart`).
    """

    kind: Kind
    verdict: str
    thread_id: str = ""
    run_id: str = ""
    agent: str = ""
    user: str = ""
    tenant: str = ""
    call_id: str = ""
    tool: str = ""
    digest: str = ""
    key: str = ""
    args: Any = None
    rule: str = ""
    reason: str = ""
    by: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    content: str = ""
    at: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def body(entry: AuditEntry) -> str:
    """The entry as canonical JSON in ASCII; fields that say nothing are left out."""
    said: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(entry, name)
        if isinstance(value, str):
            value = clean(value)[:MAX_TEXT]
        if value not in ("", None, {}):
            said[name] = value
    if "args" in said:
        said["args"] = _bounded(said["args"])
    return canonical(said)


def apart(entry: AuditEntry, close: Callable[[Any], Any]) -> tuple[AuditEntry, str]:
    """The entry without its words, and those as text, so that they can be erased and the entry stays as it is.

    `close` encrypts them when that is wanted. The entry holds the SHA-256 of the text; a salt in it keeps short words
    from being guessed. Without arguments and reason the text is empty.
    """
    said = {"args": _bounded(entry.args), "reason": clean(entry.reason)[:MAX_TEXT]}
    said = {name: value for name, value in said.items() if value not in ("", None, {})}
    if not said:
        return entry, ""
    text = canonical(close({**said, "salt": uuid.uuid4().hex}))
    return replace(entry, args=None, reason="", content=commitment(text)), text


def audit_key(key: str) -> str:
    """What an entry holds of an effect's idempotency key: its first 32 digits."""
    return key[:32]


def commitment(content: str) -> str:
    """What an entry holds of words that are kept apart."""
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _bounded(args: Any) -> Any:
    return {"omitted_bytes": size} if args is not None and (size := len(canonical(args))) > MAX_ARGS else args


def canonical(value: Any) -> str:
    """One ASCII text for equal JSON values: keys sorted, no spaces; what JSON cannot hold stands as its repr."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)


_FIELDS = tuple(item.name for item in fields(AuditEntry))
