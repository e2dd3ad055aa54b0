"""Estimators of a model's confidence, each a pure function of what it said, and how their figures become one.

No estimator takes silence for confidence: without evidence it answers None. Stated figures run high and words tell
little (Xiong et al. 2023, arXiv:2306.13063); probabilities and agreement tell more (Kadavath et al. 2022,
arXiv:2207.05221; Wang et al. 2022, arXiv:2203.11171). So the smallest figure counts unless a pack says otherwise.
"""

from collections.abc import Iterable
from math import exp, fsum
from typing import Literal, Protocol

import re2

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.guardrails.risk.utterance import Utterance

Combine = Literal["minimum", "mean"]


class Estimator(Protocol):
    """Says how sure the model is, 0 to 1, or None when what it said does not tell. Must be pure."""

    def __call__(self, said: Utterance, /) -> float | None:
        """The figure."""
        ...


_I = r"(?i)\b(?:i|we)(?:'m|'re| am| are)?(?: also| still| really| quite| honestly| just)?"
_DOUBT = re2.compile(
    _I + r" (?:not (?:at all |entirely |completely |totally |fully |really |quite |too |very |so |100% )?"
    r"(?:sure|certain|confident|clear)|unsure|uncertain|guessing|only guessing|in doubt)\b"
    "|" + _I + r" (?:do not|don't|cannot|can't|could not|couldn't)(?: really| actually)? "
    r"(?:know|tell|verify|confirm|be sure|be certain)\b"
    "|" + _I + r" (?:may|might|could) (?:well )?be (?:wrong|mistaken|misreading|misunderstanding)\b"
    r"|\b(?:best|wild|educated|rough) guess\b|\bshot in the dark\b|\b(?:have|with) no (?:idea|clue|way of knowing)\b"
    r"|\bit(?:'s| is) (?:unclear|not clear|ambiguous|uncertain|hard to (?:say|tell))\b"
)
_HEDGE = re2.compile(
    _I + r" (?:think|believe|guess|suppose|assume|suspect|gather|would say|am assuming|am guessing)\b"
    "|" + _I + r" assuming\b"
    r"|\b(?:probably|perhaps|maybe|possibly|presumably|apparently|supposedly)\b"
    r"|\b(?:might|may|could) (?:be|have been|mean|refer to|want|need)\b"
    r"|\b(?:it|this|that) (?:seems?|appears?|looks like)\b|\bif i (?:understand|recall|remember)\b"
    r"|\bshould be (?:right|fine|ok|okay|correct)\b|\b(?:most|more than|quite|very) likely\b"
)
_QUOTED = re2.compile(r'(?s)```.*?(?:```|$)|`[^`\n]*`|"[^"\n]{0,500}"|“[^”\n]{0,500}”|«[^»\n]{0,500}»|(?m:^\s*>.*$)')
_DOUBTFUL, _HEDGED, _MORE = 0.25, 0.6, 0.8
"""What open doubt leaves, what one hedge leaves, and what each further hedge takes it down by."""


def _own_words(text: str) -> str:
    return str(_QUOTED.sub(" ", text)).replace("\u2019", "'")


def hedging(said: Utterance) -> float | None:
    """From the model's own hedges: open doubt 0.25, one hedge 0.6, each further one a fifth less. None without any.

    What stands in quotation marks, code or a quoted line is somebody else's; English only.
    """
    text = _own_words(said.text)
    hedges = sum(1 for _ in _HEDGE.finditer(text))
    if _DOUBT.search(text):
        return _DOUBTFUL
    return _HEDGED * _MORE ** min(hedges - 1, 20) if hedges else None


_IMPOSSIBLE = -1e6
"""A log-probability under which one token makes the mean of any answer nothing."""


def probability(said: Utterance) -> float | None:
    """The geometric mean of the probabilities of the answer's tokens."""
    if not said.logprobs:
        return None
    if min(said.logprobs) < _IMPOSSIBLE:
        return 0.0
    return exp(fsum(said.logprobs) / len(said.logprobs))


def agreement(said: Utterance) -> float | None:
    """The share of the samples that make the least repeated of the answer's calls; None without samples or calls."""
    if not said.samples or not said.calls:
        return None
    return min(sum(call in sample for sample in said.samples) for call in said.calls) / len(said.samples)


_FIGURE = (
    r"([0-9]{1,9}(?:\.[0-9]{1,20})?|\.[0-9]{1,20})(?:\**\s*(?:(?:/|out of|of)\s*([0-9]{1,9})|(%|percent)))?([0-9a-z_]*)"
)
"""A number, what it is out of, whether it is a percentage, and what is glued to it and makes it another number."""
_LABEL = r"(?i)\bconfidence(?: level| score)?\**\s*(?::|=|-|is|of|at)\s*\**(?:about |around |roughly |only |~)?\s*"
_NOT_STATISTICS = r"(?:\s*(interval|level|limit|bound|band)s?\b)?"
_STATED = (
    re2.compile(_LABEL + _FIGURE + _NOT_STATISTICS),
    re2.compile(
        _I + r" (?:about |around |roughly |only |~)?" + _FIGURE + r" (?:sure|certain|confident)\b" + _NOT_STATISTICS
    ),
)
_WORDS = re2.compile(_LABEL + r"(very low|low|medium|moderate|high|very high)\b")
_WORTH = {"very low": 0.1, "low": 0.3, "medium": 0.6, "moderate": 0.6, "high": 0.85, "very high": 0.95}


def stated(said: Utterance) -> float | None:
    """The model's own figure: `confidence: 0.8`, `Confidence is 80%`, `8/10`, `8 out of 10`, `low`, `I am 80% sure`.

    The smallest when it states several. Without a unit it is a percentage when it is a whole number (1 may be the least
    of a scale as well as the most) or above 1.
    """
    text = _own_words(said.text)
    figures = [_WORTH[str(found.group(1)).lower()] for found in _WORDS.finditer(text)]
    for pattern in _STATED:
        figures += [value for found in pattern.finditer(text) if (value := _figure(*found.groups())) is not None]
    return min(figures, default=None)


def _figure(digits: str, of: str | None, percent: str | None, glued: str, statistics: str | None) -> float | None:
    if statistics or glued:
        return None
    value = float(digits)
    if of:
        value = value / int(of) if int(of) else 2.0
    elif percent or value > 1 or digits.isdecimal():
        value /= 100
    return value if value <= 1 else None


ESTIMATORS: dict[str, Estimator] = {
    "hedging": hedging,
    "probability": probability,
    "agreement": agreement,
    "stated": stated,
}
"""The estimators that a pack may name. `register` adds yours."""


def register(name: str, estimator: Estimator) -> None:
    """Makes `estimator` known to packs as `name`, before they are loaded. Raises ConfigError when the name is taken."""
    if ESTIMATORS.setdefault(name, estimator) is not estimator:
        raise ConfigError(f"There is an estimator {name!r} already.", "Give yours another name.")


def confidence(said: Utterance, estimators: Iterable[str], combine: Combine) -> float | None:
    """The figures of `estimators` as one, None when none of them has any.

    One that fails or that answers what is no figure from 0 to 1 counts as no confidence at all. Raises
    UnknownNameError for a name that is not registered.
    """
    figures: list[float] = []
    for name in estimators:
        if name not in ESTIMATORS:
            raise UnknownNameError.of("estimator", name, ESTIMATORS)
        try:
            if (figure := ESTIMATORS[name](said)) is not None:
                figures.append(float(figure) if 0 <= figure <= 1 else 0.0)
        except Exception:  # noqa: BLE001 - an estimator of the deployer's; no figure may make a call look safe
            figures.append(0.0)
    if not figures:
        return None
    return min(figures) if combine == "minimum" else fsum(figures) / len(figures)
