"""`masked`: what the audit log keeps of a call's arguments when nothing finer is plugged in."""

import re
from typing import Any

from lockgate.text import MAX_DEPTH, clean

MASK = "[redacted]"
MAX_SHOWN = 200
"""Characters of one text that are kept."""

_SECRET = re.compile(
    r"passw|passphrase|passcode|(^|[_-])(pass|pwd)$|secret|token|api_?key|private_?key|access_?key|credential"
    r"|authori[sz]ation|cookie|session_?id|^(pin|otp|cvv|cvc|ssn)$|card_?number",
    re.IGNORECASE,
)


def masked(value: Any, depth: int = MAX_DEPTH) -> Any:
    """`value` without what stands under a name that speaks of a secret, and with long texts cut."""
    if isinstance(value, str):
        text = clean(value)
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}… ({len(text)} characters)"
    if depth == 0:
        return "…"
    if isinstance(value, dict):
        return {
            clean(str(key)): MASK if _SECRET.search(str(key)) else masked(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [masked(item, depth - 1) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return f"a number of {value.bit_length()} bits"
    return value
