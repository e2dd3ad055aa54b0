"""A team in one YAML file: agents, tools, policies, models and the pattern that joins them. Format version 1."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from pydantic import Field, ValidationError

from lockgate.blackboard import Blackboard
from lockgate.deadline import MAX_SECONDS
from lockgate.errors import AuthorityError, ConfigError, FileError
from lockgate.graphs.loading import absolute, load, load_policy, load_tools
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.pack import editor_schema
from lockgate.guardrails.rule import Name
from lockgate.guardrails.wording import field_text, first_problem
from lockgate.handoff import Budget
from lockgate.ports import Judge
from lockgate.spec import ToolSpec
from lockgate.tools import ToolRegistry
from lockgate.yaml_data import Document, Kind, Loc, Problem, read_file

Pattern = Literal["react", "orchestrator", "hierarchy", "pipeline", "debate"]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]

_KIND = Kind(name="team", file="team file", plain=True)
_ANY = frozenset({"version", "name", "description", "pattern", "model", "policy", "agents", "deadline"})
_AGENT = frozenset({"description", "model", "policy", "prompt", "tools", "max_iterations"})
_BOUNDS = frozenset({"budget", "seconds", "readers"})
_SHARING = frozenset({"reads", "writes"})
_TEAM_FIELDS: Mapping[Pattern, frozenset[str]] = {
    "react": _ANY,
    "orchestrator": _ANY | {"prompt", "budget", "parallel", "max_tasks", "max_replans", "board"},
    "hierarchy": _ANY
    | {"prompt", "budget", "seconds", "readers", "tools", "parallel", "max_replans", "max_depth", "board"},
    "pipeline": _ANY | {"parallel", "ordered", "key"},
    "debate": _ANY | {"judge_model", "rounds", "seconds"},
}
_AGENT_FIELDS: Mapping[Pattern, frozenset[str]] = {
    "react": _AGENT,
    "orchestrator": _AGENT | _BOUNDS | _SHARING,
    "hierarchy": _AGENT | _BOUNDS | _SHARING | {"agents", "parallel", "max_replans", "board"},
    "pipeline": _AGENT | {"objective", "takes", "gives", "attempts", "seconds"},
    "debate": _AGENT - {"max_iterations"},
}


class AgentFile(Strict):
    """One agent, or in a hierarchy one team."""

    description: str = Field(default="", description="What it is for. The planner of a team reads it.")
    model: Text | None = Field(default=None, description="As `open_model` takes it; the team's when left out.")
    prompt: Text | None = Field(default=None, description="Its system prompt; in a debate its brief.")
    tools: tuple[Text, ...] = Field(
        default=(),
        description="module:attribute of a tool, a list or a registry, or builtin. In a hierarchy: names of the top's.",
    )
    policy: Text | None = Field(default=None, description="A policy file or a shipped pack; the team's when left out.")
    max_iterations: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        default=None, description="Model calls for one task."
    )
    budget: Budget | None = Field(default=None, description="Bounds of one task.")
    seconds: Seconds | None = Field(default=None, description="Time for one task.")
    readers: frozenset[Text] | None = Field(default=None, description="Who may see what it sees.")
    reads: tuple[Text, ...] = Field(default=(), description="Entries of the team's board that it is shown.")
    writes: Text | None = Field(default=None, description="The entry of the team's board that its answer becomes.")
    board: dict[Name, Text] = Field(default_factory=dict, description="Hierarchy: what the members of this team share.")
    objective: Text | None = Field(default=None, description="Pipeline: what the stage does with an item.")
    takes: Text | None = Field(default=None, description="Pipeline: module:attribute of the type of its input.")
    gives: Text | None = Field(default=None, description="Pipeline: module:attribute of the type of its output.")
    attempts: Count = Field(default=3, description="Pipeline: answers for one item.")
    agents: dict[Name, "AgentFile"] = Field(default_factory=dict, description="Hierarchy: the members of this team.")
    parallel: Count = Field(default=8, description="Hierarchy: tasks of this team at once.")
    max_replans: Annotated[int, Field(ge=0)] = Field(default=1, description="Hierarchy: new plans after failures.")


class TeamFile(Strict):
    """A Lockgate team."""

    version: Literal[1] = Field(description="Of the format.")
    name: Name | None = Field(default=None, description="Names the team; the file's name when left out.")
    description: str = Field(default="", description="For people.")
    pattern: Pattern = Field(description="How the agents work together.")
    model: Text | None = Field(default=None, description="For the planner, and for each agent without one of its own.")
    policy: Text | None = Field(default=None, description="For each agent without one of its own. None: all is denied.")
    prompt: Text | None = Field(default=None, description="The planner's system prompt.")
    agents: Annotated[dict[Name, AgentFile], Field(min_length=1, description="In the order of a pipeline's stages.")]
    tools: tuple[Text, ...] = Field(default=(), description="Hierarchy: all the tools there are, as module:attribute.")
    budget: Budget | None = Field(default=None, description="Bounds of one run.")
    deadline: Annotated[float, Field(gt=0, le=MAX_SECONDS)] | None = Field(
        default=None, description="Seconds for a whole run, waiting for people included."
    )
    seconds: Seconds | None = Field(default=None, description="Debate: for one answer. Hierarchy: for one task.")
    readers: frozenset[Text] | None = Field(default=None, description="Hierarchy: whose data it may read.")
    parallel: Count | None = Field(default=None, description="Tasks, or items, at once.")
    max_tasks: Count = Field(default=1_000, description="Orchestrator: tasks in one plan.")
    max_replans: Annotated[int, Field(ge=0)] = Field(default=1, description="New plans after failures.")
    max_depth: Count = Field(default=4, description="Hierarchy: teams above the lowest agent.")
    board: dict[Name, Text] = Field(
        default_factory=dict,
        description="What the agents share: a name, and module:attribute of its type, such as builtins:str.",
    )
    ordered: bool = Field(default=True, description="Pipeline: results in the order of the items.")
    key: Text | None = Field(default=None, description="Pipeline: the field that holds an item's id.")
    judge_model: Text | None = Field(default=None, description="Debate: the judge's model; the team's when left out.")
    rounds: Count = Field(default=2, description="Debate: rounds after the first answers, at most.")


def json_schema() -> dict[str, Any]:
    """The format as a JSON schema, for editors. `team.schema.json` holds it: `python -m lockgate.graphs.team_file`."""
    return editor_schema(TeamFile)


def load_team(
    path: "str | os.PathLike[str]",
    *,
    model: str | None = None,
    policy: Judge | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled team that a YAML file declares; relative paths and modules are looked up in the file's folder.

    `model` stands in where the file names none, `policy` for every one that the file names. Raises FileError with
    `file:line` and the field, also for a tool, a type or a policy that cannot be loaded, and BypassError should there
    be a way round the lock.
    """
    from lockgate.graphs.team_building import build_team

    document, team = _read(os.fspath(path))
    place = Place(document, Path(path).absolute().parent)
    with place.at(("agents",)):
        return build_team(team, place, team.name or Path(path).stem, model, policy, checkpointer)


def read_team(path: "str | os.PathLike[str]") -> TeamFile:
    """What a team file says, checked but with nothing it names loaded. Raises FileError."""
    return _read(os.fspath(path))[1]


class Place:
    """Where a team file stands: turns what it names into objects, and errors into its lines."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document = document
        self.folder = folder

    @contextmanager
    def at(self, loc: Loc) -> Iterator[None]:
        """Names the line of `loc` in a configuration error that comes up within."""
        try:
            yield
        except FileError:
            raise
        except (ConfigError, AuthorityError) as error:
            if isinstance(error, AuthorityError):  # the path begins with the team of the file itself
                below = [part for name in error.path[1:] for part in (name, "agents")]
                loc = (*loc, *below[:-1])
            raise _located(Problem(loc=loc, message=error.message, hint=error.hint), self.document) from error

    def tools(self, names: tuple[str, ...], loc: Loc) -> ToolRegistry:
        """The registry of the tools that `names` hold."""
        found: list[ToolSpec] = []
        for index, name in enumerate(names):
            with self.at((*loc, index)):
                found += load_tools((name,), str(self.folder)).values()
        with self.at(loc):
            return ToolRegistry(found)

    def policy(self, name: str | None, loc: Loc) -> Any:
        """The policy called `name`; None without a name."""
        if name is None:
            return None
        try:
            return load_policy(name, str(self.folder))
        except FileError as error:
            if error.where:  # the policy's own file is at fault, and the error names the line there
                raise
            raise _located(Problem(loc=loc, message=error.message, hint=error.hint), self.document) from error

    def type(self, name: str | None, loc: Loc) -> Any:
        """The type called `name`; text without one."""
        if name is None:
            return str
        with self.at(loc):
            return load(name, str(self.folder))

    def board(self, names: Mapping[str, str], loc: Loc) -> Blackboard | None:
        """The blackboard with `names` and their types; None without any."""
        return Blackboard(**{name: self.type(kind, (*loc, name)) for name, kind in names.items()}) if names else None

    def model(self, spec: str | None) -> str | None:
        """A model's name with the file in it made absolute."""
        return absolute(spec, self.folder) if spec else None


def _read(name: str) -> tuple[Document, TeamFile]:
    document = read_file(name, _KIND)
    if not isinstance(document.data, dict):
        problem = Problem(message="a team is a mapping of fields.", hint="Start it with 'version: 1'.")
        raise document.error(problem)
    if document.faults:
        raise _located(document.faults[0], document)
    try:
        team = TeamFile.model_validate(document.data)
    except ValidationError as error:
        raise _located(first_problem(error, TeamFile), document) from None
    for misplaced in _misplaced(team):
        raise _located(misplaced, document)
    return document, team


def _located(problem: Problem, document: Document) -> FileError:
    return document.error(problem, f": field {field_text(problem.loc)!r}" if problem.loc else "")


def _misplaced(team: TeamFile) -> Iterator[Problem]:
    """Fields that the pattern has no use for, so that none is ignored in silence."""
    yield from _unused(team, _TEAM_FIELDS, team.pattern, ())
    if team.pattern == "react" and len(team.agents) != 1:
        yield Problem(loc=("agents",), message="the pattern react has one agent.", hint="Or choose another pattern.")
    yield from _misplaced_below(team.agents, team.pattern, ("agents",))


def _misplaced_below(agents: Mapping[str, AgentFile], pattern: Pattern, loc: Loc) -> Iterator[Problem]:
    for name, agent in agents.items():
        yield from _unused(agent, _AGENT_FIELDS, pattern, (*loc, name))
        yield from _misplaced_below(agent.agents, pattern, (*loc, name, "agents"))


def _unused(part: Strict, known: Mapping[Pattern, frozenset[str]], pattern: Pattern, loc: Loc) -> Iterator[Problem]:
    for name in type(part).model_fields:
        if name in part.model_fields_set and name not in known[pattern]:
            users = ", ".join(other for other in known if name in known[other])
            yield Problem(
                loc=(*loc, name),
                message=f"the pattern {pattern} has no use for this field.",
                hint=f"It is for {users}.",
            )


if __name__ == "__main__":
    import json

    print(json.dumps(json_schema(), indent=2))  # noqa: T201 - this prints the schema
