"""`Effect`: what the ledger knows of one call that changes something outside the run."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lockgate.decision import Call, digest
from lockgate.result import ToolResult
from lockgate.spec import ToolSpec

UNDO_MARK = ".undo."
"""Stands between the thread and the run whose effects a thread undoes."""


class EffectStatus(StrEnum):
    """How far an effect is known to have come."""

    CLAIMED = "claimed"
    """About to happen, or happening. Without a living runner that is as good as unknown."""
    DONE = "done"
    """It happened."""
    FAILED = "failed"
    """It did not happen, and will not."""
    UNKNOWN = "unknown"
    """It may have happened, and may still happen."""
    WAITING = "waiting"
    """The tool itself asked a person before it acted, and will start over."""
    GIVEN_UP = "given_up"
    """Unknown for good: a person said to leave it at that."""


FINAL = frozenset({EffectStatus.DONE, EffectStatus.FAILED, EffectStatus.GIVEN_UP})
"""An effect in one of these is answered from the ledger and never runs again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One effect as the ledger holds it.

    `key` is the idempotency key, `digest` that of the call (see `lockgate.decision.digest`). `attempt` counts from 1.
    `args` and `result` are None once erased, or when they cannot be read; `evidence` then says so, and otherwise what
    is known of an effect in doubt. `asked` names the question to a person that is about this attempt, `settled_by` the
    person whose word settled it. `undo_of` is the key of the effect that this one undoes. Times are seconds since
    the epoch. `running`: its runner is alive, as far as the database can tell.
    """

    key: str
    thread_id: str
    run_id: str
    call_id: str
    agent: str
    tool: str
    digest: str
    args: dict[str, Any] | None = None
    undo_of: str = ""
    status: EffectStatus = EffectStatus.CLAIMED
    attempt: int = 1
    result: ToolResult | None = None
    evidence: str = ""
    asked: str = ""
    settled_by: str = ""
    claimed_at: float = 0.0
    settled_at: float | None = None
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The lease under which a runner acts: `token` must still be the newest of the thread.

    `clock` is what to add to `lockgate.deadline.ticks` to have the database's clock, as it stood when the lease was
    taken, in seconds since the epoch; None when nobody looked.
    """

    thread_id: str
    token: int
    clock: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What came of asking for an effect. `mine`: whoever asked, and nobody else, is to run it now."""

    effect: Effect
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a tool's `probe` answers when the effect has happened; `value` is what the tool would have returned."""

    value: Any = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DidNotHappen:
    """What a tool's `probe` answers when the effect has not happened, and no earlier attempt can still make it."""


def effect_key(call: Call, spec: ToolSpec, *, run_id: str, answer_id: str, thread_id: str) -> str:
    """The idempotency key of a call, 64 hexadecimal digits.

    It is made of the call's lineage and content: the run, the model's answer and the call's id, the tool and its
    arguments. So it is the same after a crash and in every fork from behind the model's answer, and another in
    each new answer. Of a tool that acts once a run, the answer and the id do not count. `thread_id` stands in for the
    run in a graph that names none.
    """
    parts = ["lockgate effect", run_id or f"thread {thread_id}"]
    if spec.once_per == "call":
        parts += [answer_id, call.id]
    text = "\0".join([*parts, digest(call)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
