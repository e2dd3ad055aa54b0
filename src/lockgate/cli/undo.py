"""`undo`: runs the undos of what a run has done, each through the lock."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockgate.cli.run import AsJson, Ask, PolicyName, Roles, Tools, YesNo
from lockgate.errors import ConfigError, ThreadNotFoundError

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
    from lockgate.cli.run import absolute_policy, opened_loop
    from lockgate.cli.store import latest
    from lockgate.graphs.compensate import undo_thread
    from lockgate.runtime import thread_lease

    manner = Manner(json=as_json, answering=answering(yes=yes, ask_here=ask, as_json=as_json), roles=tuple(role))
    with opened_loop() as opened:
        found = opened.runner.run(latest(opened.saver, thread))
        launch = _undoes(recorded(found.metadata, thread, GRAPH), absolute_policy(policy, Path.cwd()), tuple(tools))
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

    if launch.is_team and _team(launch)[1] is None:
        return None
    undo = _undoes(launch)
    return undo if load_policy(undo.policy, undo.folder).sections.effects.on_failure == "undo" else None


def _undoes(launch: "Launch", policy: str = "", tools: tuple[str, ...] = ()) -> "Launch":
    """What undoes the runs of `launch`: a team's with the tools of all its agents, judged by the policy of the team."""
    from lockgate.cli.launch import DEFAULT_POLICY

    undo = replace(launch, graph=GRAPH, model="", base_url="", max_iterations=None)
    known, own = launch.tools, launch.policy
    if launch.is_team:
        known, found = _team(launch)
        if not (own or policy or found):
            raise ConfigError(f"{launch.graph} names no one policy for its undos.", "Name it: --policy")
        undo = replace(undo, folder=str((Path(launch.folder) / launch.graph).parent))
        own = own or found or ""
    return replace(undo, tools=tools or known or ("builtin",), policy=policy or own or DEFAULT_POLICY)


def _team(launch: "Launch") -> "tuple[tuple[str, ...], str | None]":
    """The tools of a team's agents and the policy of the team, or the one that all who have one share."""
    from lockgate.graphs.team_file import read_team

    team = read_team(Path(launch.folder) / launch.graph)
    agents = list(team.agents.values())
    for agent in agents:
        agents += agent.agents.values()
    tools = team.tools or tuple(dict.fromkeys(name for agent in agents for name in agent.tools))
    policies = {agent.policy for agent in agents if agent.policy}
    return tools, team.policy or (policies.pop() if len(policies) == 1 else None)


async def _run(saver: Any, thread: str, wanted: str) -> str:
    """The run whose effects are meant."""
    runs = [effect.run_id for effect in await saver.ledger.of_thread(thread) if not effect.undo_of]
    matching = [run_id for run_id in runs if run_id.startswith(wanted)]
    if not matching:
        what = f"has no effects of a run {wanted[:50]!r}" if wanted else "has no effects"
        raise ThreadNotFoundError(f"Thread {thread[:200]!r} {what}.", f"List them: lockgate effects {thread[:200]}")
    return str(matching[-1])
