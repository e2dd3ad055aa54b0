"""Heads of the audit log, signed with an Ed25519 key that lies where no agent runs.

Signing needs the extra `audit`. What is signed names the row's number, its hash and the time, so that a copy of the
head, kept elsewhere, shows later whether the log still begins with the same rows.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lockgate.errors import ConfigError, MissingExtraError
from lockgate.runtime.audit_chain import Head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead(Head):
    """A head and who vouches for it. `at` is seconds since the epoch, `key` names the public key."""

    at: float
    key: str
    signature: bytes


def signed(head: Head, at: float, key: "Ed25519PrivateKey") -> SignedHead:
    """`head` under the signature of `key`."""
    signature = key.sign(_message(head, at))
    return SignedHead(seq=head.seq, hash=head.hash, at=at, key=key_name(key.public_key()), signature=signature)


def holds(head: SignedHead, key: "Ed25519PublicKey") -> bool:
    """Whether `key` signed this very head."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(head.signature, _message(head, head.at))
    except InvalidSignature:
        return False
    return head.key == key_name(key)


def _message(head: Head, at: float) -> bytes:
    return f"lockgate audit head\n{head.seq}\n{head.hash.hex()}\n{at!r}\n".encode()


def key_name(key: "Ed25519PublicKey") -> str:
    """The first 16 hex digits of the SHA-256 of the public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def make_key(path: Path) -> Path:
    """Writes a new private key to `path`, readable by its owner alone, and the public one to `path`.pub.

    Raises ConfigError when there is a file already.
    """
    made = _library().Ed25519PrivateKey.generate()
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    public = path.with_name(path.name + ".pub")
    private_pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        for file, pem, mode in ((path, private_pem, 0o600), (public, public_pem, 0o644)):
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(pem)
    except OSError as error:
        raise ConfigError(f"The key cannot be written: {error}.", "Name another file.") from None
    return public


def private_key(path: Path) -> "Ed25519PrivateKey":
    """The private key in the PEM file `path`. Raises ConfigError."""
    _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = _read(path, lambda pem: load_pem_private_key(pem, None))
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds no Ed25519 private key.", "Make one: lockgate audit key FILE")
    return key


def public_key(path: Path) -> "Ed25519PublicKey":
    """The public key in the PEM file `path`. Raises ConfigError."""
    _library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = _read(path, load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} holds no Ed25519 public key.", "It is the file that ends in .pub.")
    return key


def _read(path: Path, load: Any) -> Any:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"The key cannot be read: {error}.") from None
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} holds no key that can be read ({type(error).__name__}).") from None


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise MissingExtraError.of("audit", "Signing the audit log") from None
    return ed25519


def head_line(head: SignedHead) -> str:
    """The head as one line of JSON, to be kept elsewhere."""
    return json.dumps(
        {
            "seq": head.seq,
            "hash": head.hash.hex(),
            "at": head.at,
            "key": head.key,
            "signature": head.signature.hex(),
        }
    )


def parsed_head(text: str) -> SignedHead:
    """The head of a line. Raises ValueError."""
    try:
        data = json.loads(text)
        return SignedHead(
            seq=int(data["seq"]),
            hash=bytes.fromhex(data["hash"]),
            at=float(data["at"]),
            key=str(data["key"]),
            signature=bytes.fromhex(data["signature"]),
        )
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no signed head: {type(error).__name__}") from None
