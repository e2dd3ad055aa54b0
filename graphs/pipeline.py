"""Typed stages in a row. Every item takes them by itself, and what cannot be mended goes to the dead letters.

START -> intake -> one Send a batch -> batch -> collect -> END
batch    START -> one Send an item -> item -> END
item     START -> stage -> stage -> ... -> END, a stage back to itself to mend what was wrong

A batch bounds nothing but LangGraph's own bookkeeping, which grows with the square of the tasks of one step. All
batches run at once, and an item that waits for nobody is never held by one that does.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from types import UnionType
from typing import Annotated, Any, TypedDict, cast
from weakref import WeakKeyDictionary

from langgraph.channels import EphemeralValue, Topic
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.pregel import Pregel
from langgraph.types import Send

from lockgate.deadline import Deadline
from lockgate.errors import ConfigError
from lockgate.events import Event
from lockgate.graphs.bridged import BridgedStateGraph
from lockgate.graphs.compiling import compiled
from lockgate.graphs.drawn import as_drawn
from lockgate.graphs.stages import agent, function, tool
from lockgate.guardrails import Gate, Policy
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.handoff import AgentResult, Budget, Usage
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import UNTRUSTED, Label
from lockgate.nodes.collect import collect
from lockgate.nodes.intake import Key, intake
from lockgate.nodes.metering import bounds_of, budgets_of, share
from lockgate.nodes.node import Node, Update
from lockgate.nodes.stage import Attempt, Check, ItemState, Stage, stage
from lockgate.ports import Caller, Judge
from lockgate.state import AgentState, add_usage, join_trust

__all__ = ["Attempt", "Check", "PipelineState", "Stage", "agent", "blueprint", "build", "function", "tool"]

BATCH = 64
"""Items in one batch: LangGraph's cost a task grows with the tasks of a step, and a batch costs two steps."""
MAX_ITEMS = 100_000
"""Items in one run; they all stand in its state."""


class PipelineState(AgentState, total=False):
    """An agent's state with the items that go in and what came of them. `results` holds one entry an item.

    `rejected` are those that never started; `ended` holds the others for one step only.
    """

    items: list[Any]
    results: list[AgentResult]
    dead_letters: list[DeadLetter]
    rejected: list[Ended]
    ended: Annotated[list[Ended], Topic(Ended)]


class _BatchState(TypedDict, total=False):
    run_id: str
    deadline: Deadline | None
    budget: Budget | None
    batch: list[Item]
    source: Label
    ended: Annotated[list[Ended], Topic(Ended)]
    usage: Annotated[Usage, add_usage]
    trust: Annotated[Label, join_trust]
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]


class _BatchOutput(TypedDict, total=False):
    ended: Annotated[list[Ended], Topic(Ended)]
    usage: Annotated[Usage, add_usage]
    trust: Annotated[Label, join_trust]


def blueprint(
    *,
    stages: Sequence[Stage],
    key: Key = None,
    parallel: int = 16,
    ordered: bool = True,
    source: Label = UNTRUSTED,
    max_items: int = MAX_ITEMS,
    policy: Judge | None = None,
    name: str = "pipeline",
) -> StateGraph[Any, Any, Any, Any]:
    """The pipeline's graph, not yet compiled.

    It takes `items` (JSON values or pydantic models). `key` says where an item's id is: a field, a function, or its
    place in the input. At most `parallel` items are under way in one event loop. `results` come in the input's order
    if `ordered`, else as they ended. `source` is the label of what comes in; as a rule an outsider wrote it. `policy`
    says what is done with the texts that come in and go out, secrets being taken out in any case, and its budgets bound
    the run: each item has an equal share. What stages may call is for their own.

    Raises ConfigError when a stage does not take what the one before it gives.
    """
    _fitting(stages)
    if parallel < 1:
        raise ConfigError(f"{parallel} items in parallel make no progress.", "parallel=1 or more.")
    graph = BridgedStateGraph(PipelineState, context_schema=Caller)
    gate = Gate(policy or Policy.deny_all(), ())  # for what comes in and goes out; a stage has its own
    budgets = budgets_of(gate)
    bounds = bounds_of(budgets, name)

    def send(items: list[Item], label: Label, state: dict[str, Any]) -> list[Send]:
        parts = [items[at : at + BATCH] for at in range(0, len(items), BATCH)]
        common = {
            "source": label,
            "run_id": state["run_id"],
            "deadline": state.get("deadline"),
            "budget": share(cast("AgentState", state), bounds, len(items)),
        }
        return [Send("batch", {"batch": part, **common}) for part in parts]

    graph.add_node(
        "intake",
        intake(key=key, max_items=max_items, source=source, gate=gate, send=send, done="collect", agent=name),
        destinations=("batch", "collect"),
    )
    graph.add_node("batch", _batch(_item(stages, name, budgets), parallel, name))
    graph.add_node("collect", collect(ordered=ordered, gate=gate, agent=name))
    graph.add_edge(START, "intake")
    graph.add_edge("batch", "collect")
    graph.add_edge("collect", END)
    return graph


def build(
    *,
    stages: Sequence[Stage],
    key: Key = None,
    parallel: int = 16,
    ordered: bool = True,
    source: Label = UNTRUSTED,
    max_items: int = MAX_ITEMS,
    policy: Judge | None = None,
    name: str = "pipeline",
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled pipeline; arguments as for `blueprint`. With a `checkpointer` a killed run goes on where it was.

    Raises BypassError should there be a way round the lock.
    """
    graph = blueprint(
        stages=stages,
        key=key,
        parallel=parallel,
        ordered=ordered,
        source=source,
        max_items=max_items,
        policy=policy,
        name=name,
    )
    return compiled(graph, name=name, checkpointer=checkpointer)


def _item(
    stages: Sequence[Stage], name: str, budgets: Sequence[BudgetSection]
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The way of one item."""
    graph = StateGraph(ItemState, context_schema=Caller)
    names = [step.name for step in stages]
    for index, step in enumerate(stages):
        then = names[index + 1] if index + 1 < len(names) else END
        after = names[index - 1] if index else ""
        node = stage(step, after=after, then=then, budgets=budgets, agent=name)
        again = [step.name] if step.attempts > 1 else []
        graph.add_node(step.name, node, destinations=(then, *again, END))
    graph.add_edge(START, names[0])
    return as_drawn(graph.compile(name="item"))


def _batch(way: CompiledStateGraph[Any, Any, Any, Any], parallel: int, name: str) -> Pregel[Any, Any, Any, Any]:
    slots = _Slots(parallel)

    async def body(state: dict[str, Any]) -> Update:
        async with slots.here():
            out = await way.ainvoke(state)
        return {"ended": [out["ended"]], "usage": out.get("usage", Usage()), "trust": out["trust"]}

    def send(state: _BatchState) -> list[Send]:
        common = {"run_id": state["run_id"], "trust": state["source"]}
        common |= {"deadline": state.get("deadline"), "budget": state.get("budget")}
        return [Send("item", {**common, "item": item, "value": item.value}) for item in state["batch"]]

    graph = StateGraph(_BatchState, context_schema=Caller, output_schema=_BatchOutput)
    graph.add_node("item", Node("item", body, agent=name))
    graph.add_conditional_edges(START, send, ["item"])
    graph.add_edge("item", END)
    batch = as_drawn(graph.compile(name="batch"))
    # LangGraph finds subgraphs by itself only in plain functions; this shows the stages in drawings and states.
    batch.nodes["item"].subgraphs = [way]
    return batch


class _Slots:
    """At most `size` holders in each event loop. LangGraph's own `max_concurrency` would also hold up checkpoints."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def here(self) -> asyncio.Semaphore:
        return self._loops.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._size))


def _fitting(stages: Sequence[Stage]) -> None:
    if not stages:
        raise ConfigError("A pipeline needs a stage.", "pipeline.build(stages=[pipeline.function(parse)])")
    names = [step.name for step in stages]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"Two stages are called {twice[0]!r}.", "Give one of them another name=.")
    for before, after in pairwise(stages):
        if not _takes(after.takes, before.gives):
            raise ConfigError(
                f"Stage {after.name!r} takes {after.takes!r}, but {before.name!r} gives {before.gives!r}.",
                "Put a stage between them that turns one into the other.",
            )


def _takes(wanted: Any, given: Any) -> bool:
    """Whether every value of the type `given` is one of the type `wanted`, as far as the types tell."""
    if wanted is Any or wanted == given:
        return True
    if isinstance(wanted, UnionType):
        return any(_takes(part, given) for part in wanted.__args__)
    return isinstance(wanted, type) and isinstance(given, type) and issubclass(given, wanted)
