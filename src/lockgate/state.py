"""`AgentState` and its reducers.

Every reducer is deterministic and gives the same state however its writes are batched, because a delta channel
is rebuilt by folding stored writes again, in larger batches than they were made in.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage, BaseMessage, RemoveMessage, convert_to_messages
from langgraph.channels import DeltaChannel, EphemeralValue
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from lockgate.deadline import Deadline
from lockgate.decision import Call, Ruling
from lockgate.events import Event
from lockgate.evidence import Evidence
from lockgate.handoff import AgentTask, Status, Usage
from lockgate.labels import Label, join
from lockgate.passage import Passage
from lockgate.result import ToolResult

SNAPSHOT_EVERY = 1_000
"""Updates of a delta channel between two full snapshots in the checkpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A degradation or a bound that was met: the run went on, and says so. `at` is seconds since the epoch."""

    source: str
    text: str
    at: float


def reduce_messages(state: list[AnyMessage], writes: Sequence[Any]) -> list[AnyMessage]:
    """Appends messages; one whose id is known replaces the old one in its place.

    `RemoveMessage(id)` removes one message and ignores an unknown id; `RemoveMessage(REMOVE_ALL_MESSAGES)`
    removes all before it. A write is a message or a list of them, in any form that
    `langchain_core.messages.convert_to_messages` takes. A message without an id gets one derived from its
    place and content, so that folding the same writes again gives the same ids.
    """
    merged = _Indexed(state)
    place = merged.place
    for message in _messages(writes):
        if isinstance(message, RemoveMessage):
            if message.id == REMOVE_ALL_MESSAGES:
                merged = _Indexed()
                place = merged.place
            elif message.id in place:
                del merged[place[message.id]]
                place.clear()
                place.update((kept.id, index) for index, kept in enumerate(merged))
            continue
        if message.id is None:
            message = message.model_copy(update={"id": _derived_id(message, len(merged))})  # noqa: PLW2901
        if (index := place.get(message.id)) is not None:
            merged[index] = message
        else:
            place[message.id] = len(merged)
            merged.append(message)
    return merged


class _Indexed(list[AnyMessage]):
    """Messages with the place of each by its id, so that one more costs a copy and not a look at all of them."""

    __slots__ = ("place",)

    def __init__(self, messages: Sequence[AnyMessage] = ()) -> None:
        super().__init__(messages)
        known = messages.place if isinstance(messages, _Indexed) and len(messages.place) == len(messages) else None
        self.place: dict[str | None, int] = (
            dict(known) if known is not None else {message.id: index for index, message in enumerate(messages)}
        )

    def __copy__(self) -> "_Indexed":
        return _Indexed(self)

    def __reduce__(self) -> Any:
        return list, (list(self),)


def _messages(writes: Sequence[Any]) -> Iterable[Any]:
    for write in writes:
        if isinstance(write, BaseMessage):
            yield write
        elif isinstance(write, (list, tuple)) and all(isinstance(item, BaseMessage) for item in write):
            yield from write
        else:
            # A (role, text) tuple and a dict are one message; a list is several.
            yield from convert_to_messages(write if isinstance(write, list) else [write])


def _derived_id(message: BaseMessage, index: int) -> str:
    text = f"{index}\0{message.type}\0{message.content!r}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def add_usage(left: Usage | None, right: Usage | None) -> Usage:
    """Sums usage; an absent side counts as nothing."""
    return (left or Usage()) + (right or Usage())


def join_trust(left: Label | None, right: Label | None) -> Label:
    """Joins labels; an absent side is the bottom label."""
    return join(left or Label(), right or Label())


def merge_rulings(state: dict[str, Ruling], writes: Sequence[Mapping[str, Ruling]]) -> dict[str, Ruling]:
    """Rulings by call id; a later one (the ruling on an edited call) replaces the earlier."""
    merged = dict(state)
    for write in writes:
        merged.update(write)
    return merged


def append_notes(state: list[Note], writes: Sequence[Sequence[Note]]) -> list[Note]:
    """All notes in the order they were made."""
    return [*state, *(note for write in writes for note in write)]


class AgentState(TypedDict, total=False):
    """The state of an agent. `messages`, `decisions` and `notes` are stored as deltas.

    `iterations` counts model calls since the last user message; `run_id` names the run that message began, `before`
    is the usage when it did. `held` are calls that wait for the review of another one, as the lock takes them.
    `heard` is what the user and the operator said to the agents above, word for word, so that their words vouch for
    values down here too. `deadline` is the run's, or that of this part of it. `events` lives for one step only: the
    Postgres saver files it in the events table.
    """

    messages: Annotated[list[AnyMessage], DeltaChannel(reduce_messages, snapshot_frequency=SNAPSHOT_EVERY)]
    task: AgentTask | None
    run_id: str
    deadline: Deadline | None
    heard: list[Passage]
    status: Status
    answer: str | None
    iterations: int
    usage: Annotated[Usage, add_usage]
    before: Usage
    held: list[dict[str, Any]]
    trust: Annotated[Label, join_trust]
    decisions: Annotated[dict[str, Ruling], DeltaChannel(merge_rulings, snapshot_frequency=SNAPSHOT_EVERY)]
    notes: Annotated[list[Note], DeltaChannel(append_notes, snapshot_frequency=SNAPSHOT_EVERY)]
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a call comes from: the run, the session's trust as the model made it, and what the model said with it.

    `evidence` is where its arguments come from, as far as the session shows it.
    `confidence` is how sure the model is, 0 to 1, None when nobody knows. `over` says which budget leaves no room for
    the call.
    `answer_id` is that of the model's message. `undoes` is the key of the effect that the call undoes. `deadline` is
    the run's.
    """

    run_id: str
    trust: Label
    reasoning: str
    evidence: Evidence | None = None
    confidence: float | None = None
    over: str = ""
    answer_id: str = ""
    undoes: str = ""
    deadline: Deadline | None = None


class LockOutput(TypedDict, total=False):
    """What one pass through the lock adds to the agent's state."""

    messages: list[AnyMessage]
    usage: Usage
    trust: Label
    decisions: dict[str, Ruling]


class LockState(LockOutput, total=False):
    """One tool call on its way through the lock. The agent sends `call` and `origin`.

    `problem` says why a reviewer's last answer could not stand.
    """

    call: Call
    origin: Origin
    problem: str
    ruling: Ruling
    result: ToolResult
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]
