"""The read side of the run's own record: threads, runs, events and approvals as plain data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from lockgate.errors import ApprovalError, RowError
from lockgate.events import Event
from lockgate.handoff import Usage
from lockgate.runtime.filed import Filed
from lockgate.runtime.reading import named, segment
from lockgate.runtime.record import opened_spec
from lockgate.runtime.saver import PostgresSaver
from lockgate.runtime.segment import about


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread and its newest run. `status` is empty for a graph that keeps no runs; times are aware."""

    thread_id: str
    run_id: str
    graph: str
    status: str
    updated: datetime
    pending: int
    """Approvals that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one user message began. `spec` is what it was started with: model, policy and so on.

    `status` is `waiting` while an approval of it is pending. `ended` is None until it ended.
    """

    run_id: str
    thread_id: str
    graph: str
    status: str
    usage: Usage
    spec: dict[str, Any]
    started: datetime
    updated: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEvent:
    """One event as it was filed; `ended` is None while it waits. The fields are those of `lockgate.events.Event`."""

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    task_id: str
    interrupt_id: str | None
    kind: str
    node: str
    name: str
    agent: str
    run_id: str
    call_id: str
    status: str
    started: datetime
    ended: datetime | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One question to a person. `value` is what the interrupt showed, `answer` what came back.

    `status` is `pending`, `answered`, or `superseded` by a new message to the thread.
    """

    thread_id: str
    interrupt_id: str
    run_id: str
    agent: str
    call_id: str
    tool: str
    value: Any
    status: str
    asked_at: datetime
    expires_at: datetime | None
    answer: Any
    answered_at: datetime | None


_RUN_STATUS = """
    CASE WHEN r.ended IS NULL AND EXISTS (
        SELECT 1 FROM approvals a
        WHERE a.thread_id = r.thread_id AND a.status = 'pending' AND a.run_id IN ('', r.run_id)
    ) THEN 'waiting' ELSE r.status END AS status
"""
# Derived, not stored: an interrupt and the checkpoint before it are saved in no fixed order.

_THREADS = f"""
SELECT c.thread_id, c.updated, coalesce(r.run_id, '') AS run_id, coalesce(r.graph, '') AS graph,
       coalesce(r.status, CASE WHEN p.pending > 0 THEN 'waiting' ELSE '' END) AS status, p.pending
FROM (
    SELECT thread_id, max(at) AS updated FROM steps GROUP BY thread_id
) c
LEFT JOIN LATERAL (
    SELECT r.run_id, r.graph, {_RUN_STATUS} FROM runs r
    WHERE r.thread_id = c.thread_id ORDER BY r.started DESC LIMIT 1
) r ON true
CROSS JOIN LATERAL (
    SELECT count(*)::int AS pending FROM approvals a WHERE a.thread_id = c.thread_id AND a.status = 'pending'
) p
ORDER BY c.updated DESC LIMIT %s
"""  # noqa: S608 - only constants of this file

_RUNS = f"""
SELECT run_id, thread_id, graph, usage, spec, started, updated, ended, {_RUN_STATUS}
FROM runs r WHERE thread_id = %s ORDER BY started
"""  # noqa: S608

_EVENTS = """
SELECT thread_id, checkpoint_ns, checkpoint_id, task_id, interrupt_id, kind, node, name, agent, run_id, call_id,
       status, started, ended, detail
FROM events WHERE thread_id = %s ORDER BY started, id
"""

_RECORDS = "SELECT seq, touched, spine, record FROM steps WHERE thread_id = %s AND record IS NOT NULL ORDER BY seq"

_APPROVALS = """
SELECT thread_id, interrupt_id, run_id, agent, call_id, tool, value, status, asked_at, expires_at, answer, answered_at
FROM approvals
"""


class Records:
    """Reads the record that `saver` writes. Every method raises StoreError when the database fails."""

    def __init__(self, saver: PostgresSaver) -> None:
        self._saver = saver

    async def threads(self, limit: int = 50) -> list[Thread]:
        """The threads used last, newest first."""
        return [Thread(**row) for row in await self._rows(_THREADS, (limit,))]

    async def runs(self, thread_id: str) -> list[Run]:
        """The runs of a thread, oldest first."""
        await self._saver.seal.ready()
        rows = await self._rows(_RUNS, (thread_id,))
        return [Run(**{**row, "usage": _usage(row["usage"]), "spec": self._spec(row)}) for row in rows]

    async def events(self, thread_id: str) -> list[TimedEvent]:
        """The events of a thread in the order in which they started."""
        found = [TimedEvent(**self._opened(row, "detail")) for row in await self._rows(_EVENTS, (thread_id,))]
        # A task that is filed again after a crash stands there twice.
        filed: dict[Any, TimedEvent] = {}
        for row in await self._rows(_RECORDS, (thread_id,)):
            for one in segment(self._saver.seal, thread_id, {**row, "body": None}).events:
                filed.setdefault(one.place, _timed(thread_id, one))
        return sorted([*found, *filed.values()], key=lambda event: event.started)

    async def approvals(self, status: str | None = "pending", *, thread_id: str | None = None) -> list[Approval]:
        """Approvals of that status (None for all), oldest first. One that cannot be read says so as its reason."""
        where = "WHERE (%s::text IS NULL OR status = %s) AND (%s::text IS NULL OR thread_id = %s) ORDER BY asked_at"
        rows = await self._rows(_APPROVALS + where, (status, status, thread_id, thread_id))
        return [self._approval(row) for row in rows]

    async def approval(self, interrupt_id: str) -> Approval:
        """The approval whose id is or begins with `interrupt_id`.

        Raises ApprovalError when there is none, or several.
        """
        if not re.fullmatch(r"[0-9A-Za-z-]+", interrupt_id):
            raise ApprovalError(f"{interrupt_id[:50]!r} is not an id of an approval.", "List them: lockgate approvals")
        rows = await self._rows(_APPROVALS + "WHERE interrupt_id LIKE %s ORDER BY asked_at", (interrupt_id + "%",))
        exact = [row for row in rows if row["interrupt_id"] == interrupt_id] or rows
        if not exact:
            raise ApprovalError(f"There is no approval {interrupt_id[:50]!r}.", "List them: lockgate approvals")
        if len(exact) > 1:
            raise ApprovalError(f"{interrupt_id[:50]!r} begins {len(exact)} ids.", "Write more of the id.")
        return Approval(**self._opened(exact[0], "value", "answer"))

    def _approval(self, row: dict[str, Any]) -> Approval:
        try:
            return Approval(**self._opened(row, "value", "answer"))
        except RowError as error:  # it must not hide the others
            return Approval(**{**row, "value": {"reason": error.message}, "answer": None})

    def _spec(self, row: dict[str, Any]) -> dict[str, Any]:
        what = f"what run {row['run_id']} was started with"
        return named(row["thread_id"], what, opened_spec, row["spec"], row["thread_id"], self._saver.seal)

    def _opened(self, row: dict[str, Any], *names: str) -> dict[str, Any]:
        kind, row_id = about(row["thread_id"], "json"), row["interrupt_id"]
        opened = {
            name: named(row["thread_id"], f"the {name} of {row_id}", self._saver.seal.open_json, row[name], kind)
            for name in names
        }
        return {**row, **opened}

    async def _rows(self, sql: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
        async with self._saver.pools.connection() as connection:
            cursor = await connection.execute(sql.encode(), parameters)
            return await cursor.fetchall()


def _timed(thread_id: str, filed: Filed) -> TimedEvent:
    said: dict[str, Any] = {one.name: getattr(filed.event, one.name) for one in fields(Event)}
    said |= {name: datetime.fromtimestamp(said[name], UTC) for name in ("started", "ended")}
    said |= {"checkpoint_ns": filed.ns, "checkpoint_id": filed.checkpoint_id, "task_id": filed.task_id}
    return TimedEvent(thread_id=thread_id, interrupt_id=None, **said)


def _usage(stored: dict[str, Any]) -> Usage:
    # A count that a newer version added is left out, not refused.
    return Usage(**{name: count for name, count in stored.items() if name in Usage.model_fields})
