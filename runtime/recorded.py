"""The tool calls that recorded threads made, each with what is left of what its decision had to go by.

A call is read from the agent's messages, and one that a person is or was asked about from the checkpoint of its own
passage, where there is one. What was decided is read from the record.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.checkpoint.base import CheckpointTuple, DeltaChannelHistory

from lockgate.decision import Call, Ruling, digest, verb
from lockgate.labels import Label
from lockgate.passage import Passage
from lockgate.ports import Caller
from lockgate.runtime.records import Records, TimedEvent
from lockgate.runtime.saver import PostgresSaver
from lockgate.state import Origin, merge_rulings, reduce_messages

_Key: TypeAlias = tuple[str, str]
"""Namespace of the agent and id of the call."""
_ANSWERED = "edited and approved by "
"""Begins the reason of an allowance that a person's edit stands for: the gate had asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an agent had said and heard when it made a call: the `messages` before it, and the `answer` that made it.

    `task` is the trust of an agent that works for a team, None for one that hears the user; `heard` is what the agents
    above heard.
    """

    messages: Sequence[AnyMessage] = ()
    answer: AIMessage | None = None
    task: Label | None = None
    heard: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as it was made. `executed` says whether it ran.

    `decided` is what the gate said, before any person did (`allow`, `deny`, `review`; `none` while nobody decided), by
    the `rule`. `origin` is known of calls that a person is or was asked about.
    """

    thread_id: str
    call: Call
    agent: str
    caller: Caller
    decided: str
    rule: str
    executed: bool
    said: Said
    origin: Origin | None


async def recorded_calls(saver: PostgresSaver, thread_id: str, caller: Caller | None = None) -> list[RecordedCall]:
    """The calls of a thread in the order of their decisions. `caller` is who it acted for: a thread does not tell.

    An edited call is given as it was edited.
    """
    events = await Records(saver).events(thread_id)
    decided = {_key(event.checkpoint_ns, event.call_id): event for event in events if event.kind == "decision"}
    order = {key: index for index, key in enumerate(decided)}
    ran = {_key(event.checkpoint_ns, event.call_id) for event in events if event.kind == "call" and not _held(event)}
    locks, told = await _from_locks(saver, thread_id), await _from_messages(saver, thread_id)
    calls = []
    for key in sorted({**told, **locks}, key=lambda key: order.get(key, len(order))):
        said, call, ruling = told.get(key) or (Said(), locks[key][0], None)
        in_lock, origin, ruled = locks.get(key) or (call, None, None)
        # What a review was entered with; when it has ended, the messages know how.
        call, ruling = (call, ruling) if ruling else (in_lock, ruled)
        event = decided.get(key)
        verdict, rule = _decided(event, ruling)
        made = RecordedCall(
            thread_id=thread_id,
            call=call,
            agent=event.agent if event else "",
            caller=caller or Caller(),
            decided=verdict,
            rule=rule,
            executed=key in ran,
            said=said,
            origin=origin,
        )
        calls.append(made)
    return calls


def _decided(event: TimedEvent | None, ruling: Ruling | None) -> tuple[str, str]:
    """What the gate said, and by which rule."""
    if event is None:
        return (verb(ruling.decision), ruling.decision.rule) if ruling else ("none", "")
    asked = event.status == "allow" and str(event.detail.get("reason", "")).startswith(_ANSWERED)
    return "review" if asked else event.status, str(event.detail.get("rule", ""))


def _key(namespace: str, call_id: str) -> _Key:
    """Agents of a team may use one id each; a review's namespace is its agent's and one part more."""
    agent, _, last = namespace.rpartition("|")
    return agent if last.startswith("review:") else namespace, call_id


async def _from_locks(saver: PostgresSaver, thread_id: str) -> dict[_Key, tuple[Call, Origin, Ruling | None]]:
    """From the newest checkpoint of each lock."""
    found: dict[_Key, tuple[Call, Origin, Ruling | None]] = {}
    async for item in saver.alist({"configurable": {"thread_id": thread_id}}):  # newest first
        values = item.checkpoint["channel_values"]
        call, origin, ruling = values.get("call"), values.get("origin"), values.get("ruling")
        if isinstance(call, Call) and isinstance(origin, Origin):
            key = _key(item.config["configurable"].get("checkpoint_ns", ""), call.id)
            found.setdefault(key, (call, origin, ruling if isinstance(ruling, Ruling) else None))
    return found


async def _from_messages(saver: PostgresSaver, thread_id: str) -> dict[_Key, tuple[Said, Call, Ruling | None]]:
    """From what the agents said, with what was said before it."""
    found: dict[_Key, tuple[Said, Call, Ruling | None]] = {}
    newest: dict[str, CheckpointTuple] = {}
    async for item in saver.alist({"configurable": {"thread_id": thread_id}}):  # newest first
        newest.setdefault(item.config["configurable"].get("checkpoint_ns", ""), item)
    for namespace, item in newest.items():
        back = await saver.aget_delta_channel_history(config=item.config, channels=("messages", "decisions"))
        messages = reduce_messages(*_made_of(back.get("messages"), []))
        rulings = merge_rulings(*_made_of(back.get("decisions"), {}))
        told = ((m.tool_call_id, _edited(m, rulings)) for m in messages if isinstance(m, ToolMessage))
        edits = {call_id: edited for call_id, edited in told if edited}
        values = item.checkpoint["channel_values"]
        task = (values.get("trust") or Label()) if values.get("task") else None
        heard = tuple(values.get("heard") or ())
        for index, message in enumerate(messages):
            if not isinstance(message, AIMessage):
                continue
            for made in message.tool_calls:
                call_id = made["id"] or ""
                call = edits.get(call_id) or Call(id=call_id, name=made["name"], args=made["args"])
                said = Said(messages=messages[:index], answer=message, task=task, heard=heard)
                found[namespace, call_id] = (said, call, rulings.get(call_id))
    return found


def _made_of(way: DeltaChannelHistory | None, empty: Any) -> tuple[Any, list[Any]]:
    """What a channel stood at, and what was written to it since."""
    if way is None:
        return empty, []
    seed = way.get("seed")
    return getattr(seed, "value", seed) or empty, [write[2] for write in way["writes"]]


def _edited(message: ToolMessage, rulings: Mapping[str, Ruling]) -> Call | None:
    """The call as a person edited it, from what `result_guard` told the model.

    A tool could write such a line too, so it counts only when it is the very call that was ruled on.
    """
    by, changed, rest = message.text.partition("\n")[0].partition(" changed the arguments to ")
    ruling = rulings.get(message.tool_call_id)
    if not (changed and ruling and rest.endswith("]")):
        return None
    try:
        args = json.loads(rest[:-1])
    except (ValueError, RecursionError):
        return None
    call = Call(id=ruling.call_id, name=ruling.tool, args=args, edited_by=by.removeprefix("["))
    return call if digest(call) == ruling.digest else None


def _held(event: TimedEvent) -> bool:
    return event.detail.get("error") in ("unrecorded", "unknown_tool", "overloaded", "deadline")
