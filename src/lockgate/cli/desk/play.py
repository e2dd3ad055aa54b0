"""The demo from its first line to its last: who runs, who is asked, who is killed."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lockgate.cli.desk.process import Held, Job, Question, Report, Step, Worker, warm
from lockgate.cli.desk.screen import Screen
from lockgate.cli.desk.store import Money, Store, database_url, opened
from lockgate.settings import Settings

GOAL = "Please answer the open mail."
KILLS = 2
"""Processes killed in one demo."""
Ask = Callable[[Question], Mapping[str, Any]]
"""What a person says to a question; see `lockgate.nodes.human_review.Answer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a demo came to. `refunds` is the table, `killed` the processes that were."""

    thread_id: str
    report: Report
    refunds: list[Money]
    counts: Mapping[str, int]
    killed: list[int]
    seconds: float


def play(screen: Screen, settings: Settings, ask: Ask, *, model: str, keep: bool, kill: bool) -> Outcome:
    """Plays the demo. Raises LockgateError (StoreError, ModelError and so on) with one clear message."""
    begun = time.monotonic()
    warm()
    place = "DATABASE_URL" if settings.database_url else f"embedded Postgres in {settings.data_dir}"
    screen.opening(model, place)
    url = database_url(settings)
    with opened(url, keep=keep) as store:
        for mail in store.mails():
            screen.mail(mail)
        job = Job(url=url, thread_id=f"desk-{uuid.uuid4().hex[:8]}", model=model)
        run = _Run(screen=screen, job=job, ask=ask, kill=kill)
        try:
            report = run.to_the_end()
        finally:
            run.close()
        outcome = _outcome(run, report, store, time.monotonic() - begun)
    screen.ending(report, outcome.refunds, outcome.counts, run.kills)
    screen.further(job.thread_id, seconds=outcome.seconds)
    return outcome


def _outcome(run: "_Run", report: Report, store: Store, seconds: float) -> Outcome:
    return Outcome(
        thread_id=run.job.thread_id,
        report=report,
        refunds=store.refunds(),
        counts=store.counts(),
        killed=[pid for _, pid in run.kills],
        seconds=seconds,
    )


@dataclass(kw_only=True)
class _Run:
    """The agent's run over as many processes as it takes. The first is killed while a question waits, the next
    between two nodes, right after the answered call ran or was refused.
    """

    screen: Screen
    job: Job
    ask: Ask
    kill: bool
    kills: list[tuple[float, int]] = field(default_factory=list)
    worker: Worker | None = None

    def to_the_end(self) -> Report:
        worker = self._process("starts the run")
        questions, _ = self._follow(worker.start(GOAL))
        while questions:
            for question in questions:
                self.screen.question(question)
            if self.kill and not self.kills:
                self._kill("while it waits")
                worker = self._process("finds the thread in Postgres, and the question with it")
                questions = worker.waiting()
            answers = {question.id: self.ask(question) for question in questions}
            questions, held = self._follow(worker.resume(answers, hold=self.kill and len(self.kills) < KILLS))
            if held:
                self._kill(f"between two nodes, after {held.node}")
                worker = self._process("goes on where the dead one stood")
                # An answer that no node had taken died with its process, and its question is asked again.
                questions = worker.waiting()
                if not questions:
                    questions, _ = self._follow(worker.resume())
        return worker.report()

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()

    def _process(self, does: str) -> Worker:
        self.worker = Worker(self.job)
        self.screen.process(self.worker.pid, does)
        return self.worker

    def _kill(self, when: str) -> None:
        assert self.worker is not None
        pid, code = self.worker.pid, self.worker.kill()
        self.kills.append((time.time(), pid))
        self.screen.killed(pid, code, when)

    def _follow(self, said: Iterator[Step | Question | Held]) -> tuple[list[Question], Held | None]:
        questions: list[Question] = []
        for item in said:
            match item:
                case Step():
                    self.screen.step(item)
                case Question():
                    questions.append(item)
                case Held():
                    return questions, item
        return questions, None
