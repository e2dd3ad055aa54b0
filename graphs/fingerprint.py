"""`deployed`: the parts of a compiled graph that a thread's next steps depend on."""

import hashlib
from collections.abc import Iterator
from typing import Any, get_args

from langgraph.graph import START
from langgraph.pregel import Pregel

from lockgate.decision import canonical_json
from lockgate.deployment import Deployment
from lockgate.graphs.wiring import wiring
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.guarding import named
from lockgate.nodes.node import Node
from lockgate.spec import ToolSpec


def deployed(graph: Pregel[Any, Any, Any, Any]) -> Deployment:
    """Nodes with where they lead, keys of the state, tools and policies, those of workers and stages included."""
    return Deployment(parts=dict(sorted(_parts(graph, "", frozenset()))))


def _parts(graph: Pregel[Any, Any, Any, Any], prefix: str, above: frozenset[int]) -> Iterator[tuple[str, str]]:
    if id(graph) in above:
        return
    above |= {id(graph)}
    wired = wiring(graph)
    for name, power in wired.powers.items():
        yield f"node {prefix}{name}", ", ".join(sorted(wired.edges.get(name, ())))
        for index, inner in enumerate(power.graphs):
            called = power.names[index] if power.names else getattr(inner, "name", "") or index
            yield from _parts(inner, f"{prefix}{name}/{called}/", above)
    for name, channel in graph.channels.items():
        if not name.startswith(("__", "branch:", "join:")):
            yield f"key {prefix}{name}", f"{type(channel).__name__} of {_type(getattr(channel, 'typ', ''))}"
    yield from _held(graph, prefix, set())


def _type(typ: Any) -> str:
    # The metadata of an annotation holds functions, whose text differs from one process to the next.
    return str(get_args(typ)[0] if hasattr(typ, "__metadata__") else typ)


def _held(graph: Pregel[Any, Any, Any, Any], prefix: str, told: set[int]) -> Iterator[tuple[str, str]]:
    """Policies and tools of the gates in the graph and in the subgraphs that are its nodes, each gate once."""
    for name, node in graph.nodes.items():
        bound = node.bound
        if isinstance(bound, Pregel):
            yield from _held(bound, f"{prefix}{name}:", told)
        elif name != START and isinstance(bound, Node) and isinstance(bound.gate, Gate) and id(bound.gate) not in told:
            told.add(id(bound.gate))
            yield (
                f"policy {prefix}{bound.agent or name}",
                named(bound.gate.policy),
            )
            for spec in bound.gate.tools.values():
                yield f"tool {prefix}{spec.name}", _facts(spec)


def _facts(spec: ToolSpec) -> str:
    """What the model and the guards know of a tool; its code may change as it likes."""
    told = [spec.name, spec.description, spec.parameters, spec.effect, spec.reversible, spec.idempotent]
    told += [sorted(spec.sensitive), spec.private, str(spec.output), str(spec.risk), sorted(spec.tags)]
    return hashlib.sha256(canonical_json(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]
