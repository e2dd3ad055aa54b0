"""The records in a tool's structured result: what has an id, and the names a person would call it by."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from lockgate.guardrails.provenance.needle import names_of

_LARGEST = 400_000
"""Characters of a result that is read as records."""
_ID = re.compile(r"_?(?:id|uuid|guid)_?|.*(?:[_-](?:id|uuid|guid)_?|[a-z]I[dD])")
_NAMING = re.compile(
    r"(?:.*[_-])?(?:file|display|full|user|sur|last|first)?_?(?:name|title|subject|label|heading|topic)_?|.*(?:Name|Title)"
)
_NAME = re.compile(r"(?=[^@]*[^\W\d_])[^@]{4,300}", re.DOTALL)
_PROPER = re.compile(r"(?=[^@]*[A-Z])[^\W\d_][^@]{3,80}")
"""What is written like a name, under whatever heading."""
_NAMED = re.compile(r"(?:full|display|real|user|person|member|contact|sur|last|first|given)?[ _-]?[nN]ames?")
_PERSON = re.compile(r"[^\W\d_a-z][^\W\d_]+(?:[ -](?:[^\W\d_a-z]\.|[a-z]{2,3}|[^\W\d_a-z][^\W\d_]+)){1,3}")
"""Two to four words, as people are called."""
_SHORTEST = 3
"""Letters of a name."""
_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}")
Record: TypeAlias = dict[str, Any]


class Records:
    """All mappings in one JSON value. A name tells a record only if no other has it in the same field."""

    def __init__(self, text: str) -> None:
        try:
            data = json.loads(text) if len(text) <= _LARGEST else None
        except (ValueError, RecursionError):
            data = None
        self._records = list(_mappings(data))
        self._fields: dict[str, frozenset[str]] = {}
        for field, value in (pair for record in self._records for pair in record.items()):
            for item in value if isinstance(value, list) else [value]:
                if _scalar(item):
                    at = str(item).casefold()
                    self._fields[at] = self._fields.get(at, frozenset()) | names_of(field)
        self._in_field: dict[str, dict[str, int]] = {}
        self._items = frozenset(str(item).casefold() for item in _scalars(data))
        self._times: dict[tuple[str, str], int] = {}
        for record in self._records:
            for field, value in record.items():
                if isinstance(value, str):
                    self._times[field, value] = self._times.get((field, value), 0) + 1

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def holding(self, leaf: Any, *, ids_only: bool) -> Iterator[Record]:
        """The records of which `leaf` is a field: an id, or with other fields too."""
        wanted = str(leaf)
        for record in self._records:
            if any(
                _scalar(value) and str(value) == wanted and (not ids_only or _ID.fullmatch(field))
                for field, value in record.items()
            ):
                yield record

    def fields(self, leaf: Any) -> frozenset[str]:
        """The words of the fields that hold `leaf`, itself or in a list."""
        return self._fields.get(str(leaf).casefold(), frozenset())

    def listing(self, leaf: Any) -> Iterator[Record]:
        """The records that hold `leaf` in a list."""
        for record in self._records:
            if any(isinstance(value, list) and leaf in value for value in record.values()):
                yield record

    def called(self, record: Record) -> list[str]:
        """Texts of a record that tell it from the others."""
        return [
            value
            for field, value in record.items()
            if isinstance(value, str) and len(value) > _SHORTEST and self._times[field, value] == 1
        ]

    def lists(self, leaf: Any) -> bool:
        """Whether `leaf` is all that a field or an item of the result holds."""
        return str(leaf).casefold() in self._items

    def names(self, record: Record, leaf: Any, *, proper: bool) -> list[str]:
        """What a person calls the record by, if that tells it from the others: `shopping-list.txt`, `shopping list`.

        With `proper`, whatever is written like a name counts as one: `{"house": "Fern Lodge"}`.
        """
        found = [
            value
            for field, value in record.items()
            if isinstance(value, str)
            and value != leaf
            and ((_NAMING.fullmatch(field) and _NAME.fullmatch(value)) or (proper and _PROPER.fullmatch(value)))
            and self._times[field, value] == 1
        ]
        return found + [spoken for value in found if (spoken := _spoken(value)) != value and _NAME.fullmatch(spoken)]

    def given_names(self, record: Record) -> list[str]:
        """Of a person's name the words that no other record has in its names: `Yuki` of `Yuki Endo`."""
        return [
            word
            for field, value in record.items()
            if isinstance(value, str) and _NAMED.fullmatch(field) and _PERSON.fullmatch(value)
            for word in value.split()
            if len(word) >= _SHORTEST and self._words(field).get(word) == 1
        ]

    def _words(self, field: str) -> dict[str, int]:
        """How many records have a word in that field."""
        if field not in self._in_field:
            values = [{*value.split()} for one in self._records if isinstance(value := one.get(field), str)]
            self._in_field[field] = Counter(word for words in values for word in words)
        return self._in_field[field]


def _spoken(name: str) -> str:
    """A file's name as one says it."""
    stem, dot, ending = name.rpartition(".")
    bare = stem if dot and _EXTENSION.fullmatch(f".{ending.casefold()}") else name
    return re.sub(r"[-_]+", " ", bare).strip()


@lru_cache(maxsize=64)
def records_of(text: str) -> Records:
    """The records of a result."""
    return Records(text)


def _mappings(data: Any) -> Iterator[Record]:
    left = [data]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            yield item
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)


def _scalars(data: Any) -> Iterator[Any]:
    left = [data]
    while left:
        item = left.pop()
        if isinstance(item, dict | list):
            left.extend(item.values() if isinstance(item, dict) else item)
        elif _scalar(item):
            yield item


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
