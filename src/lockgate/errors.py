"""One error tree. Each error says what happened and, in `hint`, what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches


class LockgateError(Exception):
    """Base of every error that Lockgate raises on purpose.

    `message` says what happened, `hint` the next step (empty when there is none).
    Instances survive pickling, so they cross process borders whole: a class that adds a field gives it a default,
    for it is made anew from `message` and `hint` before its fields are set.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(LockgateError):
    """A setting, an argument or a file of the deployer is wrong."""


class UnknownNameError(ConfigError):
    """A graph, tool, model or provider that does not exist was named."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """Names what is `known` and, when one is close to `name`, suggests it."""
        names = sorted(known)
        close = get_close_matches(name, names, n=1)
        guess = f"Did you mean {close[0]!r}?" if close else ""
        listing = f"Known: {', '.join(names[:20])}." if names else f"There is no {kind} yet."
        return cls(f"Unknown {kind} {name[:200]!r}.", f"{guess} {listing}".strip())


class MissingExtraError(ConfigError):
    """An optional dependency is not installed."""

    @classmethod
    def of(cls, extra: str, what: str) -> "MissingExtraError":
        """`what` needs the optional dependencies called `extra`."""
        return cls(f"{what} needs the extra {extra!r}.", f"Install it: pip install 'lockgate[{extra}]'")


class FileError(ConfigError):
    """A file of the deployer is malformed. `where` reads `file:line`; empty when it cannot be read at all."""

    def __init__(self, message: str, hint: str = "", where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, hint)
        self.where = where


class PolicyError(FileError):
    """A policy pack is malformed. `where` reads `file:line: rule 'id', field 'name'`."""


class GraphError(LockgateError):
    """A graph breaks a rule that every graph must keep."""


class BypassError(GraphError):
    """There is a way round the lock. `path` names its nodes in order."""

    def __init__(self, message: str, hint: str = "", path: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.path = path


class AuthorityError(GraphError):
    """A member of a team asks for more than the team above it has. `path` names the members down to it."""

    def __init__(self, message: str, hint: str = "", path: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.path = path


class StoreError(LockgateError):
    """Postgres is down, refuses, or vanished. `down`: the database as a whole fails, not what was asked of it."""

    def __init__(self, message: str, hint: str = "", *, down: bool = False) -> None:
        super().__init__(message, hint)
        self.down = down


class UnrecordedError(StoreError):
    """The audit log cannot be written, so nothing that has to be recorded may happen."""


class LedgerError(LockgateError):
    """The effect ledger disagrees with what the run knows. Nothing is guessed, nothing is run."""


class RowError(StoreError):
    """A stored row cannot be read. `thread_id` and `checkpoint_id` name its place, as far as that is known."""

    def __init__(self, message: str, hint: str = "", thread_id: str = "", checkpoint_id: str = "") -> None:
        super().__init__(message, hint)
        self.thread_id = thread_id
        self.checkpoint_id = checkpoint_id


class CorruptRowError(RowError):
    """A row was changed or cut off since it was written, or its content makes no sense."""


class NewerRowError(RowError):
    """A row was written by a newer version of Lockgate."""


class LostParentError(RowError):
    """A checkpoint goes back to one that is not stored any more, so its state cannot be rebuilt."""


class ThreadError(LockgateError):
    """A thread cannot do what was asked of it."""


class ThreadNotFoundError(ThreadError):
    """No checkpoint exists for this thread."""


class ThreadFinishedError(ThreadError):
    """The thread has nothing left to resume."""


class ThreadBusyError(ThreadError):
    """Another process or task is running this thread now."""


class RunStoppedError(ThreadError):
    """The run was asked to stop, for `reason`, and did so at a safe point; the thread can be resumed."""

    def __init__(self, message: str, hint: str = "", reason: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class DeploymentError(ThreadError):
    """A thread has pending work from another deployment. `changes` says what is different now."""

    def __init__(self, message: str, hint: str = "", changes: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.changes = changes


class ReplayMissError(ThreadError):
    """A run that is played again asked for something that was never recorded."""


class LeaseLostError(ThreadError):
    """Another runner has taken the thread, or it was deleted; what this one does no longer counts."""


class ApprovalError(ThreadError):
    """An answer names an approval that is unknown, already answered or expired, or has the wrong shape."""


class ModelError(LockgateError):
    """A model cannot be opened or gave no usable answer."""


class ScriptError(ModelError):
    """A scripted model ran out of turns, or a turn does not fit what it saw."""


class ToolError(LockgateError):
    """Raised by a tool's author to fail with a message that the model may read.

    Any other exception reaches the model as its class name only: its text may hold secrets.
    """


HALTING = (StoreError, LedgerError, ThreadError)
"""Errors of the run itself, not of whoever works in it. They end the run, which is then resumed.

Who makes a failure into a result (a worker's, a debater's, an item's) lets them pass: otherwise a database that is away
for a second would change what the run comes to, for good.
"""
