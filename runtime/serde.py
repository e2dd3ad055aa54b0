"""How state is stored: msgpack, no pickle, and only types that are named here are ever constructed."""

from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Send
from ormsgpack import MsgpackEncodeError

from lockgate.argument import Position, Verdict
from lockgate.blackboard import Entry
from lockgate.deadline import Deadline
from lockgate.decision import Allow, Call, Deny, Review, Ruling
from lockgate.events import Event
from lockgate.evidence import Asked, Evidence, Kind, Trace
from lockgate.handoff import AgentResult, AgentTask, Budget, Status, Usage
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import Integrity, Label
from lockgate.passage import Finding, Passage
from lockgate.ports import Caller, History
from lockgate.result import ErrorKind, ToolResult
from lockgate.runtime.packing import packer
from lockgate.spec import Risk
from lockgate.state import Note, Origin
from lockgate.text import cleaned

KERNEL_TYPES: tuple[type, ...] = (
    *(Allow, Deny, Review, Call, Ruling),
    *(AgentTask, AgentResult, Budget, Status, Usage),
    *(Integrity, Label, Risk, Event, Note, Origin, Caller, History),
    *(Asked, Evidence, Kind, Trace),
    *(ToolResult, ErrorKind, Finding, Passage, Deadline),
    *(Item, DeadLetter, Ended, Position, Verdict, Entry),
)
"""The types of Lockgate's own that may stand in a state, besides messages and what LangGraph deems safe."""

_pack = packer(KERNEL_TYPES)


class StrictSerializer(JsonPlusSerializer):
    """Msgpack that mends what it cannot hold, instead of failing and stopping the thread.

    LangGraph's own replaces lone surrogates in text, but not in the keys of a mapping, and refuses integers of
    more than 64 bits. A model may write either into the arguments of a call.
    """

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The name of the encoding and the bytes."""
        if obj is None or isinstance(obj, (bytes, bytearray)):
            return super().dumps_typed(obj)
        try:
            return "msgpack", _pack(obj)
        except MsgpackEncodeError:
            # Any cause that `cleaned` does not mend fails again.
            mended = Send(obj.node, cleaned(obj.arg)) if isinstance(obj, Send) else cleaned(obj)
            return "msgpack", _pack(mended)


def serializer(*extra: type) -> StrictSerializer:
    """The serializer of the checkpoints. `extra` names further types of yours that may stand in a state.

    An object of any other class comes back as its plain data (a dict, list or string), never as an instance.
    Tuples come back as lists, except where the class that holds them turns them back.
    """
    return StrictSerializer(pickle_fallback=False, allowed_msgpack_modules=[*KERNEL_TYPES, *extra])
