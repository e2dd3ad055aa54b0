"""Whether the user's words ask for the effect of a call, judged by their verbs and those of the tool.

Deliberately coarse: it only ever says no when the user clearly asks for other things. Words it does not know, other
languages, and requests that hand the choice to a text are `unclear`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lockgate.evidence import Asked
from lockgate.guardrails.provenance.folding import fold, words
from lockgate.guardrails.provenance.tongues import QUESTION, asks, foreign
from lockgate.guardrails.provenance.verbs import (
    ADMITTING,
    AMBIGUOUS,
    CLASSES,
    CONSENT,
    DECODING,
    DELEGATION,
    DOING,
    IRREGULAR,
    LETTERS,
    LISTED,
    MONEY,
    NEGATIONS,
    OBJECTS,
    OPENERS,
    PAPERS,
    PHRASES,
    PLAIN,
    POINTERS,
    READING,
    RIGHTS,
    STARTS,
    TO_BE,
    VISITING,
)
from lockgate.labels import Integrity
from lockgate.passage import Passage
from lockgate.spec import ToolSpec

_MAX = 20_000
"""Characters of one message that are read for what it asks."""
_LEAST = 3
"""Letters of the shortest word that names a thing."""
_INNER = re.compile(r"(?<=\w)[.:](?=\w)")
"""Signs inside of addresses and numbers, which end no sentence."""
_WORD = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|[.,;:!?\n()]")
_QUOTED = re.compile(r"(?<!\w)'[^'\n]{2,400}'(?!\w)|\"[^\"\n]{2,400}\"|`[^`\n]{1,400}`")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SMALL = (
    PLAIN
    | OPENERS
    | NEGATIONS
    | words(
        "perform complete finish follow consider using given regarding mention see note answer if when once while "
        "because since as in on at of for from with by about into before until unless whether what "
        "all both only even like than per via over under between during without within against there here yes no"
    )
)
"""Words that stand where a request starts, and are no verbs."""
_HABIT = frozenset({"sure", "sense", "note"})
_SHORT = 60
_NOUN = re.compile(r"\b([a-z]+) (?=(?:at|of|by|is|was|has)\b)")
"""What stands before such a word is no verb: `purchase at`."""
_NO_QUOTES = str.maketrans("'\"`", "   ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What a text asks for: classes of effect, and an answer. It may hand the choice on, or not be understood."""

    classes: frozenset[str]
    reads: bool = False
    delegates: bool = False
    unclear: bool = False


_OF: dict[str, frozenset[str]] = {}
for _class, _words in CLASSES.items():
    for _word in _words.split():
        _OF[_word] = _OF.get(_word, frozenset()) | {_class}


def asked(spec: ToolSpec, passages: Iterable[Passage]) -> Asked:
    """Whether the user asked for what this tool does."""
    wanted = effects_of(spec.name, spec.description)
    heard = [passage for passage in passages if _commands(passage)]
    if not heard:
        return Asked.UNCLEAR
    user = [_request(passage.text[:_MAX]) for passage in heard if passage.source != "operator"]
    if any(wanted & request.classes for request in user):
        return Asked.YES if spec.sensitive or _meant(spec, heard) else Asked.UNCLEAR
    if bidden(spec, heard):
        return Asked.UNCLEAR
    if not wanted or not user or any(request.unclear for request in user):
        return Asked.UNCLEAR
    return Asked.NO if any(request.classes or request.reads for request in user) else Asked.UNCLEAR


def _meant(spec: ToolSpec, heard: Iterable[Passage]) -> bool:
    """Whether the user's words name what the tool is about, where no argument of it can tell.

    `Email Ann` asks for a kind of telling, as a tool does that writes wiki pages; but not for that.
    """
    things = _things(spec.name, spec.description)
    said = (fold(p.text[:_MAX]) for p in heard if p.source != "operator")
    return not things or any(not things.isdisjoint(map(_singular, _WORD.findall(text))) for text in said)


@lru_cache(maxsize=1024)
def _things(name: str, description: str) -> frozenset[str]:
    """The words of a tool's name, and of its description's first sentence, that are no verbs."""
    first = re.split(r"[.\n]", description.strip(), maxsplit=1)[0]
    found = [_singular(word) for word in (*_name_words(name), *_WORD.findall(first.casefold()))]
    return frozenset(word for word in found if len(word) > _LEAST and word not in _OF and _base(word) not in _OF)


def _singular(word: str) -> str:
    return word.removesuffix("s")


def bidden(spec: ToolSpec, passages: Iterable[Passage]) -> bool:
    """Whether the operator's words speak of what this tool does."""
    wanted = effects_of(spec.name, spec.description)
    texts = (p.text[:_MAX] for p in passages if p.source == "operator" and _commands(p))
    return any(_speaks_of(text, spec.name, wanted) for text in texts)


def strange(passages: Iterable[Passage]) -> bool:
    """Whether the user speaks another language, of which only some verbs are known."""
    return any(foreign(fold(p.text[:_MAX])) for p in passages if p.source == "user" and _commands(p))


def delegated(passages: Iterable[Passage]) -> bool:
    """Whether the user told the agent to do what some text says."""
    return any(_request(p.text[:_MAX]).delegates for p in passages if p.source == "user" and _commands(p))


def decodes(passages: Iterable[Passage]) -> bool:
    """Whether the user's words speak of texts in code."""
    return any(DECODING.search(fold(p.text[:_MAX])) for p in passages if p.source == "user" and _commands(p))


def requested(text: str) -> frozenset[str]:
    """The classes of effect that words of the user's ask for."""
    return _request(text[:_MAX]).classes


def ordered(text: str) -> frozenset[str]:
    """The classes of effect that a text asks for, in whatever turn of speech; `visit` if it wants a page opened.

    Wider than what counts as the user's request: where anything is asked for, nouns count too (`put it in a reply`).
    """
    text = _NOUN.sub(lambda match: " " if match[1] in AMBIGUOUS else match[0], text.translate(_NO_QUOTES))
    classes = _request(text).classes | {kind for word in TO_BE.findall(text) for kind in _OF.get(_participle(word), ())}
    if classes:
        classes |= {kind for word in _TOKEN.findall(text) for kind in _OF.get(word, ())}
    return frozenset(classes | {"visit"} if VISITING.search(text) else classes)


def _participle(word: str) -> str:
    stems = (word.removesuffix("ed"), word.removesuffix("d"), word.removesuffix("ed")[:-1])
    return IRREGULAR.get(word) or next((stem for stem in stems if stem in _OF), word)


def speaks_of(pattern: re.Pattern[str], passages: Iterable[Passage]) -> bool:
    """Whether the user's words, or the operator's, hold what `pattern` finds."""
    return any(pattern.search(fold(p.text[:_MAX])) for p in passages if _commands(p))


@lru_cache(maxsize=1024)
def effects_of(name: str, description: str) -> frozenset[str]:
    """The classes of effect that a tool's name speaks of, else the first sentence of its description."""
    parts = _name_words(name)
    for word in parts:
        if found := _OF.get(word):
            if word in ADMITTING:
                found |= {"give"}
            if word in DOING:
                found |= ({"pay"} if not MONEY.isdisjoint(parts) else set()) | (
                    {"tell"} if not LETTERS.isdisjoint(parts) else set()
                )
            if not MONEY.isdisjoint(parts):
                return found - {"tell"} or found
            if not LETTERS.isdisjoint(parts):
                return found - {"pay"} or found
            return found - {"tell"} or found if "make" in found and not PAPERS.isdisjoint(parts) else found
    first = re.split(r"[.\n]", description.strip(), maxsplit=1)[0]
    for word in re.findall(r"[a-z]+", first.casefold())[:6]:
        if found := _OF.get(_base(word)):
            return found
    return frozenset()


def _name_words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_\d]+", _CAMEL.sub("_", name).casefold()) if word]


@lru_cache(maxsize=4_096)  # above the messages of a long thread, all of which are asked about in each turn
def _request(text: str) -> "_Request":
    text = _QUOTED.sub(" ", fold_lines(text))
    if foreign(text):
        known = asks(text)
        wonders = not known and QUESTION.fullmatch(text.strip()) is not None
        return _Request(classes=known, reads=wonders, unclear=not wonders)
    text = _INNER.sub(" ", text)
    delegates = DELEGATION.search(LISTED.sub(" ", text)) is not None or (
        len(text) <= _SHORT and CONSENT.match(text) is not None
    )
    classes: set[str] = {kind for kind, pattern in PHRASES if pattern.search(text)}
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
            unclear = unclear or begs or (_starts(tokens, place) and after in POINTERS and word not in _SMALL)
        found = _OF.get(word) or (_OF.get(_base(word)) if word.endswith("ing") else None)
        if not found or (word in AMBIGUOUS and not opens) or _idle(word, before, after):
            continue
        if not NEGATIONS.isdisjoint(tokens[max(0, place - 2) : place]) and before != "to":
            continue
        classes |= {"make"} if (word, after) == ("set", "up") else found
    return _Request(
        classes=frozenset(classes), reads=reads or "?" in text, delegates=delegates, unclear=unclear or delegates
    )


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


def _commands(passage: Passage) -> bool:
    """Whether the words of this passage count as a request: the user's, the operator's, or a task handed down."""
    return passage.source in ("user", "operator", "agent") and passage.label.integrity < Integrity.UNTRUSTED


def _speaks_of(text: str, name: str, wanted: frozenset[str]) -> bool:
    return name in text or bool(wanted & _request(text).classes)
