"""What a sentence is made of besides its words: runs of words and of classes, and parts of words.

Runs of classes ("do not <secret> the <user>") and parts of words are what orders in words that nobody has seen share.
"""

import re
from functools import lru_cache
from itertools import pairwise

from lockgate.guardrails.screens.lexicon import BIT, LEXICON
from lockgate.guardrails.screens.weights import WEIGHTS

_WORD = re.compile(r"[^\W_]+(?:(?:[-'\u2019.@_/]|://)[^\W_]+)*")
_UNSPACED = re.compile("[\u0900-\u097f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_STEM, _LONGER_STEM, _ENDING = 4, 5, 3
_UNSPACED_STEM = 3
_PAIRS = {
    (one, other): weight for name, weight in WEIGHTS.items() for one, mark, other in [name.partition(" ")] if mark
}
_RUNS = {tuple(name.split("|")): weight for name, weight in WEIGHTS.items() if "|" in name}
_TWO = {run: weight for run, weight in _RUNS.items() if len(run) == 2}  # noqa: PLR2004
_THREE = {run: weight for run, weight in _RUNS.items() if len(run) > 2}  # noqa: PLR2004
_NAMES = frozenset(WEIGHTS)
_GRAMMAR = frozenset(
    """
    a about all an and any are as at be been before but by can could do does don't every for from has have he how i if
    in instead into is it let may me must my never no not of on only or our please she should so than that the then
    these they this those to us was we were what when which who will with without would you your also after
    """.split()  # noqa: SIM905 - a list of so many words is read better as text
)
"""Words that stand for themselves in a run of classes."""
_CLASSES = (
    *("agent", "secret", "override", "prior", "rules", "user", "reply", "alter", "write", "act", "private", "urgent"),
    *("authority", "codework", "format", "deontic", "order", "talk", "polite"),
)
"""The classes that stand for a word in a run, the most telling first."""


def pieces(piece: str) -> set[str]:
    """The names of the runs and parts of words of a lowered sentence; each counts once."""
    tokens, classes, names = _taken_apart(piece)
    names.update([f"{one} {other}" for one, other in pairwise(tokens)])
    names.update([f"{one}|{other}" for one, other in pairwise(classes)])
    names.update(["|".join(run) for run in zip(classes, classes[1:], classes[2:], strict=False)])
    return names


def counted(piece: str) -> float:
    """What the runs and parts of words of a lowered sentence count."""
    tokens, classes, names = _taken_apart(piece)
    return (
        sum([WEIGHTS[name] for name in _NAMES.intersection(names)])
        + sum([_PAIRS[run] for run in _PAIRS.keys() & pairwise(tokens)])
        + sum([_TWO[run] for run in _TWO.keys() & pairwise(classes)])
        + sum([_THREE[run] for run in _THREE.keys() & zip(classes, classes[1:], classes[2:], strict=False)])
    )


def _taken_apart(piece: str) -> tuple[list[str], list[str], set[str]]:
    """The tokens of a sentence, their classes, and the names of what stands for itself."""
    tokens = [
        "^",
        *[word if word.isalpha() else _shape(word) for word in _WORD.findall(piece)],
        "$" + piece.rstrip()[-1:],
    ]
    names = set().union(*map(_parts, tokens))
    return tokens, [_class_of(token) for token in tokens], names


@lru_cache(maxsize=8_192)
def _shape(word: str) -> str:
    """What kind of thing a word is that is not made of letters alone."""
    if "@" in word:
        return "<mail>"
    if "://" in word or word.startswith("www."):
        return "<url>"
    if word[0].isdigit():
        return "<number>"
    if "." in word and len(word) > _STEM:
        return "<name.part>"
    if "_" in word or "/" in word or any(map(str.isdigit, word)):
        return "<id>"
    return word


@lru_cache(maxsize=16_384)
def _class_of(token: str) -> str:
    """The token itself, its class, or "_" for a word of none."""
    if token in _GRAMMAR or token[0] in "^$<":
        return token
    bits = LEXICON.get(token, 0)
    return next((f"@{name}" for name in _CLASSES if bits & BIT[name]), "_")


@lru_cache(maxsize=16_384)
def _parts(word: str) -> tuple[str, ...]:
    """Beginnings and the end of a word; of a run of letters without spaces, all its parts of up to three."""
    if word[0] in "<$^":
        return (word,)
    found = None if word.isascii() else _UNSPACED.search(word)
    if found:
        run = found.group()
        sizes = range(1, _UNSPACED_STEM + 1)
        return tuple(run[at : at + size] + "*" for size in sizes for at in range(len(run) - size + 1))
    if len(word) < _STEM:
        return ()
    stems = (word[:_STEM] + "*", "*" + word[-_ENDING:])
    return (*stems, word[:_LONGER_STEM] + "*") if len(word) >= _LONGER_STEM else stems
