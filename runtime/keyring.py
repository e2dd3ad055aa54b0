"""The keys of encryption at rest: AES-256-GCM, one for what is written, all of them for what is read."""

import base64
import binascii
import os
from collections.abc import Mapping

from lockgate.errors import ConfigError, CorruptRowError, MissingExtraError, StoreError

KEY_BYTES = 32
_NONCE = 12


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

    def led_by(self, name: str, key: bytes) -> "Keyring":
        """These keys behind another, which encrypts."""
        led = Keyring({name: key})
        led._ciphers = {**self._ciphers, **led._ciphers}
        return led

    def is_first(self, sealed: bytes) -> bool:
        """Whether the first key encrypted it."""
        name = self.first.encode()
        return sealed.startswith(bytes([len(name)]) + name)

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
