"""The write side of the run's own record: which rows go with the checkpoints and task writes of a batch.

The statements are for the transaction of the batch, so the record neither runs ahead of the checkpoints nor falls
behind. All of them may run twice.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from langgraph.types import Interrupt
from psycopg.types.json import Jsonb

from lockgate.events import EVENTS, Event
from lockgate.handoff import ENDED, Status, Usage
from lockgate.langgraph_keys import RUNTIME
from lockgate.ports import Caller
from lockgate.runtime.data_key import TOKEN
from lockgate.runtime.filed import Filed
from lockgate.runtime.gather import Batch, Put, Wrote
from lockgate.runtime.seal import Seal
from lockgate.runtime.segment import about
from lockgate.runtime.text import plain, to_json
from lockgate.runtime.wire import Statement
from lockgate.text import clean

Writes: TypeAlias = Sequence[tuple[str, Any]]
Close: TypeAlias = Callable[[Any], Any]
"""Encrypts JSON data that holds content, when that is wanted."""

INTERRUPT, RESUME = "__interrupt__", "__resume__"
SPEC = "lockgate"
"""Key of the config's metadata that says what a run was started with: a mapping, or one as JSON text."""
# An interrupt inside a subgraph is written by its own task and again by each task around it, with one id. The
# innermost row stays, because the answers arrive at that task. A replay asks again what was answered before.
_ASK = """
WITH asked AS (
    INSERT INTO approvals (thread_id, interrupt_id, checkpoint_ns, checkpoint_id, task_id, ordinal, run_id, agent,
                           call_id, tool, value, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, to_timestamp(%s::float8))
    ON CONFLICT (thread_id, interrupt_id) DO UPDATE SET
        checkpoint_ns = EXCLUDED.checkpoint_ns, checkpoint_id = EXCLUDED.checkpoint_id, task_id = EXCLUDED.task_id,
        ordinal = EXCLUDED.ordinal, run_id = EXCLUDED.run_id, agent = EXCLUDED.agent, call_id = EXCLUDED.call_id,
        tool = EXCLUDED.tool, value = EXCLUDED.value, expires_at = EXCLUDED.expires_at,
        status = 'pending', answer = NULL, answered_at = NULL,
        asked_at = CASE WHEN approvals.status = 'pending' THEN approvals.asked_at ELSE now() END
    WHERE approvals.status <> 'pending' OR length(EXCLUDED.checkpoint_ns) > length(approvals.checkpoint_ns)
    RETURNING *
)
INSERT INTO events (thread_id, checkpoint_ns, checkpoint_id, task_id, interrupt_id, kind, node, name, agent, run_id,
                    call_id, status, started, detail)
SELECT thread_id, checkpoint_ns, checkpoint_id, task_id, interrupt_id, 'wait', %s, tool, agent, run_id, call_id,
       'waiting', asked_at, jsonb_strip_nulls(jsonb_build_object('approvers', value -> 'approvers'))
FROM asked
ON CONFLICT (thread_id, interrupt_id) DO UPDATE SET status = 'waiting', started = EXCLUDED.started, ended = NULL
WHERE events.ended IS NOT NULL
"""

_ANSWER = """
WITH closed AS (
    UPDATE approvals SET status = 'answered', answer = %s::jsonb -> ordinal, answered_at = now()
    WHERE thread_id = %s AND checkpoint_ns = %s AND checkpoint_id = %s AND task_id = %s AND ordinal < %s
        AND status = 'pending'
    RETURNING thread_id, interrupt_id, status
)
UPDATE events SET status = closed.status, ended = now() FROM closed
WHERE events.thread_id = closed.thread_id AND events.interrupt_id = closed.interrupt_id
"""

# Only what was asked before the new input: writes are saved in the background and may overtake its checkpoint.
_SUPERSEDE = """
UPDATE approvals SET status = 'superseded', answered_at = now()
WHERE thread_id = %s AND status = 'pending' AND checkpoint_id < %s
"""
# Told from what is pending before the statement above: both run as one, which costs no pipeline.
_SUPERSEDE_WAITS = """
UPDATE events SET status = 'superseded', ended = now() FROM approvals AS a
WHERE a.thread_id = %s AND a.status = 'pending' AND a.checkpoint_id < %s
    AND events.thread_id = a.thread_id AND events.interrupt_id = a.interrupt_id AND events.ended IS NULL
"""

_RUN = """
INSERT INTO runs (run_id, thread_id, checkpoint_id, graph, status, usage, spec, ended)
VALUES (%s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN now() END)
ON CONFLICT (run_id) DO UPDATE SET
    checkpoint_id = EXCLUDED.checkpoint_id, status = EXCLUDED.status, usage = EXCLUDED.usage, updated = now(),
    ended = CASE WHEN EXCLUDED.ended IS NULL THEN NULL ELSE coalesce(runs.ended, EXCLUDED.ended) END,
    graph = CASE WHEN EXCLUDED.graph = '' THEN runs.graph ELSE EXCLUDED.graph END,
    spec = runs.spec || EXCLUDED.spec || jsonb_strip_nulls(jsonb_build_object(
        'user', runs.spec -> 'user', 'tenant', runs.spec -> 'tenant'))
WHERE runs.thread_id = EXCLUDED.thread_id AND runs.checkpoint_id <= EXCLUDED.checkpoint_id
"""

_WHO = ("user", "tenant")
FORGET = ("runs", "events", "approvals")
"""Tables that hold the record of a thread, by `thread_id`."""


def of_batch(batch: Batch, seal: Seal) -> tuple[list[Wrote], list[Filed], list[Statement]]:
    """The writes of a batch without their events, these, and the statements that file what it says of its runs."""
    left: list[Wrote] = []
    filed = [one for began in batch.began for one in began.filed]
    statements = _of_checkpoints(batch.puts, seal)
    for wrote in batch.wrote:
        kept, events, asked = _of_writes(wrote, partial(seal.close_json, about=about(wrote.thread_id, "json")))
        left.append(replace(wrote, writes=kept))
        filed += events
        # An interrupt is written by its own task and by each around it.
        statements += [statement for statement in asked if statement not in statements]
    return left, filed, statements


def _of_checkpoints(puts: Sequence[Put], seal: Seal) -> list[Statement]:
    """What root checkpoints say of their runs: of each run the last word is enough."""
    statements: list[Statement] = []
    last: dict[str, Put] = {}
    for put in puts:
        if put.ns:
            continue
        if put.metadata.get("source") == "input":
            asked = (put.thread_id, put.checkpoint["id"])
            statements += [(sql, asked) for sql in (_SUPERSEDE_WAITS, _SUPERSEDE)]
            continue  # the run that it names is the one before
        run_id = put.checkpoint["channel_values"].get("run_id")
        if isinstance(run_id, str) and run_id:
            last[run_id] = put
    return [*statements, *(_of_run(run_id, put, seal) for run_id, put in last.items())]


def _of_run(run_id: str, put: Put, seal: Seal) -> Statement:
    values = put.checkpoint["channel_values"]
    said = (put.config.get("metadata") or {}).get(SPEC)
    spec = (_mapping(said) if said else {}) | _caller(put.config["configurable"])
    status = str(values.get("status") or Status.RUNNING)
    graph = clean(str(spec.pop("graph", "")))
    used = values.get("usage")
    counts = used.model_dump() if type(used) is Usage else _mapping(plain(used))
    usage = {name: count for name, count in counts.items() if count}
    began = Jsonb(closed_spec(spec, put.thread_id, seal))
    row = (clean(run_id), put.thread_id, put.checkpoint["id"], graph, clean(status), Jsonb(usage), began)
    return _RUN, (*row, status in ENDED)


def closed_spec(spec: Mapping[str, Any], thread_id: str, seal: Seal) -> dict[str, Any]:
    """What a run was started with, as it is stored: with encryption each value as a token. Those for whom it ran can be
    looked up by theirs.
    """
    if seal.ring is None:
        return dict(spec)
    return {
        name: seal.token(value if name in _WHO else to_json(value), _kind(name, thread_id))
        for name, value in spec.items()
    }


def opened_spec(spec: Mapping[str, Any], thread_id: str, seal: Seal) -> dict[str, Any]:
    """What `closed_spec` was given. Raises as `Seal.untoken` does."""
    opened: dict[str, Any] = {}
    for name, value in spec.items():
        is_token = isinstance(value, str) and value.startswith(TOKEN)
        text = seal.untoken(value, _kind(name, thread_id)) if is_token else value
        opened[name] = json.loads(text) if is_token and name not in _WHO else text
    return opened


def _kind(name: str, thread_id: str) -> str:
    return name if name in _WHO else f"spec {name} {thread_id}"


def _of_writes(wrote: Wrote, close: Close) -> tuple[Writes, list[Filed], list[Statement]]:
    """The writes of a task without their events, these, and what files the task's waits.

    A write of events stays in its place with an empty list: savers number writes by position, and LangGraph takes
    a task without writes for unfinished.
    """
    place = (wrote.thread_id, wrote.ns, wrote.checkpoint_id, wrote.task_id)
    kept: list[tuple[str, Any]] = []
    events: list[Event] = []
    interrupts: list[Interrupt] = []
    answers: list[Any] = []
    for channel, value in wrote.writes:
        left = value
        if channel == EVENTS and isinstance(value, (list, tuple)):
            events += [item for item in value if isinstance(item, Event)]
            left = [item for item in value if not isinstance(item, Event)]
        elif channel == INTERRUPT and isinstance(value, (list, tuple)):
            interrupts += [item for item in value if isinstance(item, Interrupt)]
        elif channel == RESUME and isinstance(value, list) and len(value) > len(answers):
            answers = value  # a task that asks several times writes its answers again, one longer each time
        kept.append((channel, left))
    statements: list[Statement] = []
    if answers:
        statements.append((_ANSWER, (Jsonb([close(plain(answer)) for answer in answers]), *place, len(answers))))
    # In one order everywhere, so that two tasks that file the same interrupts cannot block each other.
    interrupts.sort(key=lambda interrupt: interrupt.id)
    statements += [(_ASK, _ask_row(place, len(answers), wrote.path, interrupt, close)) for interrupt in interrupts]
    return kept, [Filed(*place[1:], index, event) for index, event in enumerate(events)], statements


def _ask_row(place: Sequence[str], ordinal: int, task_path: str, interrupt: Interrupt, close: Close) -> Sequence[Any]:
    value = plain(interrupt.value)
    said = value if isinstance(value, dict) else {}
    thread_id, *rest = place
    texts = (str(said.get(name) or "") for name in ("run_id", "agent", "call_id", "tool"))
    expires = said.get("expires_at")
    known = isinstance(expires, (int, float)) and abs(expires) < 1e11  # noqa: PLR2004 - what Postgres can hold
    # The path of a task that a node was triggered for ends in the node's name: "~__pregel_pull, human_review".
    node = str(said.get("node") or (task_path.rpartition(", ")[2] if "__pregel_pull" in task_path else ""))
    return (
        thread_id,
        interrupt.id,
        *rest,
        ordinal,
        *texts,
        Jsonb(close(value)),
        expires if known else None,
        clean(node),
    )


def _caller(where: Mapping[str, Any]) -> dict[str, str]:
    """Who the run acts for, from the graph's `context`: whose data it is."""
    context = getattr(where.get(RUNTIME), "context", None)
    if not isinstance(context, Caller):
        return {}
    return {name: clean(value) for name in ("user", "tenant") if (value := getattr(context, name))}


def _mapping(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return plain(dict(value)) if isinstance(value, Mapping) else {}
