"""Random plans, and how long no schedule can take less than."""

import random

from lockgate.handoff import AgentTask


def task(name: str, *needs: str) -> AgentTask:
    return AgentTask(task_id=name, objective="x", depends_on=list(needs))


def random_plan(rng: random.Random) -> tuple[list[AgentTask], dict[str, float], int]:
    """A plan in which a task needs some of those before it, shuffled; seconds a task; places."""
    count, density = rng.randint(1, 60), rng.choice([0.0, 0.02, 0.1, 0.4])
    names = [f"t{n}" for n in range(count)]
    tasks = [task(name, *(n for n in names[:place] if rng.random() < density)) for place, name in enumerate(names)]
    rng.shuffle(tasks)
    return tasks, {name: rng.choice([rng.random(), rng.expovariate(0.3), 1.0]) for name in names}, rng.randint(1, 16)


def critical_path(tasks: list[AgentTask], seconds: dict[str, float]) -> float:
    needs = {t.task_id: t.depends_on for t in tasks}
    ends: dict[str, float] = {}
    for name in sorted(needs, key=lambda n: int(n[1:])):  # a task only needs those of a lower number
        ends[name] = seconds[name] + max((ends[n] for n in needs[name]), default=0.0)
    return max(ends.values())
