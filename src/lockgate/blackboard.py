"""A blackboard: what workers share, put and read by name, typed, and each value with its label.

After the blackboard architecture (Erman et al. 1980, Hearsay-II), with labels. It stands in the state of a team under
the key `board`, so what was shared is in the checkpoints, and nothing passes between agents unseen:

    orchestrator.build(
        board=Blackboard(total=int),
        workers={"counter": Worker(graph=a, writes="total"), "writer": Worker(graph=b, reads=("total",))},
    )
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lockgate.decision import canonical_json
from lockgate.errors import AuthorityError, ConfigError, UnknownNameError
from lockgate.labels import Label, join
from lockgate.text import unfit

MAX_BYTES = 65_536
"""Bytes of one value as JSON. Larger things belong into a store, and their name onto the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value (JSON), its label, who put it there, and how often the name has been written."""

    value: Any
    label: Label
    by: str
    version: int = 1


def merge_entries(left: dict[str, Entry] | None, right: dict[str, Entry] | None) -> dict[str, Entry]:
    """Both boards in one. Of two values of a name the later version stands; labels are joined, so they only rise.

    A least upper bound: the order and the grouping of the writes make no difference, nor does writing one twice. Two
    workers that wrote the same version at once are told apart by their names, then by the values.
    """
    merged = dict(left or {})
    for name, entry in (right or {}).items():
        merged[name] = _later(merged[name], entry) if name in merged else entry
    return merged


def _later(one: Entry, other: Entry) -> Entry:
    value = max(one, other, key=lambda entry: (entry.version, entry.by, canonical_json(entry.value)))
    return Entry(value=value.value, label=join(one.label, other.label), by=value.by, version=value.version)


class Blackboard:
    """The names a team shares and the type of each (anything pydantic can check)."""

    def __init__(self, **types: Any) -> None:
        self._types = {name: TypeAdapter(kind) for name, kind in types.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """What is shared, by name."""
        return tuple(self._types)

    def put(self, board: Mapping[str, Entry], name: str, value: Any, *, label: Label, by: str) -> dict[str, Entry]:
        """The update that writes `value` under `name`, to be returned from a node.

        `label` is that of everything the value was made from; the merge joins it with what the name was labelled
        before, since who read the old value may have made the new one from it. Raises UnknownNameError, or ConfigError
        when the value has not the declared type, is no JSON or is larger than `MAX_BYTES`.
        """
        kind = self._kind(name)
        try:
            plain = kind.dump_python(kind.validate_python(value), mode="json")
        except ValidationError as error:
            raise ConfigError(f"{name!r} cannot hold this: {error.errors()[0]['msg']}.", "See its type.") from None
        if why := unfit(plain):
            raise ConfigError(f"{name!r} cannot hold this: the data {why}.")
        if len(canonical_json(plain)) > MAX_BYTES:
            raise ConfigError(f"{name!r} cannot hold more than {MAX_BYTES:,} bytes.", "Store it, and put its name.")
        before = board.get(name)
        return {name: Entry(value=plain, label=label, by=by, version=before.version + 1 if before else 1)}

    def get(self, board: Mapping[str, Entry], name: str, *, reader: str) -> tuple[Any, Label]:
        """The value in its declared type, and the label that whoever uses it takes over.

        Raises UnknownNameError when nothing was put there, AuthorityError when `reader` is not among its readers.
        """
        kind = self._kind(name)
        if name not in board:
            raise UnknownNameError.of("entry of the blackboard", name, board)
        entry = board[name]
        if entry.label.readers is not None and reader not in entry.label.readers:
            raise AuthorityError(f"{reader!r} may not read {name!r} of the blackboard.", "Its label names who may.")
        return kind.validate_python(entry.value), entry.label

    def _kind(self, name: str) -> "TypeAdapter[Any]":
        if name not in self._types:
            raise UnknownNameError.of("name on the blackboard", name, self._types)
        return self._types[name]
