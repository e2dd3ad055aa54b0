"""Where a process is struck: it counts its statements, effects, nodes and saves, and at one of them the blow falls."""

import os
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import mmap
from typing import Any

import psycopg
from langgraph.config import get_config

from lockgate.errors import StoreError
from lockgate.evals.crash.ways import Act, Point
from lockgate.nodes.node import Node
from lockgate.runtime.wire import Connection

POINTS: tuple[Point, ...] = ("statement", "effect", "node", "save")
_COUNTS = struct.Struct(f"={len(POINTS)}qq")
_TEXT = 200


class InjectedError(RuntimeError):
    """Stands for whatever a node may die of."""


class Diary:
    """How far a process has come, in memory that its parent still reads when it has been killed."""

    def __init__(self) -> None:
        self._shared = mmap(-1, _COUNTS.size + _TEXT)
        self._struck = False

    def note(self, counts: dict[Point, int], label: str, *, struck: bool = False) -> None:
        """Writes down the counts, and what is going on until the blow falls; then where it fell."""
        if self._struck:
            self._shared[: _COUNTS.size] = _COUNTS.pack(*counts.values(), True)
            return
        self._struck = struck
        text = label.encode()[:_TEXT].ljust(_TEXT, b"\0")
        self._shared[:] = _COUNTS.pack(*counts.values(), struck) + text

    def read(self) -> tuple[dict[Point, int], bool, str]:
        """What was noted last."""
        *counts, struck = _COUNTS.unpack_from(self._shared)
        label = self._shared[_COUNTS.size :].rstrip(b"\0").decode(errors="replace")
        return dict(zip(POINTS, counts, strict=True)), bool(struck), label


@dataclass(slots=True, kw_only=True)
class Strike:
    """The blow: at the `number`-th `point` of this process, before or after it as `side` says. `number` 0 is never.

    `acts` does what is done besides killing and raising. `depth` is how deep in the graph a node's exception ends the
    run instead of being a worker's failure.
    """

    diary: Diary
    point: Point | None = None
    side: str = ""
    number: int = 0
    act: Act = "kill"
    acts: Callable[[Act], None] = lambda _: None
    depth: int = 99
    counts: dict[Point, int] = field(default_factory=lambda: dict.fromkeys(POINTS, 0))
    struck: bool = False

    @contextmanager
    def at(self, point: Point, label: str) -> Iterator[None]:
        """A point of the run, which is what the block does."""
        self.counts[point] += 1
        due = not self.struck and point == self.point and self.counts[point] == self.number
        self.diary.note(self.counts, f"before {point} {self.counts[point]}: {label}")
        if due and self.side == "before":
            self._fall(point, "before", label)
        yield
        self.diary.note(self.counts, f"after {point} {self.counts[point]}: {label}")
        if due and self.side == "after":
            self._fall(point, "after", label)

    def _fall(self, point: Point, side: str, label: str) -> None:
        self.struck = True
        self.diary.note(self.counts, f"{side} {point} {self.counts[point]}: {label}", struck=True)
        match self.act:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "stop":
                os.kill(os.getpid(), signal.SIGTERM)
            case "raise" if point == "statement":
                raise psycopg.OperationalError("injected: the connection is lost")
            case "raise" if point == "save":
                raise StoreError("Injected: the checkpointer fails.")
            case "raise":
                raise InjectedError(f"injected {side} {point} {self.counts[point]}")
            case _:
                self.acts(self.act)

    def install(self, saver: Any) -> None:
        """Puts the points into this process, which runs nothing else."""
        cursor, pipeline = psycopg.AsyncCursor, psycopg.AsyncPipeline
        cursor.execute = self._around("statement", cursor.execute, _sql)  # type: ignore[method-assign]
        Connection.run = self._around("statement", Connection.run, _first_sql)  # type: ignore[method-assign]
        cursor.executemany = self._around("statement", cursor.executemany, _sql)  # type: ignore[method-assign]
        # The statements of a pipeline are one transaction, which this commits.
        pipeline.__aexit__ = self._around("statement", pipeline.__aexit__, _constant("sync"))  # type: ignore[method-assign]
        for name in ("aput", "aput_writes", "aflush"):
            if hasattr(saver, name):
                setattr(saver, name, self._around("save", getattr(saver, name), _constant(name)))
        Node.ainvoke = self._nodes(Node.ainvoke)  # type: ignore[method-assign]

    def _around(self, point: Point, method: Callable[..., Any], told: Callable[[Any], str]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            with self.at(point, told(args)):
                return await method(*args, **kwargs)

        return call

    def _nodes(self, method: Callable[..., Any]) -> Callable[..., Any]:
        counted = self._around("node", method, lambda args: args[0].role)

        async def call(*args: Any, **kwargs: Any) -> Any:
            depth = get_config()["configurable"].get("checkpoint_ns", "").count("|") + 1
            return await (counted if depth <= self.depth else method)(*args, **kwargs)

        return call


def _constant(text: str) -> Callable[[Any], str]:
    return lambda _: text


def _first_sql(args: Any) -> str:
    return _sql((None, args[1][0][0]))


def _sql(args: Any) -> str:
    query = args[1]
    text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
    return " ".join(text.split())[:120]
