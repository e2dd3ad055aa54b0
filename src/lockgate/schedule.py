"""`Schedule`: which task of a plan may run now. Pure: it knows no clock and starts nothing by itself."""

import heapq
from collections.abc import Iterator, Sequence

from lockgate.handoff import AgentTask, Status

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
"""The final statuses of a task; exactly one is reached, once."""


class Schedule:
    """The statuses of `tasks`, of which at most `parallel` run at once.

    A task may run the moment its own dependencies have completed. Of several that may, the one with the longest
    chain of tasks behind it goes first, then the one that stands first in the plan. A task that fails cancels
    those that depend on it, at any distance, and no other. Dependencies that are not among `tasks` count as met.
    """

    def __init__(self, tasks: Sequence[AgentTask], *, parallel: int) -> None:
        """`tasks` must be sound: see `lockgate.plan.plan_faults`."""
        if parallel < 1:
            raise ValueError("parallel is at least 1")
        self.parallel = parallel
        self.status = {task.task_id: Status.PENDING for task in tasks}
        self.running = 0
        self._behind: dict[str, list[str]] = {name: [] for name in self.status}
        self._unmet: dict[str, int] = {}
        for task in tasks:
            needed = [n for n in dict.fromkeys(task.depends_on) if n in self.status]
            self._unmet[task.task_id] = len(needed)
            for n in needed:
                self._behind[n].append(task.task_id)
        self._blocked: set[str] = set()
        self._rank = {name: (-length, place) for place, (name, length) in enumerate(self._chains().items())}
        self._ready = [(self._rank[name], name) for name, unmet in self._unmet.items() if not unmet]
        heapq.heapify(self._ready)

    def start(self) -> list[str]:
        """The tasks that start now; they count as running."""
        started = []
        while self.running < self.parallel and self._ready:
            _, name = heapq.heappop(self._ready)
            if self.status[name] is not Status.PENDING:
                continue
            self.status[name] = Status.RUNNING
            self.running += 1
            started.append(name)
        return started

    def end(self, name: str, status: Status) -> list[str]:
        """`name` has ended; returns the tasks that this cancels. A task that had ended before stays as it was."""
        if status not in ENDED:
            raise ValueError(f"{status} is no end of a task")
        if self.status[name] in ENDED:
            return []
        self._leave(name, status)
        if status is Status.COMPLETED:
            for follower in self._behind[name]:
                self._unmet[follower] -= 1
                if not self._unmet[follower]:
                    heapq.heappush(self._ready, (self._rank[follower], follower))
            return []
        cancelled = [n for n in self._all_behind(name) if self.status[n] not in ENDED]
        for follower in cancelled:
            self.status[follower] = Status.CANCELLED
        return cancelled

    def wait(self, name: str) -> list[str]:
        """`name` waits for a person and gives up its place; returns the pending tasks that this blocks."""
        self._leave(name, Status.WAITING)
        blocked = [n for n in self._all_behind(name) if self.status[n] is Status.PENDING and n not in self._blocked]
        self._blocked.update(blocked)
        return blocked

    def _leave(self, name: str, status: Status) -> None:
        if self.status[name] is Status.RUNNING:
            self.running -= 1
        self.status[name] = status

    def _all_behind(self, name: str) -> Iterator[str]:
        seen: set[str] = set()
        queue = list(self._behind[name])
        while queue:
            follower = queue.pop()
            if follower not in seen:
                seen.add(follower)
                queue.extend(self._behind[follower])
                yield follower

    def _chains(self) -> dict[str, int]:
        """For each task, in plan order, how many tasks the longest chain behind it has."""
        left = dict(self._unmet)
        order = [name for name, unmet in left.items() if not unmet]
        for name in order:
            for follower in self._behind[name]:
                left[follower] -= 1
                if not left[follower]:
                    order.append(follower)
        length = dict.fromkeys(self.status, 0)
        for name in reversed(order):
            length[name] = max((1 + length[n] for n in self._behind[name]), default=0)
        return length
