"""`Kind`: one kind of private data, the shape that finds its candidates and the check that accepts them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Check: TypeAlias = Callable[[bytes, int, int], int]
"""Takes the UTF-8 of a text and a candidate's span in it; returns where the value ends, 0 when it is none."""

CONTEXT = 32
"""Bytes before a candidate in which a check may look for a word that tells what it is."""


def accepts(_data: bytes, _start: int, end: int) -> int:
    """The check of a shape that nothing else has."""
    return end


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of private data.

    `shape` is an RE2 pattern; the value is its first group, or all of it. `trigger` is a smaller pattern without which
    the shape cannot be there; all triggers are tried on a text in one pass. A shape keeps the search linear in one of
    two ways: it takes a run of characters whole, so that what was read is never read again, or it is `bounded` to some
    40 characters, and the search goes on inside a candidate that fails its check.
    """

    name: str
    groups: tuple[str, ...]
    """`secret`, `personal` or `machine`, after narrower groups."""
    shape: str
    trigger: str = ""
    check: Check = accepts
    bounded: bool = False


_NO_DIGITS = bytes(byte for byte in range(256) if not 48 <= byte < 58)  # noqa: PLR2004 - ASCII digits


def digits(data: bytes, start: int, end: int) -> bytes:
    """The ASCII digits of a candidate."""
    return data[start:end].translate(None, _NO_DIGITS)


def before(data: bytes, start: int) -> bytes:
    """The bytes just before a candidate, in lower case."""
    return data[max(0, start - CONTEXT) : start].lower()


def alone(data: bytes, start: int, end: int) -> bool:
    """Whether a candidate is no part of a longer number or id."""
    left, right = data[max(0, start - 1) : start], data[end : end + 2]
    if left in {b"-", b".", b"/", b"_", b"#", b"$", b"+"} or left.isalnum():
        return False
    return not (right[:1] in {b"-", b".", b"/"} and right[1:].isalnum()) and right[:1] != b"_"


def told(name: str, groups: tuple[str, ...], words: str, shape: str, check: Check) -> Kind:
    """Digits with a weak check digit or none: one of `words` must stand before them."""
    lead = rf"(?i)(?:{words})[^0-9\n]{{0,24}}?"
    return Kind(name=name, groups=groups, shape=rf"{lead}({shape})\b", trigger=rf"{lead}\(?[0-9]", check=check)
