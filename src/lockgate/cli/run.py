"""`run` and `resume`."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self

import typer

from lockgate.deadline import checked
from lockgate.errors import ConfigError

Model = Annotated[str, typer.Option(help="provider:name, local, local:PATH.gguf or scripted:FILE.yaml.")]
BaseUrl = Annotated[str, typer.Option(help="Where an OpenAI-compatible server listens.")]
PolicyName = Annotated[str, typer.Option(help="A policy file or the name of a shipped pack; starter unless set.")]
Tools = Annotated[
    list[str], typer.Option(help="module:attribute of a registry, a list or a tool; 'builtin' adds the built-in ones.")
]
EveryStep = Annotated[
    bool, typer.Option("--every-step", help="Store each step by itself, for time travel, instead of gathering them.")
]
Roles = Annotated[list[str], typer.Option("--role", help="A role of the user; may be given several times.")]
Bound = Annotated[int | None, typer.Option(min=1, max=1_000, help="Model calls for this message.")]
Deadline = Annotated[
    str, typer.Option(help="The run ends within 90s, 15m, 2h or 1d, resumes and waiting for people included.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on stdout: events, and last the result.")]
YesNo = Annotated[bool | None, typer.Option("--yes/--no", help="Approve, or reject, every review.")]
Ask = Annotated[bool, typer.Option("--ask", "-i", help="Ask on this terminal, even when it is none.")]


def run(
    graph: Annotated[
        str, typer.Argument(help="react, reference, team.yaml, a name in langgraph.json, or module:attribute.")
    ],
    goal: Annotated[str, typer.Argument(help="What to do; - reads it from stdin.")],
    model: Model = "",
    base_url: BaseUrl = "",
    policy: PolicyName = "",
    tools: Tools = [],
    thread: Annotated[str, typer.Option(help="Go on with this thread, or name the new one.")] = "",
    user: Annotated[str, typer.Option(help="On whose behalf the agent acts.")] = "",
    role: Roles = [],
    max_iterations: Bound = None,
    as_json: AsJson = False,
    yes: YesNo = None,
    ask: Ask = False,
    every_step: EveryStep = False,
    deadline: Deadline = "",
) -> None:
    """Run an agent and stream its steps; every tool call passes through the lock."""
    from lockgate.cli.drive import Manner, answering, drive, me
    from lockgate.cli.duration import duration
    from lockgate.cli.launch import here
    from lockgate.cli.names import fresh_name, sound_name
    from lockgate.cli.target import require_model

    thread_id = sound_name(thread) if thread else fresh_name()
    message = _goal(goal)
    launch = here(
        graph,
        model=model,
        base_url=base_url,
        policy=policy,
        tools=tuple(tools),
        max_iterations=max_iterations,
        user=user,
        roles=tuple(role),
    )
    require_model(launch)
    manner = Manner(
        json=as_json,
        answering=answering(yes=yes, ask_here=ask, as_json=as_json),
        roles=tuple(role),
        by=user or me(),
        deadline=checked(duration(deadline)) if deadline else None,
    )
    with opened_loop(every_step=every_step) as opened:
        session = opened.session(launch, thread_id)
        if as_json:
            from lockgate.cli.screen import print_json

            print_json({"type": "start", "thread": thread_id, "graph": graph, "model": launch.model}, lines=True)
        else:
            from lockgate.cli.screen import err, safe

            err().print(f"thread {safe(thread_id)}", style="bold")
        drive(opened.runner, session, manner, message=message, answers=None, undo=opened.undo(launch, thread_id))


def resume(
    thread: Annotated[str, typer.Argument(help="The thread; `lockgate threads` lists them.")],
    graph: Annotated[str, typer.Option(help="For a thread that another program started.")] = "",
    model: Model = "",
    base_url: BaseUrl = "",
    policy: PolicyName = "",
    tools: Tools = [],
    role: Roles = [],
    max_iterations: Bound = None,
    as_json: AsJson = False,
    yes: YesNo = None,
    ask: Ask = False,
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Also when graph, policy or tools were deployed anew meanwhile.")
    ] = False,
    every_step: EveryStep = False,
) -> None:
    """Go on with a thread after a crash, an interruption or an error, exactly where it stopped."""
    from lockgate.cli.drive import Manner, answering

    manner = Manner(json=as_json, answering=answering(yes=yes, ask_here=ask, as_json=as_json), roles=tuple(role))
    folder = Path.cwd()
    overrides = {
        "graph": graph,
        "model": _absolute_model(model, folder),
        "base_url": base_url,
        "policy": absolute_policy(policy, folder),
        "tools": tuple(tools),
        "max_iterations": max_iterations,
    }
    # Who names another policy or other tools has accepted that they differ.
    manner = replace(manner, accept_changes=accept_changes or any(overrides.values()))
    proceed(thread, manner, overrides=overrides, every_step=every_step)


def proceed(
    thread: str,
    manner: Any,
    *,
    answers: Any = None,
    overrides: dict[str, Any] | None = None,
    check: Callable[[Any], None] | None = None,
    every_step: bool = False,
) -> NoReturn:
    """Rebuilds the thread's graph from what was recorded and goes on, with `answers` if there are any.

    `check` may look at the launch and raise before anything is answered.
    """
    from lockgate.cli.drive import drive
    from lockgate.cli.launch import recorded
    from lockgate.cli.store import latest
    from lockgate.cli.target import require_model

    given = overrides or {}
    with opened_loop(every_step=every_step) as opened:
        found = opened.runner.run(latest(opened.saver, thread))
        launch = recorded(found.metadata, thread, given.get("graph", "")).changed(**given)
        require_model(launch)
        if check is not None:
            check(launch)
        session, undo = opened.session(launch, thread), opened.undo(launch, thread)
        drive(opened.runner, session, manner, message=None, answers=answers, undo=undo)


class opened_loop:  # noqa: N801 - a context manager
    """One event loop with the database open on it, while the command runs.

    A runner, not one coroutine: between two parts of a run the terminal asks the person, and Ctrl-C must reach that.
    """

    def __init__(self, *, every_step: bool = False) -> None:
        self._every_step = every_step or None

    def __enter__(self) -> Self:
        from lockgate.cli.screen import err
        from lockgate.cli.store import Runner
        from lockgate.runtime import open_checkpointer

        self.runner = Runner()
        try:
            with err().status("opening the database"):
                self.saver = self.runner.run(open_checkpointer(every_step=self._every_step))
        except BaseException:
            self.runner.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.saver.aclose())
        self.runner.close()

    def undo(self, launch: Any, thread_id: str) -> Callable[[str], Any]:
        """Opens the session that undoes a failed run of the thread; None unless the policy says `undo`."""
        from lockgate.cli.undo import GRAPH, undoing
        from lockgate.graphs.compensate import undo_thread

        def opened(run_id: str) -> Any:
            if launch.graph == GRAPH or (follow := undoing(launch)) is None:
                return None
            return self.session(follow, undo_thread(thread_id, run_id))

        return opened

    def session(self, launch: Any, thread_id: str) -> Any:
        from lockgate.graphs.session import Session

        graph = self.runner.run(launch.build(self.saver))
        return Session(graph, thread_id, context=launch.caller, metadata=launch.metadata())


def _goal(goal: str) -> str:
    """The text of the message; from stdin, no more than the limit is read."""
    from lockgate.settings import settings

    limit = settings().max_input
    if goal == "-":
        data = sys.stdin.buffer.read(limit + 1)
        try:
            goal = data.decode("utf-8")
        except UnicodeDecodeError:
            if len(data) <= limit:
                raise ConfigError("What came from stdin is not UTF-8 text.", "Convert it first.") from None
    if len(goal) > limit or len(goal.encode("utf-8", "replace")) > limit:
        raise ConfigError(
            f"The goal has more than {limit:,} bytes, the limit.", "Send less, or put it in a file that a tool reads."
        )
    if not goal.strip():
        raise ConfigError("The goal is empty.", "Say what to do: lockgate run react 'What is 12 * 34?'")
    return goal


def _absolute_model(model: str, folder: Path) -> str:
    from lockgate.graphs.loading import absolute

    return absolute(model, folder)


def absolute_policy(policy: str, folder: Path) -> str:
    """A policy file's path made absolute; the name of a shipped pack as it is."""
    from lockgate.guardrails import shipped_packs

    return policy if not policy or policy in shipped_packs() else str(folder / Path(policy).expanduser())
