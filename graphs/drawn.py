"""Drawings that show who is in a team: LangGraph draws only the graphs that are nodes, not those that a node calls."""

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.graph import Graph
from langgraph.graph import END, START
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from lockgate.nodes.node import Node


class DrawnGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph whose drawing has the workers, debaters and stages of its nodes in it.

    The nodes of a member `clerk` are called `clerk:call_model`, and those of its lock `clerk:clerk.lock:action_guard`:
    LangGraph's Mermaid wants the last part but one, the name of the group, to be unique.
    """

    def get_graph(self, config: RunnableConfig | None = None, *, xray: int | bool = False) -> Graph:
        """As LangGraph's own; with `xray` also the members, so many levels down if it is a number."""
        drawn = super().get_graph(config)
        if not xray:
            return drawn
        deeper = xray if isinstance(xray, bool) or xray <= 0 else xray - 1
        for name, node in self.nodes.items():
            if node.subgraphs:
                first, last = _added(drawn, node.subgraphs[0].get_graph(config, xray=deeper), name)
                _replaced(drawn, name, first, last)
            elif isinstance(node.bound, Node):
                for label, inner in _labelled(drawn, name, node.bound.graphs).items():
                    first, last = _added(drawn, inner.get_graph(config, xray=deeper), label)
                    drawn.add_edge(drawn.nodes[name], drawn.nodes[first], conditional=True)
                    drawn.add_edge(drawn.nodes[last], drawn.nodes[name])
        return drawn

    async def aget_graph(self, config: RunnableConfig | None = None, *, xray: int | bool = False) -> Graph:
        """As `get_graph`: there is nothing to wait for."""
        return self.get_graph(config, xray=xray)


def as_drawn(graph: CompiledStateGraph[Any, Any, Any, Any]) -> DrawnGraph:
    """The graph, drawn with its members."""
    graph.__class__ = DrawnGraph
    return graph  # type: ignore[return-value]


def _labelled(
    drawn: Graph, name: str, members: Mapping[str, Pregel[Any, Any, Any, Any]]
) -> dict[str, Pregel[Any, Any, Any, Any]]:
    """The members of node `name` by what each is called in the drawing, unlike any node or other member."""
    taken = {id_.partition(":")[0] for id_ in drawn.nodes}
    labelled: dict[str, Pregel[Any, Any, Any, Any]] = {}
    for member, graph in members.items():
        label = member.replace(":", ".")
        label = f"{name}.{label}" if label in taken else label
        while label in taken:
            label += "'"
        taken.add(label)
        labelled[label] = graph
    return labelled


def _added(drawn: Graph, inner: Graph, label: str) -> tuple[str, str]:
    """Adds the nodes and edges of `inner` under `label`; the ids of its first and last node."""

    def named(id_: str) -> str:
        *groups, own = id_.split(":")
        return ":".join([label, *(f"{label}.{group}" for group in groups), own])

    drawn.nodes.update({named(id_): node.copy(id=named(id_)) for id_, node in inner.nodes.items()})
    drawn.edges += [edge.copy(source=named(edge.source), target=named(edge.target)) for edge in inner.edges]
    ids = list(inner.nodes)
    return named(START if START in ids else ids[0]), named(END if END in ids else ids[-1])


def _replaced(drawn: Graph, name: str, first: str, last: str) -> None:
    """The edges of node `name` lead to `first` and from `last` instead."""
    del drawn.nodes[name]
    for index, edge in enumerate(drawn.edges):
        source = last if edge.source == name else edge.source
        drawn.edges[index] = edge.copy(source=source, target=first if edge.target == name else edge.target)
