"""`verify`: the proof that a compiled graph has no way round the lock."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from langgraph.graph import END, START
from langgraph.pregel import Pregel

from lockgate.errors import BypassError
from lockgate.graphs.wiring import Wiring, wiring


def verify(graph: Pregel[Any, Any, Any, Any]) -> None:
    """Proves on any compiled graph, subgraphs included, that every tool call passes through the lock.

    Each path to a node that can run a tool goes through `action_guard`, counted anew after every model and every
    tool on the way (the guard dominates the tool). Each path from it to a model or to another tool goes through
    `result_guard`. Only Lockgate's own guards count; a node that bears their name does not. Graphs that a node
    calls from its own code are proved on their own.

    Raises BypassError whose `path` names the nodes of a way round.
    """
    proved: set[int] = set()
    waiting = [graph]
    while waiting:
        current = waiting.pop()
        if id(current) in proved:
            continue
        proved.add(id(current))
        wired = wiring(current)
        _verify_one(wired)
        waiting.extend(inner for power in wired.powers.values() for inner in power.graphs)


def _verify_one(wired: Wiring) -> None:
    tools = {name for name, power in wired.powers.items() if power.tool}
    models = {name for name, power in wired.powers.items() if power.model}
    upper = {name for name, power in wired.powers.items() if power.role == "action_guard"}
    lower = {name for name, power in wired.powers.items() if power.role == "result_guard"}
    for both in sorted(tools & models):
        raise BypassError(
            f"Node {both!r} can run a tool and call a model, so no gate can stand between them.",
            "Give the model schemas (ToolRegistry.catalog()) instead of tools.",
            path=(both,),
        )
    for source in [START, *sorted(models), *sorted(tools)]:
        if path := _path(wired, source, tools, avoiding=upper):
            raise BypassError(
                f"A tool can run without passing action_guard: {' -> '.join(path)}.",
                "Lead every way to it through lockgate.graphs.lock.",
                path=path,
            )
    for source in sorted(tools):
        if path := _path(wired, source, models | tools, avoiding=lower):
            raise BypassError(
                f"What a tool returns can go on without passing result_guard: {' -> '.join(path)}.",
                "Lead every way from it through lockgate.graphs.lock.",
                path=path,
            )


def _path(wired: Wiring, source: str, targets: Iterable[str], avoiding: set[str]) -> tuple[str, ...]:
    """The shortest path of at least one edge from `source` to one of `targets` round `avoiding`, or ()."""
    goals = set(targets)
    came: dict[str, str | None] = {source: None}
    queue = deque([source])
    while queue:
        name = queue.popleft()
        for successor in sorted(wired.edges.get(name, ())):
            if successor in avoiding:
                continue
            if successor in goals:
                return _trail(came, name, successor)
            if successor not in came:
                came[successor] = name
                queue.append(successor)
    return ()


def _trail(came: dict[str, str | None], last: str, goal: str) -> tuple[str, ...]:
    trail = [goal]
    step: str | None = last
    while step is not None:
        trail.append(step)
        step = came[step]
    # The borders of subgraphs are no nodes a reader would look for.
    return tuple(name for name in reversed(trail) if name == START or not name.endswith((f":{START}", f":{END}")))
