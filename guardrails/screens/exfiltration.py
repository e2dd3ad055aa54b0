"""Exfiltration shapes: images and links that take data along when they are rendered or followed."""

import re
from collections.abc import Iterator
from itertools import islice

_URL = re.compile(r":(?://|\\/\\/)[^\s\"'<>()\\]+")
_SCHEME = re.compile(r"(?i)(?:https?|ftp|wss?)\Z")
_LONGEST_SCHEME = 5
_SOURCE = re.compile(r"(?i)<(?:img|iframe)\b[^<>]*\bsrc\s*=\s*[\"']?$")
_MAX_LEAD = 300
"""Characters before an address in which the opening of its image stands."""
_SLOT = re.compile(
    r"(?i)=(?:\{[a-z_. ]{2,60}\}|\{\{[^{}]{2,60}\}\}|\[[a-z_ ]{2,60}\]|<[a-z_ ]{2,60}>|%7B[^&]{2,60}%7D"
    r"|\$\{?[a-z_]{2,60}\}?|(?:USER|YOUR|THE|INSERT|SECRET|DATA|BASE64)[_-][A-Z_-]{2,60}|[\[{<][a-z_]{2,60}$)"
)
_SLOT_AFTER = re.compile(r"^(?:\{[^{}\n]{2,60}\}|<[a-zA-Z_ ]{2,60}>|\[[a-zA-Z_ ]{2,60}\])")
_CARRIES = re.compile(
    r"(?i)[?&/;](?:data|secret|token|pass(?:word|wd)?|key|api_?key|cookie|leak|exfil|dump|content|body|msg|message|chat"
    r"|history|conversation|summary|email|ssn|cc|user_?data|info|payload|prompt|stolen|loot|c|d|q)=([^&#]*)"
)
_VALUE = re.compile(r"[?&][^=&#]{1,60}=([^&#]*)")
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
    for start, end in islice(_addresses(text), MAX_ADDRESSES):
        url = text[start:end]
        said = url.partition("=")[2].rstrip(".,;:!?")
        if "=" not in url or (len(said) < _IMAGE_BLOB and said.isalnum()):
            continue
        lead = text[max(0, start - _MAX_LEAD) : start]
        image = _opens_image(lead)
        if image:
            start -= len(lead) - max(lead.rfind("!["), lead.rfind("<"))  # noqa: PLW2901
        after = text[end : end + 64]
        slot = _SLOT.search(url) is not None or (url.endswith("=") and _SLOT_AFTER.search(after) is not None)
        carried = _CARRIES.search(url)
        length = max((len(value) for value in _VALUE.findall(url)), default=0)
        if image and slot:
            yield start, end, 0.9, "an image whose address is to be filled with data"
        elif slot and carried:
            yield start, end, 0.7, "a link whose address is to be filled with data"
        elif image and carried and len(carried.group(1)) >= _IMAGE_BLOB:
            yield start, end, 0.8, "an image whose address carries data"
        elif carried and len(carried.group(1)) >= _BLOB:
            yield start, end, 0.6, "a link whose address carries data"
        elif length >= (_LONG if image else 4 * _LONG):
            yield start, end, 0.5, "an address with a very long value"


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each address. A colon is found ten times as fast as any of the schemes."""
    at = 0
    while found := _URL.search(text, at):
        colon, at = found.span()
        if scheme := _SCHEME.search(text, max(0, colon - _LONGEST_SCHEME), colon):
            yield scheme.start(), at
        else:
            at = colon + 1


def _opens_image(lead: str) -> bool:
    if lead.rstrip()[-2:] == "](":
        return "![" in lead[max(0, lead.rfind("\n")) :]
    return lead.rstrip(" \"'")[-1:] == "=" and _SOURCE.search(lead, max(0, lead.rfind("<"))) is not None
