"""`Session`: one thread of one compiled graph, run by one runner at a time, with errors that say what to do.

LangGraph itself answers some mistakes with silence: a resume of a finished thread returns its state, two resumes at
once both run. Whoever drives threads for people (command line, console, notebooks) goes through here.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import UnknownInterruptError
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, Interrupt, PregelTask, StateSnapshot, StreamMode

from lockgate.deadline import SECONDS, checked
from lockgate.errors import ApprovalError, ConfigError, RunStoppedError, ThreadFinishedError, ThreadNotFoundError
from lockgate.graphs.deploying import ACCEPT, adopt
from lockgate.graphs.stopping import stoppable
from lockgate.nodes.human_review import is_blocking
from lockgate.ports import Caller
from lockgate.runtime import thread_lease

Part: TypeAlias = tuple[tuple[str, ...], str, Any]
"""Namespace of the subgraph, stream mode, and the part itself, as LangGraph streams them."""

STREAM: tuple[StreamMode, ...] = ("custom", "updates", "messages")
"""Stream modes a session asks for unless told otherwise: events as they happen, finished nodes, and tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A question to a person that a thread waits with. `request` is what `human_review` (or a user's node) asked.

    Equal when the ids are.
    """

    id: str
    request: Any = field(hash=False, compare=False)


class Session:
    """`graph` must have a checkpointer. `context` says who the run acts for; `metadata` goes into every checkpoint.

    While another runner has the thread, a run waits for `wait` seconds before it gives up.
    """

    def __init__(
        self,
        graph: CompiledStateGraph[Any, Any, Any, Any],
        thread_id: str,
        *,
        context: Caller | None = None,
        metadata: Mapping[str, Any] | None = None,
        wait: float = 0.0,
    ) -> None:
        if not isinstance(graph.checkpointer, BaseCheckpointSaver):
            raise ConfigError("A session needs a graph with a checkpointer.", "build(checkpointer=...)")
        self.graph = graph
        self.checkpointer = graph.checkpointer
        self.thread_id = thread_id
        self.context = context
        self._control = RunControl()
        self.wait = wait
        self.config: RunnableConfig = {
            "configurable": {"thread_id": thread_id},
            "metadata": dict(metadata or {}),
        }

    async def start(
        self, message: str, *, modes: tuple[StreamMode, ...] = STREAM, deadline: float | None = None
    ) -> AsyncIterator[Part]:
        """Sends a user's message and streams the run until it ends or waits.

        The run is to end within `deadline` seconds, waiting for people and resumes included (see `lockgate.deadline`).
        Raises ThreadBusyError while another runner has the thread.
        """
        given = {} if deadline is None else {SECONDS: checked(deadline)}
        async for part in self._stream({"messages": [HumanMessage(message)]}, modes, given):
            yield part

    async def resume(
        self,
        answers: Mapping[str, Any] | None = None,
        *,
        modes: tuple[StreamMode, ...] = STREAM,
        accept_changes: bool = False,
    ) -> AsyncIterator[Part]:
        """Goes on after a crash or with `answers` (question id, or a unique beginning of it, to answer).

        A thread with pending work from another deployment goes on when a registered Migration takes it over, or with
        `accept_changes` when every node it needs is still there.

        Raises ThreadNotFoundError, ThreadFinishedError, ThreadBusyError, DeploymentError, or ApprovalError when an
        answer names no open question, when the thread can only go on with one, or when a review that blocks the run
        is passed over.
        """
        await adopt(self.graph, self.config, accept=accept_changes)
        snapshot = await self.state()
        resolved = self._resolved(snapshot, answers)
        # A migration that was carried out stands in the thread, and changes that were accepted are so for this run.
        async for part in self._stream(Command(resume=resolved) if resolved else None, modes, {ACCEPT: accept_changes}):
            yield part

    def stop(self, reason: str = "shutdown") -> None:
        """Asks the run that goes on to stop before its next step; what is under way ends first.

        Its `start` or `resume` then raises RunStoppedError. May be called from any thread and from signal handlers.
        """
        self._control.request_drain(reason)

    async def state(self) -> StateSnapshot:
        """The latest state of the thread; raises ThreadNotFoundError."""
        snapshot = await self.graph.aget_state(self.config, subgraphs=True)
        if not snapshot.created_at:
            raise ThreadNotFoundError(f"There is no thread {self.thread_id!r}.", "List them: lockgate threads")
        return snapshot

    async def waiting(self) -> tuple[Waiting, ...]:
        """The open questions of the thread, those that block it first."""
        return _waiting(await self.state())

    def _resolved(self, snapshot: StateSnapshot, answers: Mapping[str, Any] | None) -> dict[str, Any]:
        # Not `next`: it is empty as soon as a step's results are on disk, though the steps after it are still to run.
        if not snapshot.tasks:
            raise ThreadFinishedError(
                f"Thread {self.thread_id!r} is finished; there is nothing to resume.", "Send it a new message instead."
            )
        questions = _waiting(snapshot)
        if not answers:
            if _blocked(snapshot):
                ids = ", ".join(q.id[:12] for q in questions)
                raise ApprovalError(f"Thread {self.thread_id!r} waits for a person: {ids}.", "Answer it first.")
            return {}
        answered = {_one(key, questions, self.thread_id): answer for key, answer in answers.items()}
        first = [question for question in questions if is_blocking(question.request) and question not in answered]
        if first and not all(is_blocking(question.request) for question in answered):
            ids = ", ".join(question.id[:12] for question in first)
            raise ApprovalError(
                f"Thread {self.thread_id!r} waits with a review that blocks it: {ids}.", "Answer it first."
            )
        return {question.id: answer for question, answer in answered.items()}

    async def _stream(
        self, entry: Any, modes: tuple[StreamMode, ...], given: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Part]:
        async with thread_lease(self.checkpointer, self.thread_id, wait=self.wait) as fence:
            config: RunnableConfig = {
                **self.config,
                "configurable": {**self.config["configurable"], **(given or {}), **fence},
            }
            parts = self.graph.astream(
                entry, config, context=self.context, stream_mode=list(modes), subgraphs=True,
                durability="sync", control=self._control,
            )  # fmt: skip
            try:
                with stoppable(self.thread_id, self._control):
                    async with aclosing(parts):  # type: ignore[type-var]
                        async for part in parts:
                            yield cast("Part", part)
            except RunStoppedError:
                self._control = RunControl()
                raise
            except UnknownInterruptError as error:
                # Another runner answered between the look at the state and the lease.
                raise ApprovalError(f"The question was answered meanwhile: {error}", "Look: lockgate show") from None


def _waiting(snapshot: StateSnapshot) -> tuple[Waiting, ...]:
    found = [Waiting(id=item.id, request=item.value) for task in snapshot.tasks for item in _open(task)]
    return tuple(sorted(found, key=lambda question: not is_blocking(question.request)))


def _blocked(snapshot: StateSnapshot) -> bool:
    """Whether the thread can only go on with an answer: every unfinished call waits for one."""
    waiting = sum(bool(_open(task)) for task in snapshot.tasks)
    return waiting > 0 and waiting == len(snapshot.next)


def _open(task: PregelTask) -> tuple[Interrupt, ...]:
    """The interrupts of a task that wait for an answer.

    A task keeps its interrupt until it ends: after a crash between the answer and the end only the graph inside it
    knows that the question is settled. And LangGraph takes an answer only to what the task itself has recorded.
    """
    if not isinstance(inner := task.state, StateSnapshot):
        return task.interrupts
    unsettled = {item.id for deeper in inner.tasks for item in _open(deeper)}
    return tuple(item for item in task.interrupts if item.id in unsettled)


def _one(key: str, questions: tuple[Waiting, ...], thread_id: str) -> Waiting:
    found = [question for question in questions if key and question.id.startswith(key)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(question.id[:12] for question in questions) or "none"
    fault = "is ambiguous" if found else "is not waiting for an answer"
    raise ApprovalError(f"{key!r} {fault} in thread {thread_id!r}.", f"Open there: {ids}.")
