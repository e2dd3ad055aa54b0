"""The schedule on a simulated clock: no barrier, as short as its plan allows, and each task ends once."""

import heapq
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.plans import critical_path, random_plan, task

from lockgate.handoff import AgentTask, Status
from lockgate.schedule import ENDED, Schedule

Spans = dict[str, tuple[float, float]]


def play(
    tasks: list[AgentTask],
    parallel: int,
    seconds: dict[str, float],
    fate: Callable[[str], Status] = lambda _: Status.COMPLETED,
) -> tuple[Spans, Schedule]:
    """Start and end of each task that ran, on a clock that jumps from end to end."""
    schedule = Schedule(tasks, parallel=parallel)
    now, spans, under_way = 0.0, {}, []  # type: ignore[var-annotated]
    while True:
        for name in schedule.start():
            heapq.heappush(under_way, (now + seconds[name], name))
            spans[name] = (now, now + seconds[name])
        assert schedule.running == len(under_way) <= parallel
        if not under_way:
            return spans, schedule
        now, name = heapq.heappop(under_way)
        if (status := fate(name)) is Status.WAITING:
            schedule.wait(name)
        else:
            schedule.end(name, status)


def test_a_thousand_random_plans_are_as_short_as_they_can_be_and_have_no_barrier() -> None:
    rng = random.Random(7)
    over_lower_bound = []
    for _ in range(1_000):
        tasks, seconds, parallel = random_plan(rng)
        spans, schedule = play(tasks, parallel, seconds)
        assert set(schedule.status.values()) == {Status.COMPLETED}
        makespan = max(end for _, end in spans.values())
        path, work = critical_path(tasks, seconds), sum(seconds.values()) / parallel
        assert makespan <= path + work * (1 + 1e-9)
        over_lower_bound.append(makespan / max(path, work))
        # No barrier: a task starts at the very moment its last dependency ends, unless all places are taken then.
        for t in tasks:
            start = spans[t.task_id][0]
            free = max((spans[n][1] for n in t.depends_on), default=0.0)
            assert start >= free
            for moment in (free, *(end for _, end in spans.values() if free <= end < start)):
                if moment < start:
                    assert sum(a <= moment < b for a, b in spans.values()) == parallel
    over_lower_bound.sort()
    # No schedule at all can be shorter than the larger of the two bounds; nobody knows the seconds beforehand.
    assert over_lower_bound[500] <= 1.05
    assert sum(over_lower_bound) / 1_000 <= 1.05


def test_with_places_for_all_the_makespan_is_the_critical_path() -> None:
    rng = random.Random(8)
    for _ in range(200):
        tasks, seconds, _ = random_plan(rng)
        spans, _ = play(tasks, len(tasks), seconds)
        assert max(end for _, end in spans.values()) == pytest.approx(critical_path(tasks, seconds))


def test_the_longest_chain_goes_first() -> None:
    tasks = [task("short"), task("other"), task("a"), task("b", "a"), task("c", "b")]
    spans, _ = play(tasks, 2, dict.fromkeys(["short", "other", "a", "b", "c"], 1.0))
    assert spans["a"][0] == 0.0
    assert max(end for _, end in spans.values()) == 3.0


@given(st.integers(0, 10**9))
def test_a_failure_reaches_exactly_what_depends_on_it(seed: int) -> None:
    rng = random.Random(seed)
    tasks, seconds, parallel = random_plan(rng)
    fates = {t.task_id: rng.choice([Status.COMPLETED] * 6 + [Status.FAILED, Status.WAITING]) for t in tasks}
    spans, schedule = play(tasks, parallel, seconds, fates.__getitem__)
    needs = {t.task_id: t.depends_on for t in tasks}

    @cache
    def above(name: str, ends: Status) -> bool:
        return any((fates[n] is ends and n in spans) or above(n, ends) for n in needs[name])

    for name, status in schedule.status.items():
        if name in spans:
            assert status is fates[name]
            assert all(schedule.status[n] is Status.COMPLETED for n in needs[name])
        elif status is Status.CANCELLED:
            assert above(name, Status.FAILED)
        else:
            assert status is Status.PENDING
            assert above(name, Status.WAITING) and not above(name, Status.FAILED)
    if Status.WAITING not in schedule.status.values():
        assert set(schedule.status.values()) <= ENDED


def test_an_end_is_final_and_a_wait_names_what_it_blocks() -> None:
    schedule = Schedule([task("a"), task("b", "a"), task("c", "b"), task("d")], parallel=4)
    assert schedule.start() == ["a", "d"]
    assert sorted(schedule.wait("a")) == ["b", "c"]
    assert schedule.running == 1
    schedule.end("d", Status.COMPLETED)
    assert schedule.end("d", Status.FAILED) == []
    assert schedule.status["d"] is Status.COMPLETED
    assert sorted(schedule.end("a", Status.FAILED)) == ["b", "c"]
    bad: list[Any] = [Status.RUNNING, Status.PENDING, Status.WAITING]
    for status in bad:
        with pytest.raises(ValueError, match="no end"):
            schedule.end("a", status)
    with pytest.raises(ValueError, match="parallel"):
        Schedule([], parallel=0)
