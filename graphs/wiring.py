"""A compiled graph as plain nodes and edges, subgraphs unfolded.

Read from what the graph was compiled from, so every edge that can be taken is there: where a branch or a jump
does not say where it goes, it is taken to go anywhere.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from langgraph.graph import END, START
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from lockgate.graphs.powers import Powers, powers


@dataclass(slots=True)
class Wiring:
    """`powers` by node name (`review:human_review` for inner ones), `edges` from a name to its successors."""

    powers: dict[str, Powers] = field(default_factory=dict)
    edges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def wiring(graph: Pregel[Any, Any, Any, Any]) -> Wiring:
    """The wiring of `graph`, from `__start__` to `__end__`."""
    wired = Wiring()
    _unfold(graph, "", wired, ())
    return wired


def _unfold(graph: Pregel[Any, Any, Any, Any], prefix: str, wired: Wiring, above: tuple[set[str], ...]) -> None:
    names = [name for name in graph.nodes if name != START]
    every = {prefix + name for name in names}
    seen = {name: powers(graph.nodes[name].bound) for name in names}
    inner = {name: bound for name in names if isinstance(bound := graph.nodes[name].bound, Pregel)}
    for source, targets in _edges(graph, seen).items():
        # A subgraph is entered at its start and left at its end.
        start = f"{prefix}{source}:{END}" if source in inner else prefix + source
        for target in targets:
            wired.edges[start].add(f"{prefix}{target}:{START}" if target in inner else prefix + target)
    for name in names:
        if name in inner:
            _unfold(inner[name], f"{prefix}{name}:", wired, (*above, every))
            continue
        wired.powers[prefix + name] = seen[name]
        if above and seen[name].jumps and not seen[name].role:
            # Command(graph=Command.PARENT) can land anywhere above.
            wired.edges[prefix + name].update(*above)


def _edges(graph: Pregel[Any, Any, Any, Any], seen: dict[str, Powers]) -> dict[str, set[str]]:
    anywhere = {*seen, END}
    edges: dict[str, set[str]] = defaultdict(set)
    if not isinstance(graph, CompiledStateGraph) or set(graph.builder.nodes) != set(seen):
        # Nothing says how these nodes are wired, so any of them may follow any other.
        return {name: set(anywhere) for name in [START, *seen]}
    builder = graph.builder
    for source, target in builder.edges:
        edges[source].add(target)
    for sources, target in builder.waiting_edges:
        for source in sources:
            edges[source].add(target)
    for source, branches in builder.branches.items():
        for branch in branches.values():
            # A Send goes where it likes, whatever the path map says.
            told = branch.ends is not None and not powers(branch.path).jumps
            edges[source].update(branch.ends.values() if told and branch.ends is not None else anywhere)
    for name, spec in builder.nodes.items():
        if spec.ends:
            edges[name].update(spec.ends)
        elif seen[name].jumps and not seen[name].role:
            edges[name].update(anywhere)
        if spec.error_handler_node:
            edges[name].add(spec.error_handler_node)
    return edges
