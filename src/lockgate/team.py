"""`TeamState`: the state of an agent that hands tasks to others."""

from collections.abc import Mapping
from typing import Annotated

from langchain_core.messages import AnyMessage
from langgraph.channels import DeltaChannel

from lockgate.blackboard import Entry, merge_entries
from lockgate.handoff import AgentResult, AgentTask
from lockgate.state import SNAPSHOT_EVERY, AgentState, reduce_messages


def merge_results(left: Mapping[str, AgentResult] | None, right: Mapping[str, AgentResult]) -> dict[str, AgentResult]:
    """Results by task id; an empty mapping clears them, as a new run does."""
    return {**(left or {}), **right} if right else {}


class TeamState(AgentState, total=False):
    """An agent's state with its plan.

    `planning` is the conversation with the planner, apart from `messages`, which the user reads. `plan` holds the
    tasks of all rounds in order, `results` what came of those that ended. `attempts` counts plans that could not
    stand in this round, `rounds` plans that were carried out. `board` is what the workers share; it outlasts the run.
    """

    planning: Annotated[list[AnyMessage], DeltaChannel(reduce_messages, snapshot_frequency=SNAPSHOT_EVERY)]
    plan: list[AgentTask]
    results: Annotated[dict[str, AgentResult], merge_results]
    attempts: int
    rounds: int
    board: Annotated[dict[str, Entry], merge_entries]
