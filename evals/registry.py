"""The table of evals. An eval's module is loaded when it is named."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.evals.report import Measure, Report
from lockgate.spec import explain_invalid

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with the runs done, the runs in all and what is running."""

EVALS: dict[str, tuple[str, str]] = {
    # name: (module that holds `EVAL`, what it measures)
    "agentdojo": (
        "lockgate.evals.agentdojo.suite",
        "Attacks by injection against a guard, and the work it lets through.",
    ),
    "crash": (
        "lockgate.evals.crash.suite",
        "Runs that are killed and broken at every point, resumed, and compared with the undisturbed run.",
    ),
    "debate": ("lockgate.evals.debate.suite", "Debate against a majority vote of the same cost."),
}


T = TypeVar("T")


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names: TypeAlias = Annotated[tuple[T, ...], BeforeValidator(_split)]
"""Several names, on the command line with commas between them."""


class Options(BaseModel):
    """Base of an eval's options: no unknown ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Eval:
    """One eval: its options, what it measures, and how it runs. `must` are bounds that hold unless others are named."""

    name: str
    options: type[Options]
    measures: tuple[Measure, ...]
    run: Callable[[Any, Progress], Coroutine[Any, Any, Report]]
    must: Mapping[str, float] = field(default_factory=dict)

    def parse(self, given: Mapping[str, Any]) -> Options:
        """The options; raises ConfigError that names the one at fault."""
        try:
            return self.options.model_validate(dict(given))
        except ValidationError as error:
            known = ", ".join(sorted(self.options.model_fields))
            raise ConfigError(explain_invalid(error), f"Options of {self.name}: {known}.") from None


def load_eval(name: str) -> Eval:
    """The eval called `name`. Raises UnknownNameError, or MissingExtraError when it needs what is not installed."""
    if name not in EVALS:
        raise UnknownNameError.of("eval", name, EVALS)
    found = import_module(EVALS[name][0]).EVAL
    if not isinstance(found, Eval):
        raise TypeError(f"{EVALS[name][0]}.EVAL is no Eval")
    return found


def silent(done: int, total: int, what: str) -> None:
    """Progress that nobody watches."""
