"""Typed handoffs between agents: a task goes in, a result comes out, never free text."""

from enum import StrEnum
from functools import reduce
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lockgate.labels import TRUSTED, Label

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """Where a run or a task stands. Every run ends in one of those from `completed` on."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    """For a person."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The input itself was not accepted."""
    MAX_ITERATIONS = "max_iterations"
    """The bound on model calls was reached; the work so far is kept."""
    BUDGET = "budget"
    """A budget or a rate left no room for another model call; the work so far is kept."""
    NO_PROGRESS = "no_progress"
    """The same calls came to the same results again and again; the work so far is kept."""
    DEADLINE = "deadline"
    """The run's deadline passed; the work so far is kept."""


ENDED = frozenset(Status) - {Status.PENDING, Status.RUNNING, Status.WAITING}
"""The statuses that a run does not leave by itself."""


class Usage(BaseModel):
    """What a run has used: tokens, counts of calls, money and time.

    `micro_usd` are millionths of a USD, by the prices of the pack. `milliseconds` are those that model calls and tools
    took, so a run that waits for a person uses none; what runs side by side adds up. `tools` counts calls by tool,
    `tool_milliseconds` their time.
    """

    model_config = _FROZEN

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)
    model_calls: int = Field(0, ge=0)
    tool_calls: int = Field(0, ge=0)
    micro_usd: int = Field(0, ge=0)
    milliseconds: int = Field(0, ge=0)
    tools: dict[str, int] = Field(default_factory=dict)
    tool_milliseconds: dict[str, int] = Field(default_factory=dict)

    def __add__(self, other: "Usage") -> "Usage":
        return self._with(other, 1)

    def __sub__(self, other: "Usage") -> "Usage":
        return self._with(other, -1)

    def _with(self, other: "Usage", sign: int) -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + sign * other.input_tokens,
            output_tokens=self.output_tokens + sign * other.output_tokens,
            model_calls=self.model_calls + sign * other.model_calls,
            tool_calls=self.tool_calls + sign * other.tool_calls,
            micro_usd=self.micro_usd + sign * other.micro_usd,
            milliseconds=self.milliseconds + sign * other.milliseconds,
            tools=_by_name(self.tools, other.tools, sign),
            tool_milliseconds=_by_name(self.tool_milliseconds, other.tool_milliseconds, sign),
        )


def _by_name(left: dict[str, int], right: dict[str, int], sign: int) -> dict[str, int]:
    counts = {name: left.get(name, 0) + sign * right.get(name, 0) for name in sorted({*left, *right})}
    return {name: count for name, count in counts.items() if count}


SCALE = {"usd": 1_000_000, "seconds": 1_000}
"""Units in one of a bound, where it is not counted in ones: then money and time add up exactly."""


def units(name: str, amount: float) -> int:
    """`amount` of the bound `name` in whole units: tokens, calls, millionths of a USD, milliseconds."""
    return round(amount * SCALE.get(name, 1))


def amount(name: str, count: int) -> float:
    """The amount that `count` units of the bound `name` are."""
    return count / SCALE[name] if name in SCALE else count


class Budget(BaseModel):
    """The most a task may use; None is no bound. Tokens are those read and written, together.

    `usd` counts only models that the pack has a price for; `seconds` are those of model calls and tools. Calls never
    go over. What one model call takes is known after it, so the last one may go over the other bounds.
    """

    model_config = _FROZEN

    tokens: int | None = Field(None, ge=0)
    model_calls: int | None = Field(None, ge=0)
    tool_calls: int | None = Field(None, ge=0)
    usd: float | None = Field(None, ge=0, allow_inf_nan=False)
    seconds: float | None = Field(None, ge=0, allow_inf_nan=False)

    def left(self, used: Usage) -> "Budget":
        """What remains of each bound, never less than nothing."""
        rest = {name: max(0, units(name, bound) - spent(used, name)) for name, bound in self.bounds().items()}
        return Budget(**{name: amount(name, count) for name, count in rest.items()})

    def bounds(self) -> dict[str, float]:
        """The bounds there are, by name."""
        return {name: bound for name, bound in self if bound is not None}

    def within(self, other: "Budget") -> "Budget":
        """The smaller of both, bound by bound."""
        mine, theirs = self.bounds(), other.bounds()
        both = {name: min(b[name] for b in (mine, theirs) if name in b) for name in {*mine, *theirs}}
        return Budget(**both)

    def shared(self, count: int) -> "Budget":
        """One of `count` equal shares; together they are never more."""
        return Budget(**{name: amount(name, units(name, bound) // count) for name, bound in self.bounds().items()})

    def exhausted(self, used: Usage) -> str:
        """The name of the first bound that leaves no room for another model call, or an empty string."""
        return next(
            (n for n, bound in self.bounds().items() if n != "tool_calls" and spent(used, n) >= units(n, bound)), ""
        )


def tightest(*budgets: Budget | None) -> Budget | None:
    """The smaller of all, bound by bound; None when there is none."""
    given = [budget for budget in budgets if budget is not None]
    return reduce(Budget.within, given) if given else None


def spent(used: Usage, name: str) -> int:
    """What `used` comes to under the bound `name` of a `Budget`, in its units."""
    match name:
        case "tokens":
            return used.input_tokens + used.output_tokens
        case "usd":
            return used.micro_usd
        case "seconds":
            return used.milliseconds
        case _:
            return int(getattr(used, name))


class AgentTask(BaseModel):
    """One piece of work for one agent."""

    model_config = _FROZEN

    task_id: str = Field(min_length=1, max_length=200)
    parent_task_id: str | None = None
    type: str = "general"
    """Which worker takes it."""
    objective: str = Field(min_length=1)
    context: dict[str, Any] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    timeout_seconds: float = Field(300.0, gt=0)
    depends_on: list[str] = Field(default_factory=list)
    budget: Budget | None = None
    depth: int = Field(0, ge=0)
    """Teams above the agent that takes it."""


class AgentResult(BaseModel):
    """What came of a task. `trust` is the label of `output`."""

    model_config = _FROZEN

    task_id: str
    status: Status
    output: Any = None
    error: str | None = None
    usage: Usage = Usage()
    trust: Label = TRUSTED
