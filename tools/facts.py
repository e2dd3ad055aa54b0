"""Facts about tools in YAML, for tools that somebody else wrote."""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lockgate.errors import ConfigError
from lockgate.spec import ToolSpec
from lockgate.tools.decorator import describe
from lockgate.yaml_data import Kind, Loc, Problem, read_file

_KIND = Kind(name="facts file", file="facts file")


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("has no value; give one or leave the field out")
    return value


Flag = Annotated[bool, Field(strict=True)]
Stated = BeforeValidator(_not_null)


class ToolFacts(BaseModel):
    """What a deployer states of one tool; the fields are those of `@tool`, and so are their defaults: the worst."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    effect: Flag = True
    reversible: Annotated[Flag | None, Stated] = None
    idempotent: Annotated[Flag | None, Stated] = None
    sensitive: frozenset[str] = frozenset()
    private: Flag = False
    output: Literal["trusted", "internal", "untrusted"] = "untrusted"
    risk: Annotated[Literal["low", "medium", "high", "critical"] | None, Stated] = None
    timeout: Annotated[float, Field(gt=0, strict=True)] = 30.0
    max_output: Annotated[int, Field(ge=1, strict=True)] = 65_536
    tags: frozenset[str] = frozenset()

    def spec(self, run: Any, *, name: str, description: str, args_model: type[BaseModel]) -> ToolSpec:
        """The `ToolSpec` of the tool `run`. Raises ConfigError, for a sensitive argument that it lacks for one."""
        return describe(run, name=name, description=description, args_model=args_model, **self.model_dump())


def read_facts(path: "str | os.PathLike[str]") -> dict[str, ToolFacts]:
    """The facts by tool that a YAML file holds under `tools`. Raises FileError with file and line."""
    document = read_file(os.fspath(path), _KIND)
    if document.faults:
        raise document.error(document.faults[0])
    data = document.data
    if not isinstance(data, Mapping) or set(data) != {"version", "tools"} or data["version"] != 1:
        raise document.error(Problem(message="facts are a mapping of 'version: 1' and 'tools'."))
    if not isinstance(data["tools"], Mapping):
        raise document.error(Problem(loc=("tools",), message="must be a mapping from a tool's name to its facts."))
    facts: dict[str, ToolFacts] = {}
    for name, stated in data["tools"].items():
        try:
            facts[str(name)] = ToolFacts.model_validate({} if stated is None else stated)
        except ValidationError as error:
            fault = error.errors()[0]
            loc: Loc = ("tools", name, *fault["loc"][:1])
            raise document.error(Problem(loc=loc, message=f"{'.'.join(map(str, loc))}: {fault['msg']}.")) from None
    return facts


def facts_of(facts: Mapping[str, ToolFacts], name: str) -> ToolFacts:
    """The facts of the tool `name`. Raises ConfigError when nobody has stated them."""
    if name not in facts:
        raise ConfigError(f"Nobody has stated facts of the tool {name!r}.", "Add it under 'tools' in the facts file.")
    return facts[name]
