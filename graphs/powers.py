"""What a node can do, found by looking at what its code can reach: tools, models, jumps, inner graphs.

The look is conservative but not clairvoyant: a function that calls a web service by itself is no tool call here.
"""

import functools
import sys
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseLanguageModel
from langchain_core.tools import BaseTool
from langgraph.pregel import Pregel

from lockgate.nodes.node import Node
from lockgate.spec import ToolSpec

MAX_OBJECTS = 20_000
"""Objects looked at for one node. A node that reaches more is taken to be able to do anything."""

_LIBRARIES = {*sys.stdlib_module_names, "langchain_core", "langgraph", "pydantic", "pydantic_core", "typing_extensions"}
_OPENERS = {"init_chat_model", "open_model"}
_JUMPS = {"Command", "Send"}
_THINKERS = {"call_model", "lead"}
"""Roles of Lockgate's own nodes that call a model."""


@dataclass(slots=True)
class Powers:
    """What one node can do. `role` is set for Lockgate's own nodes only, and cannot be claimed by name."""

    role: str = ""
    tool: bool = False
    model: bool = False
    jumps: bool = False
    graphs: list[Pregel[Any, Any, Any, Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """What a node of Lockgate calls each of its `graphs`; empty for the code of others."""


def powers(bound: Any) -> Powers:
    """The powers of a node's runnable."""
    if isinstance(bound, Node) and type(bound) is Node and bound.body.__module__ == f"lockgate.nodes.{bound.role}":
        model = bound.role in _THINKERS
        return Powers(
            role=bound.role,
            tool=bound.role == "execute_tool",
            model=model,
            graphs=list(bound.graphs.values()),
            names=list(bound.graphs),
        )
    found = Powers()
    seen: set[int] = set()
    queue: list[Any] = [bound]
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, _PLAIN):
            continue
        seen.add(id(item))
        if len(seen) > MAX_OBJECTS:
            return Powers(tool=True, model=True, jumps=True)
        if isinstance(item, Pregel):
            found.graphs.append(item)
        elif isinstance(item, (BaseTool, ToolSpec)):
            found.tool = True
        elif isinstance(item, BaseLanguageModel):
            found.model = True
        else:
            _note_code(item, found)
            queue.extend(_reachable(item))
    return found


_PLAIN = (str, bytes, int, float, bool, type(None))


def _note_code(item: Any, found: Powers) -> None:
    code = getattr(item, "__code__", None)
    if not isinstance(code, types.CodeType) or _is_library(item):
        return
    names = {name for block in _blocks(code) for name in block.co_names}
    found.jumps |= bool(names & _JUMPS)
    found.model |= bool(names & _OPENERS)


def _reachable(item: Any) -> Iterator[Any]:
    """What `item` can get at directly: contents, attributes, closures, and the globals its code names."""
    if isinstance(item, dict):
        yield from item.values()
    elif isinstance(item, (list, tuple, set, frozenset)):
        yield from item
    elif isinstance(item, functools.partial):
        yield from (item.func, *item.args, *item.keywords.values())
    elif isinstance(item, types.MethodType):
        yield from (item.__self__, item.__func__)
    elif isinstance(item, types.FunctionType):
        yield from _of_function(item)
    elif isinstance(item, (staticmethod, classmethod)):
        yield item.__func__
    elif isinstance(item, property):
        yield from (item.fget, item.fset)
    elif isinstance(item, type):
        if not _is_ours_or_library(item):
            for cls in item.__mro__:
                yield from () if _is_ours_or_library(cls) else list(vars(cls).values())
    elif isinstance(item, types.ModuleType):
        return
    else:
        yield from _of_instance(item)


def _of_function(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    if wrapped := getattr(function, "__wrapped__", None):
        yield wrapped
    if _is_library(function):
        return
    names = {name for block in _blocks(function.__code__) for name in block.co_names}
    # What it imports in its own body is in no global; the loaded module is found by the name of the import.
    imported = {name: sys.modules[name] for name in names & sys.modules.keys()}
    for name in names & (imported.keys() | function.__globals__.keys()):
        value = function.__globals__.get(name, imported.get(name))
        if isinstance(value, types.ModuleType) and value.__name__.partition(".")[0] not in _LIBRARIES:
            yield from (getattr(value, inner, None) for inner in names)
        else:
            yield value


def _of_instance(item: Any) -> Iterator[Any]:
    yield from getattr(item, "__dict__", {}).values()
    for cls in type(item).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        names: Iterable[str] = (slots,) if isinstance(slots, str) else slots
        yield from (getattr(item, name, None) for name in names if not name.startswith("__"))
    yield type(item)


def _blocks(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _blocks(constant)


def _is_ours_or_library(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in {*_LIBRARIES, "lockgate"}


def _is_library(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").partition(".")[0] in _LIBRARIES
