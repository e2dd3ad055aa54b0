"""How every builder compiles: proof first, then the defaults that make a run safe."""

from copy import copy
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from lockgate.deadline import MOST, checked
from lockgate.deployment import METADATA, remember
from lockgate.graphs.fingerprint import deployed
from lockgate.graphs.gathered import gathered
from lockgate.graphs.proof import verify
from lockgate.langgraph_keys import DURABILITY, STRICT_RESUME
from lockgate.runtime.gather import GATHER
from lockgate.runtime.serde import serializer

MAX_STEPS = 10_000
"""Steps of one run; the bound that matters is `max_iterations`, this one only stops a graph gone wild."""


def compiled(
    graph: StateGraph[Any, Any, Any, Any],
    *,
    name: str,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compiles `graph`, proves that every tool call passes through the lock, and sets the safe defaults.

    Raises BypassError with the offending path.
    """
    if isinstance(checkpointer, InMemorySaver):
        # The library's own default builds any class that a checkpoint names; a Postgres saver of ours is strict.
        checkpointer = copy(checkpointer)
        checkpointer.serde = serializer()
    agent = graph.compile(checkpointer=checkpointer, name=name)
    verify(agent)
    return _safe(agent)


def attached(
    agent: CompiledStateGraph[Any, Any, Any, Any], checkpointer: BaseCheckpointSaver[Any]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A graph that somebody else compiled, proved, and with `checkpointer` in place of its own.

    Raises BypassError with the offending path.
    """
    verify(agent)
    return _safe(agent.copy({"checkpointer": checkpointer}))


def within(agent: CompiledStateGraph[Any, Any, Any, Any], seconds: float) -> CompiledStateGraph[Any, Any, Any, Any]:
    """`agent` with a deadline for each of its runs; one that asks for more gets no more. Raises ConfigError."""
    known = (agent.config or {}).get("configurable", {}).get(MOST)
    least = checked(seconds) if known is None else min(checked(seconds), known)
    return agent.with_config(configurable={MOST: least})


def _safe(agent: CompiledStateGraph[Any, Any, Any, Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    configurable: dict[str, Any] = {}
    if agent.checkpointer is not None:
        configurable = {STRICT_RESUME: True, DURABILITY: "sync"}
    if hasattr(agent.checkpointer, "aend"):
        configurable[GATHER] = agent.channels
    metadata = {METADATA: remember(deployed(agent))} if agent.checkpointer is not None else {}
    safe = agent.with_config(recursion_limit=MAX_STEPS, configurable=configurable, metadata=metadata)
    if GATHER in configurable:
        safe.__class__ = gathered(type(safe))
    return safe
