"""Trust labels: where a value came from and who may read it.

Labels form a lattice: `join` only ever raises suspicion. Integrity levels and the reader sets follow the
information-flow lattice of Denning (1976); the two-sided form is the one FIDES (2025) uses for agents.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce


class Integrity(IntEnum):
    """How far a value can be relied on. A higher number is more suspicious."""

    TRUSTED = 0
    """The user's own words or the operator's configuration."""
    INTERNAL = 1
    """Made by the model or by a system of the deployer's."""
    UNTRUSTED = 2
    """Anything an outsider may have written."""

    @classmethod
    def parse(cls, name: "str | Integrity") -> "Integrity":
        """From `trusted`, `internal` or `untrusted`; raises ValueError otherwise."""
        if isinstance(name, cls):
            return name
        try:
            return cls[str(name).upper()]
        except KeyError:
            raise ValueError(f"integrity is one of trusted, internal, untrusted; not {name!r}") from None

    def __str__(self) -> str:
        return self.name.lower()


OWNER = frozenset({"user"})
"""Readers of private data: the one the session is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Integrity, readers and sources of one value.

    `readers` is the set of those who may see the value; None means everyone, anything else that it is private.
    `sources` names where it came from, such as `user`, `tool:read_mail`.
    """

    integrity: Integrity = Integrity.TRUSTED
    readers: frozenset[str] | None = None
    sources: frozenset[str] = frozenset()

    def __or__(self, other: "Label") -> "Label":
        return join(self, other)


TRUSTED = Label()
UNTRUSTED = Label(integrity=Integrity.UNTRUSTED)


def join(left: Label, right: Label) -> Label:
    """Least upper bound: the worse integrity, the readers of both, the sources of either."""
    if left == right:
        return left
    if left.readers is None:
        readers = right.readers
    elif right.readers is None:
        readers = left.readers
    else:
        readers = left.readers & right.readers
    return Label(integrity=max(left.integrity, right.integrity), readers=readers, sources=left.sources | right.sources)


def join_all(labels: Iterable[Label]) -> Label:
    """The join of all `labels`; the bottom label `TRUSTED` when there are none."""
    return reduce(join, labels, TRUSTED)
