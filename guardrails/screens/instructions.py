"""Instruction-like text in data: a transparent linear model over the sentences of a text.

A sentence that orders a reader about is told by who it speaks to, how it starts (imperative, deontic, question),
what it asks for, and by how it stands out: its words occur nowhere else in the text, and its neighbours give no
orders. Each of these is a feature (see `features`); `weights.MODELS` says what it counts.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.guardrails.screens.features import Host, Words, features
from lockgate.guardrails.screens.lexicon import BIT, LEADING, LEXICON, UNSPACED
from lockgate.guardrails.screens.weights import MODELS

MAX_SENTENCE = 600
"""Characters judged at once; a longer sentence is judged in pieces."""
MAX_CANDIDATES = 20_000
"""Sentences judged in one text; a natural megabyte has a quarter of it. What comes after counts as an order."""
TOO_MANY = {"too_many": 1.0}
_MIN_SENTENCE = 9
_END = re.compile(r"[.!?](?=[\s\"')\]*<\\])|[\n\r|\u2022\u3002\uff01\uff1f]|\\n|\"\s?[:,}]\s?|<[^<>]{0,300}>")
_CLOSING = frozenset(".!?\u3002\uff01\uff1f")
_WORD = re.compile(r"[^\W_](?:[\w'’.-]*[^\W_])?")
_CLAUSE = re.compile(r"[,:;>–—-] (?:please |then |now |first |also |just |immediately |always )?([^\W\d_]+)")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_UNSPACED = re.compile("|".join(sorted(UNSPACED, key=len, reverse=True)))

_KNOWN = frozenset(LEXICON)
_ORDERS = BIT["act"] | BIT["write"] | BIT["alter"] | BIT["override"]
_MAY = sum(BIT[name] for name in ("override", "agent", "rules", "secret", "reply", "codework", "user", "authority"))
"""A sentence that neither starts like an order nor asks, and has none of these words, is not judged."""
_ASK = BIT["ask"]
_NAMES = tuple(name for name, _, _ in MODELS)
_BIASES = tuple(bias for _, bias, _ in MODELS)
_WEIGHTS: dict[str, tuple[float, ...]] = {
    name: tuple(weights.get(name, 0.0) for _, _, weights in MODELS)
    for name in sorted({name for _, _, weights in MODELS for name in weights})
}
_NOTHING = (0.0,) * len(MODELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence that may be an order: its place in the text, and its features by name."""

    start: int
    end: int
    features: dict[str, float]


def judged(sentence: Sentence) -> tuple[float, str]:
    """From 0 to 1 how much like an order to the reader it is, 0.5 being the operating point, and what kind of order."""
    if sentence.features is TOO_MANY:
        return 1.0, "more possible orders than can be judged"
    first, second, third = _BIASES
    for name, value in sentence.features.items():
        one, two, three = _WEIGHTS.get(name, _NOTHING)
        first += one * value
        second += two * value
        third += three * value
    best = max(first, second, third)
    name = _NAMES[(first, second, third).index(best)]
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, best)))), name


def candidates(text: str) -> Iterator[Sentence]:
    """The sentences of `text` that hold a word of an order, with their features."""
    low = text.lower()
    if len(low) != len(text):  # a few capitals grow when they are lowered, which would shift every offset
        low = "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
    places = list(_sentences(low))
    wide = not text.isascii() and _WIDE.search(text) is not None
    all_words = [_words(low[start:end], wide) for start, end in places]
    host: Host | None = None
    last = len(places) - 1
    judgements = 0
    for index, ((start, end), words) in enumerate(zip(places, all_words, strict=True)):
        if (
            (words.verb and not words.clause)
            or words.mask & _MAY
            or (words.mask & _ASK and low[end - 1 : end] in {"?", "？"})
        ):
            judgements += 1
            if judgements > MAX_CANDIDATES:
                yield Sentence(start=start, end=len(text), features=TOO_MANY)
                return
            host = host or Host.of(low, all_words)
            on = features(low[start:end], words, host, edge=index in {0, last}, continued=_continued(text, start))
            yield Sentence(start=start, end=end, features=on)


def _sentences(low: str) -> Iterator[tuple[int, int]]:
    start = 0
    least = _MIN_SENTENCE if low.isascii() else 3
    for found in _END.finditer(low):
        end = found.start() + 1 if low[found.start()] in _CLOSING else found.start()
        if end - start >= least:
            for at in range(start, end, MAX_SENTENCE):
                yield at, min(at + MAX_SENTENCE, end)
        start = found.end()
    if len(low) - start >= least:
        for at in range(start, len(low), MAX_SENTENCE):
            yield at, min(at + MAX_SENTENCE, len(low))


def _continued(text: str, start: int) -> bool:
    """Whether the sentence is the rest of one that was broken at the end of a line, by the look of it."""
    if not start or text[start - 1] != "\n":
        return False
    before, after = text[max(0, start - 2) : start].rstrip(), text[start : start + 40].lstrip()[:1]
    return after.islower() and (before[-1:].isalnum() or before[-1:] in {",", ")"})


def _words(piece: str, wide: bool) -> Words:
    """The words of a sentence, the classes they are of, and the verb that it starts with."""
    words: list[str] = _WORD.findall(piece)
    mask = verb = 0
    clause = False
    for word in _KNOWN.intersection(words):
        mask |= LEXICON[word]
    if mask & _ORDERS:
        for word in words[:6]:
            verb = LEXICON.get(word, 0) & _ORDERS
            if verb or word not in LEADING:
                break
        if not verb:
            for found in _CLAUSE.finditer(piece):
                if verb := LEXICON.get(found.group(1), 0) & _ORDERS:
                    clause = True
                    break
    if wide:
        for word in _UNSPACED.findall(piece):
            mask |= UNSPACED[word]
    return Words(words, mask, verb, clause)
