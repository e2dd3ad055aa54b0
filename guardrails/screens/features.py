"""The features of one sentence: its words (first step), and how it stands in its text (second step)."""

import re
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, combinations
from typing import NamedTuple

from lockgate.guardrails.screens.addressed import NOBODY, Address, address
from lockgate.guardrails.screens.lexicon import BIT, COMMON, LEADING, LEXICON, UNSPACED
from lockgate.guardrails.screens.phrases import STRONG, said
from lockgate.guardrails.screens.weights import WEIGHTS

_PLAIN_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_TYPOGRAPHY = [
    ("\u2019", "'"),
    ("\u2018", "'"),
    *((mark, " ") for mark in "\u201c\u201d\u2013\u2014\u2026\u2022\u00a0"),
]
_BLANKS = {ord(char): " " for char in string.punctuation + string.whitespace if char not in "-'"}
_UNSPACED = re.compile("|".join(sorted(UNSPACED, key=len, reverse=True)))
_LETTER = re.compile(r"^\W*(?:subject:|hi|hello|dear|hey|good (?:morning|day)|hallo|bonjour|hola)\b")
_MARKS = frozenset(" |*")
_ENTRIES: dict[str, tuple[int, float]] = {
    word: (LEXICON.get(word, 0), WEIGHTS.get(word, 0.0))
    for word in (*LEXICON, *(name for name in WEIGHTS if name[0].isalpha() and not _MARKS.intersection(name)))
}
"""What is known of a word: the bits of its classes, and what it counts."""
_KNOWN = frozenset(_ENTRIES)
_ANCHORS = frozenset(
    word
    for word, bits in LEXICON.items()
    if bits
    & sum(
        BIT[name]
        for name in (
            *("act", "write", "alter", "override", "agent", "reply", "rules", "secret", "user", "codework"),
            *("authority", "private", "urgent", "format"),
        )
    )
)
"""A sentence of a long text that asks nothing and has none of these words is read no further."""
_ORDERS = BIT["act"] | BIT["write"] | BIT["alter"] | BIT["override"]
_FEW_WORDS, _MANY_WORDS, _LONG_WORD = 4, 30, 4
_SHORT = 2_048
"""Characters of a text up to which every sentence is read, whatever its words."""
_CLOSE, _HEADING = 60, 8
"""Characters between sentences that belong together; words of a sentence that may be a heading."""
_WEIGHTY = tuple("override prior rules secret private user deontic you we reply urgent act write".split())  # noqa: SIM905
_NEAR = tuple("override prior rules agent secret private user authority urgent talk you we polite".split())  # noqa: SIM905
"""Classes whose words count for more or less by the kind of sentence they stand in, and by standing beside it."""
_VERBS = ("act", "write", "alter", "override")
_NAMING = BIT["agent"]
_PAST = frozenset("was were had did went led took got made said told wrote sent gave did found came became".split())  # noqa: SIM905
_ALONE = {bit: WEIGHTS[key] for name, bit in BIT.items() if (key := f"@{name}") in WEIGHTS}
_STARTING = {bit: WEIGHTS[key] for name, bit in BIT.items() if (key := f"^@{name}") in WEIGHTS}
_PAIRS = [(one, other) for one in BIT for other in BIT]
_BOTH = {(BIT[a], BIT[b]): WEIGHTS[key] for a, b in _PAIRS if (key := f"@{a}@{b}") in WEIGHTS}
_STARTED = {(BIT[a], BIT[b]): WEIGHTS[key] for a, b in _PAIRS if (key := f"^@{a}@{b}") in WEIGHTS}
"""What classes count, by their bits: alone, as the verb that starts a sentence, in pairs. `classes` names them."""
_LONE, _MANY = 3, 12
"""Sentences below which a text has no surroundings to stand out from."""


class Words(NamedTuple):
    """A sentence taken apart: its words, their classes, those of the verb it starts with, and what the words count."""

    words: list[str]
    mask: int
    verb: int
    weight: float


class Reader:
    """Takes the sentences of one lowered text apart."""

    def __init__(self, low: str) -> None:
        self.low = low
        typed = low
        for mark, typed_mark in () if low.isascii() else _TYPOGRAPHY:
            typed = typed.replace(mark, typed_mark)
        self.plain = typed.isascii()
        self.unspaced = not self.plain and _UNSPACED.search(low) is not None
        self.short = len(low) <= _SHORT or self.unspaced
        if self.plain:
            spaced = typed.translate(_BLANKS)
            self.spaced = spaced.replace(" '", "  ").replace("' ", "  ").replace(" -", "  ").replace("- ", "  ")

    def read(self, start: int, end: int) -> Words:
        """The first step's view of `low[start:end]`."""
        words = self.spaced[start:end].split() if self.plain else _PLAIN_WORD.findall(self.low[start:end])
        if not self.short and _ANCHORS.isdisjoint(words) and self.low[end - 1] not in "?\uff1f":
            return Words(words, 0, 0, 0.0)
        mask = verb = 0
        weight = 0.0
        for word in _KNOWN.intersection(words):
            bits, counts = _ENTRIES[word]
            mask |= bits
            weight += counts
        if self.unspaced:
            for word in _UNSPACED.findall(self.low, start, end):
                mask |= UNSPACED[word]
        if mask & _ORDERS:
            for word in words[:6]:
                verb = LEXICON.get(word, 0) & _ORDERS
                if verb or word not in LEADING:
                    break
        return Words(words, mask, verb, weight)


@lru_cache(maxsize=16_384)
def about(mask: int, verb: int) -> float:
    """What the classes of the words of a sentence, and pairs of classes, count."""
    has, starts = _bits(mask), _bits(verb)
    total = sum([_ALONE.get(bit, 0.0) for bit in has]) + sum([_BOTH.get(pair, 0.0) for pair in combinations(has, 2)])
    for start in starts:
        total += _STARTING.get(start, 0.0) + sum([_STARTED.get((start, bit), 0.0) for bit in has])
    return total


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found


def classes(mask: int, verb: int) -> list[str]:
    """The keys of the classes `mask`, and of the verb that starts the sentence."""
    has = [f"@{name}" for name, bit in BIT.items() if mask & bit]
    starts = [f"^@{name}" for name, bit in BIT.items() if verb & bit]
    both = [f"{one}{other}" for one, other in combinations(has, 2)]
    return [*has, *starts, *both, *[f"{start}{one}" for start in starts for one in has]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a text is like, apart from any one sentence."""

    counts: Counter[str]
    sentences: int
    orders: int
    questions: int
    talk: float
    """How much it is about attacks and examples, from 0 to 1."""
    code: float
    """How much it looks like code, from 0 to 1."""
    letter: bool
    """Whether it starts like a letter."""
    edges: tuple[int, int]
    """Where the first and the last sentence start."""
    low: str
    plain: bool
    read_all: Sequence[tuple[int, int, Words]]
    addresses: dict[int, Address] = field(default_factory=dict)
    """What was found of whom its sentences name, by their number."""

    @classmethod
    def of(cls, low: str, read_all: Sequence[tuple[int, int, Words]]) -> "Host":
        """Of the lowered text and its sentences."""
        signs = low.count("(") + low.count("{") + low.count(";") + low.count("=")
        talk = BIT["talk"]
        spoken = sum(1 for _, _, words in read_all if words.mask & talk)
        counts = Counter(chain.from_iterable([words.words for _, _, words in read_all]))
        return cls(
            counts=counts,
            sentences=len(read_all),
            orders=sum(1 for _, _, words in read_all if words.verb),
            questions=low.count("?"),
            talk=min(1.0, 4 * spoken / max(4, len(read_all))),
            code=min(1.0, 25 * signs / max(1, len(low))),
            letter=_LETTER.search(low[:100]) is not None,
            edges=(read_all[0][0], read_all[-1][0]),
            low=low,
            plain=low.isascii(),
            read_all=read_all,
        )


def second(piece: str, index: int, host: Host) -> Iterator[tuple[str, float]]:
    """Names and values for the sentence `piece`, the one at `index`: its phrases, and how it stands in its text."""
    start, _, words = host.read_all[index]
    phrases = said(piece, words.mask)
    yield from ((f"~{name}", 1.0) for name in phrases)
    strong = len(STRONG.intersection(phrases))
    spoken_to = _address_of(index, host)
    yield from ((name, 1.0) for name in spoken_to.features)
    kind = "weak"
    if strong:
        yield f"%strong{min(3, strong)}", 1.0
        yield "%strong talk", host.talk
        kind = "strong"
    elif words.verb:
        kind = "write" if words.verb & (BIT["write"] | BIT["alter"]) else "act"
    elif piece.rstrip(" \"')*").endswith(("?", "\uff1f")):
        kind = "question"
        yield "%question alone", 1.0 / max(1, host.questions)
    standing = _standing(start, words, host)
    for one in (f"%{kind}", f"%&{spoken_to.level}") if spoken_to.level else (f"%{kind}",):
        yield from [(one + how, value) for how, value in standing]
        yield from _having(one + " ", words.mask, _WEIGHTY)
    yield from _neighbours(index, kind, host)
    if _continued(host.low, start):
        yield f"%{kind} continued", 1.0


def _standing(start: int, words: Words, host: Host) -> list[tuple[str, float]]:
    """How a sentence stands in its text."""
    found = [
        ("", 1.0),
        (" novel", _novel(words.words, host)),
        (" crowd", min(1.0, 3 * (host.orders - 1) / max(3, host.sentences - 1))),
        (" talk", host.talk),
        (" code", host.code),
        (" told", _told(words.words)),
    ]
    if host.letter:
        found.append((" letter", 1.0))
    if host.sentences < _LONE:
        found.append((" lone", 1.0))
    elif start in host.edges:
        found.append((" edge", 1.0))
    if len(words.words) < _FEW_WORDS:
        found.append((" short", 1.0))
    elif len(words.words) > _MANY_WORDS:
        found.append((" long", 1.0))
    return found


def _neighbours(index: int, kind: str, host: Host) -> Iterator[tuple[str, float]]:
    """What the sentences close before and after one say: a heading may name whom the next line orders about."""
    start, end, _ = host.read_all[index]
    if index and start - host.read_all[index - 1][1] <= _CLOSE:
        before = host.read_all[index - 1][2]
        if level := _address_of(index - 1, host).level:
            yield f"<&{level}", 1.0
            yield f"<&{level} {kind}", 1.0
            yield f"<&{level} talk", host.talk
            if len(before.words) < _HEADING:
                yield f"<&{level} heading", 1.0
        yield from _having("<@", before.mask, _NEAR)
        yield from _having("<^", before.verb, _VERBS)
    if index + 1 < host.sentences and host.read_all[index + 1][0] - end <= _CLOSE:
        after = host.read_all[index + 1][2]
        yield from _having(">@", after.mask, _NEAR)
        yield from _having(">^", after.verb, _VERBS)


def _told(words: Sequence[str]) -> float:
    """How much a sentence tells what happened, from 0 to 1."""
    return min(1.0, sum(1 for word in words if word in _PAST or (word.endswith("ed") and len(word) > _LONG_WORD)) / 2)


@lru_cache(maxsize=8_192)
def _having(prefix: str, mask: int, names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """The features of those classes `names` that are in `mask`."""
    return tuple((prefix + name, 1.0) for name in names if mask & BIT[name])


def _address_of(index: int, host: Host) -> Address:
    """How the sentence at `index` names machines; each sentence is looked at once."""
    found = host.addresses.get(index)
    if found is None:
        start, end, words = host.read_all[index]
        found = address(host.low[start:end]) if words.mask & _NAMING or not host.plain else NOBODY
        host.addresses[index] = found
    return found


def _novel(words: list[str], host: Host) -> float:
    """The share of the words about something that occur nowhere else in the text."""
    topic = [word for word in words if len(word) >= _LONG_WORD and word not in COMMON]
    if not topic:
        return 0.5 * min(1.0, host.sentences / _MANY)
    here = Counter(words)
    novel = 1.0 - sum(1 for word in topic if host.counts[word] > here[word]) / len(topic)
    return novel * min(1.0, host.sentences / _MANY)


def _continued(low: str, start: int) -> bool:
    """Whether the sentence is the rest of one that was broken at the end of a line, by the look of it."""
    if not start or low[start - 1] != "\n":
        return False
    before = low[max(0, start - 2) : start].rstrip()[-1:]
    return (before.isalnum() or before == ",") and low[start : start + 1].isalpha()
