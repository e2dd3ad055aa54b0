"""`undo`: runs the undos of what a run has done, each through the lock."""

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.cli.run import AsJson, Ask, PolicyName, Roles, Tools, YesNo
from lockgate.errors import ThreadNotFoundError

if TYPE_CHECKING:
    from lockgate.cli.launch import Launch

GRAPH = "lockgate.graphs.compensate:build"


def undo(
    thread: Annotated[str, typer.Argument(help="The thread; `lockgate threads` lists them.")],
    run_id: Annotated[str, typer.Option("--run", help="A run of it, or a beginning; the newest with effects.")] = "",
    policy: PolicyName = "",
    tools: Tools = [],
    role: Roles = [],
    as_json: AsJson = False,
    yes: YesNo = None,
    ask: Ask = False,
) -> None:
    """Undo what a run of a thread has done, newest first; the policy judges each undo like any call."""
    from lockgate.cli.drive import Manner, answering, drive
    from lockgate.cli.launch import recorded
    from lockgate.cli.run import opened_loop
    from lockgate.cli.store import latest
    from lockgate.graphs.compensate import undo_thread
    from lockgate.runtime import thread_lease

    manner = Manner(json=as_json, answering=answering(yes=yes, ask_here=ask, as_json=as_json), roles=tuple(role))
    with opened_loop() as opened:
        found = opened.runner.run(latest(opened.saver, thread))
        launch = recorded(found.metadata, thread, GRAPH).changed(policy=policy, tools=tuple(tools))
        launch = _undoes(launch)
        chosen = opened.runner.run(_run(opened.saver, thread, run_id))
        stack = AsyncExitStack()
        try:
            # While its effects are undone the thread does not run.
            opened.runner.run(stack.enter_async_context(thread_lease(opened.saver, thread)))
            session = opened.session(launch, undo_thread(thread, chosen))
            drive(opened.runner, session, manner, message=f"Undo what {thread} did.", answers=None)
        finally:
            opened.runner.run(stack.aclose())


def undoing(launch: "Launch") -> "Launch | None":
    """What undoes a failed run that was started so; None unless its policy says that it is undone at once."""
    from lockgate.cli.launch import load_policy

    if launch.is_team or load_policy(launch.policy, launch.folder).sections.effects.on_failure != "undo":
        return None
    return _undoes(launch)


def _undoes(launch: "Launch") -> "Launch":
    tools, policy = launch.tools or ("builtin",), launch.policy or "starter"
    return replace(launch, graph=GRAPH, model="", max_iterations=None, tools=tools, policy=policy)


async def _run(saver: Any, thread: str, wanted: str) -> str:
    """The run whose effects are meant."""
    runs = [effect.run_id for effect in await saver.ledger.of_thread(thread) if not effect.undo_of]
    matching = [run_id for run_id in runs if run_id.startswith(wanted)]
    if not matching:
        what = f"has no effects of a run {wanted[:50]!r}" if wanted else "has no effects"
        raise ThreadNotFoundError(f"Thread {thread[:200]!r} {what}.", f"List them: lockgate effects {thread[:200]}")
    return str(matching[-1])
