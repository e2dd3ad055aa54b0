"""What a text holds in code: base64 and base32, hexadecimal, letters set apart, URL and Unicode escapes, HTML entities.

Read in linear time, codes inside codes too.
"""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_plus

MAX_LAYERS = 3
"""Encodings inside encodings that are undone."""
_MAX_VIEWS = 64
"""Decoded pieces of one text. More of them are a dump of data, not a message."""
IN_PLACE = frozenset({"url", "html", "escapes"})
"""Encodings that are undone in the whole text."""
_EMPTY_LINE = "\n\n"
_LEAST = 6
"""Characters that a decoded piece must have to be a text at all."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}(?:\r?\n[A-Za-z0-9+/_-]{8,})*={0,2}")
_HEX = re.compile(r"[0-9A-Fa-f]{2}[ :]?(?:[0-9A-Fa-f]{2}[ :]?){5,}")
_ESCAPED = re.compile(r"\\+(?:x(?=[0-9A-Fa-f]{2})|u(?=[0-9A-Fa-f]{4}))((?<=x)..|(?<=u)....)")
_BASE32 = re.compile(r"[A-Z2-7]{10,}={0,6}")
_UNPADDED = 16
"""Characters of base32 without padding: fewer may be a word in capitals."""
_SPACED = re.compile(r"(?<!\S)\S {1,3}\S {1,3}(?:\S {1,3}){5,}\S(?!\S)")
_PUNY = re.compile(r"xn--[a-z0-9-]+", re.IGNORECASE)
_OPENING = frozenset("CDIJKLMNOPQRSTUVWXYZabcdefwxyz0123456789")
"""What base64 of a text begins with: none starts with a control character, but for tabs and line ends."""
_BODY = str.maketrans("-_", "+/", "=\r\n")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """(name of the encoding, what it says) for each encoded piece, also of pieces inside pieces: `base64+hex`."""
    left, layer, seen = _MAX_VIEWS, [("", text)], {text}
    for _ in range(MAX_LAYERS):
        deeper: list[tuple[str, str]] = []
        for name, inner in layer:
            for kind, plain in _once(inner):
                if plain in seen:  # as by undoing the same two escapes the other way round
                    continue
                if left == 0:
                    return
                seen.add(plain)
                left -= 1
                found = f"{name}+{kind}" if name else kind
                yield found, plain
                deeper.append((found, _changed(plain, inner) if kind in IN_PLACE else plain))
        layer = deeper


def _changed(plain: str, before: str) -> str:
    """What undoing escapes has changed: paragraphs that were not there before. No code goes on over an empty line."""
    known = {*before.split(_EMPTY_LINE)}
    return _EMPTY_LINE.join(paragraph for paragraph in plain.split(_EMPTY_LINE) if paragraph not in known)


def rot13(text: str) -> str:
    """Each Latin letter moved by thirteen places."""
    return codecs.encode(text, "rot13")


def _once(text: str) -> Iterator[tuple[str, str]]:
    yield from _in_place(text)
    letters = text.encode("ascii", "replace")  # a byte for each character, so that places stay
    for name, pieces, decode in _CODES:
        for piece in dict.fromkeys(pieces(text, letters)):
            if plain := decode(piece):
                yield name, plain


def _in_place(text: str) -> Iterator[tuple[str, str]]:
    """The whole text without its escapes."""
    if "%" in text and (plain := unquote_plus(text)) != text:
        yield "url", plain
    if "&" in text and (plain := html.unescape(text)) != text:
        yield "html", plain
    if "\\" in text and _ESCAPED.search(text):
        plain = _ESCAPED.sub(lambda match: chr(int(match[1], base=16)), text)
        # Two escapes of UTF-16 are one character; a half of one is none.
        yield "escapes", plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unhex(piece: str) -> str:
    return _text(bytes.fromhex(piece.replace(" ", "").replace(":", "")))


def _unbase64(piece: str) -> str:
    body = piece if piece.isalnum() else piece.translate(_BODY)
    # A dangling character belongs to a word beside the code.
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        return _text(binascii.a2b_base64(body + "=" * (-len(body) % 4)))
    except binascii.Error:
        return ""


def _unbase32(piece: str) -> str:
    body = piece.rstrip("=")
    if len(body) == len(piece) < _UNPADDED:
        return ""
    try:
        return _text(base64.b32decode(body + "=" * (-len(body) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _unspaced(piece: str) -> str:
    return " ".join(word.replace(" ", "") for word in piece.split("   "))


def _unpuny(piece: str) -> str:
    try:
        return piece[4:].encode().decode("punycode")
    except (UnicodeError, OverflowError):
        return ""


def _text(data: bytes) -> str:
    """`data` as UTF-8 text; empty when it is none."""
    text = data.decode("utf-8", "replace")
    # What is no text nearly always has a byte that is none, which is found sooner.
    return "" if "\ufffd" in text or len(text) < _LEAST or _UNPRINTABLE.search(text) else text


def _shape(kind: str) -> bytes:
    """A table that makes each letter of a kind an `x`, and any other a blank."""
    return bytes(ord("x" if re.match(kind, chr(code)) else " ") for code in range(128)) + bytes(128)


_BASE64_SHAPE, _SET_SHAPE = _shape("[A-Za-z0-9+/_-]"), _shape(r"\S")


def _held(pattern: re.Pattern[str], kind: str, least: int, between: bytes = b"") -> Callable[[str, bytes], list[str]]:
    """Finds the pieces of `pattern`, which hold so many letters of a kind in a row; most texts have no such row."""
    shape, row = _shape(kind), b"x" * least
    return lambda text, letters: pattern.findall(text) if row in letters.translate(shape, between) else []


def _blocks(text: str, letters: bytes) -> Iterator[str]:
    """The pieces that may be base64."""
    shape = letters.translate(_BASE64_SHAPE)
    at = shape.find(b"xxxxxxxx")
    while at >= 0 and (found := _BASE64.match(text, at)):
        if text[at] in _OPENING:
            yield found.group()
        at = shape.find(b"xxxxxxxx", found.end())


def _apart(text: str, letters: bytes) -> list[str]:
    """The pieces whose letters are set apart."""
    shape = letters.translate(_SET_SHAPE)
    for _ in range(2):
        shape = shape.replace(b"  ", b" ")
    return _SPACED.findall(text) if b" x x x x x x " in shape else []


def _domains(text: str, _: bytes) -> list[str]:
    return _PUNY.findall(text) if "--" in text else []


_CODES: tuple[tuple[str, Callable[[str, bytes], Iterable[str]], Callable[[str], str]], ...] = (
    ("hex", _held(_HEX, "[0-9A-Fa-f]", 12, between=b" :"), _unhex),
    ("base64", _blocks, _unbase64),
    ("base32", _held(_BASE32, "[A-Z2-7]", 10), _unbase32),
    ("spaced", _apart, _unspaced),
    ("punycode", _domains, _unpuny),
)
