"""`ToolSpec`: the facts that tools state and guardrails judge."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from lockgate.labels import Integrity
from lockgate.text import clean

EXTERNAL = "external"
"""Tag of a tool whose description and schema somebody else wrote; they are screened before a model reads them."""


class Risk(IntEnum):
    """How bad a wrong call would be."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3

    @classmethod
    def parse(cls, name: "str | Risk") -> "Risk":
        """From `low`, `medium`, `high` or `critical`; raises ValueError otherwise."""
        if isinstance(name, cls):
            return name
        try:
            return cls[str(name).upper()]
        except KeyError:
            raise ValueError(f"risk is one of low, medium, high, critical; not {name!r}") from None

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """One tool: what the model sees of it, the facts the gate judges it by, and the function itself.

    - `name`, `description`, `args_model`: what the model is shown, as a JSON schema; never the implementation.
    - `effect`: it changes something outside the run. `reversible`: that can be undone. `idempotent`: running it
      twice with the same arguments equals running it once. Unknown tools are assumed to be the worst of each.
    - `sensitive`: arguments whose origin matters (a recipient, an account, a URL, a path, an amount).
    - `private`: it reads private data. `output`: the integrity of what it returns.
    - `risk`: how bad a wrong call would be. `timeout` in seconds. `max_output` in bytes of UTF-8 text. `process`: it
      runs in a worker process, which is killed at the timeout.
    - `risk`: how bad a wrong call would be. `timeout` in seconds. `max_output` in bytes of UTF-8 text.
    - `once_per`: what an effect happens once for: each `call`, or equal arguments in one `run`.
    - `probe`: tells from an idempotency key whether the effect happened: `Happened`, `DidNotHappen`, or None.
    - `safe_errors`: exceptions after which nothing has happened, besides ToolError. `undo`: the way back.
    """

    name: str
    description: str
    args_model: type[BaseModel]
    run: Callable[..., Any] | Callable[..., Awaitable[Any]]
    is_async: bool
    effect: bool = True
    reversible: bool = False
    idempotent: bool = False
    sensitive: frozenset[str] = frozenset()
    private: bool = False
    output: Integrity = Integrity.UNTRUSTED
    risk: Risk = Risk.HIGH
    timeout: float = 30.0
    max_output: int = 65_536
    tags: frozenset[str] = field(default=frozenset())
    process: bool = False
    once_per: Literal["call", "run"] = "call"
    probe: Callable[[str], Any] | None = None
    safe_errors: tuple[type[Exception], ...] = ()
    undo: "Undo | None" = None

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        schema = self.args_model.model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        return schema

    def validated(self, args: dict[str, Any]) -> dict[str, Any]:
        """`args` checked against `args_model`, with defaults filled in, as plain JSON values.

        A Decimal stays one, so that bounds on amounts compare exactly. Raises pydantic's ValidationError.
        """
        return {name: _plain(value) for name, value in self.args_model.model_validate(args)}

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tool as chat models take it: `{"type": "function", "function": {name, description, parameters}}`."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }


@dataclass(frozen=True, kw_only=True)
class Undo:
    """How an effect is undone: by a call to `tool`.

    `args` maps each of its arguments to where it comes from: `args.NAME` of the call, or `result` or `result.NAME` of
    what it returned, as deep as need be.
    """

    tool: str
    args: Mapping[str, str]

    def arguments(self, args: Mapping[str, Any], result: Any) -> dict[str, Any]:
        """The arguments of the undoing call. Raises KeyError with the path that leads nowhere."""
        known = {"args": args, "result": result}
        return {name: _at(known, path) for name, path in self.args.items()}


def _at(place: Any, path: str) -> Any:
    for name in path.split("."):
        try:
            place = place[int(name) if isinstance(place, list) else name]
        except (LookupError, TypeError, ValueError):
            raise KeyError(path) from None
    return place


def _plain(value: Any) -> Any:
    if value is None or type(value) in _LEAVES:
        return value
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, BaseModel):
        return {name: _plain(item) for name, item in value}
    return to_jsonable_python(value)


_LEAVES = (str, int, float, bool, Decimal)


def explain_invalid(error: ValidationError) -> str:
    """What is wrong with a call's arguments, a clause a fault, without repeating hostile input at length."""
    faults = [f"{'.'.join(map(str, e['loc']))[:100] or 'arguments'}: {e['msg'][:200]}" for e in error.errors()[:5]]
    return clean("Invalid arguments. " + "; ".join(faults))
