"""What a pack says besides its rules: how each further guard behaves.

Each field is one guard's own section, and its default is the guard's safe default. Two things can be made of a section:
a `Guard`, which judges a call after the rules have, and an `Inspector`, which looks at a text.
"""

from collections.abc import Callable
from typing import TypeAlias

from pydantic import Field

from lockgate.decision import Call, Decision
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.effects import Effects
from lockgate.guardrails.privacy.section import Privacy
from lockgate.guardrails.risk.matrix import RiskSection
from lockgate.passage import Inspected, Place
from lockgate.ports import History, Judge
from lockgate.spec import ToolSpec

Guard: TypeAlias = Callable[[Call, ToolSpec, History], Decision | None]
"""None when it has nothing to say. The strictest of what rules and guards say is the decision."""

Inspector: TypeAlias = Callable[[str, Place], Inspected]


class Sections(Strict):
    """The sections of a pack, each with its guard's safe default."""

    privacy: Privacy = Field(default=Privacy(), description="What is done about personal data and secrets.")
    risk: RiskSection = Field(default=RiskSection(), description="How freely a call that the rules allow may run.")
    budgets: BudgetSection = Field(default=BudgetSection(), description="What runs and their users may use.")
    effects: Effects = Field(default=Effects(), description="What becomes of the effects of a run that failed.")

    def guards(self) -> tuple[Guard, ...]:
        """What judges a call after the rules."""
        return tuple(guard for guard in (self.privacy.guard(), self.risk.matrix()) if guard)

    def inspectors(self) -> tuple[Inspector, ...]:
        """What looks at a text, in order: each sees what the one before let through."""
        return (self.privacy.inspect,)


def spoken(judge: Judge) -> tuple[Sections, ...]:
    """The sections of every pack behind `judge`; the defaults where there is none."""
    return _spoken(judge) or (Sections(),)


def _spoken(judge: object) -> tuple[Sections, ...]:
    if isinstance(said := getattr(judge, "sections", None), Sections):
        return (said,)
    return tuple(found for inner in getattr(judge, "judges", ()) for found in _spoken(inner))
