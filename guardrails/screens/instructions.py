"""Instruction-like text in data: a transparent linear model over the sentences of a text, in two steps.

The first step adds up weights of words, pairs of words and classes of words, which is a few look-ups a word. Only the
sentences that look most like orders are looked at again: for phrases that say who is spoken to, for how they stand
out from their text, and for whether somebody merely quotes them. `weights.txt` says what everything counts.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from lockgate.guardrails.screens.features import Host, Reader, Words, about, second
from lockgate.guardrails.screens.grams import counted
from lockgate.guardrails.screens.mentions import Mentions
from lockgate.guardrails.screens.weights import BIAS, WEIGHTS

MAX_SENTENCE = 400
"""Characters judged at once; a longer sentence is judged in pieces."""
MIN_AGAIN, SOME_AGAIN, CHARACTERS_AGAIN = 4, 1, 1_536
"""Sentences of one text that are looked at again: the best so many; in a long text the second number and one more for
each of so many characters."""
HOT = -10.0
"""From this sum (log-odds) on a sentence may be looked at again; below, nothing can make it an order."""
CERTAIN = 5.0
"""From this sum on a sentence is an order although it is not looked at again, others being more so."""
OPERATING = 0.0
"""The sum that becomes a score of 0.5."""
SURE = 0.5
CLEAR = 0.8
"""From this score on an order counts that is one only when its short lines are read as one."""
MAX_REACH = 300
"""Characters on each side of a sentence, within its line, that belong to its passage."""
MAX_GAP = 400
"""Characters between two passages that are one."""
_BORDERS = ("\n", '"', "|", "\\n")
_MENTIONED = 7.0
"""What a sentence loses that is merely quoted; twice that in a text about attacks."""
_MIN_SENTENCE = 9
_END = re.compile(
    "|".join(  # each begins with a letter of its own, so that the engine looks for nothing but these
        [
            *(rf"\{mark}(?=[\s\"')\]*<\\])" for mark in ".!?"),
            r"\|(?=[^|\n]{12})",
            *"\n\r\u2022\u3002\uff01\uff1f\u061f",
            r"\\n",
            r"\"\s?[:,}]\s?",
            r"<(?:[^<>\"']|\"(?:[^\"<>]{0,40}|[^\"<>\s]{41,300})\"|'(?:[^'<>]{0,40}|[^'<>\s]{41,300})'){0,120}>",
        ]
    )
)
_NO_TAG = re.compile(r"<(?=!\[CDATA\[|[a-zA-Z/!?][^<>=\"]{38,600}>)")
"""What looks like the beginning of a tag and is none: there is prose in it."""
_GOES_ON = re.compile(r"\n(?=[a-z])")
_STOPS = frozenset(" \t\r.!?:;|>,")
_NARROW = 45
"""Characters of a line that is short. No line of prose is so short but in a column, or to break an order up."""
_CLOSING = frozenset(".!?\u3002\uff01\uff1f\u061f")
_INSIDE = frozenset("\"'`\u201d\u2019)")


class Sentence(NamedTuple):
    """One sentence that may be an order: its number and place in the text, its words, and the sum of the first step."""

    number: int
    start: int
    end: int
    words: Words
    total: float


def lowered(text: str) -> str:
    """`text` in lower case, character for character, so that offsets stay."""
    low = text.lower()
    if len(low) != len(text):  # a few capitals grow when they are lowered
        low = "".join(char if len(char.lower()) != 1 else char.lower() for char in text)
    return low


def sentences(low: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence of a lowered text; fields of JSON, cells of tables and tags end one, too."""
    start = 0
    least = _MIN_SENTENCE if low.isascii() else 3
    for found in _END.finditer(low):
        end = found.start()
        if low[end] in _CLOSING:
            end += 1
        if end - start >= least:
            for at in range(start, end, MAX_SENTENCE):
                yield at, min(at + MAX_SENTENCE, end)
        start = found.end()
        if low[start : start + 1] in _INSIDE:  # the quote that ends here belongs to what ends here
            start += 1
    if len(low) - start >= least:
        for at in range(start, len(low), MAX_SENTENCE):
            yield at, min(at + MAX_SENTENCE, len(low))


def candidates(low: str) -> tuple[list[Sentence], list[tuple[int, int, Words]]]:
    """The sentences of a lowered text that look most like orders, and all of its sentences, both in order."""
    reader = Reader(low)
    read_all: list[tuple[int, int, Words]] = []
    hot: list[Sentence] = []
    for start, end in sentences(low):
        words = reader.read(start, end)
        read_all.append((start, end, words))
        if (words.mask or words.weight) and (total := BIAS + words.weight + about(words.mask, words.verb)) >= HOT:
            hot.append(Sentence(len(read_all) - 1, start, end, words, total))
    return hot, read_all


def judged(text: str) -> Iterator[tuple[int, int, float]]:
    """Start, end and score of each possible order: from 0 to 1, 0.5 being the operating point."""
    low = lowered(_NO_TAG.sub(" ", text) if "<" in text else text)
    hot, read_all = candidates(low)
    if not hot:
        return
    host, mentions = Host.of(low, read_all), Mentions(text)
    most = max(MIN_AGAIN, SOME_AGAIN + len(text) // CHARACTERS_AGAIN)
    least = sorted((one.total for one in hot), reverse=True)[most - 1] if len(hot) > most else HOT
    for one in hot:
        total = one.total
        if total >= least and most > 0:
            most -= 1
            piece = low[one.start : one.end]
            total += counted(piece)
            for name, value in second(piece, one.number, host):
                total += WEIGHTS.get(name, 0.0) * value
        elif total < CERTAIN:
            continue
        if total > OPERATING - 2 and (rest := mentions.around(one.start, one.end)) is not None:
            total = max(total - _MENTIONED * (1 + host.talk), _alone(rest))
        if total > OPERATING - 1:  # what scores less than 0.27 is of no use to anybody
            yield one.start, one.end, score(total)


def orders(text: str) -> list[tuple[int, int, float]]:
    """Start, end and score of each passage that gives orders.

    A passage is the line around a sentence that was found, since what an order is about stands beside it; passages
    with little between them are one.
    """
    passages: list[tuple[int, int, float]] = []
    doubtful: list[tuple[int, int, float]] = []
    found = [*judged(text)]
    for start, end in _columns(text):
        column = text[start:end].replace("\n", " ")
        found += [(start + a, start + b, how_much) for a, b, how_much in judged(column) if how_much >= CLEAR]
    found.sort()
    for start, end, how_much in found:
        if how_much < SURE:
            doubtful.append((start, end, how_much))
            continue
        least, most = max(0, start - MAX_REACH), end + MAX_REACH
        begin = max([least, *[at + len(mark) for mark in _BORDERS if (at := text.rfind(mark, least, start)) >= 0]])
        stops = [at for mark in _BORDERS if (at := text.find(mark, end, most)) >= 0]
        if passages and begin - passages[-1][1] <= MAX_GAP:
            begin, _, before = passages.pop()
            how_much = max(how_much, before)  # noqa: PLW2901
        passages.append((begin, min([len(text), most, *stops]), how_much))
    covered = iter([*passages, (len(text), len(text), 0.0)])
    passage = next(covered)
    for one in doubtful:
        while passage[1] < one[1]:
            passage = next(covered)
        if one[0] < passage[0]:
            passages.append(one)
    return passages


def _columns(text: str) -> list[tuple[int, int]]:
    """Start and end of each stretch of short lines that go on in the next one, up to the end of the last sentence."""
    runs: list[tuple[int, int]] = []
    for found in _GOES_ON.finditer(text):
        end = found.start()
        start = text.rfind("\n", max(0, end - _NARROW - 1), end) + 1
        if not 3 <= end - start <= _NARROW or text[end - 1] in _STOPS:  # noqa: PLR2004 - a word
            continue
        if runs and runs[-1][1] == start - 1:
            start, _ = runs.pop()
        runs.append((start, end))
    ends = ((text.find("\n", end + 1, end + MAX_SENTENCE), end + MAX_SENTENCE) for _, end in runs)
    return [(start, most if end < 0 else end) for (start, _), (end, most) in zip(runs, ends, strict=True)]


def score(total: float) -> float:
    """The score of a sum of weights."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total - OPERATING))))


def _alone(rest: str) -> float:
    """The sum for what a sentence says besides what it quotes."""
    low = lowered(rest)
    words = Reader(low).read(0, len(low))
    if not words.mask:
        return -30.0
    return BIAS + words.weight + about(words.mask, words.verb) + counted(low)
