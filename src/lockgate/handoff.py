"""Typed handoffs between agents: a task goes in, a result comes out, never free text."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lockgate.labels import TRUSTED, Label

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """Where a run or a task stands. Every run ends in one of the last five."""

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


class Usage(BaseModel):
    """What a run has used: tokens and counts of calls."""

    model_config = _FROZEN

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)
    model_calls: int = Field(0, ge=0)
    tool_calls: int = Field(0, ge=0)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            model_calls=self.model_calls + other.model_calls,
            tool_calls=self.tool_calls + other.tool_calls,
        )


class Budget(BaseModel):
    """The most a task may use; None is no bound. Tokens are those read and written, together.

    Calls never go over. Tokens are counted after each answer, so the last one may.
    """

    model_config = _FROZEN

    tokens: int | None = Field(None, ge=0)
    model_calls: int | None = Field(None, ge=0)
    tool_calls: int | None = Field(None, ge=0)

    def left(self, used: Usage) -> "Budget":
        """What remains of each bound, never less than nothing."""
        return Budget(**{name: max(0, bound - spent(used, name)) for name, bound in self.bounds().items()})

    def bounds(self) -> dict[str, int]:
        """The bounds there are, by name."""
        return {name: bound for name, bound in self if bound is not None}

    def within(self, other: "Budget") -> "Budget":
        """The smaller of both, bound by bound."""
        mine, theirs = self.bounds(), other.bounds()
        return Budget(**{name: min(b[name] for b in (mine, theirs) if name in b) for name in {*mine, *theirs}})

    def exhausted(self, used: Usage) -> str:
        """The name of the first bound that leaves no room for another model call, or an empty string."""
        bounds = self.bounds()
        names = ("tokens", "model_calls")
        return next((name for name in names if name in bounds and spent(used, name) >= bounds[name]), "")


def spent(used: Usage, name: str) -> int:
    """What `used` comes to under the bound `name` of a `Budget`."""
    return used.input_tokens + used.output_tokens if name == "tokens" else int(getattr(used, name))


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
