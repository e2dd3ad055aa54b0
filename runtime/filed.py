"""The events of a row of `steps`, as they are stored: texts that repeat stand close together, times as distances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ormsgpack

from lockgate.events import Event
from lockgate.runtime.text import plain
from lockgate.text import cleaned

_MICRO = 1_000_000
_OPTION = ormsgpack.OPT_REPLACE_SURROGATES | ormsgpack.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True)
class Filed:
    """An event and its place: the task that filed it, and the how many-th of that task it is."""

    ns: str
    checkpoint_id: str
    task_id: str
    index: int
    event: Event

    @property
    def place(self) -> tuple[str, str, str, int]:
        """What tells it from others, also when a task is filed again after a crash."""
        return self.ns, self.checkpoint_id, self.task_id, self.index


def packed(filed: Sequence[Filed]) -> bytes:
    """The events, in their order. Times are kept to the microsecond."""
    base = round(min((one.event.started for one in filed), default=0.0) * _MICRO)
    tasks = [
        [*task, [_row(one, base) for one in together]]
        for task, together in groupby(filed, key=lambda one: (one.ns, one.checkpoint_id, one.task_id))
    ]
    try:
        return ormsgpack.packb([base, tasks], option=_OPTION)
    except (ormsgpack.MsgpackEncodeError, TypeError):  # a detail that is no JSON
        return ormsgpack.packb(cleaned(plain([base, tasks])), option=_OPTION)


def unpacked(data: bytes) -> list[Filed]:
    """What `packed` was given, its texts clean. Raises ValueError or TypeError for anything else."""
    base, tasks = plain(ormsgpack.unpackb(data, option=ormsgpack.OPT_NON_STR_KEYS))
    return [
        Filed(ns, checkpoint_id, task_id, row[0], _event(row[1:], base))
        for ns, checkpoint_id, task_id, rows in tasks
        for row in rows
    ]


def left_without(filed: Iterable[Filed], runs: frozenset[str]) -> list[Filed]:
    """Those that are not of one of the runs."""
    return [one for one in filed if one.event.run_id not in runs]


def _row(one: Filed, base: int) -> list[Any]:
    event = one.event
    started = round(event.started * _MICRO)
    texts = (event.kind, event.node, event.name, event.agent, event.run_id, event.call_id, event.status)
    lasted = round(event.ended * _MICRO) - started
    return [one.index, *(str(text) for text in texts), started - base, lasted, event.detail]


def _event(row: Sequence[Any], base: int) -> Event:
    kind, node, name, agent, run_id, call_id, status, after, lasted, detail = row
    started = base + after
    return Event(
        kind=kind,
        node=node,
        name=name,
        agent=agent,
        run_id=run_id,
        call_id=call_id,
        status=status,
        started=started / _MICRO,
        ended=(started + lasted) / _MICRO,
        detail=detail,
    )
