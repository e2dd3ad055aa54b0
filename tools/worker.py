"""Worker threads for synchronous tools: one that hangs is left behind and counted, never waited for.

Python cannot stop a thread. So a call that outlives its timeout is abandoned: its thread is a daemon that ends
with the process, and goes back to work should the call ever return.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

MAX_ABANDONED = 32
"""Hanging calls in one process before further synchronous calls are refused."""

_Job = tuple[Future[Any], Callable[[], Any]]


class OverloadedError(Exception):
    """So many earlier calls hang that no further one is started."""


class Workers:
    """A pool that grows with the calls under way and reuses idle threads."""

    def __init__(self, max_abandoned: int = MAX_ABANDONED) -> None:
        self._idle: list[SimpleQueue[_Job]] = []
        self._lock = threading.Lock()
        self._max_abandoned = max_abandoned
        self.abandoned = 0
        """Calls that outlived their timeout and still run."""

    async def run(self, function: Callable[[], Any], seconds: float) -> Any:
        """The value of `function`, run in a thread with this context's variables.

        Raises TimeoutError after `seconds`, OverloadedError when too many calls hang, else what it raises.
        """
        if self.abandoned >= self._max_abandoned:
            raise OverloadedError
        context = contextvars.copy_context()
        job: Future[Any] = Future()
        self._start((job, lambda: context.run(function)))
        waiter = asyncio.wrap_future(job)
        try:
            done, _ = await asyncio.wait({waiter}, timeout=seconds)
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        if done:
            return waiter.result()
        self._abandon(job)
        waiter.cancel()
        raise TimeoutError

    def _start(self, job: _Job) -> None:
        with self._lock:
            queue = self._idle.pop() if self._idle else None
        if queue is None:
            queue = SimpleQueue()
            threading.Thread(target=self._work, args=(queue,), name="lockgate-tool", daemon=True).start()
        queue.put(job)

    def _work(self, queue: "SimpleQueue[_Job]") -> None:
        while True:
            future, function = queue.get()
            if future.set_running_or_notify_cancel():  # a call that timed out before it began never runs
                try:
                    value = function()
                except BaseException as error:  # noqa: BLE001 - handed to the caller, who sorts it out
                    future.set_exception(error)
                else:
                    future.set_result(value)
                    del value
            del future, function
            with self._lock:
                self._idle.append(queue)

    def _abandon(self, job: "Future[Any]") -> None:
        with self._lock:
            self.abandoned += 1

        def returned(_: "Future[Any]") -> None:
            with self._lock:
                self.abandoned -= 1

        job.add_done_callback(returned)


workers = Workers()
"""The pool of this process."""
