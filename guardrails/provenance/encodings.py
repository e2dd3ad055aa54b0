"""What a text holds in code: base64 and base32, hexadecimal, letters set apart, URL and Unicode escapes, HTML entities.

Read in linear time, codes inside codes too.
"""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

MAX_LAYERS = 3
"""Encodings inside encodings that are undone."""
_MAX_VIEWS = 64
"""Decoded pieces of one text. More of them are a dump of data, not a message."""
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
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """(name of the encoding, what it says) for each encoded piece, also of pieces inside pieces: `base64+hex`."""
    left, layer = _MAX_VIEWS, [("", text)]
    for _ in range(MAX_LAYERS):
        deeper: list[tuple[str, str]] = []
        for name, inner in layer:
            for kind, plain in _once(inner):
                if left == 0:
                    return
                left -= 1
                found = f"{name}+{kind}" if name else kind
                yield found, plain
                # What undoes escapes in place gives back the whole text: only its pieces are worth a second look.
                deeper.append((found, plain))
        layer = deeper


def rot13(text: str) -> str:
    """Each Latin letter moved by thirteen places."""
    return codecs.encode(text, "rot13")


def _once(text: str) -> Iterator[tuple[str, str]]:
    yield from _in_place(text)
    for name, sign, pattern, decode in _CODES:
        for piece in pattern.finditer(text) if sign in text else ():
            if plain := decode(piece.group()):
                yield name, plain


def _in_place(text: str) -> Iterator[tuple[str, str]]:
    """The whole text without its escapes."""
    if "%" in text and (plain := unquote_plus(text)) != text:
        yield "url", plain
    if "&" in text and (plain := html.unescape(text)) != text:
        yield "html", plain
    if "\\" in text and _ESCAPED.search(text):
        yield "escapes", _ESCAPED.sub(lambda match: chr(int(match[1], base=16)), text)


def _unhex(piece: str) -> str:
    return _text(bytes.fromhex(piece.replace(" ", "").replace(":", "")))


def _unbase64(piece: str) -> str:
    body = "".join(piece.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    # A dangling character belongs to a word beside the code.
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        return _text(base64.b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
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
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(text) >= _LEAST and not _UNPRINTABLE.search(text) else ""


_CODES = (
    ("hex", "", _HEX, _unhex),
    ("base64", "", _BASE64, _unbase64),
    ("base32", "", _BASE32, _unbase32),
    ("spaced", " ", _SPACED, _unspaced),
    ("punycode", "--", _PUNY, _unpuny),
)
