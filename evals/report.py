"""What an eval found: a table of figures, as text and as JSON, and the bounds it may be held to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lockgate.errors import ConfigError, UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure: its name in JSON, its `title` in the table, what it means, and which way is `better`.

    `better` is None for a figure that is only told. `unit` is `%`, or empty for a count or a mean.
    """

    name: str
    title: str
    what: str
    unit: Literal["%", ""] = "%"
    better: Literal["higher", "lower"] | None = None

    def holds(self, value: float, bound: float) -> bool:
        """Whether `value` is at least as good as `bound`."""
        return value >= bound if self.better == "higher" else value <= bound


@dataclass(frozen=True, kw_only=True)
class Row:
    """The figures of one part of an eval; `part` names it, such as suite and payload."""

    part: Mapping[str, str]
    figures: Mapping[str, float]

    @property
    def name(self) -> str:
        """Such as `banking plain`."""
        return " ".join(filter(None, self.part.values()))


@dataclass(frozen=True, kw_only=True)
class Report:
    """The rows of an eval, what its figures mean, and with which `settings` they were found.

    `details` are single runs as plain data, where they were asked for. `notes` are sentences for whoever reads the
    figures. `cpu_seconds` is what the whole eval took.
    """

    eval: str
    measures: Sequence[Measure]
    rows: Sequence[Row]
    settings: Mapping[str, Any] = field(default_factory=dict)
    details: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    cpu_seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain data: `rows` hold their part and their figures side by side."""
        return {
            "eval": self.eval,
            "settings": dict(self.settings),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "rows": [{**row.part, **row.figures} for row in self.rows],
            **({"details": list(self.details)} if self.details else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
        }

    def as_text(self) -> str:
        """A line a figure and a column a row of the report, or the other way round when there are more rows."""
        head = [self.eval, *(row.name for row in self.rows)]
        lines = [
            [f"{m.title}{', %' if m.unit else ''}", *(_number(row.figures.get(m.name)) for row in self.rows)]
            for m in self.measures
        ]
        table = [head, *lines]
        if len(self.rows) > len(self.measures):
            table = [list(line) for line in zip(*table, strict=True)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        text = [
            "  ".join(
                [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
            )
            for first, *rest in table
        ]
        return "\n".join([*text, *self.notes])

    def broken(self, bounds: Mapping[str, float]) -> list[str]:
        """What does not hold, a sentence each: every row must be at least as good as each bound."""
        return [
            f"{row.name}: {name} is {row.figures[name]:g}, the bound is {bound:g}"
            for name, bound in bounds.items()
            for row in self.rows
            if name in row.figures and not self._measure(name).holds(row.figures[name], bound)
        ]

    def _measure(self, name: str) -> Measure:
        return next(measure for measure in self.measures if measure.name == name)


def parse_bounds(texts: Sequence[str], measures: Sequence[Measure]) -> dict[str, float]:
    """Bounds from `name=number`. Raises ConfigError for what is no number or a figure that cannot be bounded."""
    known = {measure.name for measure in measures if measure.better}
    bounds: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in known:
            raise UnknownNameError.of("figure", name, known)
        try:
            bounds[name] = float(number)
        except ValueError:
            raise ConfigError(f"{text!r} is no bound.", f"Write {name}=NUMBER.") from None
    return bounds


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
