"""The vote: independent answers, and the one given most often stands. The baseline that a debate has to beat.

START -> opening -> one Send a ballot -> debater -> poll -> END
"""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from lockgate.errors import ConfigError
from lockgate.graphs.bridged import BridgedStateGraph
from lockgate.graphs.compiling import compiled
from lockgate.graphs.debate import BENCH, Debater, DebateState, plain_form, seated
from lockgate.labels import TRUSTED
from lockgate.nodes.debater import Turn, debater
from lockgate.nodes.moderator import opening
from lockgate.nodes.node import Goto
from lockgate.nodes.tally import poll
from lockgate.ports import Caller


def blueprint(
    *,
    debaters: Sequence[Debater] = BENCH,
    votes: int | None = None,
    rounds: int = 2,
    model: BaseChatModel | str | None = None,
    key: Callable[[str], str] = plain_form,
    timeout: float = 300.0,
    name: str = "majority",
) -> StateGraph[Any, Any, Any, Any]:
    """The vote's graph, not yet compiled. Arguments as for a debate; the debaters take turns in filling ballots.

    `votes` ballots are cast; without it as many as a debate of `rounds` rounds asks answers for at the most, its
    judge's included. (A model that says the same each time makes no use of more ballots than debaters.)
    """
    agents = seated(debaters, model)
    names = list(agents)
    if not names:
        raise ConfigError("A vote needs a voter.", "debaters=[Debater(name=..., brief=...)]")
    ballots = votes if votes is not None else len(names) * (rounds + 1) + 1
    if ballots < 1:
        raise ConfigError(f"A vote of {ballots} ballots decides nothing.", "votes=1 or more.")

    def cast(question: str, run_id: str, state: dict[str, Any]) -> Goto:
        common = Turn(
            question=question, run_id=run_id, trust=state.get("trust") or TRUSTED, deadline=state.get("deadline")
        )
        turns = [Turn(**common, debater=names[i % len(names)], round=i) for i in range(ballots)]
        return [Send("debater", turn) for turn in turns]

    graph = BridgedStateGraph(DebateState, context_schema=Caller)
    graph.add_node("opening", opening(send=cast, refused="poll", agent=name), destinations=("debater", "poll"))
    graph.add_node("debater", debater(agents, key=key, timeout=timeout, agent=name))
    graph.add_node("poll", poll(agent=name))
    graph.add_edge(START, "opening")
    graph.add_edge("debater", "poll")
    graph.add_edge("poll", END)
    return graph


def build(
    *,
    debaters: Sequence[Debater] = BENCH,
    votes: int | None = None,
    rounds: int = 2,
    model: BaseChatModel | str | None = None,
    key: Callable[[str], str] = plain_form,
    timeout: float = 300.0,
    name: str = "majority",
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled vote; arguments as for `blueprint`. Its state ends with `verdict` and `positions`.

    Raises BypassError should there be a way round the lock.
    """
    graph = blueprint(debaters=debaters, votes=votes, rounds=rounds, model=model, key=key, timeout=timeout, name=name)
    return compiled(graph, name=name, checkpointer=checkpointer)


graph = build()
"""For Studio and `langgraph dev`: three briefs and the configured model, opened at its first call."""
