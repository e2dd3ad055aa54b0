"""Drives a thread from the command line: streams its steps, asks the person, says how it ended."""

import asyncio
import getpass
import os
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import typer

from lockgate.cli.doubt import commands, in_doubt
from lockgate.cli.launch import Launch
from lockgate.cli.review import SHOWN_ID, answer, ask, describe, is_approval
from lockgate.cli.screen import err, fault, one_line, out, print_error, print_json, safe
from lockgate.errors import ApprovalError, ConfigError, LockgateError, RunStoppedError, ThreadError
from lockgate.events import EVENTS, Event

if TYPE_CHECKING:
    from lockgate.cli.store import Runner
    from lockgate.graphs.session import Part, Session, Waiting

Answering = Literal["ask", "yes", "no", "never"]
EXIT = {"completed": 0, "waiting": 3, "max_iterations": 4, "budget": 4, "no_progress": 4, "deadline": 4}
"""Exit codes by status; any other status is 1."""
SIGNALLED = {"SIGINT": 130, "SIGTERM": 143}
"""Exit codes of runs that a signal stopped."""
_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "DATABASE_URL")


def me() -> str:
    """The name of the person at the terminal."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return "someone at the terminal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the command line goes about a run: what it prints, and who answers reviews."""

    json: bool = False
    answering: Answering = "never"
    by: str = field(default_factory=me)
    roles: tuple[str, ...] = ()
    accept_changes: bool = False
    deadline: float | None = None


def answering(*, yes: bool | None, ask_here: bool, as_json: bool) -> Answering:
    """Who answers: `--yes` and `--no` before `--ask`, then the person if there is one at the terminal."""
    if yes is not None:
        return "yes" if yes else "no"
    if ask_here or (not as_json and sys.stdin.isatty() and sys.stderr.isatty()):
        return "ask"
    return "never"


def drive(
    runner: "Runner",
    session: "Session",
    manner: Manner,
    *,
    message: str | None,
    answers: Any,
    undo: "Callable[[str], Session | None] | None" = None,
) -> NoReturn:
    """Starts the thread with `message`, or resumes it with `answers`; ends the process with the run's exit code.

    `undo` opens the session that undoes the run of that id, should it fail.
    """
    try:
        while True:
            runner.run(_play(session, manner, message=message, answers=answers))
            message, answers = None, None
            questions = runner.run(session.waiting())
            if not questions:
                break
            answers = _answered(questions, manner)
            if not answers:
                break
        _undo_failed(runner, session, manner, undo)
        runner.run(_finish(session, manner))
    except RunStoppedError as stopped:
        if manner.json:
            print_json({"type": "result", "thread": session.thread_id, "status": "stopped"}, lines=True)
        err().print(f"\nstopped at a safe point; nothing is lost. {stopped.hint}")
        raise typer.Exit(SIGNALLED[stopped.reason]) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        if manner.json:
            print_json({"type": "result", "thread": session.thread_id, "status": "interrupted"}, lines=True)
        err().print(f"\ninterrupted; nothing is lost. Go on: lockgate resume {session.thread_id}")
        raise typer.Exit(130) from None
    except LockgateError as error:
        if not manner.json:
            raise
        told = {"type": "result", "thread": session.thread_id, "status": "error", "error": fault(error)}
        print_json(told, lines=True)
        print_error(error)
        raise typer.Exit(1) from None
    raise AssertionError("_finish ends the process")


def _answered(questions: "tuple[Waiting, ...]", manner: Manner) -> dict[str, Any]:
    """An answer for each question that gets one now."""
    answers: dict[str, Any] = {}
    for question in questions:
        request = question.request
        if manner.answering == "ask":
            given = ask(question.id, request, by=manner.by, roles=manner.roles)
        elif manner.answering == "never" or not is_approval(request) or request.get("problem"):
            # The last answer could not stand (the role is missing): the same one again would not either.
            given = None
        else:
            action = "approve" if manner.answering == "yes" else "reject"
            given = answer(action, by=manner.by, roles=manner.roles, reason=f"--{manner.answering}")
        if given is not None:
            answers[question.id] = given
    return answers


async def _play(session: "Session", manner: Manner, *, message: str | None, answers: Any) -> None:
    if message is not None:
        parts = session.start(message, modes=("tasks",), deadline=manner.deadline)
    else:
        parts = session.resume(answers, modes=("tasks",), accept_changes=manner.accept_changes)
    try:
        with _stopped_by_signals(session):
            await _print_steps(parts, manner)
    except ApprovalError:
        # Nothing to go on with but answers, and none was given yet: the person is asked next.
        if message is not None or answers is not None:
            raise
    except (ThreadError, ConfigError):
        raise
    except LockgateError as error:
        hint = f"{error.hint} Then go on: lockgate resume {session.thread_id}".strip()
        raise type(error)(error.message, hint) from error
    except (BrokenPipeError, asyncio.CancelledError):
        raise
    except Exception as error:
        raise _run_error(error, session.thread_id) from error


@contextmanager
def _stopped_by_signals(session: "Session") -> Iterator[None]:
    """The first signal asks the run to stop at the next safe point, the second one ends it where it is."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked: list[str] = []

    def stop(name: str) -> None:
        if asked and task is not None:
            task.cancel()
            return
        asked.append(name)
        session.stop(name)
        err().print("\nstopping when what is under way has ended; once more to stop at once")

    installed = []
    for name in SIGNALLED:
        with suppress(NotImplementedError, ValueError, RuntimeError):  # Windows, or not the main thread
            loop.add_signal_handler(signal.Signals[name], stop, name)
            installed.append(signal.Signals[name])
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)


def _run_error(error: Exception, thread_id: str) -> LockgateError:
    """One line for whatever a provider's client or a user's node raised."""
    notes = " ".join(getattr(error, "__notes__", ()))
    what = "The model call failed" if "'call_model'" in notes else "The run failed"
    text = one_line(_without_secrets(str(error)), 400)
    return LockgateError(
        f"{what}: {type(error).__name__}: {text}", f"Nothing is lost. Go on: lockgate resume {thread_id}"
    )


def _without_secrets(text: str) -> str:
    for name, value in os.environ.items():
        if name.endswith(_SECRETS) and len(value) >= 8:  # noqa: PLR2004 - shorter ones would blot out common words
            text = text.replace(value, "***")
    return text


async def _print_steps(parts: "AsyncIterator[Part]", manner: Manner) -> None:
    # Mode "tasks", not "updates": what a subgraph keeps to itself, the lock its events, shows only there.
    with err().status("running") as status:
        async for _, _, task in parts:
            result = task.get("result")
            if not isinstance(result, Mapping):
                status.update(f"running {one_line(task['name'], 40)}")
                continue
            for event in result.get(EVENTS) or ():
                if isinstance(event, Event):
                    _print_event(event, manner)


def _print_event(event: Event, manner: Manner) -> None:
    from lockgate.cli.timeline import QUIET_NODES, step

    if manner.json:
        print_json({"type": "event", **asdict(event)}, lines=True)
    elif event.kind != "node" or event.node not in QUIET_NODES:
        line = step(
            kind=event.kind,
            node=event.node,
            name=event.name,
            status=event.status,
            seconds=event.ended - event.started,
            detail=event.detail,
        )
        err().print(line)


async def _finish(session: "Session", manner: Manner) -> NoReturn:
    """Prints the result: the answer on stdout, or what waits and the commands that answer it."""
    snapshot = await session.state()
    values = snapshot.values if isinstance(snapshot.values, Mapping) else {}
    questions = await session.waiting()
    status = "waiting" if questions else str(values.get("status") or ("running" if snapshot.tasks else "completed"))
    reply = values.get("answer") if not questions else None
    if manner.json:
        usage = values.get("usage")
        result = {
            "type": "result",
            "thread": session.thread_id,
            "run": values.get("run_id", ""),
            "status": status,
            "answer": reply,
            "usage": usage.model_dump() if usage is not None else {},
            "notes": [note.text for note in values.get("notes", ())],
            "waiting": [
                {"id": question.id, "request": question.request, "commands": _commands(question.id, question.request)}
                for question in questions
                if _ours(question.request)
            ]
            + [{"id": q.id, "request": q.request} for q in questions if not _ours(q.request)],
        }
        print_json(result, lines=True)
    elif questions:
        _print_waiting(session.thread_id, questions, manner)
    else:
        if reply:
            out().print(safe(reply))
        if status != "completed":
            last = [note.text for note in values.get("notes", ())][-1:]
            err().print(safe(f"ended with status {status}. {''.join(last)}"))
            if status == "deadline":
                err().print(safe(_going_on(session)))
            await _offer_undo(session, str(values.get("run_id", "")))
    raise typer.Exit(EXIT.get(status, 1))


def _going_on(session: "Session") -> str:
    launch = Launch.parse(session.config.get("metadata") or {})
    graph = shlex.quote(launch.graph) if launch else "GRAPH"
    return (
        f"Go on with a new one: lockgate run {graph} 'Go on.' --thread {shlex.quote(session.thread_id)} --deadline 15m"
    )


def _undo_failed(runner: "Runner", session: "Session", manner: Manner, undo: Any) -> None:
    """Undoes at once what a failed run has done, when its policy says so."""
    snapshot = runner.run(session.state())
    values = snapshot.values if isinstance(snapshot.values, Mapping) else {}
    ended = not snapshot.tasks and values.get("status") not in (None, "completed", "running")
    follow = undo(str(values.get("run_id", ""))) if undo and ended else None
    if follow is None:
        return
    err().print("the run failed; what it did is undone, as the policy says")
    manner = replace(manner, deadline=None)
    runner.run(_play(follow, manner, message=f"Undo what {session.thread_id} did.", answers=None))
    if questions := runner.run(follow.waiting()):
        _print_waiting(follow.thread_id, questions, manner)
    else:
        err().print(safe(runner.run(follow.state()).values.get("answer") or ""))


async def _offer_undo(session: "Session", run_id: str) -> None:
    """Says what a run that came to no good end has left behind."""
    ledger = getattr(session.checkpointer, "ledger", None)
    effects = await ledger.of_thread(session.thread_id) if ledger else []
    undone = {effect.undo_of for effect in effects}
    stand = [e for e in effects if e.run_id == run_id and e.status == "done" and not e.undo_of and e.key not in undone]
    if stand:
        tools = ", ".join(sorted({effect.tool for effect in stand}))
        err().print(safe(f"{len(stand)} of its effects stand ({tools}). Undo: lockgate undo {session.thread_id}"))


def _print_waiting(thread_id: str, questions: "tuple[Waiting, ...]", manner: Manner) -> None:
    if manner.answering != "ask":
        for question in questions:
            describe(question.id, question.request)
    err().print(f"\nThread {safe(thread_id)} waits for a person. Answer with:")
    for question in questions:
        if _ours(question.request):
            for command in _commands(question.id, question.request):
                err().print(f"  {command}")
        else:
            err().print(f"  lockgate resume {safe(thread_id)} --ask")


def _ours(request: Any) -> bool:
    return is_approval(request) or in_doubt(request)


def _commands(question_id: str, request: Any) -> list[str]:
    short = question_id[:SHOWN_ID]
    if in_doubt(request):
        return commands(short)
    return [
        f"lockgate approve {short}",
        f"lockgate reject {short} --reason WHY",
        f"lockgate edit {short} --set PATH=VALUE",
    ]
