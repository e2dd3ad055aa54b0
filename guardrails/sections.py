"""What a pack says besides its rules: how each further guard behaves.

Each field is one guard's own section, and its default is the guard's safe default. Two things can be made of a section:
a `Guard`, which judges a call after the rules have, and an `Inspector`, which looks at a text.
"""

from collections.abc import Callable
from typing import TypeAlias

from pydantic import Field

from lockgate.decision import Call, Decision
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.privacy.section import Privacy
from lockgate.guardrails.provenance.judging import Provenance, ProvenanceGuard, Session
from lockgate.passage import Inspected, Place
from lockgate.ports import History
from lockgate.spec import ToolSpec

Guard: TypeAlias = Callable[[Call, ToolSpec, History], Decision | None]
"""None when it has nothing to say. The strictest of what rules and guards say is the decision."""

Inspector: TypeAlias = Callable[[str, Place], Inspected]


class Sections(Strict):
    """The sections of a pack, each with its guard's safe default."""

    privacy: Privacy = Privacy()
    provenance: Provenance = Field(default=Provenance(), description="Where sensitive arguments may come from.")
    session: Session = Field(default=Session(), description="What may meet in one session.")

    def guards(self) -> tuple[Guard, ...]:
        """What judges a call after the rules."""
        privacy = self.privacy.guard()
        return (ProvenanceGuard(self.provenance, self.session), *((privacy,) if privacy else ()))

    def inspectors(self) -> tuple[Inspector, ...]:
        """What looks at a text, in order: each sees what the one before let through."""
        return (self.privacy.inspect,)
