"""The reference team: an orchestrator over research, code, data and communication.

Each agent names every tool its work calls for. Those that are at hand it gets; those that are not are named in its
description, so that the planner does not count on them. More tools make the team stronger without a change here.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from lockgate.graphs import hierarchy
from lockgate.graphs.hierarchy import Agent, Team
from lockgate.guardrails import Policy
from lockgate.ports import Judge
from lockgate.runtime import reader_url
from lockgate.tools import ToolRegistry
from lockgate.tools.builtin import builtin_tools
from lockgate.tools.search import search_tool
from lockgate.tools.sql import sql_tools

_MEMBERS: dict[str, tuple[str, dict[str, tuple[str, tuple[str, ...]]]]] = {
    "research": (
        "Finds out what is known",
        {
            "searcher": ("searches files and the web", ("search_files", "search_web", "fetch_page")),
            "reader": ("reads documents and sums them up", ("list_files", "read_file")),
        },
    ),
    "code": (
        "Writes and checks programs",
        {
            "writer": ("writes code into files", ("list_files", "read_file", "write_file")),
            "tester": ("runs code and tests in the sandbox", ("run_python", "read_file")),
            "reviewer": ("reads code and names its faults", ("list_files", "read_file", "search_files")),
        },
    ),
    "data": (
        "Answers from data",
        {
            "querier": ("looks things up in the database", ("list_tables", "query_sql")),
            "analyst": ("works out figures", ("calculate", "read_file", "run_python")),
            "charter": ("draws charts", ("draw_chart", "calculate")),
        },
    ),
    "communication": (
        "Tells people",
        {
            "mailer": ("reads and answers mail", ("read_mail", "send_reply", "send_mail")),
            "notifier": ("sends notifications", ("notify",)),
            "summariser": ("writes summaries of what it is given", ()),
        },
    ),
}


def reference_tools(
    folder: str = ".", *, database_url: str | None = None, schemas: Sequence[str] = ("public",)
) -> ToolRegistry:
    """The tools that come with Lockgate and that the team makes use of; files only inside `folder`.

    With a `database_url`, the tables of `schemas` too, read by a role that `reader_url` makes for it; blocks meanwhile.
    """
    tools = [*builtin_tools(folder).values(), search_tool(folder)]
    if database_url is not None:
        tools += sql_tools(reader_url(database_url, schemas))
    return ToolRegistry(tools)


def reference_team(tools: Iterable[str]) -> Team:
    """The team for `hierarchy.build(team=..., tools=...)`, fitted to the names of the tools that are at hand."""
    there = set(tools)
    return Team(
        name="reference",
        members=tuple(
            Team(
                name=name,
                description=description,
                members=tuple(_agent(agent, does, wants, there) for agent, (does, wants) in agents.items()),
            )
            for name, (description, agents) in _MEMBERS.items()
        ),
    )


def missing_tools(tools: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each agent that lacks some, the tools its work calls for and that are not among `tools`."""
    there = set(tools)
    lacking = {
        agent: tuple(tool for tool in wants if tool not in there)
        for _, agents in _MEMBERS.values()
        for agent, (_, wants) in agents.items()
    }
    return {agent: wants for agent, wants in lacking.items() if wants}


def _agent(name: str, does: str, wants: tuple[str, ...], there: set[str]) -> Agent:
    lacks = [tool for tool in wants if tool not in there]
    description = f"{does}; without {', '.join(lacks)}, which are not at hand" if lacks else does
    return Agent(name=name, description=description, tools=tuple(tool for tool in wants if tool in there))


def build(
    *,
    model: BaseChatModel | str | None = None,
    policy: Judge | None = None,
    folder: str = ".",
    database_url: str | None = None,
    schemas: Sequence[str] = ("public",),
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The team with the tools that come with Lockgate, under the pack `starter` without a `policy`.

    Arguments as for `reference_tools` and `hierarchy.build`.
    """
    tools = reference_tools(folder, database_url=database_url, schemas=schemas)
    chosen = policy or Policy.load("starter")
    return hierarchy.build(
        team=reference_team(tools), tools=tools, policy=chosen, model=model, checkpointer=checkpointer
    )


graph = build()
"""For Studio and `langgraph dev`: the team with the tools that come with Lockgate and the shipped policy."""
