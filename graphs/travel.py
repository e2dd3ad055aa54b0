"""Time travel: the moments of a thread, what its state was at each, what changed between two, and forks.

Everything is read from the checkpoints through the graph, so a state is whole at every moment that was written, and
the moments inside a subgraph are those of its namespace.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_type_hints

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel, EphemeralValue, LastValue
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel._checkpoint import create_checkpoint
from langgraph.types import Command, Overwrite, StateSnapshot
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lockgate.effect import Effect, EffectStatus
from lockgate.errors import ConfigError, ThreadNotFoundError, UnknownNameError
from lockgate.graphs.changes import Change as Change  # noqa: PLC0414 - read here
from lockgate.graphs.changes import changes as changes  # noqa: PLC0414
from lockgate.graphs.placing import placed
from lockgate.runtime import thread_lease
from lockgate.runtime.gather import COUNTERS
from lockgate.runtime.record import SPEC
from lockgate.state import AgentState, reduce_messages
from lockgate.text import unfit

Graph = CompiledStateGraph[Any, Any, Any, Any]
_MESSAGES = get_type_hints(AgentState)["messages"]
_TASKS = "__pregel_tasks"
"""LangGraph's channel of the `Send`s that are still to run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One checkpoint. `next` names the nodes to run after it; `waiting` counts questions to a person.

    `source` is LangGraph's: `input`, `loop`, `update` or `fork`. `parent` is the checkpoint before it.
    """

    id: str
    parent: str
    namespace: str
    step: int
    source: str
    at: datetime
    next: tuple[str, ...]
    waiting: int
    messages: int
    status: str
    last: str
    """The last message's text."""


async def history(
    graph: Graph, thread_id: str, *, namespace: str = "", limit: int | None = None
) -> AsyncIterator[Moment]:
    """The moments of a thread, or of a subgraph's `namespace` in it, newest first.

    Raises ThreadNotFoundError, or UnknownNameError when there is no such namespace.
    """
    ids = await moment_ids(graph, thread_id, namespace=namespace, limit=limit)
    # From the oldest on: each state is made of the one before it, which the saver remembers.
    found = [moment(await graph.aget_state(_config(thread_id, one, namespace))) for one in reversed(ids)]
    for one in reversed(found):
        yield one


async def moment_ids(graph: Graph, thread_id: str, *, namespace: str = "", limit: int | None = None) -> list[str]:
    """The ids of what `history` yields. Raises as it does."""
    saver = _saver(graph)
    # The look at the newest one also has the saver remember what it rebuilds from here on.
    if await saver.aget_tuple(_config(thread_id)) is None:
        raise ThreadNotFoundError(f"There is no thread {thread_id[:200]!r}.", "List them: lockgate threads")
    found = saver.alist(_config(thread_id, namespace=namespace), limit=limit)
    if ids := [item.config["configurable"]["checkpoint_id"] async for item in found]:
        return ids
    raise UnknownNameError(
        f"Nothing ran as {namespace[:200]!r} in thread {thread_id[:200]!r}.",
        f"See what did: lockgate show {thread_id[:200]} --at ID",
    )


async def state_at(graph: Graph, thread_id: str, at: str = "", *, namespace: str = "") -> StateSnapshot:
    """The state at the moment whose id is or begins with `at`; at the latest one without `at`.

    See `inside` for what ran inside it. Raises ThreadNotFoundError, or UnknownNameError when
    no moment, or more than one, has such an id.
    """
    chosen = await _whole(graph, thread_id, at, namespace) if at else ""
    snapshot = await graph.aget_state(_config(thread_id, chosen, namespace), subgraphs=True)
    if not snapshot.created_at:
        raise ThreadNotFoundError(f"There is no thread {thread_id[:200]!r}.", "List them: lockgate threads")
    return snapshot


async def inside(graph: Graph, snapshot: StateSnapshot) -> list[StateSnapshot]:
    """The last states of all that ran inside the next step of a moment: subgraphs, workers, stages, debaters."""
    where = snapshot.config["configurable"]
    above = f"{where['checkpoint_ns']}|" if where.get("checkpoint_ns") else ""
    tasks = tuple(f"{above}{task.name}:{task.id}" for task in snapshot.tasks)
    found: set[str] = set()
    async for one in _saver(graph).alist({"configurable": {"thread_id": where["thread_id"]}}):
        namespace = one.config["configurable"].get("checkpoint_ns", "")
        if any(namespace == task or namespace.startswith(f"{task}|") for task in tasks):
            found.add(namespace)
    return [await graph.aget_state(_config(where["thread_id"], namespace=one)) for one in sorted(found)]


def moment(snapshot: StateSnapshot) -> Moment:
    """What a snapshot says in a line."""
    values = snapshot.values if isinstance(snapshot.values, Mapping) else {}
    messages = values.get("messages")
    messages = messages if isinstance(messages, list) else []
    configurable, metadata = snapshot.config["configurable"], snapshot.metadata
    parent = snapshot.parent_config["configurable"].get("checkpoint_id", "") if snapshot.parent_config else ""
    return Moment(
        id=configurable["checkpoint_id"],
        parent=parent,
        namespace=configurable.get("checkpoint_ns", ""),
        step=metadata.get("step", 0) if metadata else 0,
        source=metadata.get("source", "") if metadata else "",
        at=datetime.fromisoformat(snapshot.created_at or "1970-01-01T00:00:00+00:00"),
        next=tuple(task.name for task in snapshot.tasks),
        waiting=len({item.id for task in snapshot.tasks for item in task.interrupts}),
        messages=len(messages),
        status=str(values.get("status") or ""),
        last=_said(messages[-1]) if messages else "",
    )


async def fork(graph: Graph, thread_id: str, at: str, settings: Mapping[str, Any] | None = None) -> RunnableConfig:
    """Makes the moment `at` the thread's latest again, with `settings` (dotted path to value) put into its state.

    What was to run next then is what runs next now: resume the thread to go on. The moments since stay in the
    history. Effects that the thread has had since are answered from the ledger, not repeated.

    Returns the config of the new checkpoint. Raises UnknownNameError for an unknown moment or one inside a subgraph,
    ThreadBusyError while the thread is run, ConfigError for a path that leads nowhere or a value that cannot stand
    there.
    """
    if not at:
        raise UnknownNameError("An empty id names no moment.", f"List them: lockgate history {thread_id[:200]}")
    async with thread_lease(_saver(graph), thread_id):  # a run would go on over it
        return await _forked(graph, thread_id, at, settings or {})


async def _forked(graph: Graph, thread_id: str, at: str, settings: Mapping[str, Any]) -> RunnableConfig:
    snapshot = await state_at(graph, thread_id, at)
    config = _config(thread_id, snapshot.config["configurable"]["checkpoint_id"])
    if launched := (snapshot.metadata or {}).get(SPEC):
        config["metadata"] = {SPEC: launched}
    update = _update(graph, snapshot, settings)
    if not update:
        return await _copied(graph, config, snapshot.values)
    goto: list[Any] = [task.name for task in snapshot.tasks if task.path[0] != "__pregel_push"]
    if len(goto) < len(snapshot.tasks):
        goto += await _sends(graph, config)
    return await graph.aupdate_state(config, Command(update=update, goto=goto), as_node=loose_node(graph))


def _update(graph: Graph, snapshot: StateSnapshot, settings: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(snapshot.values)
    kinds = get_type_hints(graph.builder.state_schema)
    touched = []
    for path, value in settings.items():
        name = path.split(".")[0]
        channel = graph.channels.get(name)
        if channel is None or name.startswith("__") or isinstance(channel, EphemeralValue):
            raise UnknownNameError.of("key of the state", name, sorted(values))
        values = placed({name: None, **values}, path, value)
        values[name] = _of_type(kinds.get(name, Any), values[name], path)
        touched.append(name)
    return overwrites(graph, {name: values[name] for name in touched})


def overwrites(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """An update that puts `values` in place of what stands there; a reducer would add them to it."""
    return {n: v if isinstance(graph.channels[n], LastValue) else Overwrite(v) for n, v in values.items()}


def _of_type(kind: Any, value: Any, path: str) -> Any:
    # Postgres hands back plain values for some types, so what stood there before does not tell the type.
    try:
        if kind == _MESSAGES:
            return _as_messages(value)
        # A list of one, because pydantic takes no configuration for a model itself.
        checked: Any = TypeAdapter(list[kind], config=ConfigDict(arbitrary_types_allowed=True)).validate_python([value])
        return checked[0]
    except ValidationError as error:
        why = error.errors()[0]["msg"]
    except ValueError as error:
        why = next(iter(str(error).splitlines()), "it cannot stand there").rstrip(".")  # LangChain adds links
    raise ConfigError(f"{path[:200]!r} cannot be set to {value!r:.80}: {why}.", "See: lockgate show THREAD --at ID")


def _as_messages(value: Any) -> Any:
    """Pydantic does not take for a message all that LangChain does. Raises ValueError for what neither takes."""
    try:
        return reduce_messages([], [value] if isinstance(value, list) else [[value]])
    except (NotImplementedError, TypeError, KeyError) as error:  # so LangChain says it, by what is wrong
        raise ValueError("it is no message") from error


async def effects_since(graph: Graph, thread_id: str, snapshot: StateSnapshot) -> list[Effect]:
    """What the thread has done outside since the moment, oldest first, by what the ledger knows or has in doubt.

    A fork from that moment is given the results of those that a model had asked for before it. An answer that is made
    anew is a new effect, also of a worker that starts over (see `lockgate.effect.effect_key`).
    """
    saver = _saver(graph)
    ledger = getattr(saver, "ledger", None)
    effects: list[Effect] = await ledger.of_thread(thread_id) if ledger else []
    where, began = snapshot.config["configurable"], moment(snapshot).at.timestamp()
    # The moment's own time is that of its runner's clock, and so is what only the audit log still says.
    written = await saver.awritten_at(thread_id, where["checkpoint_id"]) if effects else None  # type: ignore[attr-defined]
    since = {EffectStatus.UNKNOWN: min(began, written or began)}
    return [
        one
        for one in effects
        if one.claimed_at >= since.get(one.status, written or began) and one.status is not EffectStatus.FAILED
    ]


async def _copied(graph: Graph, config: RunnableConfig, values: Mapping[str, Any]) -> RunnableConfig:
    """As LangGraph copies a checkpoint, but with what the thread was started with: it would be another's otherwise.

    It holds the delta channels whole: the checkpoints before it, whose writes they are made of, need not be stored, and
    are then known to its own lineage alone.
    """
    saver = _saver(graph)
    found = await saver.aget_tuple(config)
    assert found is not None
    copy = create_checkpoint(found.checkpoint, None, found.metadata.get("step", -1) + 1)
    whole = {name for name, channel in graph.channels.items() if isinstance(channel, DeltaChannel)} & values.keys()
    copy["channel_values"] |= {name: _DeltaSnapshot(values[name]) for name in whole}
    step = found.metadata.get("step", -1) + 1
    where = found.parent_config or {"configurable": {**found.config["configurable"], "checkpoint_id": None}}
    metadata = {**(graph.config or {}).get("metadata", {}), **config.get("metadata", {})}
    kept = {name: value for name, value in found.metadata.items() if name in ("parents", COUNTERS)}
    return await saver.aput(
        {**where, "metadata": metadata},
        copy,
        {"source": "fork", "step": step, "parents": {}, **kept},  # type: ignore[typeddict-item]
        {},
    )


async def _sends(graph: Graph, config: RunnableConfig) -> Sequence[Any]:
    found = await _saver(graph).aget_tuple(config)
    return found.checkpoint["channel_values"].get(_TASKS, ()) if found else ()


def loose_node(graph: Graph) -> str:
    """A node that says itself where to go on: an update in its name starts nothing but what the update names."""
    bound = {source for source, _ in graph.builder.edges} | set(graph.builder.branches)
    for name, spec in graph.builder.nodes.items():
        if name not in bound and spec.ends:
            return name
    raise ConfigError(
        "This graph's state cannot be changed in a fork: each of its nodes has fixed edges.",
        "Use graph.update_state(config, values, as_node=...), or fork without --set.",
    )


def _saver(graph: Graph) -> BaseCheckpointSaver[Any]:
    if not isinstance(graph.checkpointer, BaseCheckpointSaver):
        raise ConfigError("Only a graph with a checkpointer has a past.", "build(checkpointer=...)")
    return graph.checkpointer


async def _whole(graph: Graph, thread_id: str, at: str, namespace: str) -> str:
    """The id that begins or ends with `at`."""
    ids = await moment_ids(graph, thread_id, namespace=namespace)
    found = [at] if at in ids else [one for one in ids if one.startswith(at) or one.endswith(at)]
    if len(found) == 1:
        return found[0]
    if not found:
        if not namespace:
            await _not_inside(graph, thread_id, at)
        inside = f" --namespace '{namespace[:200]}'" if namespace else ""
        raise UnknownNameError(
            f"Thread {thread_id[:200]!r} has no moment {at[:80]!r}.",
            f"List them: lockgate history {thread_id[:200]}{inside}",
        )
    raise UnknownNameError(f"{at[:80]!r} names {len(found)} moments.", "Write more of the id.")


async def _not_inside(graph: Graph, thread_id: str, at: str) -> None:
    """Raises UnknownNameError that says where the moment is, when it is one of another namespace."""
    async for one in _saver(graph).alist({"configurable": {"thread_id": thread_id}}):
        where, known = one.config["configurable"], one.checkpoint["id"]
        if not known.startswith(at) and not known.endswith(at):
            continue
        name, around = where.get("checkpoint_ns", ""), (one.metadata.get("parents") or {}).get("", "")
        raise UnknownNameError(
            f"{at[:80]!r} is a moment inside {name[:200]!r}, and none of thread {thread_id[:200]!r} itself.",
            f"See it with --namespace '{name[:200]}'. A fork begins at the moment around it: --at {around}",
        )


def _config(thread_id: str, checkpoint_id: str = "", namespace: str = "") -> RunnableConfig:
    if unfit([thread_id, namespace]):  # nothing can be called so
        raise ThreadNotFoundError(f"There is no thread {thread_id[:200]!r}.", "List them: lockgate threads")
    configurable = {"thread_id": thread_id, "checkpoint_ns": namespace}
    if checkpoint_id:
        configurable["checkpoint_id"] = checkpoint_id
    return {"configurable": configurable}


def _said(message: Any) -> str:
    if not isinstance(message, BaseMessage):
        return ""
    calls = [call["name"] for call in getattr(message, "tool_calls", ())]
    return message.text if message.text.strip() else f"→ {', '.join(calls)}" if calls else ""
