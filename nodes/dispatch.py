"""`dispatch`: hands the tasks of a plan to their workers, each the moment its own dependencies have completed.

Each task is one LangGraph `@task`, so its result is remembered when the node runs again after a crash or for a
person's answer. LangGraph finds it by the position of the call: all calls are made at once, in the order of the plan.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from langgraph.errors import GraphDrained, GraphInterrupt
from langgraph.func import task as remembered
from langgraph.runtime import get_runtime
from langgraph.types import Interrupt

from lockgate.blackboard import Blackboard, Entry, merge_entries
from lockgate.errors import HALTING, ConfigError, LockgateError
from lockgate.events import Event
from lockgate.guardrails.budgets.section import BudgetSection
from lockgate.handoff import AgentResult, AgentTask, Status, Usage
from lockgate.labels import TRUSTED, Label, join_all
from lockgate.nodes.human_review import is_blocking
from lockgate.nodes.node import Node, Update, file_begun, file_now
from lockgate.nodes.results import report
from lockgate.nodes.worker import Worker, entitled, heard_in, perform
from lockgate.schedule import Schedule
from lockgate.team import TeamState

_GO, _CANCELLED, _BLOCKED = "go", "cancelled", "blocked"


def dispatch(
    *,
    workers: Mapping[str, Worker],
    parallel: int,
    board: Blackboard | None = None,
    budgets: Sequence[BudgetSection] = (),
    agent: str = "",
) -> Node:
    """Runs the tasks of the plan that have no result yet, at most `parallel` workers at once.

    A task that fails cancels those that depend on it. One that waits for a person holds up only those behind it;
    when nothing else is left to do, the node interrupts with every open question. A worker is shown what it reads of
    the `board` as it stands when its task starts; what it writes is there for those that start later. All workers
    stand under the team's `budgets`.
    """
    shared = board or Blackboard()

    async def body(state: TeamState) -> Update:
        done = state.get("results") or {}
        tasks = [task for task in state["plan"] if task.task_id not in done]
        work = _Round(tasks, done, workers=workers, parallel=parallel, board=shared, state=state, agent=agent)
        fresh = await work.run()
        total = sum((result.usage for result in fresh.values()), Usage())
        return {
            "results": fresh,
            "usage": total,
            "trust": join_all(result.trust for result in fresh.values()),
            "planning": [report(state["planning"], fresh)],
            "board": work.board,
        }

    graphs = {name: worker.graph for name, worker in workers.items()}
    return Node("dispatch", body, agent=agent, graphs=graphs, budgets=budgets)


class _Round:
    """One pass over the tasks without a result."""

    def __init__(
        self,
        tasks: list[AgentTask],
        done: Mapping[str, AgentResult],
        *,
        workers: Mapping[str, Worker],
        parallel: int,
        board: Blackboard,
        state: TeamState,
        agent: str,
    ) -> None:
        self.tasks = tasks
        self.workers = workers
        self.agent = agent
        self.above = state.get("task")
        self.trust: Label = state.get("trust") or TRUSTED
        self.run_id = state.get("run_id", "")
        self.heard = heard_in(state)
        self.types = board
        self.board: dict[str, Entry] = dict(state.get("board") or {})
        self.results: dict[str, AgentResult] = {}
        self.known: dict[str, AgentResult] = dict(done)
        self.schedule = Schedule(tasks, parallel=parallel)
        self.expected = {task.task_id for task in tasks}
        self.turns: dict[str, asyncio.Future[str]] = {}
        self.questions: dict[str, Interrupt] = {}
        self.stopped: GraphDrained | LockgateError | None = None
        self.blocked = False
        self.write = get_runtime().stream_writer

    async def run(self) -> dict[str, AgentResult]:
        """The result of each task. Raises GraphInterrupt when some wait for a person and all others are through.

        Raises GraphDrained when the run was asked to stop, and what halted a worker.
        """
        token = _now.set(self)
        try:
            calls = [_work(task) for task in self.tasks]
        finally:
            _now.reset(token)
        for task, call in zip(self.tasks, calls, strict=True):
            call.add_done_callback(partial(self._settle, task))
        await asyncio.gather(*calls, return_exceptions=True)
        if self.stopped is not None:
            raise self.stopped
        if self.questions:
            raise GraphInterrupt(tuple(self.questions.values()))
        if len(self.results) < len(self.tasks):
            raise asyncio.CancelledError
        return {task.task_id: self.results[task.task_id] for task in self.tasks}

    async def one(self, task: AgentTask) -> AgentResult:
        """What `task` comes to; called only when no earlier pass has a result of it."""
        try:
            turn = await self._turn(task.task_id)
            if turn == _BLOCKED:
                raise GraphInterrupt(())
            return self._cancel(task) if turn == _CANCELLED else await self._perform(task)
        except (GraphDrained, *HALTING) as stop:
            # LangGraph would store an error as the task's end, and tell it again after every resume.
            self.stopped = stop
            for waiting in self.turns.values():
                if not waiting.done():
                    waiting.set_result(_BLOCKED)
            raise GraphInterrupt(()) from None
        except asyncio.CancelledError:
            # LangGraph would store a cancellation as the task's end. An interrupt without a question stores nothing.
            raise GraphInterrupt(()) from None

    async def _turn(self, name: str) -> str:
        self._expect(name)
        if self.stopped is not None:
            return _BLOCKED
        if self.schedule.status[name] is Status.CANCELLED:
            return _CANCELLED
        if self.blocked:
            return _BLOCKED
        self.turns[name] = asyncio.get_running_loop().create_future()
        self._advance()
        return await self.turns[name]

    async def _perform(self, task: AgentTask) -> AgentResult:
        worker = self.workers[task.type]
        given = {name: self.known[name] for name in dict.fromkeys(task.depends_on)}
        shared = {name: self.board[name] for name in worker.reads if name in self.board}
        started = time.time()
        sent = self._message(task, started, sent=True)
        if shared:
            sent.detail["read"] = {name: entry.version for name, entry in shared.items()}
        begun = [self._event(task, Status.RUNNING, started), sent]
        for event in begun:
            self.write(event)
        await file_begun(begun)
        result = await perform(
            worker, entitled(worker, task, self.above), given, self.trust, self.run_id, shared, heard=self.heard
        )
        result = self._writable(worker, task, result)
        ended = time.time()
        over = [self._message(task, ended, sent=False), self._event(task, result.status, ended, result.error)]
        for event in over:
            self.write(event)
        file_now([*begun, *over])
        return result

    def _writable(self, worker: Worker, task: AgentTask, result: AgentResult) -> AgentResult:
        """`result`, or a failure when the blackboard cannot take it."""
        if not worker.writes or result.status is not Status.COMPLETED:
            return result
        try:
            self._put(task, result)
        except ConfigError as error:
            return result.model_copy(update={"status": Status.FAILED, "error": error.message})
        return result

    def _put(self, task: AgentTask, result: AgentResult) -> dict[str, Entry]:
        name = self.workers[task.type].writes
        return self.types.put(self.board, name, result.output, label=result.trust, by=task.type)

    def _cancel(self, task: AgentTask) -> AgentResult:
        lost = [n for n in task.depends_on if n in self.known and self.known[n].status is not Status.COMPLETED]
        why = f"it depends on {', '.join(lost) or 'a task that failed'}"
        event = self._event(task, Status.CANCELLED, time.time(), why)
        self.write(event)
        file_now([event])
        return AgentResult(task_id=task.task_id, status=Status.CANCELLED, error=why)

    def _settle(self, task: AgentTask, call: asyncio.Future[AgentResult]) -> None:
        """`task` has come to an end or to a question, in this pass or in an earlier one."""
        name = task.task_id
        if call.cancelled():
            return
        error = call.exception()
        freed: list[str] = []
        verdict = _CANCELLED
        if isinstance(error, GraphInterrupt):
            if not error.args[0]:
                return
            # By id: LangGraph tells each question of an inner team twice, for its task and for its node.
            self.questions.update((question.id, question) for question in error.args[0])
            freed, verdict = self.schedule.wait(name), _BLOCKED
            self.write(self._event(task, Status.WAITING, time.time()))
            if any(is_blocking(question.value) for question in error.args[0]):
                self._block()
        else:
            result = call.result() if error is None else _lost(task, error)
            self.results[name] = self.known[name] = result
            if result.status is Status.COMPLETED and self.workers[task.type].writes:
                self.board = merge_entries(self.board, self._put(task, result))
            freed = self.schedule.end(name, result.status)
        for other in freed:
            if other in self.turns and not self.turns[other].done():
                self.turns[other].set_result(verdict)
        self._expect(name)
        self._advance()

    def _block(self) -> None:
        """A person decides before anything else of the run begins."""
        self.blocked = True
        for turn in self.turns.values():
            if not turn.done():
                turn.set_result(_BLOCKED)

    def _expect(self, name: str) -> None:
        self.expected.discard(name)

    def _advance(self) -> None:
        # Until each task has arrived or turned out to be done, nobody knows which of them are first in line.
        if self.expected or self.blocked:
            return
        for name in self.schedule.start():
            self.turns[name].set_result(_GO)

    def _event(self, task: AgentTask, status: Status, at: float, error: str | None = None) -> Event:
        detail = task_detail(task)
        if error:
            detail["error"] = error
        return self._made("task", task.type, task.task_id, status, at, detail)

    def _message(self, task: AgentTask, at: float, *, sent: bool) -> Event:
        kind = "AgentTask" if sent else "AgentResult"
        sender, receiver = (self.agent, task.type) if sent else (task.type, self.agent)
        return self._made("message", sender, receiver, "ok", at, {"kind": kind, "task_id": task.task_id})

    def _made(self, kind: Any, agent: str, name: str, status: str, at: float, detail: dict[str, Any]) -> Event:
        return Event(
            kind=kind,
            node="dispatch",
            agent=agent,
            name=name,
            status=str(status),
            started=at,
            ended=at,
            run_id=self.run_id,
            detail=detail,
        )


_now: ContextVar[_Round] = ContextVar("_now")


async def work(task: AgentTask) -> AgentResult:
    """One task of the round that runs now."""
    return await _now.get().one(task)


_work = remembered(work)
"""Not a decorator: LangGraph prepares a function anew at each call unless it finds it under its own name."""


def task_detail(task: AgentTask) -> dict[str, Any]:
    """What an event of kind `task` says of the task."""
    return {"type": task.type, "depends_on": list(task.depends_on), "parent": task.parent_task_id}


def _lost(task: AgentTask, error: BaseException) -> AgentResult:
    return AgentResult(
        task_id=task.task_id, status=Status.FAILED, error=f"the task was cut short ({type(error).__name__})"
    )
