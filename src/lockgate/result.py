"""`ToolResult`: what came of one tool call, as text a model can read."""

from dataclasses import dataclass
from enum import StrEnum

from lockgate.labels import UNTRUSTED, Label
from lockgate.passage import Finding


class ErrorKind(StrEnum):
    """Why a call gave no value."""

    UNKNOWN_TOOL = "unknown_tool"
    INVALID_ARGUMENTS = "invalid_arguments"
    DENIED = "denied"
    REJECTED = "rejected"
    """By a person."""
    EXPIRED = "expired"
    """Nobody answered in time."""
    TIMEOUT = "timeout"
    EXCEPTION = "exception"
    UNSERIALIZABLE = "unserializable"
    OVERLOADED = "overloaded"
    """Too many earlier calls hang."""
    UNRECORDED = "unrecorded"
    """The audit log could not be written, so the effect did not happen."""
    IN_DOUBT = "in_doubt"
    """Nobody knows whether it took effect."""
    UNDONE = "undone"
    """It took effect, and was undone since."""
    NOT_RUN = "not_run"
    """The run ended or moved on before the call."""
    DEADLINE = "deadline"
    """The run's deadline passed before the call."""
    WITHHELD = "withheld"
    """The tool ran; the lower gate let nothing of its result through."""

    @property
    def ran(self) -> bool:
        """Whether the tool itself was started."""
        return self in (ErrorKind.TIMEOUT, ErrorKind.EXCEPTION, ErrorKind.UNSERIALIZABLE, ErrorKind.WITHHELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """`value` is the output as text (JSON unless the tool returned a string), or the error for the model.

    `structured` says that the value is JSON which the tool itself gave its shape. `seconds` is wall time. `cut` counts
    the bytes of UTF-8 that were left out to keep to the tool's bound. `findings` are those of the screens, with spans
    in `value`. A quarantined result has its full text in `held`, for people; `review` says why a person is asked
    whether the model may read it.
    """

    success: bool
    value: str
    error: ErrorKind | None = None
    seconds: float = 0.0
    cut: int = 0
    label: Label = UNTRUSTED
    structured: bool = False
    findings: tuple[Finding, ...] = ()
    held: str = ""
    review: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", tuple(self.findings))  # a checkpoint hands back a list

    @classmethod
    def failed(cls, error: ErrorKind, text: str, seconds: float = 0.0, label: Label | None = None) -> "ToolResult":
        """A result without a value; `text` is what the model reads."""
        return cls(success=False, value=text, error=error, seconds=seconds, label=label or Label())
