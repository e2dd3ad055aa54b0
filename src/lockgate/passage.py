"""`Passage`: one text that a session has seen, with its label and with what the screens found in it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from lockgate.labels import TRUSTED, Label


class Place(StrEnum):
    """Where a text stands when it is inspected."""

    INPUT = "input"
    """What the user wrote."""
    ARGUMENTS = "arguments"
    """Of a tool call, before it runs."""
    RESULT = "result"
    """Of a tool call, before a model reads it."""
    OUTPUT = "output"
    """The answer, before the user reads it."""
    MEMORY = "memory"
    TRACE = "trace"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a screen found: `text[start:end]` looks like a `kind`, with a `score` from 0 to 1.

    `note` is for people; it never repeats the text itself.
    """

    kind: str
    start: int
    end: int
    score: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A text as it may go on: cleaned, redacted, or withheld. `refused` says why it may not go on at all.

    When `text` only stands for the real one, `held` is that one, for people. `review` says why a person is to be
    asked whether it may go on after all. `redacted` names the kinds of private data that were taken out.
    """

    text: str
    findings: tuple[Finding, ...] = ()
    refused: str = ""
    held: str = ""
    review: str = ""
    redacted: tuple[str, ...] = ()


MARK = "lockgate"
"""Key in a message's `additional_kwargs` under which it carries the label and the findings of its text."""


def marking(
    label: Label,
    findings: Sequence[Finding] = (),
    *,
    structured: bool = False,
    own: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """What a message carries under `MARK`, as plain JSON; the findings' spans are offsets in the message's text.

    `own` is where in it the tool's own words stand, when there are others around them.
    """
    readers = None if label.readers is None else sorted(label.readers)
    stated = {"integrity": str(label.integrity), "readers": readers, "sources": sorted(label.sources)}
    found = {"label": stated, "findings": [asdict(finding) for finding in findings]}
    return found | ({"structured": True} if structured else {}) | ({"own": list(own)} if own else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One text of a session. `source` reads `user`, `operator`, `tool:NAME`, `agent:NAME`, `memory`, `model`.

    The spans of `findings` are offsets in `text`, which is the text as the model saw it. `given` is what the tool was
    called with: whatever of it comes back, the tool does not vouch for. `structured`: the text is JSON of the
    tool's own making, so its records and their ids are what they seem.
    """

    source: str
    text: str
    label: Label = TRUSTED
    findings: tuple[Finding, ...] = ()
    given: str = ""
    structured: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(self.findings))  # a checkpoint hands back a list
