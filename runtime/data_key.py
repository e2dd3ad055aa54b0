"""The data key: what is looked up by equality, or may never change, is closed under a key that the database holds.

The ring's first key wraps it (envelope encryption), so a rotation wraps 32 bytes anew and leaves the rest as it is.
Tokens are AES-SIV (RFC 5297): equal texts of one kind give equal tokens, and nothing else about them shows.
"""

import base64
import binascii
import hashlib
import os

from lockgate.errors import CorruptRowError, StoreError
from lockgate.runtime.keyring import KEY_BYTES, Keyring
from lockgate.runtime.pool import Pools

NAME = "data"
"""Of the key in its table, and in what is closed under it."""
TOKEN = "$siv:"  # noqa: S105 - no secret
"""How a text begins that stands for another."""
_ABOUT = b"data key\0" + NAME.encode()
_READ = b"SELECT wrapped FROM data_keys WHERE name = %s"
_MAKE = b"INSERT INTO data_keys (name, wrapped) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_USED = b"""
SELECT EXISTS (SELECT FROM data_keys) OR EXISTS (SELECT FROM effects WHERE length(key) > 64)
    OR EXISTS (SELECT FROM audit WHERE position(%s IN body) > 0) AS used
"""
_LOST = "Put the row 'data' of the table data_keys back from a backup: what it closed opens with no other."
_TAG = 16  # bytes that a token is longer than its text


class DataKey:
    """`words` closes the words of the audit log, and opens those that a key of `ring` closed before there was this."""

    def __init__(self, key: bytes, ring: Keyring) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        def derived(purpose: bytes, size: int) -> bytes:
            return hashlib.blake2b(purpose, key=key, digest_size=size).digest()

        self._siv = AESSIV(derived(b"tokens", 64))
        self.words = ring.led_by(NAME, derived(b"words", KEY_BYTES))
        self.mark = derived(b"digests", KEY_BYTES)
        """Key of digests of content, which would let somebody guess it."""

    def token(self, text: str, kind: str) -> str:
        """What stands for the text among others of its kind."""
        sealed = self._siv.encrypt(text.encode("utf-8", "surrogatepass"), [kind.encode()])
        return TOKEN + base64.urlsafe_b64encode(sealed).decode()

    def opened(self, token: str, kind: str) -> str:
        """The text. Raises CorruptRowError."""
        try:
            return self._open(base64.b64decode(token.removeprefix(TOKEN), altchars=b"-_", validate=True), kind)
        except (binascii.Error, ValueError):
            raise CorruptRowError("a token in it is not base64") from None

    def digits(self, text: str, kind: str) -> str:
        """As `token`, in hexadecimal digits, the first 32 of which tell it from others."""
        return self._siv.encrypt(text.encode("utf-8", "surrogatepass"), [kind.encode()]).hex()

    def of_digits(self, digits: str, kind: str) -> str:
        """The text. Raises CorruptRowError."""
        try:
            return self._open(bytes.fromhex(digits), kind)
        except ValueError:
            raise CorruptRowError("a token in it has other than hexadecimal digits") from None

    def _open(self, sealed: bytes, kind: str) -> str:
        from cryptography.exceptions import InvalidTag

        if len(sealed) <= _TAG:
            raise CorruptRowError("a token in it is truncated")
        try:
            return self._siv.decrypt(sealed, [kind.encode()]).decode("utf-8", "surrogatepass")
        except InvalidTag:
            raise CorruptRowError("a token in it was changed, or belongs to another place") from None


async def data_key(pools: Pools, ring: Keyring) -> DataKey:
    """The key of this database, made when there was none yet.

    Raises StoreError when no key of the ring opens it, or it is gone: another would find nothing that stands there.
    """
    rows = await pools.fetch(_READ, (NAME,))
    if not rows and (await pools.fetch(_USED, (f'"{TOKEN}',)))[0]["used"]:
        raise StoreError("The data key of this database is gone.", _LOST)
    if not rows:
        async with pools.connection() as connection:
            await connection.execute(_MAKE, (NAME, ring.encrypt(os.urandom(KEY_BYTES), _ABOUT)))
        rows = await pools.fetch(_READ, (NAME,))
    return DataKey(_unwrapped(rows[0]["wrapped"], ring), ring)


def _unwrapped(wrapped: bytes, ring: Keyring) -> bytes:
    try:
        return ring.decrypt(wrapped, _ABOUT)
    except CorruptRowError as error:
        raise StoreError(
            f"The data key of this database does not open: {error.message}.",
            _LOST,
        ) from None


async def rewrap(pools: Pools, ring: Keyring) -> int:
    """Wraps the data key with the first key of the ring; how many rows changed."""
    async with pools.connection() as connection, connection.transaction():
        cursor = await connection.execute("SELECT wrapped FROM data_keys WHERE name = %s FOR UPDATE", (NAME,))
        row = await cursor.fetchone()
        if row is None or ring.is_first(row["wrapped"]):
            return 0
        wrapped = ring.encrypt(_unwrapped(row["wrapped"], ring), _ABOUT)
        await connection.execute("UPDATE data_keys SET wrapped = %s WHERE name = %s", (wrapped, NAME))
    return 1
