"""The features of one sentence: its words (first step), and how it stands in its text (second step)."""

import re
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from lockgate.guardrails.screens.addressed import NOBODY, Address, address
from lockgate.guardrails.screens.lexicon import BIT, COMMON, LEADING, LEXICON, UNSPACED
from lockgate.guardrails.screens.phrases import STRONG, said
from lockgate.guardrails.screens.weights import WEIGHTS

_PLAIN_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
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
_WEIGHTY = ("override", "prior", "rules", "secret", "private", "user", "deontic", "you", "we", "reply", "urgent", "act", "write")
_NEAR = ("override", "prior", "rules", "agent", "secret", "private", "user", "authority", "urgent", "talk", "you", "we", "polite")
_VERBS = ("act", "write", "alter", "override")
_NAMING = BIT["agent"]
_PAST = frozenset("was were had did went led took got made said told wrote sent gave did found came became".split())
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
        self.plain = low.isascii()
        self.short = len(low) <= _SHORT
        if self.plain:
            spaced = low.translate(_BLANKS)
            self.spaced = spaced.replace(" '", "  ").replace("' ", "  ").replace(" -", "  ").replace("- ", "  ")

    def read(self, start: int, end: int) -> Words:
        """The first step's view of `low[start:end]`."""
        words = self.spaced[start:end].split() if self.plain else _PLAIN_WORD.findall(self.low[start:end])
        if self.plain and not self.short and _ANCHORS.isdisjoint(words) and self.low[end - 1] != "?":
            return Words(words, 0, 0, 0.0)
        mask = verb = 0
        weight = 0.0
        for word in _KNOWN.intersection(words):
            bits, counts = _ENTRIES[word]
            mask |= bits
            weight += counts
        if not self.plain:
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
    return sum(WEIGHTS.get(key, 0.0) for key in classes(mask, verb))


def classes(mask: int, verb: int) -> list[str]:
    """The keys of the classes `mask`, and of the verb that starts the sentence."""
    has = [f"@{name}" for name, bit in BIT.items() if mask & bit]
    starts = [f"^@{name}" for name, bit in BIT.items() if verb & bit]
    both = [f"{one}{other}" for index, one in enumerate(has) for other in has[index + 1 :]]
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
    novel = _novel(words.words, host)
    lone = host.sentences < _LONE
    crowd = min(1.0, 3 * (host.orders - 1) / max(3, host.sentences - 1))
    spoken_to = _address_of(host.read_all[index], host)
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
    told = _told(words.words)
    before, after = _beside(index, host)
    for one in (kind, f"&{spoken_to.level}") if spoken_to.level else (kind,):
        yield f"%{one}", 1.0
        yield f"%{one} novel", novel
        yield f"%{one} crowd", crowd
        yield f"%{one} talk", host.talk
        yield f"%{one} code", host.code
        yield f"%{one} told", told
        if host.letter:
            yield f"%{one} letter", 1.0
        if lone:
            yield f"%{one} lone", 1.0
        elif start in host.edges:
            yield f"%{one} edge", 1.0
        if len(words.words) < _FEW_WORDS:
            yield f"%{one} short", 1.0
        elif len(words.words) > _MANY_WORDS:
            yield f"%{one} long", 1.0
        yield from ((f"%{one} {name}", 1.0) for name in _WEIGHTY if words.mask & BIT[name])
    if before is not None:
        turned = _address_of(before, host)
        if turned.level:
            yield f"<&{turned.level}", 1.0
            yield f"<&{turned.level} {kind}", 1.0
            yield f"<&{turned.level} talk", host.talk
            if len(before[2].words) < _HEADING:
                yield f"<&{turned.level} heading", 1.0
        yield from ((f"<@{name}", 1.0) for name in _NEAR if before[2].mask & BIT[name])
        yield from ((f"<^{name}", 1.0) for name in _VERBS if before[2].verb & BIT[name])
    if after is not None:
        yield from ((f">@{name}", 1.0) for name in _NEAR if after[2].mask & BIT[name])
        yield from ((f">^{name}", 1.0) for name in _VERBS if after[2].verb & BIT[name])
    if _continued(host.low, start):
        yield f"%{kind} continued", 1.0


def _told(words: Sequence[str]) -> float:
    """How much a sentence tells what happened, from 0 to 1."""
    return min(1.0, sum(1 for word in words if word in _PAST or (word.endswith("ed") and len(word) > _LONG_WORD)) / 2)


def _beside(index: int, host: Host) -> tuple[tuple[int, int, Words] | None, tuple[int, int, Words] | None]:
    """The sentences close before and after one."""
    start, end, _ = host.read_all[index]
    before = host.read_all[index - 1] if index else None
    after = host.read_all[index + 1] if index + 1 < host.sentences else None
    return (
        before if before and start - before[1] <= _CLOSE else None,
        after if after and after[0] - end <= _CLOSE else None,
    )


def _address_of(sentence: tuple[int, int, Words], host: Host) -> Address:
    start, end, words = sentence
    return address(host.low[start:end]) if words.mask & _NAMING or not host.plain else NOBODY


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
