"""How much a pattern lets through: whether it matches what only an outsider would write."""

import re

from lockgate.guardrails.pattern import Pattern, glob

TEXTS = ("a", "0", "../../etc/passwd", "https://evil.example/?q=secret", "x'; DROP TABLE t; --", "é" * 300)
"""Texts so unlike each other that no meaningful pattern matches them all."""
FOREIGN = {
    "any address of a page": (
        "https://evil.example/?q=secret",
        "https://a.b.example/x/y?z=1#t",
        "https://198.51.100.7/a",
    ),
    "any mail address": ("mallory@evil.example", "a@b.example", "x.y@sub.evil.example"),
    "paths that climb out of their folder": ("../../etc/passwd", "../../../../etc/shadow"),
}
"""What a pattern stands for that matches each of these."""
_FLAGS = r"(?:\(\?[a-z]+\))?\^?"
_ANYTHING = r"(?:\.|\[\\s\\S\]|\[\\S\\s\]|\\S)[*+]\??"
_AROUND = re.compile(rf"{_FLAGS}{_ANYTHING}(.+?){_ANYTHING}\$?")
_HOST = re.compile(r"(?:[\w-]+(?:\\\.|\[\.\]|\.))+[a-zA-Z]{2,}")
"""A host that a pattern spells out, its points escaped, in brackets, or forgotten."""
_ENDS = (".evil.example/a", "@evil.example/a", "evil.example/a")
_STARTS = ("https://evil.example/", "https://evil.example/a.", "https://evil.example/?u=https://")
_LEAST = 2
"""Letters and digits that a glob must have to say which tools it means."""


def too_wide(pattern: str) -> str:
    """What the whole-text `pattern` lets through that it hardly means to; empty when nothing is found."""
    fits = Pattern(pattern, whole=True)
    if all(fits(text) for text in TEXTS):
        return "any text"
    for host in _hosts(pattern):
        if any(fits(f"{start}{host}{end}") for start in ("https://", "https://www.") for end in _ENDS):
            return f"hosts that only begin with {host!r}"
        if any(fits(f"{start}{host}{end}") for start in _STARTS for end in ("", "/", "/a")):
            return f"any host, with {host!r} further on in the address"
    return ""


def foreign(pattern: str) -> str:
    """Whose values the whole-text `pattern` lets through, be they anybody's; empty when it is bound to some."""
    fits = Pattern(pattern, whole=True)
    return next((what for what, texts in FOREIGN.items() if all(fits(text) for text in texts)), "")


def unanchored(pattern: str) -> str:
    """The part of a whole-text `pattern` that may stand anywhere, as if it were searched for; empty when none may."""
    found = _AROUND.fullmatch(pattern)
    return found[1] if found else ""


def any_tool(text: str) -> bool:
    """Whether the name `text` stands for tools of nearly every name."""
    return sum(letter.isalnum() for letter in text) < _LEAST and glob(text)("some_tool_of_anyone") is True


def _hosts(pattern: str) -> list[str]:
    """The hosts of two labels or more that a pattern for addresses of pages spells out."""
    if "://" not in pattern:
        return []
    return [found.replace("\\.", ".").replace("[.]", ".") for found in _HOST.findall(pattern)]
