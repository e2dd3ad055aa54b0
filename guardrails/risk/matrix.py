"""The risk matrix: tier x confidence x reversibility -> how freely a call may run. The section `risk` of a pack."""

from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from lockgate.decision import Allow, Call, Decision, Review
from lockgate.errors import UnknownNameError
from lockgate.guardrails.constraint import Count, Number, Strict
from lockgate.guardrails.pattern import Pattern, glob
from lockgate.guardrails.risk.confidence import ESTIMATORS, Combine, confidence
from lockgate.guardrails.risk.utterance import Utterance
from lockgate.guardrails.rule import Name, Names, Seconds
from lockgate.labels import Integrity
from lockgate.ports import History
from lockgate.spec import Risk, ToolSpec

RULE = "risk"
"""Rule name of what the matrix decides."""
PRODUCTION = "production"
"""Tag of a tool whose effect is one on production."""

Answer: TypeAlias = Literal["autonomous", "logged", "review", "blocking"]
"""`logged`: autonomous with a line in the log. `review`: other work goes on. `blocking`: it waits."""
_ANSWERS: tuple[Answer, ...] = ("autonomous", "logged", "review", "blocking")


class Band(IntEnum):
    """Confidence in three steps."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    def __str__(self) -> str:
        return self.name.lower()


class Cells(Strict):
    """The answer for each band of confidence; one that is left out is as in the default table."""

    high: Answer | None = None
    medium: Answer | None = None
    low: Answer | None = None


class Row(Strict):
    """The answers for one tier. A call without an effect has nothing to undo, so it counts as reversible."""

    reversible: Cells = Cells()
    irreversible: Cells = Cells()


class Table(Strict):
    """The answers by tier, reversibility and confidence."""

    low: Row = Row()
    medium: Row = Row()
    high: Row = Row()
    critical: Row = Row()


_DEFAULT: dict[tuple[Risk, bool], tuple[Answer, Answer, Answer]] = {
    #        (tier, reversible): at low, medium, high confidence
    (Risk.LOW, True): ("autonomous", "autonomous", "autonomous"),
    (Risk.LOW, False): ("logged", "autonomous", "autonomous"),
    (Risk.MEDIUM, True): ("logged", "autonomous", "autonomous"),
    (Risk.MEDIUM, False): ("review", "autonomous", "autonomous"),
    (Risk.HIGH, True): ("review", "autonomous", "autonomous"),
    (Risk.HIGH, False): ("review", "logged", "autonomous"),
    (Risk.CRITICAL, True): ("review", "logged", "autonomous"),
    (Risk.CRITICAL, False): ("blocking", "review", "logged"),
}


class RiskSection(Strict):
    """How freely a call that the rules allow may run. It never allows more than the rules do."""

    table: Table = Field(default=Table(), description="Answers in place of the default table's.")
    production: Annotated[tuple[Name, ...], Field()] = Field(
        default=(), description="Tools that write to production, besides those tagged so; * and ? stand for others."
    )
    low: Annotated[Number, Field(ge=0, le=1)] = Field(default=0.5, description="Confidence below this is low.")
    high: Annotated[Number, Field(ge=0, le=1)] = Field(default=0.8, description="Confidence from this on is high.")
    unknown: Literal["low", "medium"] = Field(
        default="medium", description="What a call counts as when no estimator has a figure."
    )
    estimators: Annotated[tuple[str, ...], Field()] = Field(
        default=("hedging", "probability", "agreement", "stated"), description="What says how sure the model is."
    )
    combine: Combine = Field(default="minimum", description="How the figures of the estimators become one.")
    samples: Annotated[Count, Field(le=10)] = Field(
        default=0, description="Further answers to the same question, asked for when the model makes a call."
    )
    approvers: Names | None = Field(default=None, description="Roles that may answer a review. Left out: anyone.")
    expires_after: Seconds = Field(default=86_400.0, description="Seconds until a review counts as rejected.")

    @field_validator("estimators")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in ESTIMATORS:
                raise ValueError(str(UnknownNameError.of("estimator", name, ESTIMATORS)).rstrip("."))
        return names

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high}); swap them")
        for (tier, reversible), answers in self.answers().items():
            ranks = [_ANSWERS.index(answer) for answer in answers]
            if ranks != sorted(ranks, reverse=True):
                where = f"table.{tier}.{'reversible' if reversible else 'irreversible'}"
                told = ", ".join(f"{Band(n)}: {answer}" for n, answer in enumerate(answers))
                raise ValueError(
                    f"in {where} less confidence is answered more freely ({told}); answer it no more freely"
                )
        return self

    def answers(self) -> dict[tuple[Risk, bool], tuple[Answer, Answer, Answer]]:
        """By tier and reversibility the answers at low, medium and high confidence."""
        return {key: self._merged(key, default) for key, default in _DEFAULT.items()}

    def _merged(self, key: tuple[Risk, bool], default: tuple[Answer, Answer, Answer]) -> tuple[Answer, Answer, Answer]:
        row: Row = getattr(self.table, str(key[0]))
        cells = row.reversible if key[1] else row.irreversible
        low, medium, high = default
        return cells.low or low, cells.medium or medium, cells.high or high

    def confidence(self, said: Utterance) -> float | None:
        """How sure the model is of what it said, 0 to 1; None when no estimator can tell."""
        return confidence(said, self.estimators, self.combine)

    def matrix(self) -> "RiskMatrix":
        """The guard."""
        return RiskMatrix(self)


_MAX_SAID = 1_024


class RiskMatrix:
    """A guard: judges a call by its tool's tier, the model's confidence and whether the effect can be undone."""

    def __init__(self, section: RiskSection) -> None:
        self.section = section
        self._answers = section.answers()
        self._production: tuple[Pattern, ...] = tuple(glob(name) for name in section.production)
        self._unknown = Band.LOW if section.unknown == "low" else Band.MEDIUM
        self._said: dict[tuple[object, ...], Decision] = {}
        """Answers by all that their words depend on; putting them in words costs more than finding them."""

    def __call__(self, _: Call, spec: ToolSpec, history: History) -> Decision | None:
        """None for an autonomous call, an Allow with a notice for a logged one, or a Review."""
        answer, band, production = self.judged(spec, history.confidence, history.trust.integrity)
        if answer == "autonomous":
            return None
        key = (spec.name, spec.risk, spec.reversible, spec.effect, history.confidence, band, production)
        if (said := self._said.get(key)) is None:
            if len(self._said) >= _MAX_SAID:
                self._said.clear()
            said = self._said[key] = self._words(answer, spec, history, band, production=production)
        return said

    def _words(self, answer: Answer, spec: ToolSpec, history: History, band: "Band", *, production: bool) -> Decision:
        reason = _why(
            spec.name, spec.risk, _kind(spec), history.confidence, band, ", a write to production" if production else ""
        )
        if answer == "logged":
            return Allow(rule=RULE, reason=f"{reason} is worth a line.", notice=f"{reason} runs without a person.")
        return Review(
            rule=RULE,
            reason=f"{reason} needs a person.",
            approvers=frozenset(self.section.approvers or ()),
            expires_after=float(self.section.expires_after),
            blocking=answer == "blocking",
        )

    def judged(
        self, spec: ToolSpec, confidence: float | None, integrity: Integrity = Integrity.TRUSTED
    ) -> tuple[Answer, Band, bool]:
        """The answer, the band of confidence it counts with, and whether it is a write to production.

        In a session that has read untrusted text a figure may lower the band but not raise it above that of an
        unknown one: whoever wrote the text may have told the model to be sure.
        """
        production = spec.effect and self.is_production(spec)
        band = Band.LOW if production and confidence is None else self._band(confidence)
        if integrity >= Integrity.UNTRUSTED:
            band = min(band, Band.LOW if production else self._unknown)
        answer = self._answers[spec.risk, spec.reversible or not spec.effect][band]
        if production and band is Band.LOW and answer in ("autonomous", "logged"):
            answer = "review"
        return answer, band, production

    def is_production(self, spec: ToolSpec) -> bool:
        """Whether the tool bears the tag or the section names it; a name that cannot be read counts as named."""
        return PRODUCTION in spec.tags or any(pattern(spec.name) is not False for pattern in self._production)

    def _band(self, confidence: float | None) -> Band:
        if confidence is None:
            return self._unknown
        if confidence >= self.section.high:
            return Band.HIGH
        return Band.MEDIUM if confidence >= self.section.low else Band.LOW  # NaN is low


def _kind(spec: ToolSpec) -> str:
    return "no effect" if not spec.effect else "reversible" if spec.reversible else "irreversible"


@lru_cache(maxsize=1_024)
def _why(tool: str, risk: Risk, kind: str, confidence: float | None, band: Band, where: str) -> str:
    figure = "unknown" if confidence is None else f"{confidence:.2f}"
    return f"A call of {tool[:200]} ({risk} risk, {kind}{where}, confidence {figure}, which counts as {band})"
