"""The delta channels of a thread: every write to them, and which checkpoint came from which."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, cast

from langgraph._internal._typing import MISSING
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import DeltaChannelHistory, PendingWrite, writes_sort_key
from langgraph.checkpoint.serde.base import SerializerProtocol
from langgraph.checkpoint.serde.types import _DeltaSnapshot

from lockgate.errors import LostParentError
from lockgate.runtime.segment import Segment, Write

_NONE = object()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Thousands of objects that stay are made here; to look among them for garbage costs as much as to make them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(slots=True)
class _Known:
    """What one channel was made of at one checkpoint."""

    checkpoint_id: str
    seed: Any
    writes: list[PendingWrite]


class Lineage:
    """The lineage of one namespace of a thread, from the segments it was given, oldest first.

    What it has rebuilt for a checkpoint it keeps, and goes on from there: a turn costs what was said in it.
    """

    def __init__(self, thread_id: str, ns: str, serde: SerializerProtocol) -> None:
        self._thread_id = thread_id
        self._ns = ns
        self._serde = serde
        self._parents: dict[str, str | None] = {}
        self._seeds: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._writes: dict[str, dict[str, dict[tuple[str, int], Write]]] = {}
        """By channel, checkpoint and place."""
        self._known: dict[str, _Known] = {}
        self.channels: set[str] | None = None
        """The delta channels that every segment knew to be some; None before the first."""
        self.size = 0
        """Bytes of what it holds."""

    def add(self, segment: Segment) -> None:
        """Takes in what a further segment says of this namespace. The same one may come twice."""
        if self._ns in segment.namespaces:
            deltas = set(segment.deltas.get(self._ns, ()))
            self.channels = deltas if self.channels is None else self.channels & deltas
        for link in segment.links:
            if link.ns == self._ns:
                self._parents[link.checkpoint_id] = link.parent
        for seed in segment.seeds:
            if seed.ns == self._ns:
                self._seeds[seed.checkpoint_id, seed.channel] = seed.encoding, seed.data
                self.size += len(seed.data)
        self.add_writes(segment.delta_writes)

    def add_writes(self, writes: Iterable[Write]) -> None:
        """Takes in the writes of this namespace."""
        for write in writes:
            if write.ns == self._ns:
                at = self._writes.setdefault(write.channel, {}).setdefault(write.checkpoint_id, {})
                if write.replaces or write.place not in at:
                    at[write.place] = write
                    self.size += len(write.data)

    def add_plain(self, segment: Segment) -> None:
        """Takes in a segment's checkpoints and writes from before a channel was a delta channel."""
        for saved in segment.saved:
            if saved.ns == self._ns:
                self._parents.setdefault(saved.checkpoint_id, saved.parent)
                for channel, typed in saved.values.items():
                    self._seeds.setdefault((saved.checkpoint_id, channel), typed)
        self.add_writes(segment.writes)

    def knows(self, checkpoint_id: str, channels: Sequence[str]) -> bool:
        """Whether it can tell what these channels were made of there."""
        return checkpoint_id in self._parents and self.channels is not None and self.channels.issuperset(channels)

    def history(
        self, checkpoint_id: str, channels: Sequence[str], specs: Mapping[str, Any] | None = None
    ) -> dict[str, DeltaChannelHistory]:
        """What each channel was made of at the checkpoint, as `get_delta_channel_history` says.

        With the graph's channels, `specs`, it is made here and kept, and the history is that value alone: the next
        turn does not fold what was said before it again. Raises LostParentError when the way back is broken.
        """
        with collector_paused():
            histories = {channel: self._of(checkpoint_id, channel) for channel in channels}
        for channel, history in histories.items():
            spec = (specs or {}).get(channel)
            if isinstance(spec, DeltaChannel):
                made = spec.from_checkpoint(history.get("seed", MISSING))
                made.replay_writes(history["writes"])
                self._known[channel] = _Known(checkpoint_id, _DeltaSnapshot(made.get()), [])
                histories[channel] = {"writes": [], "seed": _DeltaSnapshot(copy(made.get()))}
        return histories

    def _of(self, target: str, channel: str) -> DeltaChannelHistory:
        known = self._known.get(channel)
        path: list[str] = []
        seed: Any = _NONE
        before: list[PendingWrite] = []
        at = self._parent(target) if target in self._parents else None
        if known is not None and known.checkpoint_id == target:
            at, before, seed = None, known.writes, known.seed
        while at is not None:
            path.append(at)
            if (typed := self._seeds.get((at, channel))) is not None:
                seed = self._serde.loads_typed(typed)
                break
            if known is not None and known.checkpoint_id == at:
                before, seed = known.writes, known.seed
                break
            at = self._parents[at] if at in self._parents else self._parent(at)
        written = self._writes.get(channel, {})
        writes = [*before, *(write for one in reversed(path) if one in written for write in self._at(written[one]))]
        self._known[channel] = _Known(target, seed, writes)
        return cast("DeltaChannelHistory", {"writes": writes, **({} if seed is _NONE else {"seed": seed})})

    def _parent(self, checkpoint_id: str) -> str | None:
        try:
            return self._parents[checkpoint_id]
        except KeyError:
            raise LostParentError(
                f"Thread {self._thread_id!r} goes back to checkpoint {checkpoint_id}, which is not stored any more.",
                "Restore it from a backup, or go on from a checkpoint of another branch: lockgate show",
                thread_id=self._thread_id,
                checkpoint_id=checkpoint_id,
            ) from None

    def _at(self, written: Mapping[Any, Write]) -> list[PendingWrite]:
        found = sorted(written.values(), key=lambda write: writes_sort_key(write.path, write.task_id, write.index))
        return [(one.task_id, one.channel, self._serde.loads_typed((one.encoding, one.data))) for one in found]
