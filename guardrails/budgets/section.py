"""The section `budgets` of a pack: bounds of one run, rates over time, prices, and when a run is stuck."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from lockgate.guardrails.constraint import Count, Number, Strict
from lockgate.guardrails.pattern import Pattern, glob
from lockgate.guardrails.rule import Name, Names
from lockgate.handoff import Budget

Scope: TypeAlias = Literal["user", "tenant", "agent", "tool", "everyone"]
Measure: TypeAlias = Literal["tokens", "usd", "model_calls", "tool_calls", "seconds"]
Amount: TypeAlias = Annotated[Number, Field(ge=0, le=1e12)]
"""USD or seconds; their millionths still fit the integers of a database."""
MOST_MICRO_USD = 10**18
MOST_TOKENS = 10**15
Bound: TypeAlias = Annotated[Count, Field(le=MOST_TOKENS)]

SECONDS = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0, "week": 604_800.0}
"""Windows that have a name."""


def _window(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9  # noqa: PLR2004
    if number or (isinstance(value, str) and value in SECONDS):
        return value
    raise ValueError("must be minute, hour, day or week, or a number of seconds above 0 (and below 1e9)")


Window: TypeAlias = Annotated[str | float, BeforeValidator(_window)]


class Bounds(Strict):
    """The most of each; what is left out is no bound."""

    tokens: Bound | None = Field(default=None, description="Tokens read and written, together. Left out: any number.")
    usd: Amount | None = Field(default=None, description="US dollars, by `prices`. Left out: any sum.")
    model_calls: Bound | None = Field(default=None, description="Calls of a model. Left out: any number.")
    tool_calls: Bound | None = Field(default=None, description="Calls of tools that ran. Left out: any number.")
    seconds: Amount | None = Field(
        default=None, description="Time of model calls and tools; waiting is free. Left out: any time."
    )

    def budget(self) -> Budget:
        """The same as a `Budget`."""
        return Budget(**{name: getattr(self, name) for name in Bounds.model_fields})


class Rate(Bounds):
    """The most in any stretch of time as long as `per`, over all runs. It is counted in Postgres."""

    by: Scope = Field(description="Who shares it. `tool` counts the calls, or the time, of each tool, whoever asks.")
    per: Window = Field(description="The stretch: minute, hour, day or week, or a number of seconds.")
    tools: Names | None = Field(
        default=None, description="For tool_calls and seconds: only these tools; * and ? stand for others."
    )

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        asked = dict(self.bounds())
        if not asked:
            raise ValueError("bounds nothing; give tokens, usd, model_calls, tool_calls or seconds")
        if self.of_tools and (more := asked.keys() - {"tool_calls", "seconds"}):
            names = ", ".join(sorted(more))
            raise ValueError(f"a rate of tools cannot bound {names}: a tool uses no model; give tool_calls or seconds")
        return self

    @property
    def of_tools(self) -> bool:
        """Whether it counts nothing but tools."""
        return self.tools is not None or self.by == "tool"

    def bounds(self) -> Iterator[tuple[Measure, float]]:
        """The measures it bounds."""
        yield from self.budget().bounds().items()  # type: ignore[misc]

    @property
    def window(self) -> float:
        """Its stretch in seconds."""
        return SECONDS[self.per] if isinstance(self.per, str) else float(self.per)

    def covers(self, tool: str) -> bool:
        """Whether a call of `tool` counts."""
        return self.tools is None or any(named(name, tool) for name in self.tools)


class Price(Strict):
    """USD for a million tokens."""

    input: Amount
    output: Amount


class NoProgress(Strict):
    """When a run goes round in circles."""

    repeats: Annotated[Count, Field(ge=2)] = Field(
        default=4, description="Rounds in which calls and results were only such as the run had seen."
    )
    answers: Annotated[Count, Field(ge=2)] = Field(
        default=8, description="The same answer of the model in a row, whatever came of it."
    )


class BudgetSection(Strict):
    """What may be used. Every bound that applies holds; none is there unless the pack names it."""

    run: Bounds = Field(default=Bounds(), description="One run of an agent: what follows one message of a user.")
    agents: dict[Name, Bounds] = Field(default={}, description="Agents by name; * and ? stand for others.")
    tools: dict[Name, Bound] = Field(default={}, description="Calls of a tool in one run; * and ? stand for others.")
    tool_seconds: dict[Name, Amount] = Field(
        default={}, description="Time that calls of a tool take in one run; * and ? stand for others."
    )
    rates: tuple[Rate, ...] = Field(default=(), description="Bounds over time and over all runs.")
    prices: dict[Name, Price] = Field(default={}, description="By name of the model; * and ? stand for others.")
    reply: Bound = Field(default=1_000, description="Tokens that are set aside for each answer before it is asked for.")
    reply_seconds: Amount = Field(
        default=10, description="Seconds that are set aside for each answer where several share a bound on time."
    )
    no_progress: NoProgress = Field(default=NoProgress(), description="When a run goes round in circles.")

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.counts_money and not self.prices:
            raise ValueError("there is a bound in usd but no prices; add prices: {MODEL: {input: USD, output: USD}}")
        return self

    @property
    def counts_money(self) -> bool:
        """Whether anything is bounded in USD."""
        return any(b.usd is not None for b in (self.run, *self.agents.values(), *self.rates))

    def price(self, model: str) -> Price | None:
        """The first price whose name stands for `model`."""
        return next((price for name, price in self.prices.items() if named(name, model)), None)

    def of_run(self, agent: str) -> Iterable[Budget]:
        """What bounds one run of `agent`."""
        yield self.run.budget()
        yield from (bounds.budget() for name, bounds in self.agents.items() if named(name, agent))


@cache
def _compiled(name: str) -> Pattern:
    return glob(name)


def named(pattern: str, name: str) -> bool:
    """Whether `pattern` stands for `name`; one that cannot be read counts as named, since a bound is meant."""
    return pattern == name or _compiled(pattern)(name) is not False


def cost(price: Price | None, input_tokens: int, output_tokens: int) -> int:
    """Millionths of a USD, rounded up and never more than any bound there can be; 0 without a price."""
    if price is None:
        return 0
    # A USD for a million tokens is a millionth for one.
    return min(MOST_MICRO_USD, -int(-(input_tokens * price.input + output_tokens * price.output) // 1))


def sum_of(tools: Mapping[str, int], pattern: str) -> int:
    """Calls, or time, of the tools that `pattern` stands for."""
    return sum(count for tool, count in tools.items() if named(pattern, tool))
