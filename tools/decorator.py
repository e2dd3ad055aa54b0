"""`@tool`: a typed function becomes a `ToolSpec`."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_type_hints, overload

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from lockgate.errors import ConfigError
from lockgate.labels import Integrity
from lockgate.spec import Risk, ToolSpec, Undo

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_ARGS_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=False)


@overload
def tool(function: Callable[..., Any]) -> ToolSpec: ...


@overload
def tool(
    *,
    name: str = "",
    description: str = "",
    effect: bool = True,
    reversible: bool | None = None,
    idempotent: bool | None = None,
    sensitive: Iterable[str] = (),
    private: bool = False,
    output: Integrity | str = Integrity.UNTRUSTED,
    risk: Risk | str | None = None,
    timeout: float = 30.0,
    max_output: int = 65_536,
    tags: Iterable[str] = (),
    process: bool = False,
    once_per: Literal["call", "run"] = "call",
    probe: Callable[[str], Any] | None = None,
    safe_errors: Iterable[type[Exception]] = (),
    undo: str = "",
    undo_args: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Any]], ToolSpec]: ...


def tool(
    function: Callable[..., Any] | None = None, /, **facts: Any
) -> ToolSpec | Callable[[Callable[..., Any]], ToolSpec]:
    """Makes a `ToolSpec` of a typed function, sync or async; the docstring is what the model is told.

    The facts default to the worst: an effect, not reversible, not idempotent, output untrusted. A tool without
    an effect is reversible and idempotent by nature. `risk`, unless given, is low without an effect, medium
    with a reversible one, else high. `timeout` is in seconds, `max_output` in bytes. With `process` a synchronous
    function runs in a worker process, which is killed at the timeout; a thread could only be left behind.

    Bounds stand in the annotations, such as `Annotated[float, Field(gt=0, le=500)]`, and are checked before
    anything else. What an effect happens once for (`once_per`), how to find out whether it did (`probe`), which
    exceptions say that it did not (`safe_errors`), and which tool undoes it with what (`undo`, `undo_args`) is told
    in docs/effects.md. Raises ConfigError when the function cannot be described to a model.
    """
    if function is None:
        return lambda decorated: describe(decorated, **facts)
    return describe(function, **facts)


def describe(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    args_model: type[BaseModel] | None = None,
    effect: bool = True,
    reversible: bool | None = None,
    idempotent: bool | None = None,
    sensitive: Iterable[str] = (),
    private: bool = False,
    output: Integrity | str = Integrity.UNTRUSTED,
    risk: Risk | str | None = None,
    timeout: float = 30.0,
    max_output: int = 65_536,
    tags: Iterable[str] = (),
    process: bool = False,
    once_per: Literal["call", "run"] = "call",
    probe: Callable[[str], Any] | None = None,
    safe_errors: Iterable[type[Exception]] = (),
    undo: str = "",
    undo_args: Mapping[str, str] | None = None,
) -> ToolSpec:
    """The `ToolSpec` of `function`, whose arguments are described by `args_model` or its own annotations."""
    name = name or getattr(function, "__name__", "")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no tool name.", "Use up to 64 letters, digits, _ and -.")
    description = description or inspect.getdoc(function) or ""
    if not description:
        raise ConfigError(f"Tool {name!r} has no description.", "Give it a docstring: it is all the model is told.")
    if not timeout > 0 or max_output < 1:
        raise ConfigError(f"Tool {name!r}: timeout and max_output must be above zero.")
    args_model = args_model or _arguments(name, function)
    known = args_model.model_fields
    if strays := sorted(set(sensitive) - set(known)) if known else []:
        raise ConfigError(f"Tool {name!r}: sensitive names no argument {strays[0]!r}.", f"It has: {', '.join(known)}.")
    if process:
        from lockgate.tools.process import place_of

        if inspect.iscoroutinefunction(function):
            raise ConfigError(f"Tool {name!r} is async, so its timeout ends it already.", "Leave process=True out.")
        place_of(function)
    if once_per not in ("call", "run"):
        raise ConfigError(f"Tool {name!r}: once_per is 'call' or 'run', not {once_per!r}.")
    reversible = (bool(undo) or not effect) if reversible is None else reversible
    natural = Risk.LOW if not effect else Risk.MEDIUM if reversible else Risk.HIGH
    try:
        return ToolSpec(
            name=name,
            description=description,
            args_model=args_model,
            run=function,
            is_async=inspect.iscoroutinefunction(function),
            effect=effect,
            reversible=reversible,
            idempotent=not effect if idempotent is None else idempotent,
            sensitive=frozenset(sensitive),
            private=private,
            output=Integrity.parse(output),
            risk=natural if risk is None else Risk.parse(risk),
            timeout=float(timeout),
            max_output=max_output,
            tags=frozenset(tags),
            process=process,
            once_per=once_per,
            probe=probe,
            safe_errors=tuple(safe_errors),
            undo=_undo(name, undo, undo_args),
        )
    except ValueError as error:
        raise ConfigError(f"Tool {name!r}: {error}.") from None


def _undo(name: str, tool: str, args: Mapping[str, str] | None) -> Undo | None:
    if not tool:
        if args is not None:
            raise ConfigError(f"Tool {name!r}: undo_args without undo.", "Name the tool that undoes it.")
        return None
    for path in (args or {}).values():
        if path.split(".")[0] not in ("args", "result"):
            raise ConfigError(f"Tool {name!r}: undo_args names {path!r}.", "A path begins with args or result.")
    return Undo(tool=tool, args=dict(args or {}))


def _arguments(name: str, function: Callable[..., Any]) -> type[BaseModel]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ConfigError(f"Tool {name!r}: an annotation cannot be resolved: {error}.") from None
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ConfigError(f"Tool {name!r}: argument {parameter.name!r} has no name that a model could use.")
        if parameter.name not in hints:
            raise ConfigError(f"Tool {name!r}: argument {parameter.name!r} has no type.", "Annotate it.")
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints[parameter.name], default)
    try:
        model: type[BaseModel] = create_model(f"{name}_arguments", __config__=_ARGS_CONFIG, **fields)
        model.model_json_schema()
    except (PydanticUserError, PydanticUndefinedAnnotation, NameError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"Tool {name!r}: its arguments have no JSON schema: {reason}") from None
    return model
