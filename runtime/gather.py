"""What a thread has said since it was last written, and which of it a write has to keep.

Steps that only compute need no write of their own: run again they come to the same. So the checkpoints and task
writes of a run are gathered, and of each namespace the last checkpoint is kept with what leads to it.
"""

import asyncio
import hashlib
import re
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import WRITES_IDX_MAP, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.base import get_serializable_checkpoint_metadata as metadata_of
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, _DeltaSnapshot
from langgraph.types import Send

from lockgate.effect import Fence
from lockgate.errors import StoreError
from lockgate.events import EVENTS, Event
from lockgate.handoff import Usage
from lockgate.langgraph_keys import RETURN
from lockgate.runtime.filed import Filed
from lockgate.runtime.lineage import Lineage
from lockgate.runtime.segment import BLOB, Link, Saved, Seed, Segment, Typed, Write
from lockgate.text import clean

GATHER = "__lockgate_gather"
"""Key of `configurable`: the outermost graph of the run ends it with `aend`, so its steps may be gathered until then.
Its value are the channels of that graph, by name."""
MAX_AGE = 0.25
"""Seconds of work that a crash may cost, at most: a step that ends later than that after the last write is written."""
BLOB_FROM = 4_096
"""Bytes from which a value that outlives a row is stored apart, once."""
COUNTERS = "counters_since_delta_snapshot"
"""Key of a checkpoint's metadata that names the graph's delta channels."""
_CONTROL = frozenset(WRITES_IDX_MAP)


@dataclass(slots=True, kw_only=True)
class Put:
    """A checkpoint to be saved. `keep` one that somebody may ask for by its id."""

    thread_id: str
    ns: str
    parent: str | None
    checkpoint: Checkpoint
    config: RunnableConfig
    metadata: CheckpointMetadata
    keep: bool


@dataclass(slots=True, kw_only=True)
class Wrote:
    """The writes of one task to be saved. `fence` is the lease it ran under."""

    thread_id: str
    ns: str
    checkpoint_id: str
    task_id: str
    path: str
    writes: Sequence[tuple[str, Any]]
    fence: Fence | None = None


@dataclass(slots=True, kw_only=True)
class Began:
    """The first events of a task that still runs."""

    thread_id: str
    ns: str
    checkpoint_id: str
    task_id: str
    events: Sequence[Event]
    fence: Fence | None = None

    @property
    def filed(self) -> list[Filed]:
        """The events at their places."""
        return [Filed(self.ns, self.checkpoint_id, self.task_id, index, one) for index, one in enumerate(self.events)]


@dataclass(slots=True)
class Batch:
    """What one transaction will write."""

    puts: list[Put] = field(default_factory=list)
    wrote: list[Wrote] = field(default_factory=list)
    began: list[Began] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def __bool__(self) -> bool:
        return bool(self.puts or self.wrote or self.began)

    def __add__(self, later: "Batch") -> "Batch":
        joined = Batch(self.puts + later.puts, self.wrote + later.wrote, self.began + later.began)
        joined.since = self.since
        return joined


@dataclass(slots=True)
class Head:
    """The last checkpoint of a namespace with its writes, as the database holds them."""

    saved: Saved
    seeds: list[Seed]
    writes: dict[tuple[str, int], Write]


class Thread:
    """What this process knows of a thread. `guard` is held, briefly, to change any of it."""

    def __init__(self, thread_id: str) -> None:
        self.thread_id = thread_id
        self.guard = threading.Lock()
        self.pending = Batch()
        self.in_flight: Future[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.lost = 0
        """How often what was gathered could not be written and was given up."""
        self.failure: StoreError | None = None
        # Of the run that goes on:
        self.made: set[str] = set()
        self.namespaces: set[str] = set()
        self.skipped: dict[str, str | None] = {}
        """Checkpoints that were not stored, with the one they came from."""
        # Across runs, true while the newest row of the thread is `seq`:
        self.seq: int | None = None
        self.begun: tuple[Fence, int | None] | None = None
        """The newest row as a lease that was just taken found it, for the first look of its holder."""
        self.deltas: dict[str, set[str]] = {}
        self.large: dict[tuple[str, str], bytes] = {}
        """Digest of the large value that each channel had in the last row."""
        self.blobs: set[bytes] = set()
        self.head: Head | None = None
        self.early: set[str] = set()
        """Root checkpoints that rows hold writes of and which were not in the same row."""
        self.lineage: Lineage | None = None

    def take_in(self, entry: Put | Wrote | Began, *, gathered: bool) -> bool:
        """Gathers it, under `guard`; whether it is worth a write soon."""
        if not self.pending:
            self.pending.since = time.monotonic()
        self.namespaces.add(entry.ns)
        if isinstance(entry, Began):
            self.pending.began.append(entry)
            return True
        if isinstance(entry, Wrote):
            self.pending.wrote.append(entry)
            return is_news(entry.writes)
        self.pending.puts.append(entry)
        if gathered:
            self.made.add(entry.checkpoint["id"])
        return entry.metadata.get("source") == "input"  # what was asked is not to wait for a slow answer

    def forget_run(self) -> None:
        """The run is over; another process may run the thread next."""
        self.made.clear()
        self.early.clear()
        self.namespaces.clear()
        self.skipped.clear()

    def forget(self) -> None:
        """Drops all that the database may know better."""
        self.forget_run()
        if self.pending:
            self.lost += 1
        self.pending = Batch()
        self.forget_stored()

    def forget_stored(self) -> None:
        """Drops what another process may have changed."""
        self.seq = self.head = self.lineage = None
        self.large.clear()
        self.blobs.clear()

    def learn(self, ns: str, metadata: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Which channels of the namespace are delta channels."""
        known = self.deltas.setdefault(ns, set())
        known.update(metadata.get(COUNTERS) or ())
        known.update(name for name, value in values.items() if isinstance(value, _DeltaSnapshot))

    def starts(self, ns: str, above: Mapping[str, str]) -> bool:
        """Whether a subgraph starts for the first time: the step it runs in was made by this very run.

        `above` are the checkpoints of the graphs around it, by namespace.
        """
        if not ns or ns in self.namespaces:
            return False
        # A task numbers the graphs that it runs after its first: "node:task|1".
        parent, _, name = re.sub(r"\|\d+$", "", ns).rpartition("|")
        return ":" in name and above.get(parent) in self.made

    def stored_parent(self, parent: str | None) -> str | None:
        """The nearest checkpoint on the way back that is stored."""
        while parent in self.skipped:
            parent = self.skipped[parent]
        return parent


def is_news(writes: Sequence[tuple[str, Any]]) -> bool:
    """Whether they are worth a write soon: a model's answer, which cost money, a question to a person, an error, a
    tool's result, the end of a `@task`.
    """
    for channel, value in writes:
        if channel in (INTERRUPT, ERROR, RETURN) or (isinstance(value, Send) and "result" in value.arg):
            return True
        if isinstance(value, Usage) and value.model_calls:
            return True
        if isinstance(value, list) and any(isinstance(item, AIMessage) for item in value):
            return True
    return False


def segment_of(
    thread: Thread, puts: Sequence[Put], wrotes: Sequence[Wrote], serde: SerializerProtocol, secret: bytes = b""
) -> tuple[Segment, dict[bytes, Typed]]:
    """What a batch comes to: the row, and the blobs it needs that are not stored yet. `secret` goes into their digests,
    so that nobody can guess by these what the values are.
    """
    for put in puts:
        thread.learn(put.ns, put.metadata, put.checkpoint["channel_values"])
    last = {put.ns: put for put in puts}
    ended = {wrote.task_id for wrote in wrotes if any(channel not in _CONTROL for channel, _ in wrote.writes)}
    segment, blobs = Segment(), dict[bytes, Typed]()
    left_out: dict[str, str | None] = {}
    for put in puts:
        if not put.keep and (put is not last[put.ns] or put.ns.rpartition(":")[2] in ended):
            left_out[put.checkpoint["id"]] = put.parent
    thread.skipped |= left_out
    for put in puts:
        _add_checkpoint(segment, blobs, thread, put, serde, secret, keep=put.checkpoint["id"] not in left_out)
    for wrote in wrotes:
        _add_writes(segment, thread, wrote, serde)
    for ns in segment.namespaces:
        if deltas := thread.deltas.get(ns):
            segment.deltas[ns] = sorted(deltas)
    return segment, blobs


def _add_checkpoint(
    segment: Segment,
    blobs: dict[bytes, Typed],
    thread: Thread,
    put: Put,
    serde: SerializerProtocol,
    secret: bytes,
    *,
    keep: bool,
) -> None:
    checkpoint_id = put.checkpoint["id"]
    values: dict[str, Typed] = {}
    if thread.deltas.get(put.ns):
        segment.links.append(Link(put.ns, checkpoint_id, put.parent))
    for channel, value in put.checkpoint["channel_values"].items():
        if isinstance(value, _DeltaSnapshot):
            segment.seeds.append(Seed(put.ns, checkpoint_id, channel, *serde.dumps_typed(value)))
        elif keep and channel != EVENTS:
            kept = clean(value) if isinstance(value, str) else value
            values[channel] = _stored(thread, put.ns, channel, serde.dumps_typed(kept), blobs, secret)
    if keep:
        head = {name: value for name, value in put.checkpoint.items() if name != "channel_values"}
        whole = serde.dumps_typed([head, metadata_of(put.config, put.metadata)])
        segment.saved.append(Saved(put.ns, checkpoint_id, thread.stored_parent(put.parent), whole, values))


def _stored(thread: Thread, ns: str, channel: str, typed: Typed, blobs: dict[bytes, Typed], secret: bytes) -> Typed:
    """The value as it stands in the row. One that stays large from row to row is stored apart."""
    if len(typed[1]) < BLOB_FROM:
        return typed
    digest = digest_of(typed, secret)
    if thread.large.get((ns, channel)) != digest:
        thread.large[ns, channel] = digest
        return typed
    if digest not in thread.blobs:
        blobs[digest] = typed
    return BLOB, digest


def digest_of(typed: Typed, secret: bytes) -> bytes:
    """What a value that is stored apart is called by."""
    return hashlib.blake2b(typed[0].encode() + b"\0" + typed[1], digest_size=16, key=secret).digest()


def _add_writes(segment: Segment, thread: Thread, wrote: Wrote, serde: SerializerProtocol) -> None:
    deltas = thread.deltas.get(wrote.ns)
    replaces = all(channel in _CONTROL for channel, _ in wrote.writes)
    for position, (channel, value) in enumerate(wrote.writes):
        index = WRITES_IDX_MAP.get(channel, position)
        # Where it is not known what is a delta channel, everything may be one.
        spinal = channel not in _CONTROL and (deltas is None or channel in deltas)
        if not spinal and wrote.checkpoint_id in thread.skipped:
            continue
        typed = serde.dumps_typed(value)
        place = (wrote.ns, wrote.checkpoint_id, wrote.task_id, wrote.path, index)
        into = segment.delta_writes if spinal else segment.writes
        into.append(Write(*place, replaces, channel, *typed))
