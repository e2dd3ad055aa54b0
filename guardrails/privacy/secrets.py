"""Secrets: keys and tokens of the common providers, private keys, passwords in text, and strings of high entropy."""

import math
import re
from collections import Counter
from operator import ne

from lockgate.guardrails.privacy.kind import Kind
from lockgate.guardrails.privacy.providers import PROVIDERS

_SECRET = ("secret",)

_NAMES = (
    r"passwords?|passwd|passphrase|pwd|secret(?:[_\-]?access)?(?:[_\-]?key)?|api[_\-]?(?:key|token|secret)|access[_\-]?(?:key|token)"
    r"|auth[_\-]?token|refresh[_\-]?token|bearer[_\-]?token|client[_\-]?secret|private[_\-]?key|signing[_\-]?key|encryption[_\-]?key"
    r"|credentials?"
)
NAMED = re.compile(rf"(?i)(?:{_NAMES}|authorization|cookie|^token)$")
"""Names of fields whose value is a secret whatever it looks like."""
_PLACEHOLDER = re.compile(
    rb"(?i)^(?:\$|%|<|\{|\*{3}|x{4}|\.{3}|your|example|placeholder|change|none|null|true|false|undefined|env)"
)
_EXPRESSION = re.compile(rb"[A-Za-z_][A-Za-z_.]*[(\[]")
_UUID = re.compile(rb"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$")
_CLASS = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", b"A" * 26 + b"a" * 26 + b"0" * 10
)
_MIN_ENTROPY = 3.9
"""Bits a character. 24 random characters of base64 have 4.2 on average; camel-cased words stay under 3.8."""
_LONGEST = 256
"""Bytes; a longer run is encoded data such as an image."""


def entropy(data: bytes) -> float:
    """Shannon entropy of the bytes of `data`, in bits a byte."""
    size = len(data)
    return -sum(count / size * math.log2(count / size) for count in Counter(data).values())


def _openai(data: bytes, start: int, end: int) -> int:
    value = data[start:end]
    return end if len(value) >= 32 and _classes(value) == 3 and not value.startswith(b"sk-ant-") else 0  # noqa: PLR2004


def _classes(value: bytes) -> int:
    """How many of capitals, small letters and digits stand in `value`."""
    return sum((value.lower() != value, value.upper() != value, any(48 <= byte < 58 for byte in value)))  # noqa: PLR2004


def _turns(value: bytes) -> int:
    """How often a capital, a small letter and a digit change places: in three of five places where they are random."""
    kinds = value.translate(_CLASS)
    return sum(map(ne, kinds, kinds[1:]))


def _assigned(data: bytes, start: int, end: int) -> int:
    """The value given to a name such as `password`, unless it is a word or stands for a value."""
    value = data[start:end].rstrip(b".,:!?)]}")
    if len(value) < 6 or _PLACEHOLDER.match(value) or _EXPRESSION.match(value):  # noqa: PLR2004
        return 0
    mixed = not value.isalpha() and not value.isdigit() and any(48 <= byte < 58 for byte in value)  # noqa: PLR2004
    symbols = any(byte in b"!#%^&*~|+" for byte in value)
    return end if mixed or symbols else 0


def _header(data: bytes, start: int, end: int) -> int:
    value = data[start:end]
    return end if _classes(value) == 3 or (_classes(value) == 2 and len(value) >= 24 and not value.isalpha()) else 0  # noqa: PLR2004


def _random(data: bytes, start: int, end: int) -> int:
    """Neither an id (UUID, hash, number, ULID), nor a path or a name in words, nor encoded data at length."""
    value = data[start:end]
    if len(value) > _LONGEST or _classes(value) < 3 or _UUID.match(value):  # noqa: PLR2004
        return 0
    if b"://" in data[max(0, start - 80) : start].rpartition(b" ")[2].rpartition(b"=")[2] or value.startswith(b"//"):
        return 0  # a part of a URL's path
    if _turns(value) < len(value) / 3:
        return 0
    if value.count(b"/") + value.count(b"-") + value.count(b"_") > len(value) // 8:
        return 0
    return end if entropy(value) >= _MIN_ENTROPY else 0


KINDS: tuple[Kind, ...] = (
    Kind(
        name="private_key",
        groups=_SECRET,
        shape=r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^\-]*(?:-----END [A-Z0-9 ]*-----)?",
        trigger=r"PRIVATE KEY(?: BLOCK)?-----",
    ),
    Kind(name="jwt", groups=_SECRET, shape=r"\beyJ[\w\-]{8,}\.eyJ[\w\-]{8,}\.[\w\-]*", trigger=r"\.eyJ"),
    *(Kind(name=name, groups=_SECRET, shape=shape, trigger=trigger) for name, trigger, shape in PROVIDERS),
    Kind(name="openai_key", groups=_SECRET, shape=r"\bsk-[\w\-]{20,}", trigger=r"\bsk-[\w\-]{20}", check=_openai),
    Kind(
        name="url_password",
        groups=_SECRET,
        shape=r"://[^\s/?#@:\"'<>]*:([^\s/?#\"'<>]+)@",
        trigger=r"://[^\s/?#@:]{0,64}:",
    ),
    Kind(
        name="auth_header",
        groups=_SECRET,
        shape=r"(?i)\b(?:bearer|basic) {1,3}([\w\-.=+/~]{16,})",
        trigger=r"(?i)\b(?:bearer|basic) {1,3}[\w\-.=+/~]{16}",
        check=_header,
    ),
    Kind(
        name="assigned_secret",
        groups=_SECRET,
        shape=rf"(?i)(?:\b|_)(?:{_NAMES})\\?[\"'`]?\s{{0,3}}(?:=>|:=|[:=]|\bis\b)\s{{0,3}}\\?[\"'`]?([^\s\"'`<>,;\\]{{6,}})",
        trigger=rf"(?i)(?:\b|_)(?:{_NAMES})",
        check=_assigned,
    ),
    Kind(
        name="high_entropy",
        groups=("high_entropy", "secret"),
        shape=r"[A-Za-z0-9+/_\-]{24,}={0,2}",
        trigger=r"[A-Za-z0-9+/_\-]{24}",
        check=_random,
    ),
)
