"""The bridge from synchronous callers: what a coroutine gives or raises comes back, and signals are heard."""

import asyncio
import signal
import threading
from typing import Any

import pytest

from lockgate import bridge
from lockgate.bridge import run_sync


async def told(value: Any) -> Any:
    if isinstance(value, BaseException):
        raise value
    return value


def test_what_a_coroutine_gives_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_sync(told(7)) == 7
    monkeypatch.setattr(bridge, "_HEED", 0.001)
    assert run_sync(asyncio.sleep(0.05, 8)) == 8


@pytest.mark.parametrize("error", [ValueError("x"), TimeoutError("its own")])
def test_what_it_raises_comes_back(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        run_sync(told(error))


def test_a_signal_that_another_thread_was_given_is_heard() -> None:
    ended = threading.Event()

    async def long() -> None:
        try:
            # The bridge's own thread takes the signal; the main one waits for this coroutine.
            asyncio.get_running_loop().call_later(0.1, signal.pthread_kill, threading.get_ident(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_sync(long())
    assert ended.wait(10)
