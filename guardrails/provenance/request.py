"""What one text asks for, read off its verbs: classes of effect, an answer, or something that is not understood.

No grammar, only where a verb may stand: at the start of a clause, after `please`, `to`, `and`, `should`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from lockgate.guardrails.provenance.folding import fold, words
from lockgate.guardrails.provenance.phrases import COMMANDS, ELLIPTIC, OPEN, SURE, Phrases
from lockgate.guardrails.provenance.tongues import QUESTION, asks, foreign
from lockgate.guardrails.provenance.verbs import (
    AMBIGUOUS,
    CLASSES,
    CONSENT,
    DELEGATION,
    IRREGULAR,
    LISTED,
    MUST_BE,
    NEGATIONS,
    OBJECTS,
    OPENERS,
    PLAIN,
    POINTERS,
    READING,
    RIGHTS,
    STARTS,
    WISHES,
)

_INNER = re.compile(r"(?<=\w)[.:](?=\w)|(?<=\b[dm]r)\.|(?<=\bm[rs]s)\.|(?<=\bprof)\.")
"""Signs inside of addresses and numbers, or after a title, which end no sentence."""
_TOKEN = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|[.,;:!?\n()]")
_QUOTED = re.compile(r"(?<!\w)'[^'\n]{2,400}'(?!\w)|\"[^\"\n]{2,400}\"|`[^`\n]{1,400}`")
_SMALL = (
    PLAIN
    | OPENERS
    | NEGATIONS
    | words(
        "perform complete finish follow consider using given regarding mention see note answer if when once while "
        "because since as in on at of for from with by about into before until unless whether what "
        "all both only even like than per via over under between during without within against there here yes no else "
        "or"
    )
)
"""Words that stand where a request starts, and are no verbs."""
_ADDRESSED = re.compile(
    r"(?:(?:^|[.;:!?\n]\s*)([A-Za-z]+)|(?:,\s*(?:(?:and|then)\s+)?|\b(?:and|then)\s+)([a-z]+)) "
    r"(?!\S+ (?:\w+s|had|will|would|can)\b)(?:[A-Z][a-z]|\S+@)",
    re.MULTILINE,
)
"""A word where a request starts, before a name or an address: `Warn Ann`."""
_HABIT = frozenset({"sure", "sense", "note"})
_SHORT = 60
_WE = frozenset({"i", "we", "you"})
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
_THANKS = re.compile(r"\b(?:please|pls|plz|thx|thanks|thank you)\b", re.IGNORECASE)
"""`Short version to Ann, please`: something is asked for, whatever it is."""
_EVERYTHING = frozenset(CLASSES)
_BOOKING = frozenset({"book", "pay", "make"})
_US = frozenset({"me", "us"})
_LEARNING = READING | words("know hear learn understand")
_FILLING = words("to be have get also now like a an the some my our his her its their just only")
"""What may stand between a wish and what is wished for."""
_BEING = words("be have contain include")
"""After these a text says what something is like: `it should be in my inbox`."""
_MODAL = frozenset({"should", "must", "ought"})
_ANSWERS = words("summary overview list answer report idea information info details total number count sum help hand")
"""What one wants from the agent itself."""
_OF: dict[str, frozenset[str]] = {}
for _class, _words in CLASSES.items():
    for _word in _words.split():
        _OF[_word] = _OF.get(_word, frozenset()) | {_class}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Classes of effect that a text asks for, and whether it asks for an answer.

    It may hand the choice on, or not be understood: `unclear`.
    """

    classes: frozenset[str]
    reads: bool = False
    delegates: bool = False
    unclear: bool = False


def classes_of(word: str, *, inflected: bool = True) -> frozenset[str]:
    """The classes of effect of a verb."""
    return _OF.get(word) or (inflected and _OF.get(_base(word))) or frozenset()


def mentioned(text: str) -> frozenset[str]:
    """The classes of all words of a folded text that are verbs in their base form, wherever they stand."""
    return frozenset(kind for word in _TOKEN.findall(text) for kind in _OF.get(word, ()))


def before_objects(text: str) -> frozenset[str]:
    """The classes of words that may be nouns, and are verbs by what follows: `post a message`, `mail the list`."""
    return frozenset(
        kind
        for word, after in pairwise(_TOKEN.findall(text))
        if after in POINTERS and word in AMBIGUOUS
        for kind in _OF.get(word, ())
    )


def passives(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    """The classes of effect that a folded text asks for in the passive: `must be closed`."""
    return frozenset(kind for word in pattern.findall(text) for kind in _OF.get(_participle(word), ()))


@lru_cache(maxsize=4_096)  # above the messages of a long thread, all of which are asked about in each turn
def request(text: str) -> Request:
    """What the text asks for."""
    text = _QUOTED.sub(" ", text)
    heads = {word.casefold() for found in _ADDRESSED.findall(text) for word in found}
    text = fold_lines(text)
    if foreign(text):
        known = asks(text)
        wonders = not known and QUESTION.fullmatch(text.strip()) is not None
        return Request(classes=known, reads=wonders, unclear=not wonders)
    text = _INNER.sub(" ", text)
    delegates = DELEGATION.search(LISTED.sub(" ", text)) is not None or (
        len(text) <= _SHORT and CONSENT.match(text) is not None
    )
    phrased = _phrased(SURE, text) | passives(MUST_BE, text)
    classes: set[str] = {*phrased}
    reads = unclear = False
    tokens = _TOKEN.findall(text)
    for place, word in enumerate(tokens):
        before = tokens[place - 1] if place else "."
        after = tokens[place + 1] if place + 1 < len(tokens) else "."
        opens = before in OPENERS or not before[0].isalpha()
        if opens and word in READING:
            reads = True
        elif word.isalpha() and not _known(word):
            # What it is that the user asks for may be something that is not understood.
            begs = (_begs(tokens, place) and word not in PLAIN) or (before == "and" and after in OBJECTS)
            starts = _starts(tokens, place) and (after in POINTERS or after in _US)
            unclear = unclear or begs or (word not in _SMALL and (starts or (opens and word in heads)))
        wish = _wish(tokens, place) if word in WISHES and not phrased else ""
        unclear, reads = unclear or wish == "open", reads or wish == "answer"
        found = _OF.get(word) or (_OF.get(_base(word)) if word.endswith("ing") else None)
        if not found or (word in AMBIGUOUS and not opens) or _idle(word, before, after):
            continue
        if word == "drop" and tokens[place + 2 : place + 3] in (["a"], ["an"]):
            found = frozenset({"tell"})  # `drop Ann a line`
        if not NEGATIONS.isdisjoint(tokens[max(0, place - 2) : place]) and before != "to":
            continue
        classes |= {"make"} if (word, after) == ("set", "up") else found
    return Request(
        classes=frozenset(classes), reads=reads or "?" in text, delegates=delegates, unclear=unclear or delegates
    )


@lru_cache(maxsize=4_096)
def perhaps(text: str) -> frozenset[str]:
    """The classes of effect that the text may mean as well, in words that may stand for many: `get it to Ann`."""
    text = _QUOTED.sub(" ", text)
    found = _phrased(OPEN, fold_lines(text))
    for one in _SENTENCE.split(text):
        begs, books = _THANKS.search(one), ELLIPTIC.search(fold(one))
        if (begs or books) and not (said := request(one)).classes and not said.reads:
            found |= (_BOOKING if books else frozenset()) | (_EVERYTHING if begs else frozenset())
    return found


def commanded(text: str) -> frozenset[str]:
    """The classes of effect that a folded text may command."""
    return _phrased(COMMANDS, text)


def _phrased(table: Phrases, text: str) -> frozenset[str]:
    return frozenset(kind for kinds, pattern in table if pattern.search(text) for kind in kinds)


def _wish(tokens: list[str], place: int) -> Literal["open", "answer", ""]:
    """What is wished for here: something that no class tells (`Ann should hear of it`), an answer, or what is known."""
    word, who = tokens[place], tokens[place - 1] if place else "."
    after = tokens[place + 1 : place + 7]
    if word.startswith("belong"):
        return "open"
    skipped = next((count for count, one in enumerate(after) if one not in _FILLING), len(after))
    said = after[skipped] if skipped < len(after) else ""
    if not said.isalpha() or said in _WE or (word in ("has", "have") and after[:1] != ["to"]):
        return ""
    ours = "'" in word or who in _WE
    if said in _LEARNING or said in _ANSWERS:
        return "answer" if ours else "open"
    if (after[0] in _BEING and not said.endswith("ed")) or (who in _WE and place > 1 and tokens[place - 2] in READING):
        return ""
    known = bool(classes_of(said) or _OF.get(_participle(said)))
    if not ours and "to" not in after[:skipped] and word not in _MODAL:
        # Of a thing that somebody needs only an invitation, or the like, is a wish.
        return "open" if known else ""
    return "" if known else "open"


def _starts(tokens: list[str], place: int) -> bool:
    """Whether a request may start here: at a clause's start, or after `and` at one."""
    before = tokens[max(0, place - 2) : place]
    return not before or before[-1] in STARTS or (before[-1] == "and" and not before[0][0].isalpha())


def _begs(tokens: list[str], place: int) -> bool:
    """Whether a plain request comes next: after `please`, or after `can you`."""
    before = tokens[max(0, place - 2) : place]
    return before[-1:] == ["please"] or (before[-1:] == ["you"] and before[0] in ("can", "could", "would", "will"))


def _known(word: str) -> bool:
    return word in _OF or word in READING or _base(word) in _OF


def fold_lines(text: str) -> str:
    """Folded, with its line breaks kept as ends of clauses."""
    return "\n".join(fold(line) for line in text.splitlines())


def _idle(word: str, before: str, after: str) -> bool:
    """Turns of speech in which the verb asks for nothing: make sure, tell me, give me."""
    return (
        (word == "make" and after in _HABIT)
        or (word in ("tell", "give", "let") and after in ("me", "us", "you"))
        or (word == "take" and after == "a")
        or after in RIGHTS
        or (before in ("i", "they", "we", "he", "she", "it", "usually", "that", "which", "who"))
    )


def _base(word: str) -> str:
    for ending, cut in (("ing", 3), ("es", 2), ("s", 1)):
        if word.endswith(ending) and len(word) > cut + 2:
            stem = word[:-cut]
            for form in (stem, f"{stem}e", stem[:-1]):
                if form in _OF:
                    return form
    return word


def _participle(word: str) -> str:
    stems = (word.removesuffix("ed"), word.removesuffix("d"), word.removesuffix("ed")[:-1])
    return IRREGULAR.get(word) or next((stem for stem in stems if stem in _OF), word)
