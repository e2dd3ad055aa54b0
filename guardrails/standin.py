"""`StandIn`: a tool described as data, for judging calls where the tool itself is not at hand."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from lockgate.guardrails.constraint import Flag, Strict
from lockgate.labels import Integrity
from lockgate.spec import Risk, ToolSpec

Shape = Literal["string", "number", "integer", "boolean", "list", "object", "any"]
_TYPES: dict[str, Any] = {
    "string": str,
    "number": float,
    "integer": int,
    "boolean": bool,
    "list": list[Any],
    "object": dict[str, Any],
    "any": Any,
}


class _Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


class StandIn(Strict):
    """A tool with the facts of `ToolSpec`; what is left out is assumed to be the worst, as of one that is silent."""

    effect: Flag = True
    reversible: Flag = False
    idempotent: Flag = False
    sensitive: tuple[str, ...] = ()
    private: Flag = False
    output: Literal["trusted", "internal", "untrusted"] = "untrusted"
    risk: Literal["low", "medium", "high", "critical"] = "high"
    args: Annotated[dict[str, Shape] | None, Field(description="Arguments it takes; any, when left out.")] = None
    optional: Annotated[tuple[str, ...], Field(description="Arguments that may be left out.")] = ()

    def spec(self, name: str) -> ToolSpec:
        """The tool called `name` with these facts. It cannot run."""
        return ToolSpec(
            name=name,
            description="",
            args_model=self._model(name),
            run=_cannot_run,
            is_async=False,
            effect=self.effect,
            reversible=self.reversible,
            idempotent=self.idempotent,
            sensitive=frozenset(self.sensitive),
            private=self.private,
            output=Integrity.parse(self.output),
            risk=Risk.parse(self.risk),
        )

    def _model(self, name: str) -> type[BaseModel]:
        if self.args is None:
            return _Anything
        fields: dict[str, Any] = {
            arg: (_TYPES[shape] | None, None) if arg in self.optional else (_TYPES[shape], ...)
            for arg, shape in self.args.items()
        }
        made: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        return made


def _cannot_run(**_: Any) -> Any:
    raise NotImplementedError("these are the facts of a tool, not the tool")
