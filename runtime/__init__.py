"""Persistence: checkpoints, events and approvals in Postgres, and the embedded server they live in by default.

The names below load on first use: `psycopg` and `langgraph` are heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.runtime.embedded import embedded_url
    from lockgate.runtime.lease import thread_lease
    from lockgate.runtime.reader import reader_url
    from lockgate.runtime.records import Approval, Records, Run, Thread, TimedEvent
    from lockgate.runtime.saver import PostgresSaver, open_checkpointer
    from lockgate.runtime.serde import serializer

_HOME = {
    "Approval": "records",
    "PostgresSaver": "saver",
    "Records": "records",
    "Run": "records",
    "Thread": "records",
    "TimedEvent": "records",
    "embedded_url": "embedded",
    "open_checkpointer": "saver",
    "reader_url": "reader",
    "serializer": "serde",
    "thread_lease": "lease",
}

__all__ = [
    "Approval",
    "PostgresSaver",
    "Records",
    "Run",
    "Thread",
    "TimedEvent",
    "embedded_url",
    "open_checkpointer",
    "reader_url",
    "serializer",
    "thread_lease",
]


def __getattr__(name: str) -> Any:
    if home := _HOME.get(name):
        return getattr(import_module(f"lockgate.runtime.{home}"), name)
    raise AttributeError(f"module 'lockgate.runtime' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
