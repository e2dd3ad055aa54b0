"""`Evidence`: where the arguments of one call come from. Small plain data, frozen with the call in the checkpoint.

The lattice of integrity follows Denning (1976); tracing a value to the texts it stands in, instead of following it
through the model, is what lets labels survive a language model that mixes everything it reads.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The best source of a value, from the most to the least trusted."""

    USER = "user"
    """The user's own words, or a person's edit."""
    OPERATOR = "operator"
    """The operator's configuration: the system prompt, or the default the tool's author gave."""
    TRUSTED = "trusted"
    """The output of a tool, agent or memory whose label is trusted."""
    INTERNAL = "internal"
    """The output of one whose label is internal."""
    UNTRUSTED = "untrusted"
    """Text that an outsider may have written."""
    UNTRACED = "untraced"
    """Nothing the session has seen holds it: the model made it up, or made it from something else."""


class Asked(StrEnum):
    """Whether the user's words ask for such an effect."""

    YES = "yes"
    UNCLEAR = "unclear"
    """They leave it open, delegate, or cannot be read."""
    NO = "no"
    """They ask for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where one leaf of the arguments comes from.

    `path` reads as in a policy (`items[0].account`). `how` is `exact`, `normalised`, `encoded:base64`, `parts` (a long
    text, in pieces), `default` or `edit`. `sources` are those of its kind (`user`, `tool:read_mail`). `suspect` says
    what is wrong with the only places it stands in, such as `encoded` or `instruction`; empty when nothing is.
    """

    path: str
    kind: Kind
    how: str = "exact"
    sources: tuple[str, ...] = ()
    suspect: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(self.sources))  # a checkpoint hands back a list


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What provenance knows about one call.

    `untrusted` and `private` say whether the session had seen such text, `attacks` which kinds of attack were found in
    it. `secrets` are paths of arguments that carry a secret the user's words do not speak of.
    `carried` is what stands against the content: parts that only an order or a code holds, and links of others.
    `dictated` are paths of values that an untrusted text names where it asks for such a call. `repeated`: the very call
    has run since the user last spoke, and untrusted text was read. `failed` says why nothing could be found out; such a
    call is denied.
    """

    traces: tuple[Trace, ...] = ()
    asked: Asked = Asked.UNCLEAR
    untrusted: bool = False
    private: bool = False
    attacks: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    carried: tuple[Trace, ...] = ()
    dictated: tuple[str, ...] = ()
    repeated: bool = False
    failed: str = ""

    def __post_init__(self) -> None:
        for name in ("traces", "attacks", "secrets", "carried", "dictated"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
