"""`Needle`: one value as it is looked for in a text: typed, whole, and never by chance.

A mail address or a URL counts only as a whole. A short value, or a number that names something, counts only where the
text says what it is (`file 13`, `id: 13`): so `June 13` is no file 13, and not every text with a 1 in it vouches for 1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from lockgate.guardrails.provenance.folding import fold, plain, squeeze, unmask, words
from lockgate.guardrails.provenance.index import NO_NAMES, Index, occurrences
from lockgate.guardrails.provenance.moments import Day, Hour, moment

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?|ftp)://\S+|www\.\S+")
_SHORT = 2
"""Letters and digits of a value that stands in texts by chance."""
_FEW_DIGITS = 4
_CODED = 6
"""Letters and digits that a value must have to be looked for in encoded form: shorter ones stand there by chance."""
_GROUPED = 5
"""The same for a value with digits that stands there in other groups."""
_NEAR = 40
"""Characters before a short value in which the text may say what it is."""
_NAMERS = words("id ids no nr number num ref reference code key #")
_WORDS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+|#")
_NO_INITIALS = words("am pm at to of in on by is it if or as an be do go he me my no so up us we")
"""Pairs of letters that are words, or say the time."""
_NO_NOUNS = words(
    "the and for from with about over under than least most only just exactly pay send transfer wire refund order buy "
    "add remove set are was not but per via until till after before around some into takes costs spend give make keep"
)
"""Words before a number that do not say what it names."""
_AMOUNTS = words("amount price sum total value quantity cost fee limit count budget balance salary")
_LETTER = re.compile(r"[a-z]")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Needle:
    """`value` is a leaf (a text or a number), `names` the words of its argument: `file_id` gives file and id.

    `things` are the words for what the tool is about: `Close an issue` and `issue 412` tell what 412 is.
    """

    value: Any
    names: frozenset[str]
    things: frozenset[str] = frozenset()

    @cached_property
    def text(self) -> str:
        """The value as texts would spell it, folded."""
        if isinstance(self.value, str):
            return fold(self.value)
        number = self.number
        return "" if number is None else f"{number:f}"

    @cached_property
    def number(self) -> Decimal | None:
        """The value as a number, if it is one: not a name made of digits."""
        if isinstance(self.value, str):
            counts = self.names & _AMOUNTS and _DECIMAL.fullmatch(self.value)
            return Decimal(self.value).normalize() if counts else None
        if isinstance(self.value, bool) or not isinstance(self.value, int | float | Decimal):
            return None
        number = Decimal(repr(self.value)) if isinstance(self.value, float) else Decimal(self.value)
        return number.normalize() if number.is_finite() else None

    @cached_property
    def named(self) -> bool:
        """Whether a text has to say what the value is before it counts."""
        size = len(squeeze(self.text))
        if self.number is not None:
            return bool(self.names & _NAMERS) and self.number == self.number.to_integral_value()
        return size <= _SHORT or (size <= _FEW_DIGITS and _DIGITS.fullmatch(self.text) is not None)

    @cached_property
    def sound(self) -> bool:
        """Whether the value is written as it reads. One that looks like another is not that other one."""
        return not isinstance(self.value, str) or plain(self.value)

    @cached_property
    def whole(self) -> bool:
        """A mail address or a URL."""
        return bool(_EMAIL.fullmatch(self.text) or _URL.fullmatch(self.text))

    def within(self, index: Index, *, masked: bool = True, loose: bool = False) -> str:
        """How the value stands in the text: `exact`, `normalised`, `disguised`, or an empty string when it does not.

        `disguised` is written with characters that hide or pose as others; it is not looked for without `masked`.
        `loose`, of a text that no attacker wrote: numbers, days and hours may stand there as people write them, and any
        noun before a number of some length says what it names.
        """
        if not self.text:
            return ""
        if self.number is not None and not self.named:
            return "exact" if index.counts(self.number, spoken=loose) else ""
        if any(True for _ in self._places(index.folded, loose=loose)):
            return self._spelled(index)
        if masked and index.bare != index.folded and any(True for _ in self._places(index.bare)):
            return "disguised"
        if loose and self.moment and self._dated(index):
            return "normalised"
        if self.whole:
            return "normalised" if self._url_stands(index) else ""
        return self._squeezed(index)

    def encoded(self, index: Index) -> str:
        """The encoding in which the value stands in the text, or an empty string."""
        for name, view in index.views:
            if self.within(view):
                return name
        if self.number is None and _LETTER.search(self.text) and self.within(index.turned):
            return "rot13"
        text = unmask(self.text)
        if len(squeeze(text)) < _CODED:
            return ""
        if (back := text[::-1]) != text and back in index.bare and _stands(index.bare, back):
            return "reversed"
        return ""

    def _spelled(self, index: Index) -> str:
        """How a value that stands in the folded text is written there."""
        if isinstance(self.value, str) and self.value in index.text:
            return "exact"
        if index.text.isascii() or index.wide or not self.text.isascii():
            return "normalised"
        # Letters of another width among Latin ones: a hit that the mere change of case does not give.
        return "normalised" if self.text in " ".join(index.text.casefold().split()) else "disguised"

    @cached_property
    def moment(self) -> tuple[Day | None, Hour | None] | None:
        """The day and the hour that the value is."""
        return moment(self.text) if isinstance(self.value, str) else None

    def _dated(self, index: Index) -> bool:
        """Whether the text names the day and the hour, as people write them."""
        day, hour = self.moment or (None, None)
        if hour is not None and hour not in index.hours:
            return False
        return day is None or day in index.days or (None, *day[1:]) in index.days

    def _places(self, text: str, *, loose: bool = False) -> Iterator[int]:
        for at in occurrences(text, self.text):
            end = at + len(self.text)
            if bounded(text, at, end) and (not self.named or self._is_named(text, at, end, loose=loose)):
                yield at

    def _is_named(self, text: str, start: int, end: int, *, loose: bool) -> bool:
        """Whether the words before, in the same line or field, say that this is the argument's value."""
        before = re.split(r"[,;!?{}()\[\]]|\. ", text[max(0, start - _NEAR) : start])[-1]
        said = _WORD.findall(before)
        after = _WORD.match(text[end:].lstrip()[:12])
        if (said and said[-1] in NO_NAMES) or (after and after.group() in NO_NAMES):
            return False
        if loose and end - start > _SHORT and said and len(said[-1]) > _SHORT and said[-1] not in _NO_NOUNS:
            return True
        return self.named_by(frozenset(said[-2:]))

    def named_by(self, said: frozenset[str]) -> bool:
        """Whether these words, of a field or before the value, say that it is what the argument wants."""
        wanted = self.names | self.things | _NAMERS
        return not said.isdisjoint(wanted) or not {word.removesuffix("s") for word in said}.isdisjoint(wanted)

    def _squeezed(self, index: Index) -> str:
        """The value with other spacing or punctuation. Only one with a digit in it: words run together by chance."""
        needle = squeeze(self.text)
        if len(needle) < _GROUPED or needle.isalpha() or self.number is not None:
            return ""
        for at in occurrences(index.squeezed, needle):
            starts, ends = index.edges
            if at in starts and at + len(needle) in ends:
                # Groups of three or four are for the eye; letter by letter is against a search.
                groups = sum(place in starts for place in range(at, at + len(needle)))
                return "disguised" if groups * 2 > len(needle) else "normalised"
        return ""

    def _url_stands(self, index: Index) -> bool:
        """A URL written without its scheme, or with a slash more."""
        short = re.sub(r"^(?:https?://)?(?:www\.)?", "", self.text).rstrip("/")
        if "@" in self.text or "." not in short:
            return False
        for at in occurrences(index.folded, short):
            end = at + len(short)
            if index.folded[end : end + 1] == "/":
                end += 1
            before = re.search(r"(?:https?://)?(?:www\.)?$", index.folded[max(0, at - 12) : at])
            start = at - len(before.group()) if before else at
            if bounded(index.folded, start, end):
                return True
        return False


@lru_cache(maxsize=1024)
def things_of(name: str, description: str) -> frozenset[str]:
    """The words of a tool's name and of its description's first sentence: `pull request` gives pr as well."""
    first = re.split(r"[.\n]", description.strip(), maxsplit=1)[0].casefold()
    found = _WORDS.findall(first)
    initials = (left[0] + right[0] for left, right in pairwise(found) if min(len(left), len(right)) > _SHORT)
    return names_of(name) | {word for word in found if len(word) > _SHORT} | {*initials} - _NO_INITIALS


def names_of(path: str) -> frozenset[str]:
    """The words of a path: `customer.fileId` gives customer, file and id."""
    return frozenset(word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", path).replace("_", " ")))


def _stands(text: str, needle: str) -> bool:
    return any(bounded(text, at, at + len(needle)) for at in occurrences(text, needle))


def bounded(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is no part of a longer word, number, address or path."""
    return not (_joined(text, start, -1) or _joined(text, end - 1, 1))


def _joined(text: str, at: int, step: int) -> bool:
    near, far = at + step, at + 2 * step
    if not 0 <= near < len(text):
        return False
    if step < 0 and text[near] == "@" and not (far >= 0 and _word(text[far])):
        return False  # `@ann` names Ann
    if _word(text[near]) or text[near] in "@%":
        # A sign or a bracket at the value's own edge parts it from what stands beside it.
        return _word(text[at]) or text[near] in "@%"
    return text[near] in "-./+&=?#" and 0 <= far < len(text) and (_word(text[far]) or text[far] in "/@")


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"
