"""The eval `crash`: which cases there are, who plays them, and the report on them."""

import asyncio
import json
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from typing import Annotated, Any

from pydantic import Field

from lockgate.errors import LockgateError
from lockgate.evals.crash.case import Outcome, Reference
from lockgate.evals.crash.ground import Ground, ground
from lockgate.evals.crash.place import Place
from lockgate.evals.crash.ways import PATTERNS, WAYS, Case, Name, Pattern, case_of
from lockgate.evals.registry import Eval, Names, Options, Progress, silent
from lockgate.evals.report import Measure, Report, Row
from lockgate.runtime import PostgresSaver
from lockgate.runtime.audit_check import verify

SEEDS = 200
"""Enough for every pattern to meet every way, see `ways.case_of`."""
NURSERY = (sys.executable, "-m", "lockgate.evals.crash.nursery")
"""The command of the process that forks the runs."""
_FLAWS = 20
_LINE = 16_000_000  # bytes of one outcome, which may hold what a process said

MEASURES = (
    Measure(name="runs", title="runs", what="Runs that were broken.", unit=""),
    Measure(name="kills", title="kills", what="Processes ended with kill -9.", unit=""),
    Measure(name="struck", title="struck", what="Blows of any kind that fell before the run had ended.", unit=""),
    Measure(name="resumed", title="resumed", what="Runs that went on at the first try after each blow.", unit=""),
    Measure(name="same_answer", title="same answer", what="Runs that ended as the undisturbed one.", unit=""),
    Measure(name="effects_once", title="effects once", what="Runs whose every effect happened once.", unit=""),
    Measure(name="audit_whole", title="audit whole", what="Runs whose audit log is whole.", unit=""),
    Measure(name="unknown", title="unknown", what="Effects in doubt that were asked about or probed.", unit=""),
    Measure(name="lost", title="lost", what="Effects that never happened; ends that are not.", unit="", better="lower"),
    Measure(name="doubled", title="doubled", what="Effects that happened too often.", unit="", better="lower"),
)


class CrashOptions(Options):
    """`seeds` cases from `first` on, or the one of `seed`; `pattern` and `way` leave out others.

    `jobs` of them run side by side.
    """

    seeds: Annotated[int, Field(ge=1, le=1_000_000)] = SEEDS
    first: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] | None = None
    pattern: Names[Pattern] = ()
    way: Names[Name] = ()
    jobs: Annotated[int, Field(ge=1, le=64)] = 2


class CrashError(LockgateError):
    """The harness itself is broken, so its figures say nothing."""


class _Nursery:
    """A process that forks what is to be struck, see `nursery`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls) -> "_Nursery":
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*NURSERY, stdin=pipe, stdout=pipe, limit=_LINE))

    async def do(self, **job: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise CrashError("The process that forks the runs is gone.", "Look at what it said above.")
        answer = json.loads(line)
        if "error" in answer:
            raise CrashError(answer["error"], "Without disturbance the runs must end.")
        return answer["done"]

    async def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


async def run(options: CrashOptions, progress: Progress = silent) -> Report:
    """Plays the cases. Raises CrashError when an undisturbed run does not end, StoreError without a database."""
    before = _cpu()
    seeds = range(options.first, options.first + options.seeds) if options.seed is None else [options.seed]
    cases = [case_of(seed, options.pattern or PATTERNS, options.way) for seed in seeds]
    async with ground(full_disk=any(case.way == "disk-full" for case in cases)) as base:
        if not base.crashing:
            cases = [case for case in cases if case.way != "server-crash"]
        outcomes = await _all_played(cases, base, min(options.jobs, len(cases)), progress)
        flaws = [flaw for place in {base.place, base.full} for flaw in await _flaws(place)]
        for outcome in outcomes:
            outcome.audit_whole &= not flaws
        notes = [*flaws, *base.notes, *(line for outcome in outcomes for line in _told(outcome, options))]
    return Report(
        eval="crash",
        measures=MEASURES,
        rows=_rows(outcomes),
        settings=options.model_dump(mode="json"),
        details=[asdict(outcome) for outcome in outcomes if outcome.faults or options.seed is not None],
        notes=notes,
        cpu_seconds=_cpu() - before,
    )


async def _all_played(cases: Sequence[Case], base: Ground, jobs: int, progress: Progress) -> list[Outcome]:
    nurseries = [await _Nursery.open() for _ in range(jobs)]
    try:
        runs = base.folder / "runs"
        references = {
            (pattern, then): Reference(**await nurseries[0].do(
                kind="measure", pattern=pattern, then=then, folder=str(runs), place=asdict(base.place)
            ))
            for pattern, then in dict.fromkeys((case.pattern, case.then) for case in cases)
        }  # fmt: skip
        outcomes: list[Outcome] = []

        async def play(nursery: _Nursery, queue: list[Case]) -> None:
            while queue:
                case = queue.pop(0)
                outcomes.append(Outcome(**await nursery.do(
                    kind="case", case=asdict(case), reference=asdict(references[case.pattern, case.then]),
                    folder=str(runs), place=asdict(_place(base, case)),
                )))  # fmt: skip
                progress(len(outcomes), len(cases), "crash")

        beside = [case for case in cases if not WAYS[case.way].alone]
        async with asyncio.TaskGroup() as group:
            for nursery in nurseries:
                group.create_task(play(nursery, beside))
        await play(nurseries[0], [case for case in cases if WAYS[case.way].alone])
        return sorted(outcomes, key=lambda outcome: outcome.seed)
    finally:
        for nursery in nurseries:
            with suppress(OSError):
                await nursery.close()


async def _flaws(place: Place) -> list[str]:
    """What is wrong with the audit chain of all the runs together."""
    async with PostgresSaver.from_conn_string(place.address("audit")) as saver:
        verdict = await verify(saver.pools)
    return [f"audit, {place.database}: {flaw.message}" for flaw in verdict.flaws[:_FLAWS]]


def _place(base: Ground, case: Case) -> Place:
    if case.way == "server-crash":
        assert base.crashing is not None
        return base.crashing
    return base.full if case.way == "disk-full" else base.place


def _rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """A row for each pairing of pattern and way, and one for all."""
    pairs = dict.fromkeys((o.pattern, o.way) for o in sorted(outcomes, key=_order))
    rows = [
        Row(
            part={"pattern": pattern, "way": way},
            figures=_figures([o for o in outcomes if (o.pattern, o.way) == (pattern, way)]),
        )
        for pattern, way in pairs
    ]
    return [*rows, Row(part={"pattern": "all", "way": ""}, figures=_figures(outcomes))]


def _order(outcome: Outcome) -> tuple[int, int]:
    return [*PATTERNS].index(outcome.pattern), [*WAYS].index(outcome.way)  # type: ignore[arg-type]


def _figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return {
        "runs": len(outcomes),
        "kills": sum(o.kills for o in outcomes),
        "struck": sum(len(o.struck) for o in outcomes),
        "resumed": sum(o.resumed for o in outcomes),
        "same_answer": sum(o.same_answer for o in outcomes),
        "effects_once": sum(o.effects_once for o in outcomes),
        "audit_whole": sum(o.audit_whole for o in outcomes),
        "unknown": sum(o.unknown for o in outcomes),
        "lost": sum(o.lost for o in outcomes),
        "doubled": sum(o.doubled for o in outcomes),
    }


def _told(outcome: Outcome, options: CrashOptions) -> list[str]:
    """What was wrong with a case, and the command that plays it again."""
    if not outcome.faults:
        return []
    chosen = {"pattern": options.pattern, "way": options.way}
    sets = chain.from_iterable(("--set", f"{name}={','.join(names)}") for name, names in chosen.items() if names)
    command = " ".join(["lockgate eval run crash --seed", str(outcome.seed), *sets])
    fell = "; ".join(outcome.struck) or "nowhere"
    return [
        f"seed {outcome.seed}, {outcome.pattern} {outcome.way}: {outcome.faults[0]} Struck: {fell}. Again: {command}"
    ]


def _cpu() -> float:
    """Seconds of CPU of this process and of the children it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


EVAL = Eval(name="crash", options=CrashOptions, measures=MEASURES, run=run, must={"lost": 0, "doubled": 0})
