"""One row of `steps` as data: checkpoints, task writes and the lineage, all gathered since the row before.

The spine holds what delta channels are rebuilt from, so a long thread is read without the rest: which checkpoint came
from which, the full values ("seeds") that a channel was given, and the writes to its delta channels. The body holds
checkpoints and all other writes, the record the events of the run. Pruning takes the body away and leaves the others.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import ormsgpack

from lockgate.errors import CorruptRowError, RowError
from lockgate.runtime.filed import Filed, packed, unpacked
from lockgate.runtime.seal import Seal

Typed: TypeAlias = tuple[str, bytes]
"""A value as the serializer leaves it: the name of the encoding, and the bytes."""
BLOB = "@"
"""Name of the "encoding" of a value that stands in `blobs`; its bytes are the digest."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a task. `replaces` an earlier one at its place; otherwise the earlier one stays."""

    ns: str
    checkpoint_id: str
    task_id: str
    path: str
    index: int
    replaces: bool
    channel: str
    encoding: str
    data: bytes

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands among the writes of its checkpoint."""
        return self.task_id, self.index


@dataclass(frozen=True, slots=True)
class Link:
    """A checkpoint of a graph with delta channels and the one it came from."""

    ns: str
    checkpoint_id: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Seed:
    """The full value of a delta channel at a checkpoint."""

    ns: str
    checkpoint_id: str
    channel: str
    encoding: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint. `head` is all of it but the values of its channels; seeds stand in the spine."""

    ns: str
    checkpoint_id: str
    parent: str | None
    head: Typed
    values: dict[str, Typed]


@dataclass(slots=True, kw_only=True)
class Segment:
    """The content of a row. `deltas` are the delta channels of each namespace, as far as they were known."""

    saved: list[Saved] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    seeds: list[Seed] = field(default_factory=list)
    delta_writes: list[Write] = field(default_factory=list)
    deltas: dict[str, list[str]] = field(default_factory=dict)
    events: list[Filed] = field(default_factory=list)

    @property
    def namespaces(self) -> list[str]:
        """Those of everything in it."""
        items: tuple[Saved | Write | Link, ...] = (*self.saved, *self.writes, *self.links, *self.delta_writes)
        return sorted({item.ns for item in items})

    @property
    def touched(self) -> list[str]:
        """The checkpoints that can be read from it, and those that its writes belong to."""
        items: tuple[Saved | Write, ...] = (*self.saved, *self.writes, *self.delta_writes)
        return sorted({item.checkpoint_id for item in items})

    @property
    def marks(self) -> list[int]:
        """What the row is found by."""
        return sorted({*(mark("ns", ns) for ns in self.namespaces), *(mark("id", one) for one in self.touched)})

    @property
    def blobs(self) -> list[bytes]:
        """Digests of the blobs that its values stand in."""
        return sorted({data for one in self.saved for name, data in one.values.values() if name == BLOB})


def mark(kind: str, name: str) -> int:
    """What stands for a namespace (`ns`) or a checkpoint (`id`) in the rows that hold something of it."""
    digest = hashlib.blake2b(f"{kind}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def about(thread_id: str, kind: str) -> bytes:
    """What a piece of a thread belongs to."""
    return f"{kind}\0{thread_id}".encode("utf-8", "surrogatepass")


def pack(segment: Segment, thread_id: str, seal: Seal) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Spine, body and record as they are stored; None for one that would be empty."""
    spine = b""
    if segment.links or segment.seeds or segment.delta_writes:
        spine = ormsgpack.packb(
            [_rows(segment.links), _rows(segment.seeds), _rows(segment.delta_writes), segment.deltas]
        )
    body = b""
    if segment.saved or segment.writes:
        body = ormsgpack.packb([_rows(segment.saved), _rows(segment.writes)])
    return (
        seal.close(spine, about(thread_id, "spine")) if spine else None,
        seal.close(body, about(thread_id, "body"), spine) if body else None,
        seal.close(packed(segment.events), about(thread_id, "record"), spine) if segment.events else None,
    )


def unpack(spine: bytes | None, body: bytes | None, thread_id: str, seal: Seal, record: bytes | None = None) -> Segment:
    """The segment of a row. Raises what `Seal.open` raises; the error does not know its place yet."""
    raw = b"" if spine is None else seal.open(spine, about(thread_id, "spine"))
    segment = Segment()
    try:
        if raw:
            links, seeds, delta_writes, deltas = ormsgpack.unpackb(raw)
            segment.links = [Link(*row) for row in links]
            segment.seeds = [Seed(*row) for row in seeds]
            segment.delta_writes = [Write(*row) for row in delta_writes]
            segment.deltas = deltas
        if body is not None:
            saved, writes = ormsgpack.unpackb(seal.open(body, about(thread_id, "body"), raw))
            segment.saved = [Saved(*row) for row in saved]
            segment.writes = [Write(*row) for row in writes]
        if record is not None:
            segment.events = unpacked(seal.open(record, about(thread_id, "record"), raw))
    except RowError:
        raise
    except (ValueError, TypeError) as error:  # a checksum that holds, and content that no version of ours wrote
        raise CorruptRowError(f"its content makes no sense ({type(error).__name__})") from None
    return segment


def _rows(items: Sequence[Any]) -> list[list[Any]]:
    return [[getattr(item, name) for name in item.__slots__] for item in items]
