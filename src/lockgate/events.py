"""The run's own record: one timed event for each node, call, decision and wait."""

from dataclasses import dataclass, field
from typing import Any, Literal

EVENTS = "events"
"""State key the nodes write their events to; the Postgres saver moves them into the `events` table."""

Kind = Literal["node", "model", "decision", "call", "wait", "task", "message", "screen"]
"""`task`: a task of a plan entered a status (pending, running, waiting, completed, failed, cancelled); `node` is the
dispatching node, `name` the task's id, `agent` the worker, detail `{"type", "depends_on", "parent"}`. `message`: a
typed handoff from `agent` to `name`, detail `{"kind": "AgentTask" | "AgentResult" | ..., "task_id"}`. `screen`: the
screens found something in an input or a result; detail `{"findings": [{"kind", "score"}]}`, never the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One timed fact about a run. Times are seconds since the epoch.

    `detail` holds what belongs to the kind: rule and reason of a decision, tokens of a model call, error kind
    of a tool call. It is JSON and never holds raw arguments or outputs.
    """

    kind: Kind
    node: str
    started: float
    ended: float
    run_id: str = ""
    agent: str = ""
    call_id: str = ""
    name: str = ""
    status: str = "ok"
    detail: dict[str, Any] = field(default_factory=dict)
