"""Plans: every reason why one cannot be carried out is named, and budgets never grow on the way down."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.handoff import AgentTask, Budget, Status, Usage, spent
from lockgate.plan import MAX_FAULTS, granted, plan_faults, read_plan


def task(name: str, *needs: str, worker: str = "w", **more: Any) -> AgentTask:
    return AgentTask(task_id=name, type=worker, objective="x", depends_on=list(needs), **more)


ENDED = {"old": Status.COMPLETED, "bad": Status.FAILED}
FAULTY: list[tuple[str, list[AgentTask], str]] = [
    ("nothing", [], "no task"),
    ("unknown worker", [task("a", worker="z")], "there is no worker 'z'; workers: w"),
    ("itself", [task("a", "a")], "depends on itself"),
    ("dangling", [task("a", "b")], "'b', which is not in the plan"),
    ("twins", [task("a"), task("a")], "'a' is given to 2 tasks"),
    ("taken", [task("old")], "used before"),
    ("built on a failure", [task("a", "bad")], "which is failed and has no result"),
    ("circle", [task("x"), task("a", "c"), task("b", "a"), task("c", "b", "x")], "a -> c -> b -> a"),
    ("too dear", [task("a", budget=Budget(model_calls=9)), task("b")], "need 10 model_calls at least; 9 are left"),
]


@pytest.mark.parametrize(("tasks", "says"), [row[1:] for row in FAULTY], ids=[row[0] for row in FAULTY])
def test_a_plan_that_cannot_be_carried_out_is_refused_with_the_reason(tasks: list[AgentTask], says: str) -> None:
    faults = plan_faults(tasks, workers=["w"], ended=ENDED, budget=Budget(model_calls=9))
    assert any(says in fault for fault in faults), faults


def test_a_sound_plan_has_no_fault() -> None:
    tasks = [task("a", "old"), task("b", "a"), task("c", "a", "b")]
    assert plan_faults(tasks, workers=["w"], ended=ENDED, budget=Budget(model_calls=3)) == []


def test_faults_are_bounded() -> None:
    tasks = [task(f"t{n}", "nowhere", worker="z") for n in range(500)]
    assert len(plan_faults(tasks, workers=["w"])) == MAX_FAULTS


RAW: list[tuple[Any, str]] = [
    ("prose", "a plan is"),
    ({"tasks": "none"}, "a plan is"),
    ({"tasks": [{}] * 11}, "11 tasks; at most 10"),
    ([{"task_id": "a b", "worker": "w", "objective": "x"}], "task_id"),
    ([{"task_id": "a", "worker": "w", "objective": ""}], "objective"),
    ([{"task_id": "a", "worker": "w", "objective": "x", "power": 1}], "power"),
    ([{"task_id": "a", "worker": "w", "objective": "x", "timeout_seconds": 0}], "timeout_seconds"),
    (["a"], "task '0'"),
    ([{"task_id": "a", "worker": "w", "objective": "x", "context": {"a": "\0"}}], "NUL"),
]


@pytest.mark.parametrize(("raw", "says"), RAW)
def test_a_malformed_plan_is_refused_with_the_reason(raw: Any, says: str) -> None:
    tasks, faults = read_plan(raw, max_tasks=10)
    assert any(says in fault for fault in faults), (tasks, faults)


bounds = st.none() | st.integers(0, 50)
budgets = st.builds(Budget, tokens=bounds, model_calls=bounds, tool_calls=bounds)


@given(st.lists(st.none() | budgets, min_size=1, max_size=8), budgets)
def test_budgets_of_children_never_exceed_the_parents(asked: list[Budget | None], parent: Budget) -> None:
    tasks = [task(str(n), budget=budget) for n, budget in enumerate(asked)]
    if plan_faults(tasks, workers=["w"], budget=parent):
        return
    given_out = granted(tasks, parent)
    for name, bound in parent.bounds().items():
        shares = [t.budget.bounds()[name] for t in given_out if t.budget is not None]
        assert len(shares) == len(tasks)
        assert sum(shares) <= bound
        assert name == "tool_calls" or 0 not in [s for s, a in zip(shares, asked, strict=True) if not a]


@given(budgets, budgets, st.builds(Usage, input_tokens=st.integers(0, 60), model_calls=st.integers(0, 60)))
def test_a_budget_only_narrows(one: Budget, other: Budget, used: Usage) -> None:
    both = one.within(other)
    for budget in (one, other):
        assert all(both.bounds()[name] <= bound for name, bound in budget.bounds().items())
    for name, bound in one.left(used).bounds().items():
        assert bound == max(0, one.bounds()[name] - spent(used, name))
