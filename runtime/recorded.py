"""The tool calls that recorded threads made, each with what its decision had to go by.

A call is read from the agent's messages, and one that a person is or was asked about from the checkpoint of its own
passage, where there is one. Either way the history is rebuilt by one function of this file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import CheckpointTuple, DeltaChannelHistory

from lockgate.decision import Call, Ruling, digest
from lockgate.labels import Integrity, Label, join
from lockgate.passage import Passage
from lockgate.ports import Caller, History
from lockgate.runtime.records import Records, TimedEvent
from lockgate.runtime.saver import PostgresSaver
from lockgate.state import Origin, merge_rulings, reduce_messages

_Key: TypeAlias = tuple[str, str]
"""Namespace of the agent and id of the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call as it was made. `ruling` is None while nobody decided; `executed` says whether it ran."""

    thread_id: str
    call: Call
    history: History
    ruling: Ruling | None
    executed: bool


async def recorded_calls(saver: PostgresSaver, thread_id: str, caller: Caller | None = None) -> list[RecordedCall]:
    """The calls of a thread in the order of their decisions. `caller` is who it acted for: a thread does not tell.

    An edited call is given as it was edited.
    """
    events = await Records(saver).events(thread_id)
    decided = [event for event in events if event.kind == "decision"]
    agents = {_key(event.checkpoint_ns, event.call_id): event.agent for event in decided}
    order = {key: index for index, key in enumerate(agents)}
    ran = {_key(event.checkpoint_ns, event.call_id) for event in events if event.kind == "call" and not _held(event)}
    locks, said = await _from_locks(saver, thread_id), await _from_messages(saver, thread_id)
    calls = []
    for key in sorted({**said, **locks}, key=lambda key: order.get(key, len(order))):
        before, call, ruling = said.get(key) or ((), locks[key][0], None)
        in_lock, origin, ruled = locks.get(key) or (call, None, None)
        # What a review was entered with; when it has ended, the messages know how.
        call, ruling = (call, ruling) if ruling else (in_lock, ruled)
        history = history_of(before, origin, agent=agents.get(key, ""), caller=caller)
        made = RecordedCall(thread_id=thread_id, call=call, history=history, ruling=ruling, executed=key in ran)
        calls.append(made)
    return calls


def _key(namespace: str, call_id: str) -> _Key:
    """Agents of a team may use one id each; a review's namespace is its agent's and one part more."""
    agent, _, last = namespace.rpartition("|")
    return agent if last.startswith("review:") else namespace, call_id


def history_of(
    messages: Sequence[AnyMessage] = (), origin: Origin | None = None, *, agent: str = "", caller: Caller | None = None
) -> History:
    """What a decision had to go by: the texts before the call, with their labels, and the trust it was sent with."""
    passages = tuple(made for message in messages if (made := _passage(message)) is not None)
    trust = origin.trust if origin else reduce(join, (passage.label for passage in passages), Label())
    return History(agent=agent, caller=caller or Caller(), trust=trust, passages=passages)


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


async def _from_messages(
    saver: PostgresSaver, thread_id: str
) -> dict[_Key, tuple[Sequence[AnyMessage], Call, Ruling | None]]:
    """From what the agents said, with the messages before it."""
    found: dict[_Key, tuple[Sequence[AnyMessage], Call, Ruling | None]] = {}
    newest: dict[str, CheckpointTuple] = {}
    async for item in saver.alist({"configurable": {"thread_id": thread_id}}):  # newest first
        newest.setdefault(item.config["configurable"].get("checkpoint_ns", ""), item)
    for namespace, item in newest.items():
        back = await saver.aget_delta_channel_history(config=item.config, channels=("messages", "decisions"))
        messages = reduce_messages(*_made_of(back.get("messages"), []))
        rulings = merge_rulings(*_made_of(back.get("decisions"), {}))
        told = ((m.tool_call_id, _edited(m, rulings)) for m in messages if isinstance(m, ToolMessage))
        edits = {call_id: edited for call_id, edited in told if edited}
        for index, message in enumerate(messages):
            for made in message.tool_calls if isinstance(message, AIMessage) else ():
                call_id = made["id"] or ""
                call = edits.get(call_id) or Call(id=call_id, name=made["name"], args=made["args"])
                found[namespace, call_id] = (messages[:index], call, rulings.get(call_id))
    return found


def _made_of(way: DeltaChannelHistory | None, empty: Any) -> tuple[Any, list[Any]]:
    """What a channel stood at, and what was written to it since."""
    if way is None:
        return empty, []
    seed = way.get("seed")
    return getattr(seed, "value", seed) or empty, [write[2] for write in way["writes"]]


def _passage(message: AnyMessage) -> Passage | None:
    if isinstance(message, HumanMessage):
        return Passage(source="user", text=message.text, label=Label(sources=frozenset({"user"})))
    if isinstance(message, ToolMessage):
        source = f"tool:{message.name or ''}"
        return Passage(source=source, text=message.text, label=_label(message, source))
    return None


def _label(message: ToolMessage, source: str) -> Label:
    """The label that the lower gate wrote beside the text; untrusted without one."""
    said = message.additional_kwargs.get("lockgate")
    said = said.get("label") if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping):
        return Label(integrity=Integrity.UNTRUSTED, sources=frozenset({source}))
    readers = said.get("readers")
    return Label(
        integrity=_integrity(said.get("integrity")),
        readers=None if readers is None else frozenset(map(str, readers)),
        sources=frozenset(map(str, said.get("sources") or ())),
    )


def _integrity(said: Any) -> Integrity:
    try:
        return Integrity(said) if isinstance(said, int) else Integrity.parse(str(said))
    except ValueError:
        return Integrity.UNTRUSTED


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
    return event.detail.get("error") in ("unrecorded", "unknown_tool", "overloaded")
