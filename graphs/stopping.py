"""`stopped_by_signals`: SIGTERM and SIGINT end the runs of a script at their next safe point."""

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl

from lockgate.errors import ConfigError, RunStoppedError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_running: set[RunControl] = set()


def stop_all(reason: str = "shutdown") -> None:
    """Asks every run of this process to stop before its next step; what is under way ends first.

    Each then raises RunStoppedError. May be called from any thread and from signal handlers.
    """
    for control in tuple(_running):
        control.request_drain(reason)


@contextmanager
def stoppable(thread_id: str, control: RunControl | None = None) -> Iterator[RunControl]:
    """While it is open, `stop_all` reaches the run with this control, a new one unless it is given.

    Raises RunStoppedError when the run was stopped.
    """
    control = control or RunControl()
    _running.add(control)
    try:
        yield control
    except GraphDrained as drained:
        raise RunStoppedError(
            f"Thread {thread_id!r} was stopped at a safe point ({drained.reason}).",
            f"Go on: lockgate resume {thread_id} (in Python: invoke the graph with None in the same thread)",
            drained.reason,
        ) from None
    finally:
        _running.discard(control)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """While it is open, the first SIGTERM or SIGINT stops every run at its next safe point; a second one acts as ever.

    When a run was stopped so, it says on stderr how to go on and raises SystemExit, with 128 and the signal's number as
    shells have it. For the main thread of a script; a service that has handlers of its own calls `stop_all` in them.

    Raises ConfigError in any other thread: Python takes handlers from the main one alone.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ConfigError(
            "Signals can be waited for in the main thread only.", "Call stop_all() in a handler that it has set."
        )
    before: dict[signal.Signals, Any] = {}
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        for one, handler in before.items():
            signal.signal(one, handler)
        if not _running:
            signal.raise_signal(number)
            return
        came.append(number)
        stop_all(signal.Signals(number).name)  # before it is said: who reads it may rely on it
        _say("stopping when what is under way has ended; once more to stop at once")

    try:
        for one in SIGNALS:
            before[one] = signal.signal(one, stop)
        with _woken():
            yield
    except RunStoppedError as stopped:
        if not came:
            raise
        _say(f"{stopped.message} {stopped.hint}")
        raise SystemExit(128 + came[0]) from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _woken() -> Iterator[None]:
    """While it is open, a signal wakes the main thread, whichever thread the system handed it to.

    Python's handlers run in the main thread alone. One that waits there for a lock would not learn of the signal before
    the run has ended by itself. SIGURG wakes it, which means nothing to anybody (Go's runtime uses it so, too).
    """
    if sys.platform == "win32":
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    others = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    if others != -1:  # an event loop of this thread is woken by itself
        signal.set_wakeup_fd(others)
    main, urgent = threading.main_thread().ident or 0, signal.signal(signal.SIGURG, lambda *_: None)

    def watch() -> None:
        while came := ours.recv(64):
            if not {*came} <= {signal.SIGURG}:
                signal.pthread_kill(main, signal.SIGURG)

    watcher = threading.Thread(target=watch, name="lockgate-signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        if others == -1:
            signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGURG, urgent or signal.SIG_DFL)
        theirs.close()
        watcher.join()
        ours.close()


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # there may be nobody to read it
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
