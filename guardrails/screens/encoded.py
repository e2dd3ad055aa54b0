"""Encoded payloads: blobs that decode to readable text. What they say is for the caller to judge."""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from itertools import islice
from unicodedata import category
from urllib.parse import unquote

import re2

_BLOB = re2.compile(
    r"(?P<hex>(?:(?:[0-9a-fA-F]{2}){8,64}[ \t]*\r?\n[ \t>]*){2,}(?:[0-9a-fA-F]{2}){0,64}\b"
    r"|\b(?:0x)?(?:[0-9a-fA-F]{2}){16,}\b|(?:(?:\\x|0x|\b)[0-9a-fA-F]{2}[\s:,;\-]{0,2}){16,})"
    r"|(?P<base64>(?:[A-Za-z0-9+/]{16,120}[ \t]*\r?\n[ \t>]*){2,}[A-Za-z0-9+/]{0,120}={0,2}|[A-Za-z0-9+/_-]{24,}={0,2})"
    r"|(?P<url>(?:[A-Za-z0-9._~+!*'(),-]{0,40}%[0-9A-Fa-f]{2}){4,}[A-Za-z0-9._~+!*'(),-]{0,40})"
    r"|(?P<escape>(?:\\u(?:[0-9a-fA-F]{4}|\{[0-9a-fA-F]{1,6}\})){6,})"
    r"|(?P<entity>(?:[\w .,:!?'@/-]{0,40}&#[xX]?[0-9a-fA-F]{2,8};?){4,}[\w .,:!?'@/-]{0,40})"
)
_MAY = re2.compile(
    r"[A-Za-z0-9+/_-]{24}|[A-Za-z0-9+/]{16}[ \t]*\r?\n[ \t>]*[A-Za-z0-9+/]{16}|%[0-9A-Fa-f]{2}|\\[ux]|&#"
    r"|(?:[0-9a-fA-F]{2}[\s:,;\-]{1,2}(?:0x)?){3}[0-9a-fA-F]{2}"
)
_ESCAPE = re.compile(r"\\u\{?([0-9a-fA-F]{1,6})\}?")
_LETTER = re.compile(
    r"&#(?:0*(?:4[89]|5[0-7]|6[5-9]|[789]\d|1[01]\d|12[0-2])(?!\d)|[xX]0*[3-7][0-9a-fA-F](?![0-9a-fA-F]))"
)
"""A reference to a character that nobody has to write so."""
_ROTATED = re.compile(
    r"(?i)\b(?:gur|naq|lbhe?|lbh|nyy|cerivbhf|vtaber|vafgehpgvbaf?|frag|jvgu|sebz|hfre|nffvfgnag|cyrnfr)\b"
)
_FEW = 3
_READABLE = 0.9
_MIN_SAID = 12
MAX_DECODED = 1 << 20
"""Characters of one blob that are decoded. Whatever stands before an order in it must not keep it from being read."""
_ROTATED_LEAD = 200
"""Characters of a text that are decoded before the first word in rot13."""


def decoded(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, what it says, and the name of the encoding, for each blob that decodes to readable text."""
    if _MAY.search(text):
        for found in _BLOB.finditer(text):
            name = found.lastgroup or ""
            said = _decode(name, found.group()[:MAX_DECODED])
            if len(said) >= _MIN_SAID:
                yield found.start(), found.end(), said, name
    if ("gur " in text or "Gur " in text or "lbh" in text) and (first := _rotated(text)) is not None:
        start = max(0, first - _ROTATED_LEAD)
        end = min(len(text), start + MAX_DECODED)
        yield start, end, codecs.decode(text[start:end], "rot13"), "rot13"


def _decode(name: str, blob: str) -> str:
    if name == "url":
        return unquote(blob.replace("+", " "))
    if name == "escape":
        return _ESCAPE.sub(lambda found: chr(min(int(found.group(1), 16), 0x10FFFF)), blob)
    if name == "entity":
        return html.unescape(blob) if len(_LETTER.findall(blob)) >= _FEW else ""
    try:
        if name == "hex":
            data = bytes.fromhex(re.sub(r"\\x|0x|[\s:,;>\-]", "", blob))
        else:
            plain = blob.translate({45: "+", 95: "/", 9: None, 10: None, 13: None, 32: None, 62: None}).rstrip("=")
            data = base64.b64decode(
                plain[: len(plain) // 4 * 4 + (0 if len(plain) % 4 == 1 else len(plain) % 4)] + "=="
            )
    except (ValueError, binascii.Error):
        return ""
    said = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-8", "replace")
    good = sum(1 for char in said if (char.isprintable() and char != "\ufffd") or char in "\n\t" or _unseen(char))
    return said if said and good >= _READABLE * len(said) and (" " in said or _MAY.search(said)) else ""


def _unseen(char: str) -> bool:
    """Whether it is one of the characters without a shape, in which there may be words as well."""
    return category(char) == "Cf"


def _rotated(text: str) -> int | None:
    """Where the first word in rot13 stands, if there are a few."""
    found = list(islice(_ROTATED.finditer(text), _FEW))
    return found[0].start() if len(found) == _FEW else None
