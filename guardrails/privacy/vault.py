"""Reversible tokens: a value encrypted under a key that neither model nor state ever holds.

A token is the value itself under AES-SIV (RFC 5297): deterministic, so one value has one token in a thread and the
model can tell two people apart; authenticated, so nobody makes one without the key; bound to thread and kind, so one
that was carried to another thread opens nothing. There is no table to keep: a token outlives checkpoints, resumes and
processes, and works in sub-agents, which run in the thread of their team. Who deletes the thread deletes its tokens;
who changes the key makes every copy of them unreadable, wherever it went.
"""

import base64
import hashlib
import hmac
import re
from functools import lru_cache

from lockgate.errors import ConfigError, MissingExtraError
from lockgate.settings import settings

TOKEN = re.compile(r"\[([A-Z0-9_]+)~([a-z2-7]{28,})\]")
"""A token as it stands in a text, such as `[EMAIL~mfrgg...]`."""
_MIN_KEY = 16


class Vault:
    """Makes and opens the tokens of threads, and makes keyed hashes."""

    def __init__(self, secret: str) -> None:
        """`secret` is the deployment's privacy key; raises ConfigError when it is too short."""
        if len(secret) < _MIN_KEY:
            raise ConfigError("The privacy key is too short.", _HINT)
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        except ImportError:
            raise MissingExtraError.of("privacy", "A policy that tokenises or hashes") from None
        self._cipher = AESSIV(_derived(secret, b"token"))
        self._hash_key = _derived(secret, b"hash")

    def token(self, kind: str, value: str, thread: str) -> str:
        """What stands for `value` in the texts of `thread`."""
        sealed = self._cipher.encrypt(value.encode("utf-8", "replace"), _bound(thread, kind))
        return f"[{kind.upper()}~{base64.b32encode(sealed).decode().rstrip('=').lower()}]"

    def value(self, token: re.Match[str], thread: str) -> str | None:
        """What a match of `TOKEN` stands for; None when it was not made with this key for this thread."""
        from cryptography.exceptions import InvalidTag

        kind, text = token.groups()
        try:
            sealed = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
            data = self._cipher.decrypt(sealed, _bound(thread, kind.lower()))
        except (InvalidTag, ValueError):
            return None
        return data.decode()

    def digest(self, kind: str, value: str) -> str:
        """16 hex digits that are equal for equal values and tell nothing without the key."""
        return hmac.new(self._hash_key, f"{kind}\0{value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]


def vault() -> Vault:
    """The vault of the setting `privacy_key`; raises ConfigError when there is none."""
    secret = settings().privacy_key
    if secret is None:
        raise ConfigError("The policy tokenises or hashes private data, and there is no privacy key.", _HINT)
    return _opened(secret.get_secret_value())


def current_thread() -> str:
    """The thread of the run that goes on; empty outside of one and in a run without a checkpointer."""
    from langgraph.config import get_config

    try:
        return str(get_config().get("configurable", {}).get("thread_id", ""))
    except RuntimeError:
        return ""


def _bound(thread: str, kind: str) -> list[bytes]:
    return [thread.encode("utf-8", "replace"), kind.encode()]


@lru_cache(maxsize=4)
def _opened(secret: str) -> Vault:
    return Vault(secret)


def _derived(secret: str, purpose: bytes) -> bytes:
    return hashlib.blake2b(secret.encode(), digest_size=64, person=b"lockgate-" + purpose).digest()


_HINT = "Set LOCKGATE_PRIVACY_KEY to what `openssl rand -base64 32` prints; keep it as long as the threads."
