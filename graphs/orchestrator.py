"""An orchestrator: a model plans tasks, workers carry them out side by side, and the model answers from the results.

START -> input_guard -> brief -> lead -+-> output_guard -> END
^                        |   ^         (lead: a plan that cannot be carried out goes back with the reasons)
|                        v   |
+--------------------- dispatch
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel

from lockgate.blackboard import Blackboard
from lockgate.errors import ConfigError, UnknownNameError
from lockgate.graphs import react
from lockgate.graphs.bridged import BridgedStateGraph
from lockgate.graphs.compiling import compiled
from lockgate.guardrails import Gate, Policy
from lockgate.handoff import Budget
from lockgate.nodes.brief import brief
from lockgate.nodes.dispatch import dispatch
from lockgate.nodes.input_guard import input_guard
from lockgate.nodes.lead import lead
from lockgate.nodes.metering import Meter, budgets_of
from lockgate.nodes.output_guard import output_guard
from lockgate.nodes.worker import Worker
from lockgate.ports import Caller, Judge
from lockgate.settings import settings
from lockgate.team import TeamState

PROMPT = (
    "You lead a team. Break the goal into tasks for the workers below and hand them out with submit_plan. Tasks that "
    "do not need one another run side by side, so name a dependency only where a task needs the other's result. When "
    "the results are there, answer the goal from them alone and cite the tasks."
)

AnyWorker = Worker | Pregel[Any, Any, Any, Any]


def blueprint(
    *,
    workers: Mapping[str, AnyWorker],
    model: BaseChatModel | str | None = None,
    prompt: str = PROMPT,
    parallel: int = 8,
    max_tasks: int = 1_000,
    max_attempts: int = 3,
    max_replans: int = 1,
    max_depth: int = 4,
    budget: Budget | None = None,
    policy: Judge | None = None,
    board: Blackboard | None = None,
    max_input: int | None = None,
    name: str = "orchestrator",
) -> StateGraph[Any, Any, Any, Any]:
    """The team's graph, not yet compiled.

    `workers` are compiled graphs without a checkpointer of their own (they live in the team's), or `Worker`s that
    also say what each is for and entitled to. At most `parallel` run at once, and a plan has at most `max_tasks`
    tasks. The planner has `max_attempts` at each plan, and may plan anew `max_replans` times after failures. A
    team that is a worker itself refuses to work more than `max_depth` teams down. `budget` bounds one run, and so do
    the budgets of `policy`, workers included; it also says what is done with the texts that come in and go out (secrets
    are taken out in any case). What workers may call is for their own policies to say.
    `board` declares what workers share: a `Worker` says which of its names it `reads`, and which one it `writes`.
    """
    crew = _crew(workers, board)
    gate = Gate(policy or Policy.deny_all(), ())  # for what comes in and goes out; a team runs no tool itself
    graph = BridgedStateGraph(TeamState, context_schema=Caller)
    graph.add_node(
        "input_guard",
        input_guard(
            max_input=max_input or settings().max_input,
            accepted="brief",
            refused="output_guard",
            gate=gate,
            agent=name,
        ),
        destinations=("brief", "output_guard"),
    )
    graph.add_node(
        "brief",
        brief(max_depth=max_depth, accepted="lead", refused="output_guard", agent=name),
        destinations=("lead", "output_guard"),
    )
    graph.add_node(
        "lead",
        lead(
            model=react.opener(model),
            workers=crew,
            prompt=prompt,
            max_tasks=max_tasks,
            max_attempts=max_attempts,
            max_replans=max_replans,
            budget=budget,
            meter=Meter.of(gate, name),
            again="lead",
            carry_out="dispatch",
            done="output_guard",
            agent=name,
        ),
        destinations=("lead", "dispatch", "output_guard"),
    )
    graph.add_node(
        "dispatch", dispatch(workers=crew, parallel=parallel, board=board, budgets=budgets_of(gate), agent=name)
    )
    graph.add_node("output_guard", output_guard(gate=gate, agent=name))
    graph.add_edge(START, "input_guard")
    graph.add_edge("dispatch", "lead")
    graph.add_edge("output_guard", END)
    return graph


def build(
    *, checkpointer: BaseCheckpointSaver[Any] | None = None, name: str = "orchestrator", **options: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled team; `options` are the arguments of `blueprint`. A review needs a `checkpointer` to wait in.

    Raises BypassError should there be a way round the lock in the team or in a worker.
    """
    return compiled(blueprint(name=name, **options), name=name, checkpointer=checkpointer)


def _crew(workers: Mapping[str, AnyWorker], board: Blackboard | None) -> dict[str, Worker]:
    if not workers:
        raise ConfigError("A team needs at least one worker.", "workers={'research': react.build(...)}")
    crew = {name: w if isinstance(w, Worker) else Worker(graph=w) for name, w in workers.items()}
    for name, worker in crew.items():
        if not isinstance(worker.graph, Pregel):
            raise ConfigError(f"Worker {name!r} is no compiled graph.", "Build it: react.build(...)")
        if isinstance(worker.graph.checkpointer, BaseCheckpointSaver):
            raise ConfigError(
                f"Worker {name!r} has a checkpointer of its own.", "Build it without one; the team's serves all."
            )
        if "messages" not in worker.graph.channels:
            raise ConfigError(f"Worker {name!r} takes no messages.", "Its state needs a key 'messages'.")
        declared = board.names if board else ()
        for entry in (*worker.reads, *([worker.writes] if worker.writes else [])):
            if entry not in declared:
                raise UnknownNameError.of("name on the blackboard", entry, declared)
    return crew


graph = build(
    workers={"assistant": Worker(graph=react.graph, description="works with files, arithmetic and the clock")}
)
"""For Studio and `langgraph dev`: a team of one worker, the graph of `react`."""
