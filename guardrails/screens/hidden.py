"""Hidden characters: what a model reads and a person does not see.

Characters without a shape (zero-width, bidi controls, Unicode tags, variation selectors in a row) never carry
meaning for a reader and are taken out.
"""

import re
from dataclasses import dataclass

# Joiners shape Arabic, Indic and emoji; between such characters they are spelling.
_JOINED = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_INVISIBLE = re.compile(
    "[\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]"
)
_MAYBE = re.compile(
    "[\u00ad\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{2,6}\U000e007f")
"""The flags of England, Scotland and Wales are spelled with tags."""
_SOFT = frozenset("\u00ad\ufeff\u200b\u200e\u200f\u2060")
"""Usual in pages and office documents: taken out without a word, unless there is a message in them."""
_TURNING = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
_BIT_LENGTH = 8
_MAX_LOOKED_AT = 256
"""Characters whose message is read, to the end of their run; further ones are taken out all the same."""
_MANY = 16
"""Zero-width characters in one run: two bytes of a hidden message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """`text` without the characters that have no shape; `spots` says where some stood and what they spelled."""

    text: str
    spots: tuple["Spot", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Characters that stood at offset `at` of the stripped text; `said` is the message in them, if one can be read."""

    at: int
    count: int
    said: str = ""
    turning: bool = False


def strip_invisible(text: str) -> Stripped:
    """`text` without invisible characters. Linear; a text of plain ASCII is handed back at once."""
    if text.isascii() or _MAYBE.search(text) is None:
        return Stripped(text=text)
    flags = {at for flag in _FLAG.finditer(text) for at in range(flag.start() + 1, flag.end())}
    kept: list[str] = []
    spots: list[Spot] = []
    length = last = 0
    run: list[str] = []
    count = 0
    for count, found in enumerate(_INVISIBLE.finditer(text)):
        if found.start() in flags:
            continue
        if count >= _MAX_LOOKED_AT and found.start() > last:
            break
        if found.start() > last:
            spots += _spot(length, run)
            run = []
            kept.append(text[last : found.start()])
            length += found.start() - last
        run.append(found.group())
        last = found.end()
    spots += _spot(length, run)
    rest = text[last:]
    if count >= _MAX_LOOKED_AT:
        rest, more = _INVISIBLE.subn("", rest)
        spots += [Spot(at=length, count=more)] if more else []
    kept.append(rest)
    return Stripped(text="".join(kept), spots=tuple(spots))


def _spot(at: int, run: list[str]) -> list[Spot]:
    if not run:
        return []
    tags = "".join(chr(ord(char) - 0xE0000) for char in run if "\U000e0020" <= char <= "\U000e007e")
    selectors = bytes(ord(char) - 0xE0100 + 16 for char in run if "\U000e0100" <= char <= "\U000e01ef")
    said = tags or selectors.decode("utf-8", "ignore") or _bits(run)
    turning = not _TURNING.isdisjoint(run)
    if not said and not turning and (len(run) < _MANY and (len(run) == 1 or _SOFT.issuperset(run))):
        return []
    return [Spot(at=at, count=len(run), said=said, turning=turning)]


def _bits(run: list[str]) -> str:
    """The bytes that a run of two kinds of zero-width characters spells, if they are text."""
    kinds = sorted(set(run))
    if len(kinds) != 2 or len(run) < _MANY:  # noqa: PLR2004 - a bit has two values
        return ""
    for one in kinds:
        bits = "".join("1" if char == one else "0" for char in run)
        data = bytes(int(bits[i : i + _BIT_LENGTH], 2) for i in range(0, len(bits) - 7, _BIT_LENGTH))
        text = data.decode("utf-8", "replace")
        if text.isprintable() and "\ufffd" not in text:
            return text
    return ""
