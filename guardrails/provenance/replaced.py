"""A value that a text puts in the place of one that the user gave: `it is V-58, not V-57`, `the day has changed`.

Only where the user settled it: the clause that asks for such a call gives a value of the very same make, which the call
lacks, and leaves nothing to what somebody says, names or proposes.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from lockgate.guardrails.provenance.clauses import Clause, asking, displaced
from lockgate.guardrails.provenance.folding import fold
from lockgate.guardrails.provenance.index import Index
from lockgate.guardrails.provenance.needle import Needle
from lockgate.spec import ToolSpec

_DAY = r"(?:\d[\d./-]*|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\w*)"
_OPEN = re.compile(
    r"\b(?:says|said|tells|writes|wrote|names|named|proposes|proposed|suggests|suggested|offers|offered|states|stated|gives|"
    r"given|asks|asked|wants|wanted|requests|requested|mentions|mentioned|lists|listed|according|per|which\w*|what\w*|"
    r"who\w*|else|otherwise|or|instead|another|"
    r"as (?:in|the|he|she|they)|(?:the|his|her|their|its|my|our|a) (?:new|latest|current|right|correct|other|next)|"
    r"the (?:\w+ )?\w+ that|"
    # A bound, and a day that says which one is meant: `the visit on March 12`.
    r"(?:at (?:most|least)|up to|below|under|over|above|(?:more|less) than|max\w*|min\w*|within|about) \D?\d\w*|"
    rf"(?:of|dated|since|(?:the|my|our|his|her|their) \w+ (?:on|from|for|at)) (?:the )?{_DAY})\b"
)
"""Words by which a clause leaves something open."""
_CHANGES = re.compile(
    r"\b(?:not|instead|rather|chang\w+|now|correct\w*|wrong|new|updated?|moved|replac\w+|actually|no longer|mistake\w*|"
    r"should|must|has to|needs? to)\b"
)
"""Words by which a line puts one thing in the place of another."""
_WORD = re.compile(r"[^\s,;!?()\"']+")
_MOST = 200
NEAR = 2
"""Characters in which a look-alike differs."""
_LEAST, _LONG = 4, 8
"""Letters of a name that is compared, and of one that may differ in two."""
_DIGITS = re.compile(r"\d+")


def replaces(leaf: Any, others: Sequence[Any], spec: ToolSpec, said: Sequence[str], texts: Sequence[Index]) -> bool:
    """Whether one of the untrusted `texts` puts `leaf` in the place of what the user said; `others` are all leaves."""
    settled = asking(spec, said)
    if not settled or any(_OPEN.search(clause.index.folded) for clause in settled):
        return False
    given = {*_given(leaf, others, settled)}
    if not given and not displaced(leaf, others, spec, said):
        return False
    needle = Needle(leaf, frozenset())
    for text in texts:
        if needle.within(text):
            for line in text.lines:
                if needle.within(line) and (_CHANGES.search(line.folded) or any(one in line.folded for one in given)):
                    return True
    return False


def _given(leaf: Any, others: Sequence[Any], settled: Sequence[Clause]) -> Iterator[str]:
    """What the user gave of the same make as the value, and the call has not."""
    value = fold(leaf) if isinstance(leaf, str) else ""
    size = len(value.split())
    used = {fold(str(other)) for other in others}
    for clause in settled if value else ():
        spoken = [word.rstrip(".:") for word in islice(_WORD.findall(clause.index.folded), _MOST)]
        for place in range(len(spoken) - size + 1):
            one = " ".join(spoken[place : place + size])
            if one not in used and _alike(value, one):
                yield one


def _alike(value: str, one: str) -> bool:
    """Whether two texts are of one make: codes of one pattern, addresses, or names that differ in a letter or two."""
    if value == one:
        return False
    if any(char.isdigit() for char in value) or "@" in value:
        return _make(value) == _make(one)
    size = min(len(value), len(one))
    return size >= _LEAST and distance(value, one) <= (NEAR if size >= _LONG else 1)


def _make(value: str) -> str:
    return "@" if "@" in value else _DIGITS.sub("0", value)


def distance(left: str, right: str) -> int:
    """Edits from one to the other, two neighbours swapped counting as one; more than `NEAR` is all the same."""
    if abs(len(left) - len(right)) > NEAR:
        return NEAR + 1
    before: list[int] = []
    row: list[int] = [*range(len(right) + 1)]
    for i, a in enumerate(left, start=1):
        last, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > NEAR:
            return NEAR + 1
    return row[-1]
