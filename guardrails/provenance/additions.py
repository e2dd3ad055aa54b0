"""What a text has added to a content that is about something else: a run of its words among words of another matter.

A summary repeats words of what it sums up, and a forwarded letter is one run from end to end. What a text wants said
besides stands in the content word for word, and has no word in common with the rest of it nor with the request.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.encodings import rot13
from lockgate.guardrails.provenance.folding import fold, words
from lockgate.guardrails.provenance.index import Index
from lockgate.guardrails.provenance.tracing import Source, leaves
from lockgate.spec import ToolSpec

_WINDOW = 6
"""Words in a row that are in two texts by no chance."""
_MATTER = 4
"""Words of them that say what they are about."""
_SHARED = 0.2
"""Of these, those that the rest has too: with fewer the run is of another matter."""
_LOOSE = 3
"""Words by which a run may miss the end of a sentence."""
_STOPS = frozenset(".!?;:,)-")
_HEADING = 3
"""Words of a heading."""
_LONGEST = 300
"""Words of a content that are looked at."""
_LEAVES = 12
_STEM = 5
"""Letters by which forms of one word are told."""
_LEAST = 3
"""Letters of a word that says what a text is about; shorter ones are in every text."""
SHORTEST_TOPIC = _LEAST + 1
"""Letters that a text has, at the least, for each word that says what it is about."""
_TOKEN = 40
"""Letters and signs between spaces that are remembered."""
_LETTERS = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"@|://|\w\.[a-z]")
_EDGE = ".,;:!?()[]'\""
_COMMON = words(
    "this that these those with from have will been were they them their there here which what when where who whom "
    "whose your yours ours into about after before also only just very more most much many some such than then each "
    "every both other another please thanks dear hello regards because would could should must does done make made "
    "said says tell told know well like need want time still even over under between while upon once again"
)


def added(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Iterator[Trace]:
    """The traces of texts among the content of an effect in which such a run stands."""
    said = topics(" ".join(source.index.folded for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)))
    free = [
        (path, leaf)
        for name, value in args.items()
        if name not in spec.sensitive
        for path, leaf in [*leaves(value, name)][:_LEAVES]
        if isinstance(leaf, str)
    ]
    for path, leaf in free:
        tokens = fold(leaf).split()[:_LONGEST]
        if len(tokens) <= _WINDOW:
            continue
        others = topics(" ".join(fold(str(value)) for value in args.values() if value != leaf))
        for source in ready:
            if source.kind is not Kind.UNTRUSTED:
                continue
            if found := _foreign(tokens, source, said | others, ready):
                yield Trace(
                    path=path,
                    kind=Kind.UNTRUSTED,
                    how="added",
                    sources=(source.passage.source,),
                    suspect="encoded" if found == "coded" else "",
                )
                break


def _foreign(tokens: Sequence[str], source: Source, about: frozenset[str], ready: Sequence[Source]) -> str:
    for written, index, how in _spellings(tokens, source.index):
        for first, last in _runs(written, index):
            if last - first == len(tokens):
                return ""
            start, end = (len(tokens) - last, len(tokens) - first) if how == "reversed" else (first, last)
            run = _row(tokens, start, end)
            beside = (*tokens[:start], *tokens[end:])
            rest = topics_of(beside)
            mixed = rest or any(char.isdigit() for char in "".join(beside))
            if (
                not mixed
                or not _ends(tokens, end)
                or _heads(tokens[:start], tokens[end:])
                or _better(run, ready)
                or (how == "plain" and _stands_by_itself(run, index))
            ):
                continue
            if how != "plain" and run not in source.index.bare:
                return "coded"
            matter = topics(run)
            if len(matter) >= _MATTER and len(matter & (about | rest)) < _SHARED * len(matter):
                return "plain"
    return ""


def _spellings(tokens: Sequence[str], index: Index) -> Iterator[tuple[Sequence[str], Index, str]]:
    """The words as they may stand in the text, and in what it says in code."""
    yield tokens, index, "plain"
    yield rot13(" ".join(tokens)).split(), index, "rot13"
    yield [token[::-1] for token in reversed(tokens)], index, "reversed"
    for name, view in index.views:
        yield tokens, view, name


def _runs(tokens: Sequence[str], index: Index) -> Iterator[tuple[int, int]]:
    """Where the text holds `_WINDOW` words in a row, and how far on they go together."""
    known = bytes(map(index.tokens.__contains__, tokens))
    # The words at the edges may bear other signs there.
    inner = b"\1" * (_WINDOW - 2)
    start = known.find(inner, 1) - 1
    while start >= 0 and (end := start + _WINDOW) <= len(tokens):
        at = start + 1
        if _row(tokens, start, end) in index.bare:
            if _row(tokens, start, len(tokens)) in index.bare:  # what is passed on as it is
                end = len(tokens)
            else:
                to = range(end + 1, len(tokens))
                end += bisect(to, 0, key=lambda to: _row(tokens, start, to) not in index.bare)
            yield start, end
            at = end
        start = known.find(inner, at + 1) - 1


def _row(tokens: Sequence[str], start: int, end: int) -> str:
    return " ".join(tokens[start:end]).strip(_EDGE)


def _ends(tokens: Sequence[str], end: int) -> bool:
    """Whether a sentence or a clause of the content ends about where the run does: what is added is no half of one."""
    return len(tokens) - end <= _LOOSE or any(token[-1] in _STOPS for token in tokens[end - 1 : end + _LOOSE])


def _heads(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether all that stands beside the run is a heading of it: `Saturday: lentil stew, rye bread and plum cake`."""
    return 0 < len(before) <= _HEADING and before[-1].endswith(":") and not after


def _stands_by_itself(run: str, index: Index) -> bool:
    """Whether the run is all that a line or a field of the text says: then it may well be what was asked for."""
    return any(run in line.bare and not topics(line.bare.replace(run, " ")) for line in index.lines)


def _better(run: str, ready: Sequence[Source]) -> bool:
    return any(run in source.index.folded for source in ready if source.kind is not Kind.UNTRUSTED)


def topics(folded: str) -> frozenset[str]:
    """The stems of the words that say what a text is about. Addresses in it say nothing of that."""
    return topics_of(folded.split())


def topics_of(tokens: Iterable[str]) -> frozenset[str]:
    """As `topics`, of what stands between spaces."""
    tokens = {*tokens}
    # A long one is no word that comes again, and would only fill what is remembered.
    long = [token for token in tokens if len(token) > _TOKEN]
    return frozenset().union(*map(_known_stems, tokens.difference(long)), *map(_stems, long))


def _stems(token: str) -> frozenset[str]:
    """Of the words in what stands between spaces."""
    found = () if _ADDRESS.search(token) else _LETTERS.findall(token)
    return frozenset(word[:_STEM] for word in found if len(word) > _LEAST and word not in _COMMON)


_known_stems = lru_cache(maxsize=16_384)(_stems)
