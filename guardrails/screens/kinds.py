"""What the screens look for."""

from enum import StrEnum


class Kind(StrEnum):
    """Classes of finding. The names are those of the fields in a pack's `screens:` section."""

    INSTRUCTION = "instruction"
    """Text in data that orders the agent about."""
    FORGERY = "forgery"
    """Tokens and delimiters of a chat, a prompt or a tool result, where only data may stand."""
    HIDDEN = "hidden"
    """Text that a person who looks at the page does not see."""
    ENCODED = "encoded"
    """A blob that decodes to text of one of the other classes."""
    EXFILTRATION = "exfiltration"
    """An image or a link that carries data away when it is shown or followed."""
    DEFINITION = "definition"
    """The description or schema of a tool that orders the agent about."""
