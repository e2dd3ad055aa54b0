"""From names on the command line to objects: graphs, tools, modules."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.graphs.loading import load

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

    from lockgate.cli.launch import Launch
    from lockgate.tools import ToolRegistry

SHIPPED = {"react": "lockgate.graphs.react:build", "reference": "lockgate.graphs.reference:build"}
"""Graphs that come with Lockgate, by name."""
CONFIG = "langgraph.json"


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

    if launch.is_team:
        return _team(launch, saver)
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


def _team(launch: "Launch", saver: Any) -> "CompiledStateGraph[Any, Any, Any, Any]":
    from lockgate.cli.launch import load_policy
    from lockgate.graphs import load_team

    for name in ("tools", "max_iterations"):
        if getattr(launch, name):
            option = name.replace("_", "-")
            raise ConfigError(f"A team's file says its {name} itself.", f"Leave --{option} out.")
    policy = load_policy(launch.policy, launch.folder) if launch.policy else None
    path = Path(launch.folder) / launch.graph
    return load_team(path, model=launch.model or None, policy=policy, checkpointer=saver)


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
    """The tools that `names` hold; the built-in ones for none."""
    from lockgate.graphs import loading

    return loading.load_tools(names or ("builtin",), folder)


def require_model(launch: "Launch") -> None:
    """Raises ConfigError when a shipped graph is to run without a model, before anything is opened."""
    if launch.graph in SHIPPED and not launch.model:
        _model(launch)
