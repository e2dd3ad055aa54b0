"""The database as the commands use it: open, read, close, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from lockgate.errors import ThreadNotFoundError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import CheckpointTuple

    from lockgate.runtime import PostgresSaver, Records

T = TypeVar("T")


def run(coro: Coroutine[Any, Any, T]) -> T:
    """Runs `coro` to its end; Ctrl-C cancels it and comes out as KeyboardInterrupt."""
    return asyncio.run(coro)


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
