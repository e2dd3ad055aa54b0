"""What the user named, and for what: the clauses of a request, and calls that take a value from another clause.

`Share a.txt with Ann and delete the old trace` names a.txt, but not to be deleted; `pay Ann 50 and Bo 70` names 70, but
not for Ann.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from lockgate.guardrails.provenance.folding import fold, words
from lockgate.guardrails.provenance.index import Index, index_of
from lockgate.guardrails.provenance.intent import effects_of, requested
from lockgate.guardrails.provenance.moments import timeless
from lockgate.guardrails.provenance.needle import Needle, bounded, names_of
from lockgate.guardrails.provenance.request import perhaps
from lockgate.guardrails.provenance.tongues import foreign
from lockgate.guardrails.provenance.verbs import NEGATIONS
from lockgate.spec import ToolSpec

_MAX = 4_000
"""Characters of a message beyond which it is no request of clauses."""
_SPLIT = re.compile(r"(?<=[.;!?])\s+|\n+|,\s+(?:(?:and|then|but)\s+)*|\s+(?:and|then|but)\s+(?:then\s+)?")
_POINTING = words(
    "it its there that this them they him her his their so same both these those each every everyone everybody all "
    "too also one ones again"
)
"""Words that take up what another clause named."""
_WHICH = re.compile(r"\bthe [a-z]+\W*$")
"""`Delete the file` means one that was named; `the file of Monday` says which."""
_ALL = re.compile(r"\b(?:all|each|every|everyone|everybody|both)\b")
_ONE = re.compile(
    r"\b(?:best|worst|cheapest|lowest|highest|first|earliest|nearest|closest|fastest|shortest|longest|biggest|largest|"
    r"smallest|oldest|newest|top|most|least|good|better|well|nice|decent|suitable|cheap|any|some|one of|whichever)\b"
)
_POINTING_AT = words(
    "them him her they he she his their there same each every everyone everybody anyone all both whoever who whom "
    "people person members others else again back"
)
"""Words by which a clause takes its target from somewhere else."""
_TOLD = re.compile(
    r" (?:has |had |have |just |also )*"
    r"(?:told|tells|wrote|writes|said|says|posted|shared|mentioned|sent|linked|listed)\b"
)
_TAKING_UP = words("them him her they he she his their same there")
"""Those that may mean even what was named in passing."""
_CALLED = r"(?:the )?(?:(?:channel|room|group|page|web ?page|website|site|list|board|folder|file|document) )?"
_TELLING = (
    r"(?:tell|let|ask|e-?mail|mail|message|dm|ping|notify|inform|remind|send|give|show|warn|brief|thank|invite|add|"
    r"remove|text|call|pay|refund|forward(?: it)? to|write)"
)
_TO_NAME = re.compile(
    rf"\b(?:(?:to|with|into|onto|for) {_CALLED}|(?i:{_TELLING}) )(?!I\b|I')"
    r"([A-Z][\w.@'-]*[\w]|[\w.+-]+@[\w.-]+\w|www\.\S+)"
)
_POSTING = re.compile(r"\b(?:post|publish|announce|broadcast)\b")
_WRITING = frozenset({"tell", "make", "release", "invite"})
_TO_WORD = re.compile(
    rf"\b(?:(?:to|with|into|onto) {_CALLED}|(?:in|on) {_CALLED}|(?i:{_TELLING}) )"
    r"(?!(?:an?|the|my|our|your|its|me|us|it|this|that|these|those|know|be|do|see|have|get|make|detail|short|full|"
    r"writing|time|english|german|french|one|two|three|four|five|friday|monday|tuesday|wednesday|thursday|saturday|"
    r"sunday|up|down|out|over|along|of|to|at|in|on|for|by|with|about|\d\S*)\b)([\w@][\w.@'-]*)",
    re.IGNORECASE,
)
_EXCEPTED = re.compile(
    r"\b(?:but(?: not)?|except(?: for)?|excluding|without|other than|apart from|save|not(?: to| for)?) "
    r"((?:[\w.@'-]+(?: [\w.@'-]+){0,2}(?:,? (?:and|or|nor) |, )){0,4}@?[\w.@'-]+(?: [\w.@'-]+){0,3})"
)
_LISTED = re.compile(r",? (?:and|or|nor) |, ")
_TO = re.compile(r"^(?:not )?(?:(?:to|for) )?@?")
_FROM = re.compile(rf"\b(?:from|off) {_CALLED}")
_NAME = 120
"""Characters of a name."""
_QUOTED = re.compile(r"(?<!\w)'[^'\n]{2,400}'(?!\w)|\"[^\"\n]{2,400}\"")
_SAME = 3
"""Letters by which a name and an address of one person are told."""
_ASIDE = re.compile(
    r"(?<=\w )(?:that|which|who|whom|whose) (?!(?:is|are|says?|reads?|you|i|we|they|it|he|she|to|in|into|on|onto|for|"
    r"at|with|from|and|by|as|up|there|an?|the|all)\b)[^,.;:!?]*?(?= (?:to|into|and|then|but) |[,;:!?\n]|\.\s|\.?$)"
    r"|\bas (?:a |the )?(?:duplicate|copy) of [^,;:!?\n]*?(?=[,;:!?\n]|\.\s|\.?$)",
    re.IGNORECASE,
)
"""A relative clause, and the other one of two that are alike."""
_STEM, _SHORT = 5, 3
"""Letters by which forms of one word are told, and those of words that tell nothing."""
_AHEAD = 4
"""Words before one that may negate it."""
_FIGURES = re.compile(r"(?<![\w.,/:-])\d[\d.,]*\d(?![\w:-])|(?<![\w.,/:-])\d(?![\w:.,-])")


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One clause: its text, ready to be searched, and the classes of effect that it asks for."""

    index: Index
    classes: frozenset[str]


@lru_cache(maxsize=256)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of an English request. One without a verb goes with the one before: `share a.txt, b.txt with Ann`."""
    if len(text) > _MAX or foreign(text.casefold()):
        return ()
    found: list[Clause] = []
    classes: frozenset[str] = frozenset()
    for piece in _SPLIT.split(text):
        if piece and piece.strip():
            classes = requested(piece) or classes
            found.append(Clause(index=index_of(piece), classes=classes))
    return tuple(found)


def asking(spec: ToolSpec, texts: Iterable[str]) -> list[Clause]:
    """The clauses that ask for what the tool does."""
    wanted = effects_of(spec.name, spec.description)
    return [clause for text in texts for clause in clauses(text) if clause.classes & wanted]


def among(spec: ToolSpec, texts: Iterable[str]) -> Literal["", "all", "one"]:
    """Whether a clause asks for what the tool does for each of several, or for one of them by some rule.

    `Send everybody in sales a note`; `book the cheapest inn`.
    """
    found = [clause.index.folded for clause in asking(spec, texts)]
    if any(map(_ALL.search, found)):
        return "all"
    return "one" if any(map(_ONE.search, found)) else ""


def named_for_another(needles: Sequence[Needle], spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user named all these values, but only where something else is asked for than what the tool does.

    The clause that asks for it must stand for itself: one that points back (`close it`) means what was named before.
    """
    wanted = effects_of(spec.name, spec.description)
    all_of = [clause for text in texts for clause in clauses(text)]
    bids = [clause for clause in all_of if clause.classes & wanted]
    if not bids or any(_points(clause) or _holds(clause, needles) for clause in bids):
        return False
    if any(_holds(clause, needles) and perhaps(clause.index.text) & wanted for clause in all_of):
        return False
    homes = [[clause for clause in all_of if _holds(clause, [needle])] for needle in needles]
    return bool(homes) and all(home and all(clause.classes for clause in home) for home in homes)


def bystanding(needle: Needle, spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user speaks of this value, but not where such a call is asked for, and names another target there.

    `Read the page that Bob linked in general and send Alice a summary`: Bob and general are no targets.
    """
    wanted = effects_of(spec.name, spec.description)
    all_of = [clause for text in texts for clause in clauses(text)]
    bids = [clause for clause in all_of if clause.classes & wanted]
    small = any(needle.text in text for text in texts)
    if not bids or any(_holds(clause, [needle]) or not _aims(clause, needle, small=small) for clause in bids):
        return False
    return not any(_holds(clause, [needle]) and perhaps(clause.index.text) & wanted for clause in all_of)


def left_out(needle: Needle, _: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user says that it is not for this one: `everybody but Gus`, `not to me and not to Gus`."""
    named = [text for text in texts if needle.within(index_of(text), masked=False)]
    return bool(named) and all(_begins(needle.text, _turns(text).excepted) for text in named)


def only_aside(needle: Needle, spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user names it only to say which one another thing is: `the page that Bob linked in general`."""
    named = [text for text in texts if needle.within(index_of(text), masked=False, loose=True)]
    if any(needle.within(index_of(_turns(text).without_asides), masked=False, loose=True) for text in named):
        return False
    return bool(named) and not _takes_up(spec, named)


def only_a_teller(needle: Needle, spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user says of somebody only that he told or wrote something, and asks for no answer to him."""
    if not effects_of(spec.name, spec.description).isdisjoint({"tell", "make"}):
        return False
    found = [text for text in texts if needle.text in fold(text)]
    ends = [[one.endswith(needle.text) for one in _turns(text).tellers].count(True) for text in found]
    if not found or any(count != fold(text).count(needle.text) for count, text in zip(ends, found, strict=True)):
        return False
    return not _takes_up(spec, texts)


def only_a_source(needle: Needle, spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the user says only that something is to be taken from there: `post the menu from the page X in food`."""
    if not effects_of(spec.name, spec.description) <= _WRITING:
        return False
    found = [text for text in texts if needle.text in fold(text)]
    begin = [[one.startswith(needle.text) for one in _turns(text).sources].count(True) for text in found]
    return bool(found) and all(count == fold(text).count(needle.text) for count, text in zip(begin, found, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What a request says besides: what follows `but` and `from`, what stands before `told`, and all but its asides."""

    excepted: tuple[str, ...]
    sources: tuple[str, ...]
    tellers: tuple[str, ...]
    without_asides: str


@lru_cache(maxsize=256)
def _turns(text: str) -> Turns:
    folded = fold(text)
    return Turns(
        excepted=tuple(
            _TO.sub("", piece) for match in _EXCEPTED.finditer(folded) for piece in _LISTED.split(match.group(1))
        ),
        sources=tuple(folded[match.end() : match.end() + _NAME] for match in _FROM.finditer(folded)),
        tellers=tuple(folded[max(0, match.start() - _NAME) : match.start()] for match in _TOLD.finditer(folded)),
        without_asides=_ASIDE.sub(" ", text),
    )


def _begins(name: str, pieces: Iterable[str]) -> bool:
    return any(one.startswith(name) and bounded(one, 0, len(name)) for one in pieces)


def _takes_up(spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the clauses that ask for such a call mean somebody by `him`, `them` or `there`."""
    return any(not _TAKING_UP.isdisjoint(re.findall(r"[a-z]+", bid.index.folded)) for bid in asking(spec, texts))


def _aims(clause: Clause, needle: Needle, *, small: bool) -> bool:
    """Whether the clause itself says to whom, or where to. `small`: how the user writes the other one."""
    text = _QUOTED.sub(" ", clause.index.text)
    if not small and _POSTING.search(clause.index.folded):
        return True  # one posts in places, to nobody by name
    if not _POINTING_AT.isdisjoint(re.findall(r"[a-z]+", clause.index.folded)):
        return False
    names = _TO_WORD if small else _TO_NAME  # who writes names small writes them all so
    # `Ann` and `ann.lee@x.example` may well be one.
    return any(fold(found)[:_SAME] != needle.text[:_SAME] for found in names.findall(text))


def crossed(target: Needle, number: Needle, texts: Iterable[str]) -> bool:
    """Whether the user named this number for something else than the target, and another one for the target."""
    for text in texts:
        found = clauses(text)
        with_target = [clause for clause in found if _holds(clause, [target])]
        if not with_target or any(_holds(clause, [number]) for clause in with_target):
            continue
        if any(_holds(clause, [number]) for clause in found) and any(
            _others(clause.index, target) for clause in with_target
        ):
            return True
    return False


def days_given(spec: ToolSpec, texts: Iterable[str]) -> frozenset[tuple[int, int]]:
    """Month and day of what the clauses name that ask for what the tool does."""
    return frozenset(day[1:] for clause in asking(spec, texts) for day in clause.index.days)


def displaced(value: Any, others: Sequence[Any], spec: ToolSpec, texts: Iterable[str]) -> bool:
    """Whether the request gives another number, or another day, for such a call than `value`, and the call has it not.

    `others` are all leaves of the call.
    """
    needle = Needle(value, frozenset())
    # Of a request that is not understood each clause may be the one.
    found = asking(spec, texts) or [clause for text in texts for clause in clauses(text)]
    given_in = [clause.index for clause in found]
    if needle.number is not None:
        numbers = {n for other in others if (n := Needle(other, frozenset({"amount"})).number) is not None}
        given = {number for index in given_in for number in _numbers(index.folded)}
        return bool(given) and given.isdisjoint(numbers)
    if needle.moment and needle.moment[0]:
        used = {m[0][1:] for other in others if (m := Needle(other, frozenset()).moment) and m[0]}
        days = {day[1:] for index in given_in for day in index.days}
        return needle.moment[0][1:] not in days and not days <= used
    return False


def contradicts(name: str, value: bool, targets: Sequence[Needle], texts: Iterable[str]) -> bool:
    """Whether the user says the opposite of a flag, in a clause on one of the call's targets or on none."""
    mention = re.compile(rf"\b(?:{'|'.join(map(re.escape, stems_of(name)))})") if stems_of(name) else None
    found = [clause for text in texts for clause in clauses(text)] if mention else []
    homes = [place for place, clause in enumerate(found) if _holds(clause, targets)]
    said: list[bool] = []
    for place, clause in enumerate(found):
        match = mention.search(clause.index.folded) if mention else None
        # A clause on none of the targets goes with the one before it: `cancel V-57, and do not notify him`.
        if match and (place in homes or _points(clause) or not targets):
            before = re.findall(r"[a-z']+", clause.index.folded[: match.start()])[-_AHEAD:]
            said.append(NEGATIONS.isdisjoint(before))
    return bool(said) and value not in said


def stems_of(name: str) -> tuple[str, ...]:
    """The beginnings of the words that a flag is called by: `notify_patient` gives notif and patie."""
    return tuple(sorted(word[:_STEM] for word in names_of(name) if len(word) > _SHORT))


def _points(clause: Clause) -> bool:
    if _WHICH.search(clause.index.folded):
        return True
    return not _POINTING.isdisjoint(re.findall(r"[a-z]+", clause.index.folded))


def _holds(clause: Clause, needles: Iterable[Needle]) -> bool:
    return any(needle.within(clause.index, masked=False, loose=True) for needle in needles)


def _others(index: Index, target: Needle) -> bool:
    """Whether the clause gives a number besides the target."""
    return bool(_numbers(index.folded.replace(target.text, " ")))


def _numbers(folded: str) -> set[Decimal]:
    """The amounts and counts in it: no days and hours."""
    folded = timeless(folded)
    found: set[Decimal] = set()
    for match in _FIGURES.finditer(folded):
        figure = match.group().replace(",", "")
        if figure.count(".") <= 1 and len(figure) <= 18:  # noqa: PLR2004
            found.add(Decimal(figure).normalize())
    return found | {number for number in index_of(folded).spoken if number > 1}
