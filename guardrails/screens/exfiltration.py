"""Exfiltration shapes: images and links that take data along when they are rendered or followed."""

from collections.abc import Iterator
from itertools import islice

import re2

_URL = re2.compile(
    r"(?i)(?P<image>!\[[^\]\n]*\]\(\s*|<img\b[^<>]*?\bsrc\s*=\s*[\"']?"
    r"|<iframe\b[^<>]*?\bsrc\s*=\s*[\"']?)?"
    r"(?P<url>(?:https?|ftp|wss?):(?://|\\/\\/)[^\s\"'<>()\\]+)"
)
_SLOT = re2.compile(
    r"(?i)=(?:\{[a-z_. ]{2,60}\}|\{\{[^{}]{2,60}\}\}|\[[a-z_ ]{2,60}\]|<[a-z_ ]{2,60}>|%7B[^&]{2,60}%7D"
    r"|\$\{?[a-z_]{2,60}\}?|(?:USER|YOUR|THE|INSERT|SECRET|DATA|BASE64)[_-][A-Z_-]{2,60}|[\[{<][a-z_]{2,60}$)"
)
_SLOT_AFTER = re2.compile(r"^(?:\{[^{}\n]{2,60}\}|<[a-zA-Z_ ]{2,60}>|\[[a-zA-Z_ ]{2,60}\])")
_CARRIES = re2.compile(
    r"(?i)[?&/;](?:data|secret|token|pass(?:word|wd)?|key|api_?key|cookie|leak|exfil|dump|content|body|msg|message|chat"
    r"|history|conversation|summary|email|ssn|cc|user_?data|info|payload|prompt|stolen|loot|c|d|q)=([^&#]*)"
)
_VALUE = re2.compile(r"[?&][^=&#]{1,60}=([^&#]*)")
MAX_ADDRESSES = 20_000
"""Addresses looked at in one text."""
_LONG = 200
"""Characters in one value of a query. Measured on links of mails and pages: trackers stay below, or are signed."""
_BLOB = 64
_IMAGE_BLOB = 24


def exfiltrations(text: str) -> Iterator[tuple[int, int, float, str]]:
    """Start, end, score and note of each link or image that has the shape of a leak."""
    if "://" not in text and ":\\/\\/" not in text:
        return
    for found in islice(_URL.finditer(text), MAX_ADDRESSES):
        url = found.group("url")
        if "?" not in url and "=" not in url and "{" not in url:
            continue
        image = found.group("image") is not None
        after = text[found.end() : found.end() + 64]
        slot = _SLOT.search(url) is not None or (url.endswith("=") and _SLOT_AFTER.search(after) is not None)
        carried = _CARRIES.search(url)
        length = max((len(value) for value in _VALUE.findall(url)), default=0)
        if image and slot:
            yield found.start(), found.end(), 0.9, "an image whose address is to be filled with data"
        elif slot and carried:
            yield found.start(), found.end(), 0.7, "a link whose address is to be filled with data"
        elif image and carried and len(carried.group(1)) >= _IMAGE_BLOB:
            yield found.start(), found.end(), 0.8, "an image whose address carries data"
        elif carried and len(carried.group(1)) >= _BLOB:
            yield found.start(), found.end(), 0.6, "a link whose address carries data"
        elif length >= (_LONG if image else 4 * _LONG):
            yield found.start(), found.end(), 0.5, "an address with a very long value"
