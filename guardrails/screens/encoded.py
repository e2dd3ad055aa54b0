"""Encoded payloads: blobs that decode to readable text. What they say is for the caller to judge."""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

import re2

_BLOB = re2.compile(
    r"(?P<hex>\b(?:0x)?(?:[0-9a-fA-F]{2}){16,}\b|(?:(?:\\x|\b)[0-9a-fA-F]{2}[\s:,]?){16,})"
    r"|(?P<base64>[A-Za-z0-9+/_-]{24,}={0,2}|(?:[A-Za-z0-9+/]{60,76}\r?\n){2,}[A-Za-z0-9+/]{0,76}={0,2})"
    r"|(?P<url>(?:[A-Za-z0-9._~+!*'(),-]{0,40}%[0-9A-Fa-f]{2}){4,}[A-Za-z0-9._~+!*'(),-]{0,40})"
    r"|(?P<escape>(?:\\u[0-9a-fA-F]{4}){6,})"
    r"|(?P<entity>(?:&#x?[0-9a-fA-F]{2,6};){6,})"
)
_MAY = re2.compile(
    r"[A-Za-z0-9+/_-]{24}|%[0-9A-Fa-f]{2}|\\[ux]|&#|[0-9a-fA-F]{2}[\s:,][0-9a-fA-F]{2}[\s:,][0-9a-fA-F]{2}[\s:,][0-9a-fA-F]{2}"
)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ROTATED = re.compile(
    r"(?i)\b(?:gur|naq|lbhe?|lbh|nyy|cerivbhf|vtaber|vafgehpgvbaf?|frag|jvgu|sebz|hfre|nffvfgnag|cyrnfr)\b"
)
_FEW = 3
_READABLE = 0.9
_MIN_SAID = 12
MAX_DECODED = 65_536
"""Characters of one blob that are decoded; an order that is to be obeyed stands early, or is found by the next blob."""
MAX_ROTATED, _ROTATED_LEAD = 2_048, 200
"""Characters of a text in rot13 that are decoded, and how many of them before the first word that is."""


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
        end = min(len(text), start + MAX_ROTATED)
        yield start, end, codecs.decode(text[start:end], "rot13"), "rot13"


def _decode(name: str, blob: str) -> str:
    if name == "url":
        return unquote(blob.replace("+", " "))
    if name == "escape":
        return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), blob)
    if name == "entity":
        return html.unescape(blob)
    try:
        if name == "hex":
            data = bytes.fromhex(re.sub(r"\\x|0x|[\s:,]", "", blob))
        else:
            plain = blob.translate({45: "+", 95: "/", 10: None, 13: None}).rstrip("=")
            data = base64.b64decode(
                plain[: len(plain) // 4 * 4 + (0 if len(plain) % 4 == 1 else len(plain) % 4)] + "=="
            )
    except (ValueError, binascii.Error):
        return ""
    said = data.decode("utf-8", "replace")
    good = sum(1 for char in said if (char.isprintable() and char != "\ufffd") or char in "\n\t")
    return said if said and good >= _READABLE * len(said) and (" " in said or _MAY.search(said)) else ""


def _rotated(text: str) -> int | None:
    """Where the first word in rot13 stands, if there are a few."""
    found = list(islice(_ROTATED.finditer(text), _FEW))
    return found[0].start() if len(found) == _FEW else None
