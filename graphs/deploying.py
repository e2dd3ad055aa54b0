"""Resuming a thread under another deployment than the one it was begun under: named, refused, accepted or migrated.

LangGraph itself takes pending work of a node that is gone for no work at all, and a thread ends in silence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Send

from lockgate.deployment import METADATA, Deployment, remembered
from lockgate.errors import DeploymentError
from lockgate.graphs.travel import Graph, loose_node, overwrites

_BRANCH = "branch:to:"
_TASKS = "__pregel_tasks"
ACCEPT = "__lockgate_accept"
"""Key of a run's `configurable`: whoever resumes has accepted the changes, or has had them looked at."""
_TOLD = 10
"""Changes that an error names one by one."""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step from an older deployment to this one, for threads with pending work.

    `applies` is asked with the deployment the thread was begun under (None when it is not known) and the present one.
    `nodes` gives the new name of a node with pending work. `update` gives, for the state's values, those that change;
    they replace what stands there. Calls that waited for a person are asked about again.
    """

    name: str
    applies: Callable[[Deployment | None, Deployment], bool] = field(default=lambda _before, _now: True)
    nodes: Mapping[str, str] = field(default_factory=dict)
    update: Callable[[Mapping[str, Any]], Mapping[str, Any]] = field(default=lambda _values: {})


_registered: list[Migration] = []


def register(migration: Migration) -> Migration:
    """Has every later resume of this process try `migration`, the one registered last first."""
    _registered.insert(0, migration)
    return migration


async def adopt(graph: Graph, config: RunnableConfig, *, accept: bool = False) -> None:
    """Sees to it that the thread of `config` may go on under the deployment of `graph`, or raises.

    Nothing is done when it was begun under the same. Else the first registered migration that applies is carried
    out; without one the change is accepted if `accept` says so and every pending node is still there.

    Raises DeploymentError, which names what has changed. The thread is left as it was.
    """
    now = deployment_of(graph)
    saver: Any = graph.checkpointer
    thread: RunnableConfig = {"configurable": {**config["configurable"], "checkpoint_ns": ""}}
    found = await saver.aget_tuple(thread)
    then = (found.metadata or {}).get(METADATA) if found else None
    if found is None or now is None or then in (None, now.digest):
        return
    nodes, sends = _pending(found.checkpoint["channel_values"])
    if not nodes and not sends:
        return
    before = remembered(then) or (await saver.adeployment(then) if hasattr(saver, "adeployment") else None)
    migration = next((one for one in _registered if one.applies(before, now)), None)
    names = migration.nodes if migration else {}
    pending = {*nodes, *(send.node for send in sends)}
    gone = sorted(name for name in pending if names.get(name, name) not in graph.nodes)
    if migration is None and before is not None:
        gone = gone or [part for part in before.parts if part not in now.parts and _inside(part, pending)]
    if migration is None and accept and not gone:
        return
    if migration is None or gone:
        raise _refused(thread["configurable"]["thread_id"], before, now, gone)
    values = (await graph.aget_state(thread)).values
    goto = [*(names.get(n, n) for n in nodes), *(Send(names.get(s.node, s.node), s.arg) for s in sends)]
    update = overwrites(graph, migration.update(values))
    await graph.aupdate_state(thread, Command(update=update, goto=goto), as_node=loose_node(graph))


def deployment_of(graph: Graph) -> Deployment | None:
    """What `graph` was compiled as; None for a graph that no builder of Lockgate compiled."""
    metadata = (graph.config or {}).get("metadata") or {}
    return remembered(str(metadata.get(METADATA)))


def _pending(values: Mapping[str, Any]) -> tuple[list[str], list[Send]]:
    """The nodes that are to run next, as the checkpoint holds them, whatever the graph of today makes of it."""
    nodes = [name.removeprefix(_BRANCH) for name in values if name.startswith(_BRANCH)]
    return nodes, [send for send in values.get(_TASKS) or () if isinstance(send, Send)]


def _inside(part: str, pending: set[str]) -> bool:
    """Whether it is a node of what runs inside a pending one, where work may be pending too."""
    kind, _, name = part.partition(" ")
    return kind == "node" and any(name.startswith((f"{node}/", f"{node}:")) for node in pending)


def _refused(thread_id: str, before: Deployment | None, now: Deployment, gone: list[str]) -> DeploymentError:
    changes = now.changes_since(before) if before else ["what it was then is not known"]
    more = f"; and {len(changes) - _TOLD} more" if len(changes) > _TOLD else ""
    told = "; ".join(changes[:_TOLD]) + more
    if gone:
        lost = ", ".join(gone[:_TOLD])
        hint = f"Its next step, {lost}, is gone. Register a Migration(nodes={{{gone[0]!r}: ...}}), or deploy back."
        if gone[0].startswith("node "):
            hint = "Work may be pending in what is gone. Deploy back, or register a Migration."
    else:
        hint = (
            f"Go on under the new one: lockgate resume {thread_id} --accept-changes, or "
            "Session.resume(accept_changes=True). Or register a Migration."
        )
    return DeploymentError(
        f"Thread {thread_id!r} has work that was begun under another deployment: {told}.", hint, tuple(changes)
    )
