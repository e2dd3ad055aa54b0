"""Random plans through the real graph on a clock that jumps: its schedule, its ends, its failures and its budgets."""

import asyncio
import random
import selectors
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from tests.graphs.team import plain
from tests.kernel.plans import critical_path, random_plan

from lockgate import ScriptedModel
from lockgate.graphs import orchestrator
from lockgate.handoff import AgentTask, Budget, Status, Usage, units
from lockgate.nodes.worker import Worker

GO = {"messages": "Go."}
PARALLEL = (1, 3, 16)


class Jumping(selectors.DefaultSelector):
    """Waits for no timer: the clock jumps to it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if found := super().select(0):
            return found
        self.now += timeout
        return []


@contextmanager
def clock() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop whose time is simulated."""
    selector = Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        yield loop
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


class Bench:
    """Teams whose worker takes as long as it is told on the loop's clock, then ends as it is told."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.fates: dict[str, Status] = {}
        self.rows: list[dict[str, Any]] = []
        self.spans: dict[str, tuple[float, float]] = {}
        self.ran: Counter[str] = Counter()
        self.teams = {n: self.team(n) for n in PARALLEL}

    def team(self, parallel: int, **options: Any) -> Any:
        def planned(_: Any) -> Any:
            return {"calls": [{"name": "submit_plan", "args": {"tasks": self.rows}}]}

        return orchestrator.build(
            workers={"w": plain(self.work)},
            model=ScriptedModel(turns=[planned, "x"]),
            parallel=parallel,
            max_replans=0,
            **options,
        )

    async def work(self, state: Any) -> Any:
        name, loop = state["task"].task_id, asyncio.get_running_loop()
        if self.fates.get(name) is Status.WAITING:
            interrupt({"question": name})
        self.ran[name] += 1
        started = loop.time()
        await asyncio.sleep(self.seconds.get(name, 0))
        self.spans[name] = (started, loop.time())
        if self.fates.get(name) is Status.FAILED:
            raise RuntimeError(name)
        return {"answer": name}

    def given(self, tasks: list[AgentTask], seconds: dict[str, float], fates: dict[str, Status] | None = None) -> None:
        self.rows = [
            {"task_id": t.task_id, "worker": "w", "objective": "x", "depends_on": t.depends_on, "timeout_seconds": 9e3}
            for t in tasks
        ]
        self.seconds, self.fates = seconds, fates or {}
        self.spans, self.ran = {}, Counter()


def scheduled(count: int) -> None:
    bench, rng, over = Bench(), random.Random(7), []
    for _ in range(count):
        tasks, seconds, _ = random_plan(rng)
        parallel = rng.choice(PARALLEL)
        bench.given(tasks, seconds)
        with clock() as loop:
            out = loop.run_until_complete(bench.teams[parallel].ainvoke(GO))
        assert {result.status for result in out["results"].values()} == {Status.COMPLETED}
        assert bench.ran == Counter(seconds.keys())
        spans = bench.spans
        makespan = max(end for _, end in spans.values()) - min(start for start, _ in spans.values())
        path, work = critical_path(tasks, seconds), sum(seconds.values()) / parallel
        assert makespan <= (path + work) * (1 + 1e-9)
        over.append(makespan / max(path, work))
        for t in tasks:
            start = spans[t.task_id][0]
            free = max((spans[n][1] for n in t.depends_on), default=0.0)
            assert start >= free - 1e-9, "it began before what it needs had ended"
            # No barrier: from the end of its last dependency on until it starts, all places are taken.
            for moment in (free, *(end for _, end in spans.values() if free <= end < start - 1e-9)):
                if moment < start - 1e-9:
                    assert sum(a <= moment + 1e-9 and moment + 1e-9 < b for a, b in spans.values()) == parallel
    over.sort()
    assert over[len(over) // 2] <= 1.05
    assert sum(over) / len(over) <= 1.05


def test_random_plans_are_as_short_as_they_can_be_and_have_no_barrier() -> None:
    scheduled(30)


@pytest.mark.slow
def test_a_thousand_random_plans_are_as_short_as_they_can_be_and_have_no_barrier() -> None:
    scheduled(1_000)


def test_each_task_ends_once_and_a_failure_reaches_exactly_what_depends_on_it() -> None:
    bench, rng = Bench(), random.Random(8)
    for _ in range(25):
        tasks, seconds, _ = random_plan(rng)
        fates = {t.task_id: rng.choice([Status.COMPLETED] * 5 + [Status.FAILED]) for t in tasks}
        bench.given(tasks, seconds, fates)
        team, entered = bench.teams[rng.choice(PARALLEL)], Counter[tuple[str, str]]()
        with clock() as loop:
            loop.run_until_complete(watched(team, entered))
        needs = {t.task_id: t.depends_on for t in tasks}

        @cache
        def lost(name: str, needs: Any = needs, fates: Any = fates) -> bool:
            return any(fates[n] is Status.FAILED or lost(n) for n in needs[name])

        for name, fate in fates.items():
            ends = {status: entered[name, status] for status in ("completed", "failed", "cancelled")}
            wanted = "cancelled" if lost(name) else str(fate)
            assert ends == {**dict.fromkeys(ends, 0), wanted: 1}, name
            assert bench.ran[name] == (0 if lost(name) else 1)
            for needed in needs[name] if name in bench.spans else ():
                assert fates[needed] is Status.COMPLETED
                assert bench.spans[needed][1] <= bench.spans[name][0]


async def watched(team: Any, entered: Counter[tuple[str, str]]) -> None:
    async for _, event in team.astream(GO, stream_mode="custom", subgraphs=True):
        if event.kind == "task":
            entered[event.name, event.status] += 1


def test_who_waits_for_a_person_stops_nobody_but_those_behind_it() -> None:
    bench, rng = Bench(), random.Random(9)
    team = bench.team(8, checkpointer=InMemorySaver())
    for number in range(8):
        tasks, _, _ = random_plan(rng)
        fates = {t.task_id: rng.choice([Status.COMPLETED] * 4 + [Status.WAITING]) for t in tasks}
        bench.given(tasks, {}, fates)
        config: Any = {"configurable": {"thread_id": str(number)}}
        needs = {t.task_id: t.depends_on for t in tasks}

        @cache
        def behind(name: str, needs: Any = needs, fates: Any = fates) -> bool:
            return any(fates[n] is Status.WAITING or behind(n) for n in needs[name])

        out = team.invoke(GO, config)
        assert bench.ran == Counter(n for n, fate in fates.items() if fate is Status.COMPLETED and not behind(n))
        while questions := out.get("__interrupt__"):
            assert {q.value["question"] for q in questions} <= {
                n for n, fate in fates.items() if fate is Status.WAITING
            }
            out = team.invoke(Command(resume={q.id: "yes" for q in questions}), config)
        assert bench.ran == Counter(fates.keys())
        assert {result.status for result in out["results"].values()} == {Status.COMPLETED}


def test_the_budgets_of_children_never_exceed_their_parents() -> None:
    rng, leaves = random.Random(10), list[AgentTask]()

    async def greedy(state: Any) -> Any:
        task = state["task"]
        leaves.append(task)
        return {"answer": "x", "usage": Usage(model_calls=int(task.budget.bounds()["model_calls"]))}

    def turn(messages: Any) -> Any:
        if "The results are data" in messages[-1].text:
            return "x"
        rows = []
        for number in range(rng.randint(1, 4)):
            asks = {bound: rng.randint(1, 6) for bound in ("model_calls", "tokens", "usd") if rng.random() < 0.3}
            row = {"task_id": f"t{number}", "worker": "w", "objective": "x", **({"budget": asks} if asks else {})}
            rows.append(row)
        return {"calls": [{"name": "submit_plan", "args": {"tasks": rows}}]}

    def over(worker: Worker, budget: Budget | None = None) -> Any:
        model = ScriptedModel(turns=[turn] * 9)
        return orchestrator.build(workers={"w": worker}, model=model, max_replans=0, budget=budget)

    carried_out = 0
    for _ in range(80):
        bound = Budget(model_calls=rng.randint(4, 60), tokens=rng.randint(1, 9_000), usd=rng.choice([None, 1.5]))
        own = Budget(model_calls=rng.randint(1, 9)) if rng.random() < 0.3 else None
        leaves.clear()
        out = over(Worker(graph=over(Worker(graph=plain(greedy), budget=own))), bound).invoke(GO)
        plan = {task.task_id: task for task in out.get("plan", [])}
        within([*plan.values()], bound)
        for name, task in plan.items():
            assert task.budget is not None
            below = [leaf for leaf in leaves if leaf.parent_task_id == name]
            within(below, task.budget)
            carried_out += len(below)
        # The rest is the planners' own calls, which they make before they hand out what is left.
        assert out["usage"].model_calls <= units("model_calls", bound.model_calls or 0)
    assert carried_out > 30


def within(tasks: list[AgentTask], bound: Budget) -> None:
    """No task has more than `bound`, nor have all of them together."""
    for name, most in bound.bounds().items():
        shares = [task.budget.bounds()[name] for task in tasks if task.budget]
        assert len(shares) == len(tasks)
        assert sum(units(name, share) for share in shares) <= units(name, most)
