"""The vote: independent answers, and the one given most often stands. The baseline that a debate has to beat.

START -> input_guard -> opening -> one Send a ballot -> debater -> poll -> output_guard -> END
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from lockgate.errors import ConfigError
from lockgate.graphs.bridged import BridgedStateGraph
from lockgate.graphs.compiling import compiled
from lockgate.graphs.debate import BENCH, Debater, DebateState, alone, inspected, plain_form, seated
from lockgate.guardrails import Gate, Policy
from lockgate.nodes.debater import debater
from lockgate.nodes.metering import bounds_of, budgets_of, share
from lockgate.nodes.moderator import opening
from lockgate.nodes.node import Goto
from lockgate.nodes.tally import poll
from lockgate.ports import Caller, Judge
from lockgate.state import AgentState


def blueprint(
    *,
    debaters: Sequence[Debater] = BENCH,
    votes: int | None = None,
    rounds: int = 2,
    model: BaseChatModel | str | None = None,
    key: Callable[[str], str] = plain_form,
    timeout: float = 300.0,
    policy: Judge | None = None,
    max_input: int | None = None,
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

    gate = Gate(policy or Policy.deny_all(), ())  # for what comes in and goes out
    budgets = budgets_of(gate)
    bounds = bounds_of(budgets, name)

    def ballot(question: str, state: dict[str, Any]) -> Goto:
        budget = share(cast("AgentState", state), bounds, ballots)
        return [Send("debater", alone(names[i % len(names)], i, question, state, budget)) for i in range(ballots)]

    graph = BridgedStateGraph(DebateState, context_schema=Caller)
    graph.add_node("opening", opening(send=ballot, agent=name), destinations=("debater",))
    graph.add_node("debater", debater(agents, key=key, timeout=timeout, budgets=budgets, agent=name))
    graph.add_node("poll", poll(agent=name))
    graph.add_edge("debater", "poll")
    inspected(graph, gate, first="opening", last="poll", max_input=max_input, name=name)
    return graph


def build(
    *,
    debaters: Sequence[Debater] = BENCH,
    votes: int | None = None,
    rounds: int = 2,
    model: BaseChatModel | str | None = None,
    key: Callable[[str], str] = plain_form,
    timeout: float = 300.0,
    policy: Judge | None = None,
    max_input: int | None = None,
    name: str = "majority",
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled vote; arguments as for `blueprint`. Its state ends with `verdict` and `positions`.

    Raises BypassError should there be a way round the lock.
    """
    graph = blueprint(
        debaters=debaters,
        votes=votes,
        rounds=rounds,
        model=model,
        key=key,
        timeout=timeout,
        policy=policy,
        max_input=max_input,
        name=name,
    )
    return compiled(graph, name=name, checkpointer=checkpointer)


graph = build()
"""For Studio and `langgraph dev`: three briefs and the configured model, opened at its first call."""
