"""How bytes are stored: compressed, and either with a checksum or encrypted (AES-256-GCM) under a key of a ring.

A sealed piece begins with `LG`, the version of this format and how it is closed. `about` is what the piece belongs to
(its thread, its kind): a piece that is moved elsewhere does not open.
"""

import base64
import binascii
import hashlib
import hmac
import json
import threading
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files
from typing import Any

import zstandard

from lockgate.errors import CorruptRowError, NewerRowError, StoreError
from lockgate.runtime.data_key import TOKEN, DataKey
from lockgate.runtime.keyring import Keyring
from lockgate.runtime.text import to_json

VERSION = 2
"""Of the format: since 2, `WORDS` come before the `prefix`."""
WORDS = (files("lockgate.runtime") / "words.bin").read_bytes()
"""What most pieces hold; see `benchmarks/row_words.py`."""
LEVEL = 3
"""Of zstd: 10 us for 9 kB, and what repeats within a megabyte is stored once."""
SEALED = "$sealed"
"""Key of a JSON object that stands for one that is encrypted, and how a text begins that does."""
PREFIX_FROM = 512
"""Bytes from which one piece is worth being the dictionary of another."""
_MAGIC, _PLAIN, _AES = b"LG", 0, 1
_SUM = 8


class Seal:
    """Closes pieces for storage and opens them again. With a `ring`, `load` gives the data key of the database."""

    def __init__(self, ring: Keyring | None = None, load: Callable[[], Awaitable[DataKey]] | None = None) -> None:
        self.ring = ring
        self._load = load
        self._data: DataKey | None = None
        self._why: StoreError | None = None

    async def ready(self) -> None:
        """Loads the data key; to be awaited before what needs it. Raises StoreError."""
        if self.ring is not None and self._data is None and self._load is not None:
            try:
                self._data = await self._load()
            except StoreError as error:
                self._why = error
                raise

    @property
    def data(self) -> DataKey | None:
        """The data key; None without a ring. Raises StoreError when it was not loaded."""
        if self.ring is not None and self._data is None:
            raise self._why or StoreError("The data key was not loaded.", "Await `seal.ready()` first.")
        return self._data

    @property
    def words(self) -> "Seal":
        """What closes and opens the words of the audit log."""
        return Seal(self.data.words) if self.data else self

    @property
    def mark(self) -> bytes:
        """Key of digests of content; empty without a ring."""
        return self.data.mark if self.data else b""

    def token(self, text: str, kind: str) -> str:
        """What stands for a text that is looked up by equality; without a ring the text itself."""
        return self.data.token(text, kind) if text and self.data else text

    def untoken(self, text: str, kind: str) -> str:
        """What `token` was given. Raises CorruptRowError, or StoreError without a ring."""
        if not text.startswith(TOKEN):
            return text
        if self.data is None:
            raise _no_key()
        return self.data.opened(text, kind)

    def either(self, text: str, kind: str) -> list[str]:
        """How the text may stand there: as its token, or as it was stored before there was a ring."""
        return list(dict.fromkeys((self.token(text, kind), text)))

    def close_text(self, text: str, about: bytes) -> str:
        """The text as it is stored: itself, or with keys one that only they open."""
        if self.ring is None or not text:
            return text
        return f"{SEALED}:{base64.b64encode(self.close(text.encode('utf-8', 'surrogatepass'), about)).decode()}"

    def open_text(self, text: str, about: bytes) -> str:
        """What was closed. Raises as `open` does."""
        if not text.startswith(f"{SEALED}:"):
            return text
        return self.open(_decoded(text[len(SEALED) + 1 :]), about).decode("utf-8", "surrogatepass")

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
                raise _no_key()
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
        return json.loads(self.open(_decoded(value[SEALED]), about))

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` is closed as a new piece would be: with the first key, or with none."""
        if self.ring is None:
            return sealed[3:4] == bytes([_PLAIN])
        return sealed[3:4] == bytes([_AES]) and self.ring.is_first(sealed[4:])

    def is_current_json(self, value: Any) -> bool:
        """As `is_current`, for what `close_json` gives."""
        if not (isinstance(value, dict) and set(value) == {SEALED}):
            return self.ring is None
        return self.is_current(_decoded(value[SEALED]))

    def is_current_text(self, text: str) -> bool:
        """As `is_current`, for what `close_text` gives."""
        if not text.startswith(f"{SEALED}:"):
            return self.ring is None or not text
        return self.is_current(_decoded(text[len(SEALED) + 1 :]))


def _no_key() -> StoreError:
    return StoreError("A row is encrypted and there is no key.", "Set LOCKGATE_ENCRYPTION_KEYS.")


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise CorruptRowError("it is not base64") from None


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
