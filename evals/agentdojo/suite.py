"""The eval `agentdojo`: which runs there are, and the report on them."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from math import gcd
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import Field

from lockgate.errors import UnknownNameError
from lockgate.evals.agentdojo.agent import Attack
from lockgate.evals.agentdojo.dojo import VERSION, WORDING, Dojo
from lockgate.evals.agentdojo.guard import Guard, guard_of, guarded_suites
from lockgate.evals.agentdojo.outcome import Outcome, run_scripted
from lockgate.evals.agentdojo.payload import Kind, order, texts_in
from lockgate.evals.agentdojo.score import MEASURES, figures
from lockgate.evals.registry import Eval, Names, Options, Progress, silent
from lockgate.evals.report import Report, Row

_GOLDEN = 0.618
T = TypeVar("T")
RunOne: TypeAlias = Callable[[Dojo, Guard, Any, Attack | None], Awaitable[Outcome]]
"""Plays one user task, under an attack or not."""


class DojoOptions(Options):
    """`limit` bounds the user tasks of a suite and, apart from them, its attacks of each payload.

    The scripted agent goes `through` the two gates alone, or through the whole react graph. A real `model` always goes
    through the graph.
    """

    suite: Names[str] = ()
    payload: Names[Kind] = ("plain", "encoded")
    policy: str = ""
    wording: str = WORDING
    limit: Annotated[int, Field(ge=1)] | None = None
    through: Literal["gate", "graph"] = "gate"
    model: str = ""
    details: Literal["none", "failures", "all"] = "none"


async def run(options: DojoOptions, progress: Progress = silent) -> Report:
    """Runs the suites. Raises MissingExtraError without AgentDojo, UnknownNameError, and what a pack is refused for."""
    known = guarded_suites()
    for name in options.suite:
        if name not in known:
            raise UnknownNameError.of("suite", name, known)
    started = time.process_time()
    run_one = _runner(options)
    rows: list[Row] = []
    details: list[dict[str, Any]] = []
    for name in options.suite or known:
        guard = guard_of(name, options.policy or None)
        dojo = Dojo.open(name, options.wording)
        made, runs = await measured(
            dojo, guard, payloads=options.payload, limit=options.limit, progress=progress, run_one=run_one
        )
        rows += made
        details += [{"suite": name, **run.as_json()} for run in runs if _told(run, options.details)]
    return Report(
        eval="agentdojo",
        measures=MEASURES,
        rows=rows,
        settings={"benchmark": VERSION, **options.model_dump(mode="json")},
        details=details,
        cpu_seconds=time.process_time() - started,
    )


async def measured(
    dojo: Dojo,
    guard: Guard,
    *,
    payloads: Sequence[Kind] = ("plain", "encoded"),
    limit: int | None = None,
    progress: Progress = silent,
    run_one: RunOne = run_scripted,
) -> tuple[list[Row], list[Outcome]]:
    """A row for each payload, and all runs. `run_one` plays one user task, under an attack or not.

    The suite and the guard may be anybody's: see `Dojo` and `guard_for`.
    """
    tasks = _spread(dojo.user_tasks, limit)
    attacks = {kind: _spread(_attacks(dojo, kind), limit) for kind in payloads}
    total = len(tasks) + sum(map(len, attacks.values()))
    runs: list[Outcome] = []

    async def play(what: str, jobs: Iterable[tuple[Any, Attack | None]]) -> list[Outcome]:
        made: list[Outcome] = []
        for task, attack in jobs:
            progress(len(runs), total, f"{dojo.name} {what}")
            made.append(await run_one(dojo, guard, task, attack))
            runs.append(made[-1])
        return made

    alone = await play("alone", [(task, None) for task in tasks])
    rows = [
        Row(part={"suite": dojo.name, "payload": kind}, figures=figures(alone, await play(kind, attacks[kind])))
        for kind in payloads
    ]
    progress(total, total, dojo.name)
    return rows, runs


def _runner(options: DojoOptions) -> RunOne:
    if options.model:
        from lockgate.evals.agentdojo.graph import opened

        return opened(options.model)
    if options.through == "graph":
        from lockgate.evals.agentdojo.graph import run_scripted_graph

        return run_scripted_graph
    return run_scripted


def _attacks(dojo: Dojo, kind: Kind) -> list[tuple[Any, Attack]]:
    pairs = [(task, wanted) for task in dojo.user_tasks for wanted in dojo.injection_tasks]
    clean = dojo.environment()
    values = {
        wanted.ID: [text for _, args in dojo.attacker_calls(wanted, clean, clean) for text in texts_in(args)]
        for wanted in dojo.injection_tasks
    }
    return [
        (task, Attack(task=wanted, order=order(wanted.GOAL, values[wanted.ID], kind, turn)))
        for turn, (task, wanted) in enumerate(pairs)
    ]


def _spread(items: Sequence[T], limit: int | None) -> Sequence[T]:
    """At most `limit` items from all over. The stride divides no suite's width, so that no column is left out."""
    if limit is None or limit >= len(items):
        return items
    stride = next(n for n in range(round(len(items) * _GOLDEN), len(items)) if gcd(n, len(items)) == 1)
    return [items[index] for index in sorted(index * stride % len(items) for index in range(limit))]


def _told(run: Outcome, details: str) -> bool:
    if details == "failures":
        return run.succeeded or run.harmed or run.asked or not (run.done if run.injection_task else run.alone)
    return details == "all"


EVAL = Eval(name="agentdojo", options=DojoOptions, measures=MEASURES, run=run)
