"""What a text has added to a content that is about something else: a run of its words among words of another matter.

A summary repeats words of what it sums up, and a forwarded letter is one run from end to end. What a text wants said
besides stands in the content word for word, and has no word in common with the rest of it nor with the request.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.provenance.content import read
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
_LONGEST = 300
"""Words of a content that are looked at."""
_LEAVES = 12
_STEM = 5
"""Letters by which forms of one word are told."""
_LEAST = 3
"""Letters of a word that says what a text is about; shorter ones are in every text."""
_TOKEN = re.compile(r"\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
_EDGE = ".,;:!?()[]'\""
_FIELD = re.compile(r"\\n|\n|(?<!\\)\"")
_COMMON = words(
    "this that these those with from have will been were they them their there here which what when where who whom "
    "whose your yours ours into about after before also only just very more most much many some such than then each "
    "every both other another please thanks dear hello regards because would could should must does done make made "
    "said says tell told know well like need want time still even over under between while upon once again"
)


def added(args: Mapping[str, Any], spec: ToolSpec, ready: Sequence[Source]) -> Iterator[Trace]:
    """The traces of texts among the content of an effect in which such a run stands."""
    said = _about(" ".join(source.index.folded for source in ready if source.kind in (Kind.USER, Kind.OPERATOR)))
    free = [
        (path, leaf)
        for name, value in args.items()
        if name not in spec.sensitive
        for path, leaf in [*leaves(value, name)][:_LEAVES]
        if isinstance(leaf, str)
    ]
    for path, leaf in free:
        tokens = [match.group() for match in _TOKEN.finditer(fold(leaf))][:_LONGEST]
        if len(tokens) <= _WINDOW:
            continue
        others = _about(" ".join(fold(str(value)) for value in args.values() if value != leaf))
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
    texts = [(source.index, "plain"), *((view, "coded") for view in read(source.index))]
    for index, how in texts:
        for start, end in _runs(tokens, index.bare):
            run = " ".join(tokens[start:end]).strip(_EDGE)
            rest = _about(" ".join((*tokens[:start], *tokens[end:])))
            mixed = rest or any(char.isdigit() for char in "".join((*tokens[:start], *tokens[end:])))
            if not mixed or _stands_by_itself(run, index) or _better(run, ready):
                continue
            matter = _about(run)
            if len(matter) >= _MATTER and len(matter & (about | rest)) < _SHARED * len(matter):
                return how
    return ""


def _runs(tokens: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where the text holds `_WINDOW` words in a row, and how far on they go together."""
    at = 0
    while at + _WINDOW <= len(tokens):
        end = at + _WINDOW
        if " ".join(tokens[at:end]).strip(_EDGE) not in text:
            at += 1
            continue
        while end < len(tokens) and " ".join(tokens[at : end + 1]).strip(_EDGE) in text:
            end += 1
        yield at, end
        at = end


def _stands_by_itself(run: str, index: Index) -> bool:
    """Whether the run is all that a line or a field of the text holds: then it may well be what was asked for."""
    at = index.bare.find(run)
    before = _FIELD.split(index.bare[max(0, at - 200) : at])[-1]
    after = _FIELD.split(index.bare[at + len(run) : at + len(run) + 200])[0]
    return not _about(f"{before} {after}") and at > 0


def _better(run: str, ready: Sequence[Source]) -> bool:
    return any(run in source.index.folded for source in ready if source.kind is not Kind.UNTRUSTED)


def _about(folded: str) -> frozenset[str]:
    """The stems of the words that say what a text is about."""
    return frozenset(word[:_STEM] for word in _LETTERS.findall(folded) if len(word) > _LEAST and word not in _COMMON)
