"""`ToolSpec`: the facts that tools state and guardrails judge."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from lockgate.labels import Integrity


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
    - `risk`: how bad a wrong call would be. `timeout` in seconds. `max_output` in bytes of UTF-8 text.
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

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """JSON schema of the arguments."""
        schema = self.args_model.model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        return schema

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The tool as chat models take it: `{"type": "function", "function": {name, description, parameters}}`."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": self.parameters},
        }
