"""The `screens:` section of a pack: what happens to a text in which something was found."""

import logging
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from lockgate.errors import PolicyError
from lockgate.guardrails.constraint import Flag, Number, Strict
from lockgate.guardrails.screens.definition import screen_definition
from lockgate.guardrails.screens.kinds import Kind
from lockgate.guardrails.screens.quarantine import quarantined
from lockgate.guardrails.screens.screen import screened
from lockgate.passage import Finding, Inspected, Place
from lockgate.spec import ToolSpec
from lockgate.text import clean

log = logging.getLogger(__name__)

Answer: TypeAlias = Literal["mark", "quarantine", "review", "block"]
_STRICTNESS: tuple[Answer, ...] = ("mark", "quarantine", "review", "block")
_PLACES = frozenset({Place.INPUT, Place.RESULT, Place.MEMORY})
_OF_A_USER = frozenset({Kind.FORGERY, Kind.HIDDEN, Kind.ENCODED})
"""A user gives orders and links; what a user never writes is text that a person cannot read."""


class Handling(Strict):
    """What happens to a text with a finding of one class."""

    answer: Answer = Field(
        default="mark",
        description="mark: the model reads it, labelled untrusted; quarantine: the model gets a handle and typed facts "
        "instead; review: a person decides whether the model may read it; block: nobody does.",
    )
    above: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.5, description="Findings with at least this score count; 0.5 is the operating point."
    )


class Definition(Strict):
    """What happens to a tool of somebody else's whose description or schema orders the agent about."""

    answer: Literal["mark", "block"] = Field(
        default="block", description="mark: the tool is used, and the log says so; block: the agent is not built."
    )
    above: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=0.5, description="Findings with at least this score count."
    )


class Screens(Strict):
    """How texts from outside are screened, class by class. Hidden text is taken out in any case."""

    enabled: Flag = Field(default=True, description="False turns all screens off.")
    instruction: Handling = Field(default=Handling(), description="Text in data that orders the agent about.")
    forgery: Handling = Field(default=Handling(), description="Tokens and delimiters of prompts and roles.")
    hidden: Handling = Field(default=Handling(), description="Text that a person does not see.")
    encoded: Handling = Field(default=Handling(), description="Blobs that decode to one of the other classes.")
    exfiltration: Handling = Field(default=Handling(), description="Images and links that carry data away.")

    definition: Definition = Field(default=Definition(), description="Tools of others that order the agent about.")

    def admit(self, spec: ToolSpec) -> tuple[Finding, ...]:
        """What is wrong with how a tool of somebody else's describes itself. Raises PolicyError when it is blocked."""
        if not self.enabled:
            return ()
        found = tuple(one for one in screen_definition(spec) if one.score >= self.definition.above)
        if found and self.definition.answer == "block":
            raise PolicyError(
                f"the tool {spec.name!r} gives orders to its reader: {clean(found[0].note)[:200]}.",
                "Leave it out, write a description of your own, or set screens.definition.answer to mark.",
            )
        if found:
            log.warning("the tool %s gives orders to its reader: %s", spec.name, clean(found[0].note)[:200])
        return found

    def inspect(self, text: str, place: Place) -> Inspected:
        """`text` as it may go on; the answer is the strictest of those to its findings."""
        if not self.enabled or place not in _PLACES:
            return Inspected(text=text)
        visible, found = screened(text, by_user=place is Place.INPUT)
        return self.settle(visible, found, place)

    def settle(self, text: str, found: tuple[Finding, ...], place: Place) -> Inspected:
        """What becomes of `text` in which `found` was found, by these screens or by others."""
        if place is Place.INPUT:
            found = tuple(one for one in found if one.kind in _OF_A_USER)
        counted = [(one, handling) for one in found if one.score >= (handling := self._handling(one.kind)).above]
        findings = tuple(one for one, _ in counted)
        if not findings:
            return Inspected(text=text)
        answer = max((handling.answer for _, handling in counted), key=_STRICTNESS.index)
        worst = max(findings, key=lambda one: one.score)
        why = f"{worst.kind} ({worst.note or 'found by a screen'}, score {worst.score:.2f})"
        if answer == "mark":
            return Inspected(text=text, findings=findings)
        if answer == "block" or (answer == "review" and place is not Place.RESULT):
            return Inspected(text="", findings=findings, refused=f"The text was withheld: {why}.")
        shown = quarantined(text, findings)
        moved = tuple(Finding(kind=f.kind, start=0, end=len(shown), score=f.score, note=f.note) for f in findings)
        return Inspected(text=shown, findings=moved, held=text, review=why if answer == "review" else "")

    def _handling(self, kind: str) -> Handling:
        # What a screen of one's own calls by another name is handled like an order.
        found = getattr(self, kind, None)
        return found if isinstance(found, Handling) else self.instruction
