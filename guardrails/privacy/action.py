"""What is done about private data, and what then stands in its place."""

from enum import StrEnum

from lockgate.guardrails.privacy.vault import current_thread, vault


class Action(StrEnum):
    """What happens to a value of some kind in some place."""

    ALLOW = "allow"
    """Nothing; it is not even looked for."""
    MASK = "mask"
    """`[EMAIL:****e.org]`: the last four letters or digits stay."""
    TOKENISE = "tokenise"
    """`[EMAIL~...]`: the tool may get the value back; see `vault`."""
    HASH = "hash"
    """`[EMAIL#9f86d081884c7d65]`: equal values look equal, under a key."""
    REDACT = "redact"
    """`[REDACTED:EMAIL]`."""
    BLOCK = "block"
    """The whole text or call is refused."""


_SHOWN = 4
"""Characters that a mask leaves, of a value at least three times as long."""


def stand_in(action: Action, kind: str, value: str) -> str:
    """What stands in the place of `value`. Raises ConfigError when a key is needed and none is set."""
    match action:
        case Action.MASK:
            plain = "".join(char for char in value if char.isascii() and char.isalnum())
            shown = plain[-_SHOWN:] if len(plain) >= 3 * _SHOWN else ""
            return f"[{kind.upper()}:****{shown}]"
        case Action.TOKENISE:
            return vault().token(kind, value, current_thread())
        case Action.HASH:
            return f"[{kind.upper()}#{vault().digest(kind, value)}]"
        case _:
            return f"[REDACTED:{kind.upper()}]"
