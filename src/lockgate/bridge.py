"""The one bridge from synchronous callers into async code: an event loop on a thread of its own.

It works where `asyncio.run` cannot: inside a notebook, whose thread already runs a loop.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_HEED = 1.0
"""Seconds after which a waiting main thread looks for signals: one that the system gave to another thread wakes nobody,
and Ctrl-C would wait for the end of the run."""
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def background_loop() -> asyncio.AbstractEventLoop:
    """The shared loop, started on first use; its daemon thread ends with the process."""
    global _loop  # noqa: PLW0603 - one loop a process, made once
    if _loop is None or _loop.is_closed():
        with _lock:
            if _loop is None or _loop.is_closed():
                loop = asyncio.new_event_loop()
                threading.Thread(target=loop.run_forever, name="lockgate-bridge", daemon=True).start()
                _loop = loop
    return _loop


def run_sync(coro: Coroutine[Any, Any, T]) -> T:
    """Runs `coro` on the background loop and waits; context variables come along.

    Raises RuntimeError when called from the background loop itself, which would wait for ever.
    """
    loop = background_loop()
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside:
        coro.close()
        raise RuntimeError("a synchronous Lockgate call was made from async Lockgate code; await the async one")
    future = asyncio.run_coroutine_threadsafe(coro, loop)
    try:
        while True:
            try:
                return future.result(_HEED)
            except TimeoutError:
                if future.done():  # it is the coroutine's own
                    return future.result()
    except BaseException:
        future.cancel()
        raise
