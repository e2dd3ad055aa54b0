"""`Scanner`: finds private data in a text, in time linear in its length.

One pass of an RE2 set tries the triggers of all kinds; only kinds whose trigger is there look for their shape. So a
text without private data costs one pass.
"""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import re2

from lockgate.guardrails.privacy import machine, national, personal, secrets
from lockgate.guardrails.privacy.kind import Kind
from lockgate.guardrails.privacy.plain import plain

KINDS: tuple[Kind, ...] = (
    *secrets.KINDS[:-1],
    *machine.KINDS[:1],
    *personal.KINDS[:2],
    *national.KINDS,
    *personal.KINDS[2:],
    *machine.KINDS[1:],
    *secrets.KINDS[-1:],
)
"""All kinds. Of two that overlap, the earlier one gives its name."""
NAMES: tuple[str, ...] = tuple(dict.fromkeys(kind.name for kind in KINDS))
GROUPS: tuple[str, ...] = ("secret", "personal", "machine", "national_id")
SHORTEST = 6
"""Characters of the shortest finding, `a@b.cd`."""
SHORTEST_WORD = 20
"""Characters of the shortest secret that is all letters, digits and underscores; the others hold a sign."""
MARKER = re.compile(rb"\[(?:REDACTED:[A-Z0-9_]+|[A-Z0-9_]+(?::\*{4}[A-Za-z0-9]{0,4}|#[0-9a-f]{16}|~[a-z2-7]+))\]")
"""What stands where something was taken out; see `actions`."""
_BRACKET = ord("[")
_MAX_MEM = 64 << 20


class Span(NamedTuple):
    """`text[start:end]` is a value of `kind`; offsets are characters."""

    kind: str
    start: int
    end: int


class Scanner:
    """Looks for the given kinds. Never raises for any text; keeps nothing between two texts."""

    def __init__(self, names: Iterable[str]) -> None:
        wanted = set(names)
        self._kinds = [kind for kind in KINDS if kind.name in wanted]
        self._searches = [_compiled(kind.shape, captures=_has_group(kind.shape)).search for kind in self._kinds]
        # Most arguments are a word or an id: they need no pass where only secrets are looked for.
        self._words = bool(self._kinds) and all("secret" in kind.groups for kind in self._kinds)
        together = re2.Set.SearchSet(_options(captures=False))
        for kind in self._kinds:
            together.Add(kind.trigger or kind.shape)
        # RE2 reports "out of memory" as "nothing matches". This one always matches, so its absence tells.
        self._sentinel = together.Add("(?s).*")
        together.Compile()
        self._triggered: Callable[[bytes], list[int] | None] = together.Match

    def __call__(self, text: str) -> list[Span]:
        """What was found, in order and without overlaps: overlapping findings are joined under the first one's name."""
        if len(text) < SHORTEST or not self._kinds:
            return []
        if self._words and len(text) < SHORTEST_WORD and text.isidentifier():
            return []
        seen = plain(text)
        data = seen.text.encode("utf-8", "replace")
        hits = self._triggered(data)
        if hits is None or self._sentinel not in hits:
            hits = list(range(len(self._kinds)))
        found: list[tuple[int, int, int]] = []
        for index in sorted(hits):
            if index != self._sentinel:
                self._search(index, data, found)
        if not found:
            return []
        joined = _joined(found)
        if len(data) != len(seen.text):
            joined = _in_characters(joined, data)
        return [Span(self._kinds[index].name, *seen.span(start, end)) for start, end, index in joined]

    def _search(self, index: int, data: bytes, found: list[tuple[int, int, int]]) -> None:
        kind, search = self._kinds[index], self._searches[index]
        check, bounded, at = kind.check, kind.bounded, 0
        while match := search(data, at):
            start, end = match.span(match.re.groups and 1)
            if (ends := check(data, start, end)) and not (
                data[start] == _BRACKET and MARKER.fullmatch(data, start, ends)
            ):
                found.append((start, ends, index))
                at = max(ends, match.end()) if not bounded else ends
            else:
                at = match.start() + 1 if bounded else match.end()


def _joined(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Overlapping spans as one, named after the kind that ranks first."""
    found.sort()
    joined: list[tuple[int, int, int]] = []
    for start, end, index in found:
        if joined and start < joined[-1][1]:
            first = joined[-1]
            joined[-1] = (first[0], max(first[1], end), min(first[2], index))
        else:
            joined.append((start, end, index))
    return joined


def _in_characters(spans: list[tuple[int, int, int]], data: bytes) -> list[tuple[int, int, int]]:
    at, count, told = 0, 0, []
    for start, end, index in spans:
        count += len(data[at:start].decode())
        width = len(data[start:end].decode())
        told.append((count, count + width, index))
        at, count = end, count + width
    return told


def _has_group(shape: str) -> bool:
    return re.search(r"(?<!\\)\((?!\?)", shape) is not None


@functools.cache
def _compiled(shape: str, *, captures: bool) -> Any:
    return re2.compile(shape, _options(captures=captures))


def _options(*, captures: bool) -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEM
    options.log_errors = False
    options.never_capture = not captures
    return options


@functools.cache
def scanner(names: frozenset[str]) -> Scanner:
    """The scanner for these kinds; made once."""
    return Scanner(names)
