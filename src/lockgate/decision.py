"""What the upper gate answers. A decision always names its rule and its reason."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, TypeAlias

DEFAULT_RULE = "default"
"""Rule name of a decision that no rule of the pack made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """The call may run. `notice`, if any, is a line that it leaves in the log and in the run's record.

    `approvers` are those whose word it took; they are asked again when its effect is in doubt.
    """

    rule: str
    reason: str
    notice: str = field(default="", compare=False)
    approvers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """The call does not run; the model is told `reason`."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A person decides. An empty `approvers` set means anyone who can reach the inbox.

    An approval not answered within `expires_after` seconds counts as rejected. A `blocking` review holds up what the
    run has not started yet.
    """

    rule: str
    reason: str
    approvers: frozenset[str] = frozenset()
    expires_after: float = 86_400.0
    blocking: bool = False


Decision: TypeAlias = Allow | Deny | Review


def verb(decision: Decision) -> str:
    """`allow`, `deny` or `review`."""
    return type(decision).__name__.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One tool call as the model proposed it (or as a reviewer edited it).

    `args` are untrusted until the gate has validated them. `error` is set when the model's call could not
    even be parsed. `edited_by` names the person whose edit this is.
    """

    id: str
    name: str
    args: dict[str, Any]
    error: str = ""
    edited_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decision frozen to the exact call it was made for: the ticket that `execute_tool` asks for.

    `digest` covers tool name and arguments, so a call that changed after its decision has no ticket.
    `at` is seconds since the epoch. `by` is the person who approved, if one did.
    """

    call_id: str
    tool: str
    digest: str
    decision: Decision
    at: float
    by: str = ""


def digest(call: Call) -> str:
    """SHA-256 over the call's name and its arguments in canonical JSON (keys sorted)."""
    return hashlib.sha256(f"{call.name}\0{canonical_json(call.args)}".encode("utf-8", "surrogatepass")).hexdigest()


def canonical_json(value: Any) -> str:
    """One text for equal JSON values: sorted keys, no spaces. What JSON cannot hold stands as its repr."""
    import json

    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr)
