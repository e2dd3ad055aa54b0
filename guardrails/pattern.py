"""Regular expressions and globs in linear time (RE2), so no pattern and no argument can hang a decision."""

from collections.abc import Callable, Sequence
from typing import Any

import re2

MAX_WORK = 50_000_000
"""Instructions of the compiled pattern times characters of the text: under 0.1 s of CPU at RE2's slowest.

A text over this bound is not searched: it counts as one that cannot be judged. For a plain pattern such as
`ORD-[0-9]+` that is a text of three million characters.
"""
_MAX_MEM = 1 << 20
"""Bytes one compiled pattern may take; a larger one is refused when it is loaded."""
_MAX_SET_MEM = 16 << 20
"""Bytes that the patterns of one `PatternSet` may take together, its cache of states included."""
_MAX_SET_TEXT = 1024
"""Characters a `PatternSet` reads at most: so few that no single pattern that fits `_MAX_MEM` reaches `MAX_WORK`."""
_EVERYTHING = "(?s).*"


class Pattern:
    """One compiled regular expression; `whole` asks it to cover the text from end to end."""

    __slots__ = ("_match", "_quick", "_size", "text", "whole")

    def __init__(self, text: str, *, whole: bool) -> None:
        """Raises ValueError when RE2 cannot run `text` in linear time (backreferences, lookaround) or in memory."""
        try:
            compiled = re2.compile(text, _options(_MAX_MEM))
        except UnicodeEncodeError:
            raise ValueError("a pattern cannot hold half of a surrogate pair") from None
        except re2.error as error:
            raise ValueError(_refused(_words(error))) from None
        self.text = text
        self.whole = whole
        self._size = max(1, compiled.programsize)
        self._match = compiled.fullmatch if whole else compiled.search
        # A set of one costs a quarter of the module's `fullmatch`, which builds a match object.
        self._quick = PatternSet([text], whole=whole, max_mem=_MAX_MEM)

    def __call__(self, text: str) -> bool | None:
        """Whether it matches; None when `text` is too long or is not Unicode (half of a surrogate pair)."""
        if (found := self._quick(text)) is not None:
            return bool(found)
        if len(text) * self._size > MAX_WORK:
            return None
        try:
            return self._match(text) is not None
        except UnicodeEncodeError:
            return None


class PatternSet:
    """Many patterns tried in one pass over a text."""

    __slots__ = ("_match", "_sentinel")

    def __init__(self, patterns: Sequence[str], *, whole: bool, max_mem: int = _MAX_SET_MEM) -> None:
        """`patterns` are known to be valid. If they do not fit into memory together, every answer is None."""
        build = re2.Set.FullMatchSet if whole else re2.Set.SearchSet
        together = build(_options(max_mem))
        # RE2 reports "out of memory" as "nothing matches". This one always matches, so its absence tells.
        self._sentinel = len(patterns)
        try:
            for pattern in (*patterns, _EVERYTHING):
                together.Add(pattern)
            together.Compile()
        except re2.error:
            self._match: Callable[[str], list[int] | None] = lambda _text: None
        else:
            self._match = together.Match

    def __call__(self, text: str) -> list[int] | None:
        """Indices of the patterns that match, in no order; None when they have to be tried one by one."""
        if len(text) > _MAX_SET_TEXT:
            return None
        try:
            found = self._match(text)
        except UnicodeEncodeError:
            return None
        if found is None or self._sentinel not in found:
            return None
        return [index for index in found if index != self._sentinel]


def glob(text: str) -> Pattern:
    """`*` stands for any characters, `?` for one; everything else for itself, capitals included."""
    words = {"*": ".*", "?": "."}
    return Pattern("(?s)" + "".join(words.get(char) or re2.escape(char) for char in text), whole=True)


def is_glob(text: str) -> bool:
    """Whether `text` stands for more than one name."""
    return "*" in text or "?" in text


def _options(max_mem: int) -> Any:
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    options.never_capture = True
    return options


def _refused(why: str) -> str:
    """Why RE2 takes no such pattern, and what to write instead."""
    if "too large" in why or "bad repetition" in why or "repetition size" in why:
        return f"not a pattern that RE2 can run: it is too large ({why}); repeat less, or bound it by max_length"
    if "perl operator" in why or "escape sequence" in why:
        return f"not a pattern that RE2 can run in linear time: {why}; it has no lookaround and no backreferences"
    return f"not a pattern that RE2 can run in linear time: {why}; mend it, or put \\ before what stands for itself"


def _words(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
