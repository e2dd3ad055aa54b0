"""Hierarchies: teams of agents and of teams, to any depth. Authority only narrows on the way down.

A member is given a part of what the team above it has: some of its tools, a policy that is never more generous, no
more budget, time and data. That is checked when the graph is built, and again whenever a task is handed down.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel

from lockgate.blackboard import Blackboard
from lockgate.errors import AuthorityError, ConfigError
from lockgate.graphs import orchestrator, react
from lockgate.graphs.compiling import compiled
from lockgate.guardrails import Narrowed, Policy, lint_agent
from lockgate.handoff import Budget
from lockgate.nodes.worker import Worker
from lockgate.ports import Judge
from lockgate.tools import ToolRegistry
from lockgate.tools.registry import AnyTool

_log = logging.getLogger(__name__)

MAX_DEPTH = 4
"""Teams above the lowest agent."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """What agents and teams have in common; what is left out is as in the team above.

    `tools` are names or patterns such as `read_*` of the team's tools. `policy` judges every call below besides the
    policies above. `budget` and `seconds` bound one task. `readers` are those in whose place it may read data.
    `reads` and `writes` name entries of the blackboard of the team it is in.
    """

    name: str
    description: str = ""
    tools: tuple[str, ...] | None = None
    policy: Judge | None = None
    model: BaseChatModel | str | None = None
    budget: Budget | None = None
    seconds: float | None = None
    readers: frozenset[str] | None = None
    prompt: str = ""
    output: type[BaseModel] | None = None
    reads: tuple[str, ...] = ()
    writes: str = ""


@dataclass(frozen=True, kw_only=True)
class Agent(Member):
    """A react agent. Without `tools` it has none."""

    max_iterations: int | None = None


@dataclass(frozen=True, kw_only=True)
class Team(Member):
    """An orchestrator over `members`, which share `board`. Without `tools` it passes on all that it was given."""

    members: tuple[Member, ...] = ()
    parallel: int = 8
    max_replans: int = 1
    board: Blackboard | None = None


@dataclass(frozen=True, kw_only=True)
class Authority:
    """What somebody in the hierarchy may use. `judges` all have to agree; None is no bound."""

    tools: ToolRegistry
    judges: tuple[Judge, ...]
    model: BaseChatModel | str | None = None
    budget: Budget | None = None
    seconds: float | None = None
    readers: frozenset[str] | None = None

    def policy(self) -> Judge:
        """The judge for calls made with this authority."""
        return Narrowed(self.judges, tools=self.tools)


def blueprint(
    *,
    team: Team,
    tools: Iterable[AnyTool] | ToolRegistry = (),
    policy: Judge | None = None,
    model: BaseChatModel | str | None = None,
    max_depth: int = MAX_DEPTH,
) -> StateGraph[Any, Any, Any, Any]:
    """The graph of the hierarchy under `team`, not yet compiled.

    `tools`, `policy` and `model` are the authority of the top. Without a `policy` everything is denied. Raises
    AuthorityError when a member asks for more than the team above has, or stands deeper than `max_depth` teams down.
    """
    registry = tools if isinstance(tools, ToolRegistry) else ToolRegistry(tools)
    top = Authority(tools=registry, judges=(policy or Policy.deny_all(),), model=model)
    return _team(team, narrowed(top, team), max_depth, (team.name,))


def build(
    *,
    team: Team,
    tools: Iterable[AnyTool] | ToolRegistry = (),
    policy: Judge | None = None,
    model: BaseChatModel | str | None = None,
    max_depth: int = MAX_DEPTH,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled hierarchy; arguments as for `blueprint`. A review needs a `checkpointer` to wait in."""
    graph = blueprint(team=team, tools=tools, policy=policy, model=model, max_depth=max_depth)
    return compiled(graph, name=team.name, checkpointer=checkpointer)


def narrowed(above: Authority, member: Member, givers: tuple[str, ...] = ()) -> Authority:
    """The part of `above` that `member` asks for; `givers` are the teams above it, from the top.

    Raises AuthorityError when it asks for more.
    """
    giver = f"team {givers[-1]!r}" if givers else "the top"
    path = (*givers, member.name)
    if isinstance(member, Team) and member.tools is None:
        tools = above.tools
    else:
        for pattern in member.tools or ():
            if not any(fnmatchcase(name, pattern) for name in above.tools):
                has = ", ".join(above.tools) or "no tool"
                raise _more(path, f"the tool {pattern!r}", f"{giver} has {has}")
        tools = above.tools.narrow(*(member.tools or ()))
    bounds = above.budget.bounds() if above.budget else {}
    for name, asked in (member.budget.bounds() if member.budget else {}).items():
        if asked > bounds.get(name, asked):
            raise _more(path, f"a budget of {asked:,} {name}", f"{giver} has {bounds[name]:,}")
    if above.seconds is not None and member.seconds is not None and member.seconds > above.seconds:
        raise _more(path, f"{member.seconds:g} s", f"{giver} has {above.seconds:g} s")
    if above.readers is not None and member.readers is not None and not member.readers <= above.readers:
        more = ", ".join(sorted(member.readers - above.readers))
        raise _more(path, f"data of {more}", f"{giver} reads for {', '.join(sorted(above.readers)) or 'nobody'}")
    both = above.budget.within(member.budget) if above.budget and member.budget else member.budget or above.budget
    return Authority(
        tools=tools,
        judges=(*above.judges, member.policy) if member.policy is not None else above.judges,
        model=member.model if member.model is not None else above.model,
        budget=both,
        seconds=above.seconds if member.seconds is None else member.seconds,
        readers=above.readers if member.readers is None else member.readers,
    )


def _team(team: Team, authority: Authority, max_depth: int, path: tuple[str, ...]) -> StateGraph[Any, Any, Any, Any]:
    if len(path) > max_depth:
        raise AuthorityError(
            f"Team {team.name!r} would stand {len(path)} teams deep; at most {max_depth} are allowed.", path=path
        )
    names = [member.name for member in team.members]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"Team {team.name!r} has several members called {twins[0]!r}.", "Rename one.")
    workers = {}
    for member in team.members:
        granted = narrowed(authority, member, path)
        workers[member.name] = Worker(
            graph=_graph(member, granted, max_depth, (*path, member.name)),
            description=member.description,
            output=member.output,
            budget=granted.budget,
            seconds=granted.seconds,
            readers=granted.readers,
            reads=member.reads,
            writes=member.writes,
        )
    return orchestrator.blueprint(
        workers=workers,
        model=authority.model,
        prompt=team.prompt or orchestrator.PROMPT,
        parallel=team.parallel,
        max_replans=team.max_replans,
        max_depth=max_depth,
        budget=authority.budget,
        policy=authority.policy(),
        board=team.board,
        name=team.name,
    )


def _graph(
    member: Member, authority: Authority, max_depth: int, path: tuple[str, ...]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    if isinstance(member, Team):
        return compiled(_team(member, authority, max_depth, path), name=member.name)
    for finding in lint_agent([*authority.tools.values()], member.prompt or react.PROMPT, name=member.name):
        _log.warning("%s", finding)
    return react.build(
        model=authority.model,
        tools=authority.tools,
        policy=authority.policy(),
        prompt=member.prompt or react.PROMPT,
        max_iterations=member.max_iterations if isinstance(member, Agent) else None,
        name=member.name,
    )


def _more(path: tuple[str, ...], what: str, has: str) -> AuthorityError:
    return AuthorityError(f"{path[-1]!r} asks for {what}, but {has}.", "Authority only narrows on the way down.", path)


def __getattr__(name: str) -> Any:
    # Made on use: most programs that import this module build teams of their own.
    if name == "graph":
        from lockgate.graphs import reference

        return reference.graph
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
