"""What a pack says besides its rules: how each further guard behaves.

Each field is one guard's own section, and its default is the guard's safe default. Two things can be made of a section:
a `Guard`, which judges a call after the rules have, and an `Inspector`, which looks at a text.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TypeAlias

from pydantic import Field

from lockgate.decision import Call, Decision, Deny
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.effects import Effects
from lockgate.guardrails.narrowing import stricter
from lockgate.guardrails.privacy.section import Privacy
from lockgate.guardrails.provenance.judging import Provenance, ProvenanceGuard, Session
from lockgate.guardrails.risk.matrix import RiskSection
from lockgate.guardrails.screens.section import Screens
from lockgate.passage import Finding, Inspected, Place
from lockgate.ports import History, Judge
from lockgate.spec import ToolSpec

Guard: TypeAlias = Callable[[Call, ToolSpec, History], Decision | None]
"""None when it has nothing to say. The strictest of what rules and guards say is the decision."""

Inspector: TypeAlias = Callable[[str, Place], Inspected]


class Sections(Strict):
    """The sections of a pack, each with its guard's safe default."""

    privacy: Privacy = Field(default=Privacy(), description="What is done about personal data and secrets.")
    provenance: Provenance = Field(default=Provenance(), description="Where sensitive arguments may come from.")
    session: Session = Field(default=Session(), description="What may meet in one session.")
    risk: RiskSection = Field(default=RiskSection(), description="How freely a call that the rules allow may run.")
    budgets: BudgetSection = Field(default=BudgetSection(), description="What runs and their users may use.")
    effects: Effects = Field(default=Effects(), description="What becomes of the effects of a run that failed.")
    screens: Screens = Field(default=Screens(), description="What is done about texts that order the agent about.")

    def guards(self) -> tuple[Guard, ...]:
        """What judges a call after the rules."""
        provenance = ProvenanceGuard(self.provenance, self.session)
        return tuple(guard for guard in (self.privacy.guard(), provenance, self.risk.matrix()) if guard)

    def inspectors(self) -> tuple[Inspector, ...]:
        """What looks at a text, in order: each sees what the one before let through."""
        # The screens come last: the spans of their findings are offsets in what the model reads.
        return (self._redacted, self.screens.inspect)

    def _redacted(self, text: str, place: Place) -> Inspected:
        """What privacy takes out is no evidence against a text, so it is told apart from findings."""
        seen = self.privacy.inspect(text, place)
        taken = dict.fromkeys(finding.kind for finding in seen.findings) if seen.text != text else {}
        return Inspected(text=seen.text, refused=seen.refused, redacted=tuple(taken))


def strictest(decision: Decision, guards: Sequence[Guard], call: Call, spec: ToolSpec, history: History) -> Decision:
    """The strictest of `decision` and of what the guards say; raises what a guard raises."""
    for guard in guards:
        if isinstance(decision, Deny):
            break
        if (said := guard(call, spec, history)) is not None:
            decision = stricter(decision, said)
    return decision


def inspectors(sections: Sequence[Sections]) -> tuple[Inspector, ...]:
    """What looks at a text under all of `sections`: first all that take something out, then the screens."""
    return tuple(chain.from_iterable(zip(*(section.inspectors() for section in sections), strict=True)))


def look_through(inspectors: Sequence[Inspector], text: str, place: Place) -> Inspected:
    """`text` as it may go on after all `inspectors`; raises what one of them raises."""
    findings: tuple[Finding, ...] = ()
    redacted: tuple[str, ...] = ()
    held = review = ""
    for inspector in inspectors:
        inspected = inspector(text, place)
        findings, redacted = findings + inspected.findings, redacted + inspected.redacted
        if inspected.refused:
            return Inspected(text="", findings=findings, refused=inspected.refused, redacted=redacted)
        text, held, review = inspected.text, inspected.held or held, inspected.review or review
    return Inspected(text=text, findings=findings, held=held, review=review, redacted=redacted)


def spoken(judge: Judge) -> tuple[Sections, ...]:
    """The sections of every pack behind `judge`; the defaults where there is none."""
    return _spoken(judge) or (Sections(),)


def _spoken(judge: object) -> tuple[Sections, ...]:
    if isinstance(said := getattr(judge, "sections", None), Sections):
        return (said,)
    return tuple(found for inner in getattr(judge, "judges", ()) for found in _spoken(inner))


def traces(judge: object) -> bool:
    """Whether `judge` may ask where an argument comes from, even that of a tool with nothing at stake."""
    if (judges := getattr(judge, "judges", None)) is not None:
        return any(traces(inner) for inner in judges)
    return bool(getattr(judge, "traces", True))
