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
_SCHEME = re.compile(rf"{_FLAGS}https?\??://")
_ENDS = (".evil.example/a", "@evil.example/a", "evil.example/a")
_LEAST = 2
"""Letters and digits that a glob must have to say which tools it means."""


def too_wide(pattern: str) -> str:
    """What the whole-text `pattern` lets through that it hardly means to; empty when nothing is found."""
    fits = Pattern(pattern, whole=True)
    if all(fits(text) for text in TEXTS):
        return "any text"
    host = _host(pattern)
    if host and any(fits(f"{host}{end}") for end in _ENDS):
        return f"hosts that only begin with {host!r}"
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


def _host(pattern: str) -> str:
    """The address that the pattern spells out up to its first part that may vary, with a host of two labels or more."""
    if not (scheme := _SCHEME.match(pattern)):
        return ""
    plain = ""
    for piece in re.findall(r"\\[^\w]|\[[^\w^]\]|.", pattern[scheme.end() :]):
        if len(piece) > 1:  # a sign that stands for itself: escaped, or alone in brackets
            plain += piece[1]
        elif piece.isalnum() or piece in "-_":
            plain += piece
        else:
            break
    return f"https://{plain}" if "." in plain else ""
