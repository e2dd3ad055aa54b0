"""The items of a pipeline: what goes in, what is given up, and how each one ended."""

from dataclasses import dataclass, field
from typing import Any

from lockgate.handoff import AgentResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One piece of work. `value` is JSON, `index` its place in the input, from 0; `id` is unique in its run."""

    id: str
    index: int
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An item that was given up, whole enough to be mended and sent again.

    `value` is the JSON that `stage` was given (stage `intake` for an item that never started), `errors` what was
    wrong with its last attempt, `attempts` how often the stage tried.
    """

    item_id: str
    index: int
    stage: str
    value: Any
    errors: list[str] = field(default_factory=list)
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The one end of an item: its result, and its dead letter if it has one. `at` is seconds since the epoch."""

    index: int
    at: float
    result: AgentResult
    dead: DeadLetter | None = None
