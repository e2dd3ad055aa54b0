"""What agents inherit from the teams that they work in: the budgets of a team's pack, for as long as they work there.

It is in the context, as the deadline is. A node that lets others work opens it anew after a crash, from its own pack,
so it needs no place in any state.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from lockgate.guardrails.budgets.section import BudgetSection


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """One team above. `path` names its run: the id, the tasks on the way down to the team, and the team."""

    path: tuple[str, ...]
    sections: tuple[BudgetSection, ...]


_tasks: ContextVar[tuple[str, ...]] = ContextVar("_tasks", default=())
_above: ContextVar[tuple[Above, ...]] = ContextVar("_above", default=())


def inherited() -> tuple[Above, ...]:
    """The teams above, from the top."""
    return _above.get()


@contextmanager
def on_task(task_id: str) -> Iterator[None]:
    """While it is open, what runs in this context works on that task."""
    token = _tasks.set((*_tasks.get(), task_id))
    try:
        yield
    finally:
        _tasks.reset(token)


@contextmanager
def handed_down(sections: Sequence[BudgetSection], *, team: str, run_id: str) -> Iterator[None]:
    """While it is open, what runs in this context works for `team` and stands under its `sections`."""
    said = tuple(section for section in sections if section.model_fields_set)
    if not said:
        yield
        return
    token = _above.set((*_above.get(), Above(path=(run_id, *_tasks.get(), team), sections=said)))
    try:
        yield
    finally:
        _above.reset(token)
