"""From names on the command line to objects: graphs, tools, modules."""

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

    from lockgate.cli.launch import Launch
    from lockgate.tools import ToolRegistry

SHIPPED = {"react": "lockgate.graphs.react:build"}
"""Graphs that come with Lockgate, by name."""
CONFIG = "langgraph.json"


def load(where: str, folder: str) -> Any:
    """The object that `module:attribute` or `file.py:attribute` names; `folder` is on the import path.

    Raises ConfigError when it cannot be imported, UnknownNameError when the module has no such attribute.
    """
    place, _, attribute = where.rpartition(":")
    if not place or not attribute:
        raise ConfigError(f"{where!r} is not of the form module:attribute.", "Such as my_agents:graph.")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = _from_file(Path(folder) / place) if place.endswith(".py") else import_module(place)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(
            f"{place!r} cannot be imported: {type(error).__name__}: {error}.", f"Looked in {folder} and sys.path."
        ) from error
    found = module
    for name in attribute.split("."):
        if not hasattr(found, name):
            public = [known for known in vars(module) if not known.startswith("_")]
            raise UnknownNameError.of(f"name in {place}", attribute, public)
        found = getattr(found, name)
    return found


def _from_file(path: Path) -> Any:
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigError(f"There is no file {path}.")
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configured_graphs(folder: str) -> dict[str, str]:
    """Name and place of each graph in `langgraph.json`; none without that file. Raises ConfigError."""
    path = Path(folder) / CONFIG
    if not path.is_file():
        return {}
    try:
        graphs = json.loads(path.read_text("utf-8"))["graphs"]
        return {name: place["path"] if isinstance(place, Mapping) else str(place) for name, place in graphs.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} cannot be read: {type(error).__name__}: {error}.", 'It holds {"graphs": {"name": "module:graph"}}.'
        ) from None


def known_graphs(folder: str) -> dict[str, str]:
    """Every graph that has a name here. A shipped one is built, even where Studio's ready-made one is configured."""
    own = {
        name: place
        for name, place in configured_graphs(folder).items()
        if not (name in SHIPPED and place.startswith("lockgate."))
    }
    return {**SHIPPED, **own}


async def assemble(
    launch: "Launch", saver: "BaseCheckpointSaver[Any] | None"
) -> "CompiledStateGraph[Any, Any, Any, Any]":
    """The compiled graph that `launch` names, proved, with `saver` as its checkpointer."""
    from langgraph.graph import StateGraph
    from langgraph.graph.state import CompiledStateGraph

    from lockgate.graphs.compiling import attached, compiled

    known = known_graphs(launch.folder)
    if launch.graph not in known and ":" not in launch.graph:
        error = UnknownNameError.of("graph", launch.graph, known)
        raise UnknownNameError(error.message, f"{error.hint} Or name one as module:attribute.")
    found = load(known.get(launch.graph, launch.graph), launch.folder)
    if not isinstance(found, (StateGraph, CompiledStateGraph)):
        if not callable(found):
            raise ConfigError(f"{launch.graph!r} is a {type(found).__name__}, neither a graph nor a function.")
        found = found(**_arguments(found, launch, saver))
        if inspect.isawaitable(found):
            found = await found
    elif launch.tools or launch.policy or launch.max_iterations:
        raise ConfigError(
            f"{launch.graph!r} is built already; --tools, --policy and --max-iterations cannot change it.",
            "Name a function that builds it.",
        )
    if isinstance(found, StateGraph):
        return compiled(found, name=launch.graph, checkpointer=saver)
    if not isinstance(found, CompiledStateGraph):
        raise ConfigError(f"{launch.graph!r} gave a {type(found).__name__}, not a graph.")
    return found if saver is None or found.checkpointer is saver else attached(found, saver)


def _arguments(build: Callable[..., Any], launch: "Launch", saver: Any) -> dict[str, Any]:
    """What the builder takes of what there is; its own defaults stand where nothing was asked for."""
    from lockgate.cli.launch import load_policy

    shipped = launch.graph in SHIPPED
    offers: dict[str, tuple[bool, Callable[[], Any]]] = {
        "model": (bool(launch.model), lambda: _model(launch)),
        "tools": (bool(launch.tools) or shipped, lambda: load_tools(launch.tools, launch.folder)),
        "policy": (bool(launch.policy) or shipped, lambda: load_policy(launch.policy, launch.folder)),
        "max_iterations": (bool(launch.max_iterations), lambda: launch.max_iterations),
        "checkpointer": (saver is not None, lambda: saver),
    }
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(build).parameters.items():
        wanted, make = offers.pop(name, (False, None))
        if make is not None and (wanted or parameter.default is parameter.empty):
            given[name] = make()
    refused = [name for name in ("tools", "policy", "max_iterations") if name in offers and getattr(launch, name)]
    if refused:
        option = refused[0].replace("_", "-")
        raise ConfigError(f"The builder {launch.graph!r} takes no {refused[0]}.", f"Leave --{option} out.")
    return given


def _model(launch: "Launch") -> Any:
    from lockgate.models import open_model

    if not launch.model:
        raise ConfigError(
            "No model is named.",
            "Say --model local (after: lockgate models pull smollm2), --model provider:name such as openai:gpt-4.1 or "
            "anthropic:claude-sonnet-4-5, or --model scripted:FILE.yaml; or set LOCKGATE_MODEL.",
        )
    return open_model(launch.model, base_url=launch.base_url)


def load_tools(names: tuple[str, ...], folder: str) -> "ToolRegistry":
    """The tools that `names` (`module:attribute` of a registry, a list or a tool) hold; the built-in ones for none."""
    from lockgate.spec import ToolSpec
    from lockgate.tools import ToolRegistry
    from lockgate.tools.builtin import builtin_tools

    if not names:
        return builtin_tools(folder)
    found: list[Any] = []
    for name in names:
        item = builtin_tools(folder) if name == "builtin" else load(name, folder)
        if isinstance(item, ToolSpec) or not isinstance(item, (Mapping, list, tuple, set)):
            found.append(item)
        else:
            found.extend(item.values() if isinstance(item, Mapping) else item)
    return ToolRegistry(found)


def require_model(launch: "Launch") -> None:
    """Raises ConfigError when a shipped graph is to run without a model, before anything is opened."""
    if launch.graph in SHIPPED and not launch.model:
        _model(launch)
