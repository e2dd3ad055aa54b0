"""`Node`: how a body written once becomes a graph node with both faces and an event of its own."""

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, TypeAlias, cast

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_config
from langgraph.pregel import Pregel
from langgraph.runtime import get_runtime
from langgraph.types import Command, Send

from lockgate.bridge import run_sync
from lockgate.deadline import Deadline, begun, held_to
from lockgate.events import EVENTS, Event
from lockgate.guardrails.budgets.inherited import handed_down
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.langgraph_keys import CHECKPOINT_MAP, CHECKPOINTER, SEND, TASK_ID
from lockgate.ports import Caller, EffectLedger, History
from lockgate.settings import settings
from lockgate.state import Origin

Goto: TypeAlias = str | Sequence[Send]
Update: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Update | tuple[Update, Goto] | None
Body: TypeAlias = Callable[[Any], Outcome] | Callable[[Any], Awaitable[Outcome]]


class Node(Runnable[Any, Any]):
    """A graph node with a role. Its body takes the state and returns an update, or an update and where to go, or
    None when there was nothing for it to do.

    A body that waits for nothing is a plain function, one that does is async; both serve `invoke` and `ainvoke`.
    The node's time goes into the state's events, after those of the body itself, and every event is streamed in
    mode `custom`. A body may run again after a crash or a resume. `graphs` are those the body calls, by name, `gate`
    the one it decides by. What the body does is held to the run's deadline, unless it is the node that `begins` the
    run, and the agents that it calls stand under its `budgets`.
    """

    def __init__(
        self,
        role: str,
        body: Body,
        *,
        agent: str = "",
        graphs: Mapping[str, Pregel[Any, Any, Any, Any]] | None = None,
        gate: object = None,
        begins: bool = False,
        budgets: Sequence[BudgetSection] = (),
    ) -> None:
        self.role = role
        self.name = role
        self.agent = agent
        self.body = body
        self.graphs = dict(graphs or {})
        self.gate = gate
        self.begins = begins
        self.budgets = tuple(budgets)
        self._is_async = inspect.iscoroutinefunction(body)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Runs the body; an async one on the bridge."""
        started = time.time()
        with held_to(self._deadline(input)), self._handed_down(input):
            outcome = self.body(input)
            if self._is_async:
                outcome = run_sync(_settle(cast("Awaitable[Outcome]", outcome)))
        return self._finish(input, outcome, started)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Runs the body."""
        started = time.time()
        with held_to(self._deadline(input)), self._handed_down(input):
            outcome = self.body(input)
            if self._is_async:
                outcome = await cast("Awaitable[Outcome]", outcome)
        return self._finish(input, outcome, started)

    def _handed_down(self, state: Mapping[str, Any]) -> AbstractContextManager[None]:
        return handed_down(self.budgets, team=self.agent, run_id=_run_id(state) if self.budgets else "")

    def _deadline(self, state: Mapping[str, Any]) -> Deadline | None:
        if self.begins:
            return None
        origin: Origin | None = state.get("origin")
        return origin.deadline if origin else state.get("deadline")

    def _finish(self, state: Mapping[str, Any], outcome: Any, started: float) -> Any:
        if outcome is None:
            return {}
        update, goto = outcome if isinstance(outcome, tuple) else (outcome, None)
        run_id = update.get("run_id") or _run_id(state)
        events = [replace(made, agent=made.agent or self.agent, run_id=run_id) for made in update.get(EVENTS, ())]
        events.append(
            Event(kind="node", node=self.role, agent=self.agent, run_id=run_id, started=started, ended=time.time())
        )
        update = {**update, EVENTS: events}
        # A subgraph's own keys do not show among streamed updates, so whoever watches gets events as they happen.
        write = get_runtime().stream_writer
        for made in events:
            write(made)
        return update if goto is None else Command(update=update, goto=goto)


def onward(state: Mapping[str, Any], node: str, **found: Any) -> list[Send]:
    """Sends what the lock knows of its call on to `node`, with what was `found` of it in this one."""
    return [Send(node, {**state, **found})]


def file_now(events: Sequence[Event]) -> None:
    """Files events with the writes of the LangGraph `@task` that runs now, so before its node has ended."""
    get_config()["configurable"][SEND]([(EVENTS, list(events))])


def deadline_begun(state: Mapping[str, Any]) -> Update:
    """What the node that begins a run writes of its deadline: the new one, or that the old one holds no more."""
    made = begun(get_config().get("configurable", {}), settings().deadline)
    return {} if made is None and state.get("deadline") is None else {"deadline": made}


async def file_begun(events: Sequence[Event]) -> None:
    """Files the first events of the task that runs now while it runs, so that whoever looks sees that it has begun.

    The task brings them again, first of all, when it has ended: a run without a database has no other record.
    """
    where = get_config()["configurable"]
    if (file := getattr(checkpointer(), "afile", None)) is None:
        return
    around = where[CHECKPOINT_MAP]
    checkpoint_id = around[where["checkpoint_ns"].rpartition("|")[0]]
    # A `@task` is written with the graph of the node that calls it, and bears that node in its namespace besides.
    graph = next(ns for ns, at in around.items() if at == checkpoint_id)
    place = {"checkpoint_ns": graph, "checkpoint_id": checkpoint_id}
    await file({"configurable": {**where, **place}}, where[TASK_ID], events)


def _run_id(state: Mapping[str, Any]) -> str:
    origin: Origin | None = state.get("origin")
    return origin.run_id if origin else state.get("run_id", "")


async def _settle(outcome: Awaitable[Outcome]) -> Outcome:
    return await outcome


def checkpointer() -> BaseCheckpointSaver[Any] | None:
    """The saver of the run that goes on; None in a run without one."""
    saver = get_config()["configurable"].get(CHECKPOINTER)
    return saver if isinstance(saver, BaseCheckpointSaver) else None


def effect_ledger() -> EffectLedger | None:
    """The ledger of the run that goes on; None when its saver keeps none."""
    ledger: EffectLedger | None = getattr(checkpointer(), "ledger", None)
    return ledger


async def flushed() -> None:
    """Returns when all that the run has come to is on disk: the last thing before a tool runs. Raises StoreError."""
    if (flush := getattr(checkpointer(), "aflush", None)) is not None:
        await flush(get_config()["configurable"]["thread_id"])


def caller() -> Caller:
    """Who the run acts for, from the graph's `context`; nobody in particular without one."""
    context = get_runtime(Caller).context
    if context is None:
        return Caller()
    # A context that came as JSON has its roles in a list.
    return Caller(user=context.user, roles=frozenset(context.roles), tenant=context.tenant)


def history_of(origin: Origin, agent: str) -> History:
    """What the upper gate judges a call of `agent` by."""
    return History(
        agent=agent,
        caller=caller(),
        trust=origin.trust,
        evidence=origin.evidence,
        confidence=origin.confidence,
    )
