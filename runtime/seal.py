"""How bytes are stored: compressed, and either with a checksum or encrypted (AES-256-GCM) under a key of a ring.

A sealed piece begins with `LG`, the version of this format and how it is closed. `about` is what the piece belongs to
(its thread, its kind): a piece that is moved elsewhere does not open.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import zstandard
from langgraph.checkpoint.serde.base import SerializerProtocol

from lockgate.errors import ConfigError, CorruptRowError, MissingExtraError, NewerRowError, StoreError
from lockgate.runtime.text import to_json

VERSION = 2
"""Of the format: since 2, `WORDS` come before the `prefix`."""
WORDS = (files("lockgate.runtime") / "words.bin").read_bytes()
"""What most pieces hold; see `benchmarks/row_words.py`."""
LEVEL = 3
"""Of zstd: 10 us for 9 kB, and what repeats within a megabyte is stored once."""
KEY_BYTES = 32
SEALED = "$sealed"
"""Key of a JSON object that stands for one that is encrypted."""
PREFIX_FROM = 512
"""Bytes from which one piece is worth being the dictionary of another."""
_MAGIC, _PLAIN, _AES = b"LG", 0, 1
_NONCE, _SUM = 12, 8


class Keyring:
    """Encryption keys by id, 32 bytes each. The first one encrypts, all of them decrypt."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises ConfigError for a ring without keys or with an unfit one, MissingExtraError without `cryptography`."""
        if not keys:
            raise ConfigError("The key ring is empty.", "Give it one key: KEY_ID=BASE64_OF_32_BYTES.")
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise MissingExtraError.of("encryption", "Encryption at rest") from None
        for name, key in keys.items():
            if not 1 <= len(name.encode()) <= 64 or len(key) != KEY_BYTES:  # noqa: PLR2004
                raise ConfigError(
                    f"The key {name[:64]!r} is unfit.", f"A key is {KEY_BYTES} bytes and has an id of 1 to 64 bytes."
                )
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.first = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """Reads `ID=BASE64,ID=BASE64`, the key for new writes first. No error ever shows a key."""
        keys: dict[str, bytes] = {}
        for number, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
            name, _, encoded = part.partition("=")
            try:
                keys[name] = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise ConfigError(f"Key {number} of the ring is not base64.", "Write it as ID=BASE64.") from None
        return cls(keys)

    def encrypt(self, data: bytes, about: bytes) -> bytes:
        """Id of the key, nonce and ciphertext."""
        name, nonce = self.first.encode(), os.urandom(_NONCE)
        sealed = self._ciphers[self.first].encrypt(nonce, data, about)
        return bytes([len(name)]) + name + nonce + sealed

    def decrypt(self, sealed: bytes, about: bytes) -> bytes:
        """Raises CorruptRowError when it was changed or is not about that, StoreError for a key not in the ring."""
        from cryptography.exceptions import InvalidTag

        end = 1 + sealed[0] if sealed else 0
        name = sealed[1:end].decode("utf-8", "replace")
        if len(sealed) < end + _NONCE + 16 or not end:
            raise CorruptRowError("it is truncated")
        if name not in self._ciphers:
            raise StoreError(
                f"A row is encrypted with the key {name!r}, which is not in the ring.",
                "Add that key to LOCKGATE_ENCRYPTION_KEYS, after the first.",
            )
        try:
            return self._ciphers[name].decrypt(sealed[end : end + _NONCE], sealed[end + _NONCE :], about)
        except InvalidTag:
            raise CorruptRowError("it was changed, or belongs to another place") from None


class SealedSerializer:
    """A serializer of LangGraph's kind whose bytes are closed where they stand alone, as in the effect ledger."""

    ABOUT = b"value"
    """What its pieces belong to."""

    def __init__(self, serde: SerializerProtocol, seal: "Seal") -> None:
        self._serde = serde
        self._seal = seal

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The name of the encoding, and the closed bytes."""
        encoding, data = self._serde.dumps_typed(obj)
        return encoding, self._seal.close(data, self.ABOUT)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """The value. Raises as `Seal.open` does."""
        return self._serde.loads_typed((data[0], self._seal.open(data[1], self.ABOUT)))


class Seal:
    """Closes pieces for storage and opens them again."""

    def __init__(self, ring: Keyring | None = None) -> None:
        self.ring = ring

    def close(self, data: bytes, about: bytes, prefix: bytes = b"") -> bytes:
        """`data` as it is stored. What `prefix` holds too is not stored again; opening needs the same `prefix`."""
        if len(prefix) < PREFIX_FROM:
            packed = _own().compressor.compress(data)
        else:
            packed = zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(WORDS + prefix)).compress(data)
        if self.ring:
            return _head(_AES) + self.ring.encrypt(packed, _head(_AES) + about)
        return _head(_PLAIN) + _checksum(packed, _head(_PLAIN) + about) + packed

    def open(self, sealed: bytes, about: bytes, prefix: bytes = b"") -> bytes:
        """What was closed. Raises CorruptRowError, NewerRowError, or StoreError for a key that is missing."""
        if len(sealed) < len(_MAGIC) + 2 or sealed[:2] != _MAGIC:
            raise CorruptRowError("it does not begin as a row does")
        if sealed[2] > VERSION:
            raise NewerRowError(f"it has format {sealed[2]}; this version of Lockgate knows {VERSION}")
        if not sealed[2]:
            raise CorruptRowError("there is no such format")
        kind, rest, about = sealed[3], sealed[4:], sealed[:4] + about
        if kind == _AES:
            if self.ring is None:
                raise StoreError("A row is encrypted and there is no key.", "Set LOCKGATE_ENCRYPTION_KEYS.")
            packed = self.ring.decrypt(rest, about)
        elif kind == _PLAIN:
            packed = rest[_SUM:]
            if not hmac.compare_digest(rest[:_SUM], _checksum(packed, about)):
                raise CorruptRowError("its checksum is wrong")
        else:
            raise CorruptRowError(f"it is closed in an unknown way ({kind})")
        try:
            if sealed[2] == 1:
                words = _dictionary(prefix) if len(prefix) >= PREFIX_FROM else None
                return zstandard.ZstdDecompressor(dict_data=words).decompress(packed)
            if len(prefix) < PREFIX_FROM:
                return _own().decompressor.decompress(packed)
            return zstandard.ZstdDecompressor(dict_data=_dictionary(WORDS + prefix)).decompress(packed)
        except zstandard.ZstdError:
            raise CorruptRowError("it cannot be unpacked") from None

    def close_json(self, value: Any, about: bytes) -> Any:
        """JSON data as it is stored: itself, or with keys an object that only they open."""
        if self.ring is None:
            return value
        return {SEALED: base64.b64encode(self.close(to_json(value).encode(), about)).decode()}

    def open_json(self, value: Any, about: bytes) -> Any:
        """What was closed. Raises as `open` does."""
        if not (isinstance(value, dict) and set(value) == {SEALED}):
            return value
        try:
            sealed = base64.b64decode(value[SEALED], validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise CorruptRowError("it is not base64") from None
        return json.loads(self.open(sealed, about))

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` is closed as a new piece would be: with the first key, or with none."""
        if self.ring is None:
            return sealed[3:4] == bytes([_PLAIN])
        name = self.ring.first.encode()
        return sealed[3:4] == bytes([_AES]) and sealed[4 : 5 + len(name)] == bytes([len(name)]) + name

    def is_current_json(self, value: Any) -> bool:
        """As `is_current`, for what `close_json` gives."""
        if not (isinstance(value, dict) and set(value) == {SEALED}):
            return self.ring is None
        return self.is_current(base64.b64decode(value[SEALED]))


def _head(kind: int) -> bytes:
    return _MAGIC + bytes([VERSION, kind])


def _checksum(packed: bytes, about: bytes) -> bytes:
    return hashlib.blake2b(about + b"\0" + packed, digest_size=_SUM).digest()


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Own(threading.local):
    """What a thread compresses with when there is no prefix; made ready once, for that takes longer than its use."""

    def __init__(self) -> None:
        words = _dictionary(WORDS)
        words.precompute_compress(level=LEVEL)
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=words)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(WORDS))


@cache
def _own() -> _Own:
    return _Own()
