"""`Index`: one text prepared for questions of the form "does this value stand in it?". Made once a text, and kept."""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from functools import cached_property

from lockgate.guardrails.provenance.encodings import decoded, rot13
from lockgate.guardrails.provenance.folding import fold, squeeze, unmask, words
from lockgate.guardrails.provenance.moments import Day, Hour, days, hours
from lockgate.guardrails.provenance.numerals import spelled_numbers

_KEPT = 16_000_000
"""Characters of the texts whose indices are kept. A session's texts are asked again at each call."""
MOST = 2_000
_DIGITS = 24
_SPOKEN = 20_000
"""Characters of a text in which numbers, days and hours are read as people write them."""
_LINE = re.compile(r'\n|\\\\*[nr\n]|"(?<!\\")[\s,:}\]]+"?')
_MARK = "\x02"
"""Stands for the end of a line while lines are folded together."""
_SENTENCE_END = re.compile(rf" (?<=[.!?] )|{_MARK}")
_SENTENCE = 600
"""Characters of a sentence that are read at once."""
_LEAST_LINE = 16
"""Characters of a line that is looked at by itself."""
_NUMBER = re.compile(
    r"(?<![\w.,/-])(?<!\d:)[-+]?\d[\d,]*(?:\.\d+)*(?:,\d{1,2})?"
    r"(?:(?=(?:eur|usd|gbp|chf|k?g|km|cm|mm|ml|gb|mb|px|x)\b)|(?![\w:/]|[.,-]\d|-\w))"
)
_WORD_BEFORE = re.compile(r"([^\W\d_]+)[\s.,]*$")
_WORD_AFTER = re.compile(r"\s*(%|percent\b|[^\W\d_]+)")
_CONTINENTAL = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d+,\d{1,2}")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
MONTHS = words(
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september "
    "october november december"
)
NO_NAMES = MONTHS | words("am pm o'clock % percent")


class Index:
    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def of_folded(cls, text: str) -> "Index":
        """Of a text that is folded already."""
        index = cls(text)
        index.folded = text
        return index

    @cached_property
    def folded(self) -> str:
        """The text in the one spelling in which all are compared."""
        return fold(self.text)

    @cached_property
    def bare(self) -> str:
        """Without what hides from the eye or looks like something else."""
        return unmask(self.folded)

    @cached_property
    def squeezed(self) -> str:
        """Letters and digits alone."""
        return squeeze(self.folded)

    @cached_property
    def edges(self) -> tuple[frozenset[int], frozenset[int]]:
        """Offsets in `squeezed` where a run of letters and digits starts, and where one ends."""
        starts, ends, at = set(), set(), 0
        for run in re.finditer(r"[^\W_]+", self.folded):
            starts.add(at)
            at += len(run.group())
            ends.add(at)
        return frozenset(starts), frozenset(ends)

    @cached_property
    def lines(self) -> tuple["Index", ...]:
        """Of each line, and of each text in what is JSON; those too short to say anything are left out."""
        return tuple(Index(line) for line in _LINE.split(self.text) if len(line) >= _LEAST_LINE)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """Each sentence of its lines once, bare; one without an end in sight in pieces that overlap by half."""
        bare = unmask(fold(_MARK.join(_LINE.split(self.text))))  # all lines are folded at once
        found = dict.fromkeys(piece for piece in _SENTENCE_END.split(bare) if len(piece) >= _LEAST_LINE)
        return tuple(
            piece[at : at + _SENTENCE]
            for piece in found
            for at in range(0, max(1, len(piece) - _SENTENCE // 2), _SENTENCE // 2)
        )

    @cached_property
    def turned(self) -> "Index":
        """Of the text with each letter moved by thirteen places."""
        return Index.of_folded(rot13(self.folded))

    @cached_property
    def backwards(self) -> "Index":
        """Of the text read from its end."""
        return Index.of_folded(self.bare[::-1])

    @cached_property
    def wide(self) -> bool:
        """Whether the text is of a script whose writers use full-width letters in good faith."""
        return _EAST_ASIAN.search(self.text) is not None

    @cached_property
    def views(self) -> tuple[tuple[str, "Index"], ...]:
        """What the text says in encoded form: (encoding, index of it)."""
        return tuple((name, Index(plain)) for name, plain in decoded(self.text))

    @cached_property
    def tokens(self) -> frozenset[str]:
        """What stands between spaces, without what hides."""
        return frozenset(self.bare.split())

    @cached_property
    def spoken(self) -> frozenset[Decimal]:
        """The numbers that the text says in words."""
        return spelled_numbers(self.folded[:_SPOKEN])

    @cached_property
    def days(self) -> frozenset[Day]:
        """The days that the text names, however they are written."""
        return days(self.folded[:_SPOKEN])

    @cached_property
    def hours(self) -> frozenset[Hour]:
        """The hours that the text names, however they are written."""
        return hours(self.folded[:_SPOKEN])

    def counts(self, number: Decimal, *, spoken: bool = False) -> bool:
        """Whether the text speaks of this amount or count: of no date, time or percentage, and no part of a name.

        In figures; with `spoken` in words too.
        """
        text = self.folded
        whole = f"{abs(number).to_integral_value(ROUND_DOWN):f}"
        grouped = f"{int(whole):,}" if len(whole) <= _DIGITS else whole
        for spelling in {whole, grouped, grouped.replace(",", ".")}:
            for at in occurrences(text, spelling):
                match = _NUMBER.match(text, at - (text[at - 1 : at] in ("-", "+")))
                if match and number in _values(match.group()) and not _dated(text, match.start(), match.end()):
                    return True
        # `One` stands in texts for much else.
        return spoken and number > 1 and number in self.spoken


def occurrences(text: str, needle: str) -> Iterator[int]:
    """Where `needle` stands, the first `MOST` times; what stands there more often is in no place in particular."""
    at = text.find(needle)
    for _ in range(MOST):
        if at < 0:
            return
        yield at
        at = text.find(needle, at + 1)


def _dated(text: str, start: int, end: int) -> bool:
    before = _WORD_BEFORE.search(text, max(0, start - 12), start)
    after = _WORD_AFTER.match(text, end, end + 12)
    return bool((before and before.group(1) in MONTHS) or (after and after.group(1) in NO_NAMES))


def _values(token: str) -> list[Decimal]:
    """The numbers a token can mean: `1,050` is 1050, `1.050,00` is 1050, `12,50` is 12.5."""
    sign = -1 if token.startswith("-") else 1
    body = token.lstrip("+-").rstrip(",.")
    forms = {body.replace(",", "")}
    if _CONTINENTAL.fullmatch(body) and "," in body:
        forms.add(body.replace(".", "").replace(",", "."))
        if not re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", body):
            forms.discard(body.replace(",", ""))
    values = []
    for form in forms:
        try:
            values.append(sign * Decimal(form).normalize())
        except InvalidOperation:
            continue
    return values


class _Kept:
    """The indices made last, as many as fit into `_KEPT` characters."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Index] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Index:
        with self._lock:
            index = self._found.pop(text, None)
            if index is None:
                index = Index(text)
                self._size += len(text)
            self._found[text] = index
            while self._size > _KEPT and len(self._found) > 1:
                self._size -= len(self._found.popitem(last=False)[0])
        return index


index_of = _Kept()
"""The index of a text."""
