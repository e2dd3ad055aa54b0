"""`AuditEntry`: one line of the audit log, and the text of it that the hash chain covers."""

import json
import time
import uuid
from dataclasses import dataclass, field, fields
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

    `digest` is the call's (see `lockgate.decision.digest`), `args` are redacted. `by` is the person who answered,
    `user` and `tenant` those on whose behalf. `at` is seconds since the epoch, `id` tells a repetition from a
    second event.
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
    args: Any = None
    rule: str = ""
    reason: str = ""
    by: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
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
    if "args" in said and len(text := canonical(said["args"])) > MAX_ARGS:
        said["args"] = {"omitted_bytes": len(text)}
    return canonical(said)


def canonical(value: Any) -> str:
    """One ASCII text for equal JSON values: keys sorted, no spaces; what JSON cannot hold stands as its repr."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)


_FIELDS = tuple(item.name for item in fields(AuditEntry))
