"""Whether the user's words ask for the effect of a call, judged by their verbs and those of the tool.

Deliberately coarse: it only ever says no when the user clearly asks for other things. Words it does not know, other
languages, and requests that hand the choice to a text are `unclear`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from lockgate.evidence import Asked
from lockgate.guardrails.provenance.folding import fold
from lockgate.guardrails.provenance.request import (
    before_objects,
    classes_of,
    commanded,
    mentioned,
    passives,
    perhaps,
    request,
)
from lockgate.guardrails.provenance.tongues import foreign
from lockgate.guardrails.provenance.verbs import (
    ADMITTING,
    AMBIGUOUS,
    BEGINNING,
    DECODING,
    DOING,
    LETTERS,
    MONEY,
    PAPERS,
    PERSONS,
    PLACED,
    SAYING,
    STATED,
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
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOUN = re.compile(r"\b([a-z]+) (?=(?:at|of|by|is|was|has)\b)")
"""What stands before such a word is no verb: `purchase at`."""
_NO_QUOTES = str.maketrans("'\"`", "   ")


def asked(spec: ToolSpec, passages: Iterable[Passage]) -> Asked:
    """Whether the user asked for what this tool does."""
    wanted = effects_of(spec.name, spec.description)
    heard = [passage for passage in passages if _commands(passage)]
    if not heard:
        return Asked.UNCLEAR
    texts = [passage.text[:_MAX] for passage in heard if passage.source != "operator"]
    user = [request(text) for text in texts]
    if any(wanted & one.classes for one in user):
        return Asked.YES if spec.sensitive or _meant(spec, heard) else Asked.UNCLEAR
    if bidden(spec, heard):
        return Asked.UNCLEAR
    if not wanted or not user or any(one.unclear for one in user) or any(wanted & perhaps(text) for text in texts):
        return Asked.UNCLEAR
    return Asked.NO if any(one.classes or one.reads for one in user) else Asked.UNCLEAR


def unlikely(spec: ToolSpec, passages: Sequence[Passage]) -> bool:
    """Whether what is understood of the user's last words, in another language, are other effects.

    `Lies PX-302 und übergib es an Ann`: whatever the second verb means, to delete PX-302 is not likely it.
    """
    wanted = effects_of(spec.name, spec.description)
    said = [passage.text[:_MAX] for passage in passages if passage.source == "user" and _commands(passage)]
    if not wanted or not said or bidden(spec, passages):
        return False
    last = request(said[-1])
    return (
        foreign(fold(said[-1]))
        and bool(last.classes)
        and not last.delegates
        and not (last.classes | perhaps(said[-1])) & wanted
    )


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
    return frozenset(word for word in found if len(word) > _LEAST and not classes_of(word))


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
    return any(request(p.text[:_MAX]).delegates for p in passages if p.source == "user" and _commands(p))


def decodes(passages: Iterable[Passage]) -> bool:
    """Whether the user's words speak of texts in code."""
    return any(DECODING.search(fold(p.text[:_MAX])) for p in passages if p.source == "user" and _commands(p))


def requested(text: str) -> frozenset[str]:
    """The classes of effect that words of the user's ask for."""
    return request(text[:_MAX]).classes


def ordered(text: str) -> frozenset[str]:
    """The classes of effect that a text asks for, in whatever turn of speech; `visit` if it wants a page opened.

    Wider than what counts as the user's request: where anything is asked for, nouns count too (`put it in a reply`).
    """
    quoting, text = text, text.translate(_NO_QUOTES)
    text = _NOUN.sub(lambda match: " " if match[1] in AMBIGUOUS else match[0], text)
    classes = request(text).classes | commanded(text) | passives(TO_BE, text) | before_objects(text)
    if PLACED.search(text):
        classes |= {"tell", "make", "change", "give", "invite"}
    if STATED.search(text):
        classes |= {"tell", "give"}
    if SAYING.search(quoting):
        classes |= {"tell", "make", "change"}
    if classes:
        classes |= mentioned(text)
    return classes | {"visit"} if VISITING.search(text) else classes


def speaks_of(pattern: re.Pattern[str], passages: Iterable[Passage]) -> bool:
    """Whether the user's words, or the operator's, hold what `pattern` finds."""
    return any(pattern.search(fold(p.text[:_MAX])) for p in passages if _commands(p))


@lru_cache(maxsize=1024)
def effects_of(name: str, description: str) -> frozenset[str]:
    """The classes of effect that a tool's name speaks of, else the first sentence of its description."""
    parts = _name_words(name)
    for word in parts:
        if found := classes_of(word, inflected=False):
            if word in ADMITTING:
                found |= {"give"}
            if not PERSONS.isdisjoint(parts):
                found -= {"make"}
            if word in BEGINNING and len(parts) > 1:
                found |= {"make"}
            if word in DOING and not MONEY.isdisjoint(parts):
                return frozenset({"pay"})
            if word in DOING and not LETTERS.isdisjoint(parts):
                found |= {"tell"}
            if not MONEY.isdisjoint(parts):
                return found - {"tell"} or found
            if not LETTERS.isdisjoint(parts):
                return found - {"pay"} or found
            return found - {"tell"} or found if "make" in found and not PAPERS.isdisjoint(parts) else found
    first = re.split(r"[.\n]", description.strip(), maxsplit=1)[0]
    said = re.findall(r"[a-z]+", first.casefold())
    for word in said[:6]:
        if found := classes_of(word):
            # Whoever adds or writes to people makes nothing.
            return found - {"make"} if not PERSONS.isdisjoint(said) and found != {"make"} else found
    return frozenset()


def _name_words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_\d]+", _CAMEL.sub("_", name).casefold()) if word]


def _commands(passage: Passage) -> bool:
    """Whether the words of this passage count as a request: the user's, the operator's, or a task handed down."""
    return passage.source in ("user", "operator", "agent") and passage.label.integrity < Integrity.UNTRUSTED


def _speaks_of(text: str, name: str, wanted: frozenset[str]) -> bool:
    return name in text or bool(wanted & request(text).classes)
