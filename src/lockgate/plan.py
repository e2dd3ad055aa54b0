"""Plans: tasks that depend on one another, and every reason why a plan cannot be carried out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockgate.handoff import AgentTask, Budget, Status, amount, units
from lockgate.text import cleaned, unfit

MAX_FAULTS = 10
"""Faults named at once; a planner mends no more than that in one go."""


class PlannedTask(BaseModel):
    """One task as a planner proposes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_id: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="Short and unique, such as t1")
    worker: str = Field(description="Name of the worker that takes the task")
    objective: str = Field(min_length=1, max_length=8_000, description="What the worker shall find out or do")
    context: dict[str, Any] = Field(default_factory=dict, description="Facts the worker needs besides the objective")
    constraints: list[str] = Field(default_factory=list, max_length=50)
    depends_on: list[str] = Field(default_factory=list, description="Ids of the tasks whose results it needs")
    timeout_seconds: float = Field(300.0, gt=0, le=86_400)
    budget: Budget | None = None


def read_plan(
    raw: Any, *, max_tasks: int, parent: str | None = None, depth: int = 0
) -> tuple[list[AgentTask], list[str]]:
    """The tasks of a planner's proposal (`{"tasks": [...]}` or the list), or the faults of its form."""
    items = raw.get("tasks") if isinstance(raw, Mapping) else raw
    if not isinstance(items, list):
        return [], ['a plan is {"tasks": [...]}']
    if len(items) > max_tasks:
        return [], [f"the plan has {len(items):,} tasks; at most {max_tasks:,} are allowed"]
    if why := unfit(items):
        return [], [f"the plan {why}"]
    tasks: list[AgentTask] = []
    faults: list[str] = []
    for index, item in enumerate(cleaned(items)):
        try:
            planned = PlannedTask.model_validate(item)
        except ValidationError as error:
            name = item.get("task_id", index) if isinstance(item, dict) else index
            said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
            faults.append(f"task {str(name)[:64]!r}: {said}")
            continue
        values = planned.model_dump(exclude={"worker", "budget"})
        tasks.append(
            AgentTask(**values, type=planned.worker, budget=planned.budget, parent_task_id=parent, depth=depth)
        )
    return tasks, faults[:MAX_FAULTS]


def plan_faults(
    tasks: Sequence[AgentTask],
    *,
    workers: Iterable[str],
    ended: Mapping[str, Status] | None = None,
    budget: Budget | None = None,
) -> list[str]:
    """Why `tasks` cannot be carried out, at most `MAX_FAULTS` reasons; none for a sound plan.

    `ended` holds the tasks of earlier rounds, whose ids are taken and whose results may be built on if they
    completed. `budget` is what is left for the tasks together.
    """
    ended = ended or {}
    known = sorted(workers)
    faults: list[str] = []
    if not tasks:
        return ["the plan has no task"]
    ids = Counter(task.task_id for task in tasks)
    faults += [f"the id {name!r} is given to {count} tasks" for name, count in ids.items() if count > 1]
    faults += [f"the id {name!r} was used before; take a new one" for name in ids if name in ended]
    for task in tasks:
        name = task.task_id
        if task.type not in known:
            faults.append(f"task {name!r}: there is no worker {task.type[:64]!r}; workers: {', '.join(known)}")
        for needed in task.depends_on:
            if needed == name:
                faults.append(f"task {name!r} depends on itself")
            elif needed not in ids and needed not in ended:
                faults.append(f"task {name!r} depends on {needed[:64]!r}, which is not in the plan")
            elif needed not in ids and ended[needed] != Status.COMPLETED:
                faults.append(f"task {name!r} depends on {needed!r}, which is {ended[needed]} and has no result")
        if len(faults) >= MAX_FAULTS:
            break
    if not faults and (circle := _cycle(tasks)):
        faults.append(f"the tasks wait for one another in a circle: {' -> '.join(circle)}")
    if budget is not None:
        faults += _over(tasks, budget)
    return faults[:MAX_FAULTS]


def granted(tasks: Sequence[AgentTask], budget: Budget | None) -> list[AgentTask]:
    """`tasks` with a budget each, together never more than `budget`.

    What a task asks for it gets; the rest of each bound goes in equal shares to those that ask for none of it, and
    what cannot be shared equally to the first of them.
    """
    bounds = budget.bounds() if budget else {}
    if not bounds:
        return list(tasks)
    shares: list[dict[str, Any]] = [dict(task.budget.bounds()) if task.budget else {} for task in tasks]
    for name, bound in bounds.items():
        asked = [_asked(task, name) for task in tasks]
        rest = max(0, units(name, bound) - sum(a for a in asked if a is not None))
        each, more = divmod(rest, max(1, asked.count(None)))
        for place, share in enumerate([share for share, a in zip(shares, asked, strict=True) if a is None]):
            share[name] = amount(name, each + (place < more))
    return [task.model_copy(update={"budget": Budget(**share)}) for task, share in zip(tasks, shares, strict=True)]


def _asked(task: AgentTask, name: str) -> int | None:
    """What the task asks for of the bound `name`, in its units."""
    asked = task.budget.bounds().get(name) if task.budget else None
    return None if asked is None else units(name, asked)


def _over(tasks: Sequence[AgentTask], budget: Budget) -> list[str]:
    faults = []
    for name, bound in budget.bounds().items():
        asked = [_asked(task, name) for task in tasks]
        each = 1 if name in ("tokens", "model_calls") else 0
        least = sum(each if a is None else a for a in asked)
        if least > units(name, bound):
            faults.append(f"the tasks need {amount(name, least):,} {name} at least; {bound:,} are left")
    return faults


def _cycle(tasks: Sequence[AgentTask]) -> list[str]:
    """The ids along one circle of dependencies, the first again at the end; empty when there is none."""
    needs = {task.task_id: list(dict.fromkeys(task.depends_on)) for task in tasks}
    waiting = {name: sum(n in needs for n in needed) for name, needed in needs.items()}
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for n in needed:
            if n in needs:
                followers[n].append(name)
    free = [name for name, count in waiting.items() if not count]
    while free:
        for follower in followers[free.pop()]:
            waiting[follower] -= 1
            if not waiting[follower]:
                free.append(follower)
    stuck = {name for name, count in waiting.items() if count}
    if not stuck:
        return []
    # Every stuck task waits for a stuck one, so following them must come round.
    trail = [next(name for name in needs if name in stuck)]
    while trail.count(trail[-1]) < 2:  # noqa: PLR2004
        trail.append(next(n for n in needs[trail[-1]] if n in stuck))
    return trail[trail.index(trail[-1]) :]
