"""The database as the commands use it: open, read, close, in one event loop."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lockgate.errors import ThreadNotFoundError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import CheckpointTuple

    from lockgate.runtime import PostgresSaver, Records

T = TypeVar("T")


class Runner:
    """An event loop for one command, closed with it; Ctrl-C cancels what runs and comes out as KeyboardInterrupt.

    `asyncio.Runner` cancels between any two instructions: also between a driver's look whether a future is done and its
    result, and the driver's traceback stands on the screen. This one lets the loop do it, at its next turn.
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._runner.close()

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """What `coro` returns. A second Ctrl-C does not wait for the loop to turn."""

        async def interruptible() -> T:
            with _cancelled_by_ctrl_c():
                return await coro

        return self._runner.run(interruptible())


def run(coro: Coroutine[Any, Any, T]) -> T:
    """What `coro` returns, run in a loop of its own."""
    with Runner() as runner:
        return runner.run(coro)


@contextmanager
def _cancelled_by_ctrl_c() -> Iterator[None]:
    here = threading.current_thread() is threading.main_thread()
    if not here or not callable(before := signal.getsignal(signal.SIGINT)):  # ignored, as for what runs behind a shell
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    came = False

    def cancel(*_: object) -> None:
        nonlocal came
        if came or task is None:
            raise KeyboardInterrupt
        came = True
        loop.call_soon_threadsafe(task.cancel)

    signal.signal(signal.SIGINT, cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not came:
            raise
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)


@asynccontextmanager
async def opened() -> AsyncIterator["PostgresSaver"]:
    """The checkpointer, closed afterwards. Starting the embedded server is shown on a terminal."""
    from lockgate.cli.screen import err
    from lockgate.runtime import open_checkpointer

    with err().status("opening the database"):
        saver = await open_checkpointer()
    try:
        yield saver
    finally:
        await saver.aclose()


@asynccontextmanager
async def records() -> AsyncIterator["Records"]:
    """The read side of the record."""
    from lockgate.runtime import Records

    async with opened() as saver:
        yield Records(saver)


async def latest(saver: "PostgresSaver", thread_id: str) -> "CheckpointTuple":
    """The last checkpoint of a thread. Raises ThreadNotFoundError."""
    found = await saver.aget_tuple({"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}})
    if found is None:
        raise ThreadNotFoundError(f"There is no thread {thread_id[:200]!r}.", "List them: lockgate threads")
    return found
