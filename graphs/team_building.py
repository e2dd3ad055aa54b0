"""From what a team file says to the compiled graph, pattern by pattern."""

import logging
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from lockgate.errors import ConfigError
from lockgate.graphs.compiling import within
from lockgate.graphs.team_file import AgentFile, Place, TeamFile
from lockgate.guardrails.god_agent import lint_agent
from lockgate.ports import Judge
from lockgate.yaml_data import Loc

_log = logging.getLogger(__name__)

Graph = CompiledStateGraph[Any, Any, Any, Any]
Saver = BaseCheckpointSaver[Any]


def build_team(
    team: TeamFile, place: Place, name: str, model: str | None, policy: Judge | None, checkpointer: Saver | None
) -> Graph:
    """The compiled graph of `team`; `model` stands in where the file names none, `policy` for every one of its own.

    Warns of God agents in the log.
    """
    built = _Builder(team, place, name, model, policy, checkpointer).build()
    return built if team.deadline is None else within(built, team.deadline)


class _Builder:
    def __init__(
        self,
        team: TeamFile,
        place: Place,
        name: str,
        model: str | None,
        policy: Judge | None,
        checkpointer: Saver | None,
    ) -> None:
        self.team = team
        self.place = place
        self.name = name
        self.model = place.model(team.model) or model
        self.instead = policy
        self.policy = place.policy(team.policy, ("policy",)) if policy is None else policy
        self.checkpointer = checkpointer

    def build(self) -> Graph:
        match self.team.pattern:
            case "react":
                ((name, agent),) = self.team.agents.items()
                return self._react(agent, ("agents", name), name=name, checkpointer=self.checkpointer)
            case "orchestrator":
                return self._orchestrator()
            case "hierarchy":
                return self._hierarchy()
            case "pipeline":
                return self._pipeline()
            case "debate":
                return self._debate()

    def _model(self, agent: AgentFile) -> str | None:
        return self.place.model(agent.model) or self.model

    def _policy_named(self, name: str | None, loc: Loc) -> Any:
        return self.place.policy(name, loc) if name is None or self.instead is None else self.instead

    def _policy(self, agent: AgentFile, loc: Loc) -> Any:
        own = self._policy_named(agent.policy, (*loc, "policy"))
        return self.policy if own is None else own

    def _react(self, agent: AgentFile, loc: Loc, *, name: str, checkpointer: Saver | None = None) -> Graph:
        from lockgate.graphs import react

        tools = self.place.tools(agent.tools, (*loc, "tools"))
        for finding in lint_agent([*tools.values()], agent.prompt or react.PROMPT, name=name):
            _log.warning("%s", finding)
        return react.build(
            model=self._model(agent),
            tools=tools,
            policy=self._policy(agent, loc),
            max_iterations=agent.max_iterations,
            name=name,
            checkpointer=checkpointer,
            prompt=agent.prompt or react.PROMPT,
        )

    def _orchestrator(self) -> Graph:
        from lockgate.graphs import orchestrator
        from lockgate.nodes.worker import Worker

        workers = {
            name: Worker(
                graph=self._react(agent, ("agents", name), name=name),
                description=agent.description,
                budget=agent.budget,
                seconds=agent.seconds,
                readers=agent.readers,
                reads=agent.reads,
                writes=agent.writes or "",
            )
            for name, agent in self.team.agents.items()
        }
        return orchestrator.build(
            workers=workers,
            model=self.model,
            parallel=self.team.parallel or 8,
            max_tasks=self.team.max_tasks,
            max_replans=self.team.max_replans,
            budget=self.team.budget,
            policy=self.policy,
            board=self.place.board(self.team.board, ("board",)),
            name=self.name,
            checkpointer=self.checkpointer,
            prompt=self.team.prompt or orchestrator.PROMPT,
        )

    def _hierarchy(self) -> Graph:
        from lockgate.graphs import hierarchy

        team = hierarchy.Team(
            name=self.name,
            description=self.team.description,
            budget=self.team.budget,
            seconds=self.team.seconds,
            readers=self.team.readers,
            prompt=self.team.prompt or "",
            parallel=self.team.parallel or 8,
            max_replans=self.team.max_replans,
            board=self.place.board(self.team.board, ("board",)),
            members=self._members(self.team.agents, ("agents",)),
        )
        return hierarchy.build(
            team=team,
            tools=self.place.tools(self.team.tools, ("tools",)).values(),
            policy=self.policy,
            model=self.model,
            max_depth=self.team.max_depth,
            checkpointer=self.checkpointer,
        )

    def _members(self, agents: dict[str, AgentFile], loc: Loc) -> Any:
        return tuple(self._member(name, agent, (*loc, name)) for name, agent in agents.items())

    def _member(self, name: str, agent: AgentFile, loc: Loc) -> Any:
        from lockgate.graphs import hierarchy

        common: dict[str, Any] = {
            "name": name,
            "description": agent.description,
            "policy": self._policy_named(agent.policy, (*loc, "policy")),
            "model": self.place.model(agent.model),
            "budget": agent.budget,
            "seconds": agent.seconds,
            "readers": agent.readers,
            "reads": agent.reads,
            "writes": agent.writes or "",
            "prompt": agent.prompt or "",
            "tools": agent.tools if "tools" in agent.model_fields_set else None,
        }
        if agent.agents:
            members = self._members(agent.agents, (*loc, "agents"))
            return hierarchy.Team(
                **common,
                members=members,
                parallel=agent.parallel,
                max_replans=agent.max_replans,
                board=self.place.board(agent.board, (*loc, "board")),
            )
        return hierarchy.Agent(**common, max_iterations=agent.max_iterations)

    def _pipeline(self) -> Graph:
        from lockgate.graphs import pipeline

        stages = []
        for name, agent in self.team.agents.items():
            loc: Loc = ("agents", name)
            with self.place.at(loc):
                if agent.objective is None:
                    raise ConfigError("a stage needs an objective.", "Say what it does with an item.")
                stages.append(
                    pipeline.agent(
                        self._react(agent, loc, name=name),
                        name=name,
                        objective=agent.objective,
                        takes=self.place.type(agent.takes, (*loc, "takes")),
                        gives=self.place.type(agent.gives, (*loc, "gives")),
                        attempts=agent.attempts,
                        timeout=agent.seconds or 300.0,
                    )
                )
        with self.place.at(("agents",)):
            return pipeline.build(
                stages=stages,
                key=self.team.key,
                parallel=self.team.parallel or 16,
                ordered=self.team.ordered,
                policy=self.policy,
                name=self.name,
                checkpointer=self.checkpointer,
            )

    def _debate(self) -> Graph:
        from lockgate.graphs import debate

        debaters = [
            debate.Debater(
                name=name,
                brief=agent.prompt or agent.description,
                model=self.place.model(agent.model),
                tools=tuple(self.place.tools(agent.tools, ("agents", name, "tools")).values()),
                policy=self._policy(agent, ("agents", name)),
            )
            for name, agent in self.team.agents.items()
        ]
        return debate.build(
            debaters=debaters,
            judge_model=self.place.model(self.team.judge_model),
            model=self.model,
            rounds=self.team.rounds,
            timeout=self.team.seconds or 300.0,
            policy=self.policy,
            name=self.name,
            checkpointer=self.checkpointer,
        )
