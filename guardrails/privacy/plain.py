"""A text as the patterns for private data read it: without characters that nobody sees, with plain signs and digits.

A card number copied from a page has no-break spaces, one that was typed in Japan has wide digits, and a space of no
width in a key is gone before the model reads it. Each is the same number or key to whoever reads it.
"""

import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

import re2

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point, but for what marks music and shorthand."""
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63"
_ZEROS = (
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x17E0, 0x1810, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
)  # fmt: skip
"""The zeros of other scripts; the nine other digits follow each."""
_WIDE = range(0xFF01, 0xFF5F)
_PLAIN = {
    **{zero + value: 48 + value for zero in _ZEROS for value in range(10)},
    **{wide: wide - 0xFEE0 for wide in _WIDE},
}
_UNUSUAL = f"{chr(_WIDE[0])}-{chr(_WIDE[-1])}" + "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _ZEROS)
_STRANGE = re2.compile(f"[{_UNSEEN}{_UNUSUAL}]")
_SIGNS = re2.compile(f"[{_UNUSUAL}]")
_INVISIBLE = re.compile(f"[{_UNSEEN}]+")


class Plain(NamedTuple):
    """`text` to search in; `cuts` are the places in it where something was left out, `left` how much up to there."""

    text: str
    cuts: tuple[int, ...] = ()
    left: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the text that it was made of."""
        return (self._at(start), self._at(end - 1) + 1) if self.cuts else (start, end)

    def _at(self, place: int) -> int:
        index = bisect_right(self.cuts, place)
        return place + (self.left[index - 1] if index else 0)


def plain(text: str) -> Plain:
    """`text` in plain signs, character for character but for those that nobody sees; linear in its length."""
    if text.isascii():
        return Plain(text)
    for strange, sign in ((_SPACES, " "), (_DASHES, "-")):
        for char in strange:
            text = text.replace(char, sign)
    data = text.encode("utf-8", "replace")
    if _STRANGE.search(data) is None:
        return Plain(text)
    if _SIGNS.search(data) is not None:
        text = text.translate(_PLAIN)
    unseen = [found.span() for found in _INVISIBLE.finditer(text)]
    left = tuple(accumulate(end - start for start, end in unseen))
    cuts = tuple(start - before for (start, _), before in zip(unseen, (0, *left), strict=False))
    return Plain(_INVISIBLE.sub("", text), cuts, left)
