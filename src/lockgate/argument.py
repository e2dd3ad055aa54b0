"""What is said in a debate: a debater's position in one round, and the ruling at the end."""

from dataclasses import dataclass, field
from typing import Literal

from lockgate.labels import TRUSTED, Label

STOPS = Literal["agreement", "standstill", "rounds", "silence", "budget"]
"""Why a debate ended: all gave one answer, nobody moved any more, the rounds were over, too few had an answer, or the
budget has no room for another round.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One debater's answer in `round`, counted from 0. An `error` says why there is none.

    `key` is the answer in the form that answers are compared in; `repeated` marks one that says word for word what
    the same debater said in the round before. `confidence` is the debater's own, from 0 to 1. `trust` is the label of
    what the debater had read when it said so.
    """

    debater: str
    round: int
    answer: str = ""
    key: str = ""
    reasons: str = ""
    confidence: float = 0.0
    repeated: bool = False
    error: str = ""
    trust: Label = TRUSTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a debate was decided, and by whom: the judge, the debaters' agreement, or a vote.

    `confidence` is the judge's own, the mean of those who agree, or the winner's share of the votes. `dissent` is the
    best that was said for another answer. `votes` counts the last answers, by the form they are compared in.
    """

    answer: str
    by: Literal["judge", "agreement", "vote"]
    reasons: str = ""
    confidence: float = 0.0
    dissent: str = ""
    votes: dict[str, int] = field(default_factory=dict)
    debaters: list[str] = field(default_factory=list)
    """Those whose last answer it is."""
