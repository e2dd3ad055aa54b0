"""Texts in the form in which they are compared: one spelling for case, width, spacing and look-alike characters."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, wraps

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
"""Characters that take no place on the screen: zero-width, bidirectional marks, variation selectors, tags."""
_BREAKS = re.compile(r"\\+[nrt]")
_SQUEEZED = re.compile(r"[\W_]+")
_LOWERED = bytes(ord(" " if chr(code).isspace() else chr(code).lower()) for code in range(128)) + bytes(128)
_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
_LOOK_ALIKES = str.maketrans(
    # Cyrillic and Greek letters that most typefaces draw as a Latin one, after Unicode's confusables (UTS 39).
    "аеорсухіјѕԁһԛԝӏкмтвнгпαοριυντκχγεηωβ",
    "aeopcyxijsdhqwlkmtbhrnaopiuvtkxyenwb",
)
_GREEK_OR_CYRILLIC = re.compile("[\u0370-\u052f]")
_TYPOGRAPHY = [
    *zip("\u2018\u2019\u201c\u201d\u2010\u2011\u2012\u2013\u2014\u2212\u00a0", "''\"\"------ ", strict=True),
    ("\u2026", "..."),
]
_ASCII = bytes(range(128))
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters of UTF-16, of which there is no text."""


_LONG, _KEPT = 512, 16
"""Characters of a text that is worth remembering, and how many of them are remembered."""


def _remembered(made: Callable[[str], str]) -> Callable[[str], str]:
    """`made`, which knows what it made of the last long texts: many look at the content of one call."""
    known = lru_cache(maxsize=_KEPT)(made)

    @wraps(made)
    def of(text: str) -> str:
        return known(text) if len(text) >= _LONG else made(text)

    return of


@_remembered
def fold(text: str) -> str:
    """Case, compatibility forms (NFKC), typographic quotes and dashes, and runs of spaces made one.

    JSON's escaped line breaks are spaces too.
    """
    if "\\" in text:
        text = _BREAKS.sub(" ", text)
    if not text.isascii():
        text = _typed(text)
    if text.isascii():  # the same as below, in one step over bytes
        text = text.encode().translate(_LOWERED).decode()
        return " ".join(text.split()) if "  " in text else text.strip()
    return " ".join(_typed(unicodedata.normalize("NFKC", text)).casefold().split())


def _typed(text: str) -> str:
    for mark, plain_mark in _TYPOGRAPHY:  # a dozen searches take a tenth of the time of one translation
        text = text.replace(mark, plain_mark)
    return text


def unmask(folded: str) -> str:
    """A folded text without invisible characters and with look-alikes of Latin letters as Latin letters."""
    if folded.isascii():
        return folded
    # Most texts have few letters of other alphabets: those are looked at, not the whole text.
    others = folded.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")
    if _HALVES.search(others):
        folded = folded.encode("utf-8", "replace").decode()
    seen = INVISIBLE.sub("", folded) if INVISIBLE.search(others) else folded
    return seen.translate(_LOOK_ALIKES) if _GREEK_OR_CYRILLIC.search(others) else seen


@_remembered
def squeeze(folded: str) -> str:
    """Letters and digits alone, so that `DE89 3704-0044` and `de8937040044` are one."""
    kept = folded.encode("utf-8", "surrogatepass").translate(None, _SIGNS).decode("utf-8", "surrogatepass")
    return kept if kept.isalnum() else _SQUEEZED.sub("", kept)


def plain(text: str) -> bool:
    """Whether a value is written plainly: nothing invisible in it, and no other form it stands for."""
    return text.isascii() or (INVISIBLE.search(text) is None and unicodedata.normalize("NFKC", text) == text)


def words(text: str) -> frozenset[str]:
    """The words of a table that is written as one text."""
    return frozenset(text.split())
