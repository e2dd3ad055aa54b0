"""Secrets: keys and tokens of the common providers, private keys, passwords in text, and strings of high entropy.

Each provider documents its own prefix; secret scanners such as gitleaks and detect-secrets know the same ones. They are
programs over files or use backtracking patterns, so the shapes here are Lockgate's own, for RE2.
"""

import math
import re
from collections import Counter
from operator import ne

from lockgate.guardrails.privacy.kind import Kind

_SECRET = ("secret",)

_PROVIDERS: tuple[tuple[str, str, str], ...] = (
    # kind, trigger, shape
    ("aws_key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{4}", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    ("gcp_key", r"AIza|ya29\.|GOCSPX-", r"\bAIza[\w\-]{35}|\bya29\.[\w\-]{20,}|\bGOCSPX-[\w\-]{28}"),
    ("azure_key", r"[0-9]Q~", r"[\w~.\-]{3}[0-9]Q~[\w~.\-]{31,34}"),
    (
        "azure_key",
        r"(?i)AccountKey=|SharedAccessKey=|[?&]sig=",
        r"(?i)(?:AccountKey=|SharedAccessKey=|[?&]sig=)([A-Z0-9+/%]{40,}={0,2})",
    ),
    ("github_token", r"gh[pousr]_|github_pat_", r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{60,}"),
    ("gitlab_token", r"\bgl[a-z]{2,5}-", r"\bgl(?:pat|dt|rt|ptt|soat|ft|cbt|agent|imt|oas)-[\w\-]{20,}(?:\.[\w\-]+)*"),
    (
        "slack_token",
        r"xox[abeoprs]-|xapp-",
        r"\bxox[abeoprs]-(?:[0-9]-)?[A-Za-z0-9\-]{10,}|\bxapp-[0-9]-[A-Za-z0-9\-]{10,}",
    ),
    ("slack_token", r"hooks\.slack\.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/]{20,}"),
    (
        "stripe_key",
        r"[sr]k_(?:live|test)_|whsec_",
        r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}",
    ),
    ("anthropic_key", r"sk-ant-", r"\bsk-ant-[\w\-]{20,}"),
    ("npm_token", r"npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi_token", r"pypi-AgE", r"\bpypi-AgE[\w\-]{50,}"),
    ("sendgrid_key", r"SG\.", r"\bSG\.[\w\-]{16,32}\.[\w\-]{16,64}"),
    ("twilio_key", r"\bSK[0-9a-f]{32}", r"\bSK[0-9a-f]{32}\b"),
    ("mailgun_key", r"\bkey-[0-9a-f]{32}", r"\bkey-[0-9a-f]{32}\b"),
    ("mailchimp_key", r"-us[0-9]", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    ("huggingface_token", r"\bhf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("digitalocean_token", r"do[opr]_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    ("shopify_token", r"shp[acps]", r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    ("square_token", r"sq0|EAAA", r"\bsq0[a-z]{3}-[\w\-]{22,43}|\bEAAA[\w\-+=]{60}"),
    ("telegram_token", r":AA[\w\-]{3}", r"\b[0-9]{8,10}:AA[\w\-]{33}"),
    ("discord_token", r"\b[MNO][\w\-]{23,27}\.", r"\b[MNO][\w\-]{23,27}\.[\w\-]{6}\.[\w\-]{27,}"),
    ("databricks_token", r"dapi[a-f0-9]{4}", r"\bdapi[a-f0-9]{32}(?:-[0-9])?\b"),
    ("docker_token", r"dckr_", r"\bdckr_(?:pat|oat)_[\w\-]{24,}"),
    ("vault_token", r"hv[sbr]\.", r"\bhv[sbr]\.[\w\-]{24,}"),
    ("terraform_token", r"\.atlasv1\.", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w\-=]{60,}"),
    ("linear_key", r"lin_(?:api|oauth)_", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,}"),
    ("notion_token", r"\bntn_|\bsecret_", r"\b(?:ntn|secret)_[A-Za-z0-9]{40,}"),
    ("postman_key", r"PMAK-", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    ("grafana_token", r"gl(?:sa|c)_", r"\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|\bglc_[A-Za-z0-9+/]{32,}={0,3}"),
    ("groq_key", r"\bgsk_", r"\bgsk_[A-Za-z0-9]{40,}"),
    ("xai_key", r"\bxai-", r"\bxai-[A-Za-z0-9]{60,}"),
    ("replicate_token", r"\br8_", r"\br8_[A-Za-z0-9]{37}\b"),
    ("perplexity_key", r"\bpplx-", r"\bpplx-[A-Za-z0-9]{40,}"),
    ("langsmith_key", r"lsv2_", r"\blsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    ("newrelic_key", r"NRAK-", r"\bNRAK-[A-Z0-9]{27}"),
    ("sentry_token", r"sntry[su]_", r"\bsntry[su]_[A-Za-z0-9+/=_]{40,}"),
    ("airtable_token", r"\bpat[A-Za-z0-9]{14}\.", r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("rubygems_key", r"rubygems_", r"\brubygems_[a-f0-9]{48}"),
    ("age_key", r"AGE-SECRET-KEY-", r"\bAGE-SECRET-KEY-1[A-Z0-9]{58}"),
)

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
    *(Kind(name=name, groups=_SECRET, shape=shape, trigger=trigger) for name, trigger, shape in _PROVIDERS),
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
