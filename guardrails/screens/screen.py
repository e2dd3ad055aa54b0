"""`screen`: everything that the screens find in one text."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Protocol

from lockgate.guardrails.screens.encoded import decoded
from lockgate.guardrails.screens.exfiltration import exfiltrations
from lockgate.guardrails.screens.folding import fold
from lockgate.guardrails.screens.forgery import forgeries
from lockgate.guardrails.screens.hidden import Spot, Stripped, strip_invisible
from lockgate.guardrails.screens.instructions import orders
from lockgate.guardrails.screens.kinds import Kind
from lockgate.guardrails.screens.markup import hiding_markup
from lockgate.passage import Finding, Place
from lockgate.text import clean

MAX_FINDINGS = 32
"""Findings of one text that are kept, the surest first."""
MAX_DEPTH = 3
"""Encodings inside encodings that are opened."""
WORTH = 0.3
"""Findings that score less are not reported."""
_ORDER = 0.35
"""From here on a sentence counts as an order where something else is suspicious as well."""
_LIFT = 0.3
_TALK = re.compile(r"(?i)\b(?:chat template|chatml|tokeni[sz]er|special tokens?|injections?|jailbreaks?|delimiters?)\b")


class Screen(Protocol):
    """A further screen behind the built-in ones, such as a second model. It is off unless one is given to the gate."""

    async def __call__(self, text: str, place: Place) -> tuple[Finding, ...]:
        """What it finds in `text`, spans being offsets in it. When it raises, the text is withheld."""
        ...


def screen(text: str) -> tuple[Finding, ...]:
    """What is found in `text`, in the order of its spans; linear in its length, for any text.

    Invisible characters are looked at by `strip_invisible`, which a caller runs first; see `Screens.inspect`.
    """
    return _kept(_found(fold(clean(text)), MAX_DEPTH))


def screened(text: str, *, by_user: bool = False) -> tuple[str, tuple[Finding, ...]]:
    """`text` without what no reader can see, and what was found in it. Hidden orders are taken out, too.

    In what is written `by_user` orders are no finding, so nothing is looked for that is only one.
    """
    visible, findings = _looked(text, MAX_DEPTH, orders_too=not by_user)
    return visible, _kept(findings)


def _looked(text: str, depth: int, *, orders_too: bool = True) -> tuple[str, list[Finding]]:
    """As `screened`, with all findings there are; blobs are opened `depth` deep."""
    stripped = strip_invisible(clean(text))
    findings = [_of_spot(spot) for spot in stripped.spots]
    visible, hidden = _without_hidden_orders(stripped)
    findings = [_moved(finding, visible) for finding in findings] + hidden
    return visible.text, [*findings, *_found(fold(visible.text), depth, orders_too=orders_too)]


class _Visible:
    """A text from which spans were cut, and where an offset of the old text lies in the new one."""

    def __init__(self, text: str, cuts: list[tuple[int, int]]) -> None:
        self.cuts = cuts
        kept, last = [], 0
        for start, end in cuts:
            kept.append(text[last:start])
            last = end
        self.text = "".join([*kept, text[last:]]) if cuts else text

    def at(self, offset: int) -> int:
        return offset - sum(min(end, offset) - start for start, end in self.cuts if start < offset)


def _without_hidden_orders(stripped: Stripped) -> tuple[_Visible, list[Finding]]:
    cuts: list[tuple[int, int]] = []
    said: list[tuple[int, float, str]] = []
    for start, end, words, how in hiding_markup(stripped.text):
        worst = _worst(words)
        if worst >= _ORDER:
            cuts.append((start, end))
            said.append((start, min(1.0, worst + _LIFT), f"an order {how}, taken out"))
            if len(cuts) >= MAX_FINDINGS:
                break
    visible = _Visible(stripped.text, cuts)
    return visible, [
        Finding(kind=Kind.HIDDEN, start=visible.at(start), end=visible.at(start), score=score, note=note)
        for start, score, note in said
    ]


def _moved(finding: Finding, visible: _Visible) -> Finding:
    return replace(finding, start=visible.at(finding.start), end=visible.at(finding.end)) if visible.cuts else finding


def _of_spot(spot: Spot) -> Finding:
    if spot.said:
        score, note = max(0.8, _worst(spot.said)), "a message in characters without a shape, taken out"
    elif spot.turning:
        score, note = 0.5, "characters that turn the reading direction, taken out"
    else:
        score, note = 0.5, "characters without a shape, taken out"
    return Finding(kind=Kind.HIDDEN, start=spot.at, end=spot.at, score=score, note=note)


def _worst(text: str) -> float:
    """The score of the most suspicious sentence of a text that should not be there at all."""
    return max((score for _, _, score in orders(fold(text))), default=0.0)


def _found(text: str, depth: int, *, orders_too: bool = True) -> Iterator[Finding]:
    last_order = -1
    about: bool | None = None
    for start, end, score in orders(text) if orders_too else ():
        if score >= _ORDER:
            last_order = max(last_order, end)
        if score >= WORTH:
            yield Finding(kind=Kind.INSTRUCTION, start=start, end=end, score=score, note="an order to the reader")
    for start, end, score, note in islice(forgeries(text), 10 * MAX_FINDINGS):
        if about is None:
            about = _TALK.search(text) is not None
        if text[start - 1 : start] == "`" or about:
            score -= _LIFT  # noqa: PLW2901
        elif last_order >= start:
            score = min(1.0, score + _LIFT)  # noqa: PLW2901
        yield Finding(kind=Kind.FORGERY, start=start, end=end, score=score, note=note)
    for start, end, score, note in islice(exfiltrations(text), MAX_FINDINGS):
        yield Finding(kind=Kind.EXFILTRATION, start=start, end=end, score=score, note=note)
    if depth:
        for start, end, said, name in decoded(text):
            inner = _looked(said, depth - 1 if name != "rot13" else 0)[1]
            worst = max(inner, key=lambda one: one.score, default=None)
            if worst and worst.score >= _ORDER:
                score = min(1.0, worst.score + _LIFT)
                yield Finding(kind=Kind.ENCODED, start=start, end=end, score=score, note=f"{name} of {worst.kind}")


def _kept(findings: Iterator[Finding] | list[Finding]) -> tuple[Finding, ...]:
    worth = sorted((one for one in findings if one.score >= WORTH), key=lambda one: -one.score)[:MAX_FINDINGS]
    rounded = (replace(one, kind=str(one.kind), score=round(one.score, 3)) for one in worth)
    return tuple(sorted(rounded, key=lambda one: (one.start, one.end, one.kind)))
