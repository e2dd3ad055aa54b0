"""`replay`: a run played again from one of its moments, with recorded answers in place of models, tools and people.

It happens in memory: nothing is written to the thread, no model is asked, no tool runs. What comes out otherwise than
it did shows that something else has changed: the policy, the code of a guard, the version of a library.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command, Send, StateSnapshot
from pydantic import BaseModel

from lockgate.decision import Allow, Call, Ruling, digest, verb
from lockgate.errors import ConfigError, ReplayMissError
from lockgate.graphs import lock
from lockgate.graphs.changes import Change, changes
from lockgate.graphs.compiling import attached
from lockgate.graphs.travel import Graph, moment_ids, state_at
from lockgate.handoff import Usage
from lockgate.nodes.result_guard import returned
from lockgate.ports import Caller
from lockgate.recording import ASKED, Recording, asked_of, playing
from lockgate.result import ToolResult

_RESUME = "__resume__"
_TASKS = "__pregel_tasks"
_INTERRUPT = "__interrupt__"
_THREAD = "replay"
_SAID = ("messages", "planning", "decisions")
"""Channels in which models' answers and what came of their calls stand."""
_OWN = frozenset({"run_id", "events", "notes", "deadline"})
"""Keys of a state that differ each time it is played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How a run came out this time. `misses` say what it asked for that was never recorded: there it broke off."""

    values: Mapping[str, Any]
    changes: tuple[Change, ...]
    misses: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it came out as it did then."""
        return not self.changes and not self.misses


async def replay(graph: Graph, thread_id: str, at: str = "", *, context: Caller | None = None) -> Replayed:
    """Plays the thread again from the moment `at` (its first one without) to its end.

    `graph` is the thread's own, or the same built with another policy; its checkpointer holds the thread. The outcome
    is compared with the thread's latest state. Raises UnknownNameError and ThreadNotFoundError as `state_at` does.
    """
    saver = graph.checkpointer
    if not isinstance(saver, BaseCheckpointSaver):
        raise ConfigError("A replay needs a graph with a checkpointer.", "build(checkpointer=...)")
    then = await state_at(graph, thread_id)
    recording = await recorded(saver, thread_id)
    start = (await state_at(graph, thread_id, at)).config["configurable"]["checkpoint_id"] if at else ""
    memory, begin = await _copied(graph, thread_id, start)
    again = attached(graph, memory)
    still_open = [asked_of(value) for value in _questions(then).values()]
    with playing(recording):
        await _play(again, recording, still_open, begin, context)
    now = await again.aget_state({"configurable": {"thread_id": _THREAD}})
    found = changes(_comparable(then.values), _comparable(now.values))
    return Replayed(values=now.values, changes=tuple(found), misses=tuple(recording.misses))


async def recorded(saver: BaseCheckpointSaver[Any], thread_id: str) -> Recording:
    """All that models, tools and people said in a thread, subgraphs and sub-agents included."""
    recording = Recording()
    found = [item async for item in saver.alist({"configurable": {"thread_id": thread_id}})]
    said = [(_space(item), write[2]) for item in reversed(found) for write in item.pending_writes or ()]
    if (written := getattr(saver, "awritten", None)) is not None:
        # Steps that were gathered are not stored, but what they said is.
        said += [(space, getattr(value, "value", value)) for space, value in await written(thread_id, _SAID)]
    rulings: dict[tuple[str, str], Ruling] = {}
    told: list[tuple[str, ToolMessage]] = []
    for space, value in said:
        if isinstance(value, dict):
            rulings |= {(space, name): made for name, made in value.items() if isinstance(made, Ruling)}
        told += ((space, message) for message in _heard(recording, value))
    for space, message in told:
        if (ruling := rulings.get((space, message.tool_call_id))) and isinstance(ruling.decision, Allow):
            recording.keep(ruling.call_id, ruling.digest, returned(message))
    for item in reversed(found):
        asked = {task: value for task, channel, value in item.pending_writes or () if channel == _INTERRUPT}
        for task, channel, value in item.pending_writes or ():
            if channel == _RESUME and task in asked and isinstance(value, list):
                recording.heard(asked[task][0].value, value)
    return recording


def _space(item: CheckpointTuple) -> str:
    return str(item.config["configurable"]["checkpoint_ns"])


def _heard(recording: Recording, value: Any) -> list[ToolMessage]:
    """Keeps the models' answers and the results under way in `value`, as written; gives back the tools' messages."""
    messages: list[ToolMessage] = []
    for item in value if isinstance(value, list | tuple) else [value]:
        match item:
            case Send(arg={"call": Call() as call, "result": ToolResult() as result}):
                recording.keep(call.id, digest(call), result)
            case AIMessage() if key := item.response_metadata.get(ASKED):
                known = recording.models.setdefault(key, deque())
                if all(other.id != item.id for other in known):
                    known.append(item)
            case ToolMessage():
                messages.append(item)
    return messages


async def _copied(graph: Graph, thread_id: str, start: str) -> tuple[InMemorySaver, RunnableConfig]:
    """A saver in memory with the moment `start` of the thread, and the config to go on from there."""
    saver: Any = graph.checkpointer
    at = start or min(await moment_ids(graph, thread_id))
    item = await saver.aget_tuple({"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": at}})
    whole = (await state_at(graph, thread_id, at)).values
    # A delta channel is stored as what it was made of, all the way back; here it stands whole.
    deltas = {
        n: _DeltaSnapshot(whole[n]) for n, c in graph.channels.items() if isinstance(c, DeltaChannel) and n in whole
    }
    values = {**item.checkpoint["channel_values"], **deltas}
    if sends := values.get(_TASKS):
        values[_TASKS] = [lock.anew(send) for send in sends]
    checkpoint = {**item.checkpoint, "channel_values": values}
    memory = InMemorySaver(serde=saver.serde)
    memory.get_next_version = saver.get_next_version  # type: ignore[method-assign] # the copied versions are of its kind
    place: Any = {"configurable": {"thread_id": _THREAD, "checkpoint_ns": ""}}
    # What the next steps wrote is left out: it is to be found out.
    versions = checkpoint["channel_versions"]
    return memory, await memory.aput(place, cast("Checkpoint", checkpoint), item.metadata, versions)


async def _play(
    graph: Graph, recording: Recording, still_open: list[tuple[str, str]], begin: RunnableConfig, context: Caller | None
) -> None:
    entry: Any = None
    config: Any = begin
    try:
        while True:
            await graph.ainvoke(entry, config, context=context)
            config = {"configurable": {"thread_id": _THREAD}}
            asked = _questions(await graph.aget_state(config))
            answers = {
                name: recording.person(question)
                for name, question in asked.items()
                if recording.answers(question) or asked_of(question) not in still_open
            }
            if not answers:  # it ends, or waits as it does in the record
                return
            entry = Command(resume=answers)
    except ReplayMissError:
        return  # it is among the misses
    except GraphBubbleUp:
        raise
    except Exception as error:
        if not recording.misses:
            raise
        recording.misses.append(f"The run ended with {type(error).__name__}.")


def _questions(snapshot: StateSnapshot) -> dict[str, Any]:
    return {question.id: question.value for task in snapshot.tasks for question in task.interrupts}


def _comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A state without what differs each time: ids of messages, times, the run's own id."""
    return {name: _bare(value) for name, value in values.items() if name not in _OWN}


def _bare(value: Any) -> Any:
    match value:
        case BaseMessage():
            said: dict[str, Any] = {"type": value.type, "text": value.text}
            if calls := getattr(value, "tool_calls", None):
                said["calls"] = [{"name": call["name"], "args": call["args"]} for call in calls]
            return said
        case Usage():
            return value.model_copy(update={"milliseconds": 0, "tool_milliseconds": {}})
        case BaseModel():
            return {name: _bare(item) for name, item in value}
        case Ruling():
            return {"tool": value.tool, "decision": verb(value.decision), "rule": value.decision.rule, "by": value.by}
        case Mapping():
            return {str(key): _bare(item) for key, item in value.items()}
        case list() | tuple():
            return [_bare(item) for item in value]
        case _:
            return value
