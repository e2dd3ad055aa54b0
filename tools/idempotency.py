"""The idempotency key of the call that runs now, for a tool to pass on to the service it calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_key: ContextVar[str] = ContextVar("lockgate_idempotency_key", default="")


def idempotency_key() -> str:
    """64 hexadecimal digits: the same in every attempt at one call, another in each other call.

    Works in sync and async tools; empty outside of a call through the lock.
    """
    return _key.get()


@contextmanager
def keyed(key: str) -> Iterator[None]:
    """`idempotency_key()` is `key` while the block runs."""
    token = _key.set(key)
    try:
        yield
    finally:
        _key.reset(token)
