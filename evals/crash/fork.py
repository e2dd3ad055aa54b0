"""New processes without their imports: one process loads everything, then forks a child for each run.

The parent opens nothing before it forks, no thread, no event loop and no connection, so a child shares
only code with it.
"""

import asyncio
import faulthandler
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

Run: TypeAlias = Callable[[Callable[[], None]], Coroutine[Any, Any, int | None]]
"""What a child does, up to its exit status. It calls its argument when the time that counts begins."""

HANGS = 120.0
"""Seconds after which a child tells where it hangs and ends with status 1."""


def in_child(
    run: Run, *, kill_after: float | None = None, stderr: Path | None = None, hangs: float = HANGS
) -> tuple[int, float]:
    """Exit status of a forked child that does `run`, negative when a signal ended it, and the seconds it took.

    With `kill_after` it is killed so many seconds after its time has begun; the kernel may be at any instruction of it.
    `stderr` gets all that it says, and the exception that ended it.
    """
    sys.stdout.flush()  # or the child would say it again
    here, there = os.pipe()
    if pid := os.fork():
        os.close(there)
        return _watched(pid, here, kill_after)
    os.close(here)
    _child(run, there, stderr, hangs)
    raise AssertionError("a child never comes here")


def _watched(pid: int, alive: int, kill_after: float | None) -> tuple[int, float]:
    """Waits for the child, which holds the other end of the pipe `alive` for as long as it lives."""
    began = time.monotonic()
    try:
        if os.read(alive, 1):
            began = time.monotonic()
            if kill_after is not None and not select.select([alive], [], [], kill_after)[0]:
                os.kill(pid, signal.SIGKILL)
    finally:
        os.close(alive)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, time.monotonic() - began


def _child(run: Run, alive: int, stderr: Path | None, hangs: float) -> None:
    code = 1
    try:
        if stderr is not None:
            file = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, 1)
            os.dup2(file, 2)
        faulthandler.dump_traceback_later(hangs, exit=True, file=2)
        code = asyncio.run(run(partial(_begin, alive))) or 0
    except BaseException:  # noqa: BLE001 - the parent is told by the status
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _begin(alive: int) -> None:
    os.write(alive, b".")


def killed_and_resumed(
    run: Callable[[str, int], Coroutine[Any, Any, None]], at: Iterable[int]
) -> Iterator[dict[str, Any]]:
    """Runs a thread for each number of `at`, where it kills itself, and resumes it in a new process.

    `run` takes the thread and the number, 0 for nowhere. Ends with the first run that came to its end undisturbed.
    """
    for kill_at in at:
        thread = f"kill-{kill_at}"
        killed, _ = in_child(lambda _, thread=thread, kill_at=kill_at: run(thread, kill_at))  # type: ignore[misc]
        dead = killed == -signal.SIGKILL
        resumed = in_child(lambda _, thread=thread: run(thread, 0))[0] if dead else 0  # type: ignore[misc]
        yield {"thread": thread, "kill_at": kill_at, "killed": killed, "resumed": resumed}
        if not dead:
            return


def killing(kill_at: int) -> Callable[[], None]:
    """A function that kills this process when it is called for the `kill_at`-th time."""
    calls = count(1)

    def point() -> None:
        if next(calls) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def around(method: Callable[..., Coroutine[Any, Any, Any]], point: Callable[[], None]) -> Callable[..., Any]:
    """`method`, with `point` called before each call and after it."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        point()
        done = await method(*args, **kwargs)
        point()
        return done

    return call
