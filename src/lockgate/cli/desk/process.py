"""The process that the agent runs in, as its viewer holds it: told what to do, listened to, and killed.

Light on purpose: the fork server imports the heavy parts once, each new process is forked from it in milliseconds.
"""

import multiprocessing
import multiprocessing.forkserver
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from lockgate.errors import LockgateError

_FORKS = sys.platform != "win32"
_context: Any = multiprocessing.get_context("forkserver" if _FORKS else "spawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a process works on: one thread of the desk's agent. `model` is empty for the script."""

    url: str = field(repr=False)
    thread_id: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened. `at` is in seconds since the epoch, `seconds` how long it took.

    `kind`, `node`, `name`, `status` and `detail` are those of `lockgate.events.Event`; `args` are those of the call,
    `text` what the model said.
    """

    kind: str
    node: str
    name: str
    status: str
    at: float
    seconds: float
    call_id: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    args: Mapping[str, Any] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A call that waits for a person. `request` is what `human_review` asks."""

    id: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The process stands still after `node`, so that it can be killed between two nodes."""

    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """One call, what the policy decided on it, and what came of it."""

    tool: str
    args: Mapping[str, Any]
    decided: str
    rule: str
    reason: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run looked back on, from the record in the database."""

    status: str
    answer: str
    tokens: int
    rulings: list[Ruled]
    steps: list[Step]


def warm() -> None:
    """Starts to import, in the background, what the processes need."""
    if _FORKS:
        _context.set_forkserver_preload(["lockgate.cli.desk.worker"])
        multiprocessing.forkserver.ensure_running()


class Worker:
    """One process. Each method that makes it run yields what it says until it ends, waits or is held."""

    def __init__(self, job: Job) -> None:
        self._pipe, theirs = _context.Pipe()
        self._process = _context.Process(target=_serve, args=(theirs, job), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    def start(self, message: str) -> Iterator[Step | Question | Held]:
        """Sends the user's message."""
        return self._do("start", message)

    def resume(
        self, answers: Mapping[str, Mapping[str, Any]] | None = None, *, hold: int = 0
    ) -> Iterator[Step | Question | Held]:
        """Goes on, with the answers to questions by id; `hold` is the number of calls after which it stands still."""
        return self._do("resume", dict(answers or {}), hold)

    def waiting(self) -> list[Question]:
        """The open questions it finds in the database."""
        return [item for item in self._do("waiting") if isinstance(item, Question)]

    def report(self) -> Report:
        """What the record says."""
        return next(item for item in self._do("report") if isinstance(item, Report))

    def kill(self) -> int:
        """SIGKILL, and its exit code once it is dead: -9."""
        self._process.kill()
        self._process.join()
        self._pipe.close()
        return self._process.exitcode or 0

    def close(self) -> None:
        """Lets it end."""
        self._pipe.close()
        self._process.join(5)

    def _do(self, *command: Any) -> Iterator[Any]:
        try:
            self._pipe.send(command)
            while (item := self._pipe.recv()) is not None:
                if isinstance(item, LockgateError):
                    raise item
                yield item
                if isinstance(item, Held):
                    return
        except (EOFError, OSError):
            raise LockgateError("The agent's process ended by itself.", "Run the demo again.") from None


def _serve(pipe: Connection, job: Job) -> None:
    from lockgate.cli.desk.worker import serve

    serve(pipe, job)
