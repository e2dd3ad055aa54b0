"""One process's part of a run: from where the thread is, until it ends or is struck."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lockgate.errors import RunStoppedError, ThreadFinishedError, ThreadNotFoundError
from lockgate.evals.crash.place import Place
from lockgate.evals.crash.scenes import SCENES, Graph, undoing
from lockgate.evals.crash.strike import Strike
from lockgate.evals.crash.ways import Pattern, Then
from lockgate.evals.crash.world import World
from lockgate.graphs import travel
from lockgate.graphs.compensate import undo_thread
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver
from lockgate.runtime.audit_check import rows
from lockgate.runtime.audit_words import told
from lockgate.runtime.keyring import Keyring

STOPPED = 143
"""Exit status of a process that SIGTERM stopped."""
LEFT = 75
"""Exit status of a process that left while its run waits for a person."""
KEYS = Keyring({"crash": b"k" * 32})
LEASE_WAIT = 10.0
"""Seconds until the server must have noticed that the process before this one is dead."""


class LeftError(Exception):
    """The run waits for a person, and the process does not wait with it."""


async def to_the_end(
    session: Session, message: str, answer: Callable[[Any], Any] = lambda _: "approve", *, leaves: bool = False
) -> None:
    """Starts the thread with `message` if it is new, resumes it if not, and goes on until it has ended.

    `answer` is the person: it is given each question's request. `leaves` raises LeftError at questions that this call
    has brought about, instead of answering them.
    """
    moved = False
    while True:
        try:
            questions = await session.waiting()
            if questions and moved and leaves:
                raise LeftError
            moved = True
            async for _ in session.resume({question.id: answer(question.request) for question in questions}):
                pass
        except ThreadNotFoundError:
            moved = True
            async for _ in session.start(message):
                pass
        except ThreadFinishedError:
            return


class Prepared:
    """A pattern's graph with all that a process needs to run it, made before the fork. Nothing in it is open yet."""

    def __init__(self, pattern: Pattern, *, sealed: bool = False) -> None:
        self.scene = SCENES[pattern]
        self.world = World()
        self.saver = PostgresSaver(
            lambda: self._place.address(self._thread), pool_size=4, keys=KEYS if sealed else None
        )
        self.undoing = undoing(self.world, self.saver)
        self.graph = self.scene.build(self.world, self.saver)
        self._place: Place
        self._thread = ""

    async def live(
        self,
        thread: str,
        folder: Path,
        place: Place,
        strike: Strike,
        begin: Callable[[], None],
        then: Then = "",
        *,
        leaves: bool = False,
    ) -> int | None:
        """Runs the thread to its end, and what follows, and files in `folder` what came of it.

        Returns the exit status.
        """
        self._place, self._thread = place, thread
        self.world.path, self.world.strike = folder / "world", strike
        strike.install(self.saver)
        self.saver.ledger.patience = (0.05, 0.1, 0.2)
        session = self._session(self.graph, thread)
        begin()
        started = time.monotonic()
        try:
            await to_the_end(session, self.scene.message, self.world.answer, leaves=leaves)
            if then == "fork" and await self._forked(thread):
                await to_the_end(self._session(self.graph, thread), "", self.world.answer, leaves=leaves)
            undone = await self._undone(thread, leaves=leaves) if then == "undo" else []
        except RunStoppedError:
            return STOPPED
        except LeftError:
            return LEFT
        seconds = time.monotonic() - started
        values = (await session.state()).values
        effects = await self.saver.ledger.of_thread(thread)
        end = {
            "end": [str(values["status"]), values["answer"], [r.output or r.error for r in _results(values)], *undone],
            "ledger": [[e.tool, (e.args or {}).get("ref"), e.digest, e.status, bool(e.evidence)] for e in effects],
            "audit": await self._audited(thread),
            "modules": sorted(sys.modules),
            "seconds": seconds,
        }
        await self.saver.aclose()
        aside = folder / "end.new"
        aside.write_text(json.dumps(end))
        aside.replace(folder / "end.json")
        return 0

    def _session(self, graph: Graph, thread: str) -> Session:
        """A session that SIGTERM stops."""
        session = Session(graph, thread, wait=LEASE_WAIT)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, session.stop, "SIGTERM")
        return session

    async def _forked(self, thread: str) -> bool:
        """Forks the run from before its first effect, unless a process before this one did; whether it did now."""
        moments = [moment async for moment in travel.history(self.graph, thread)]
        if any(moment.source == "fork" for moment in moments):
            return False
        first = [moment for moment in moments if "execute_tool" in moment.next][-1]
        await travel.fork(self.graph, thread, first.id)
        return True

    async def _undone(self, thread: str, *, leaves: bool) -> list[Any]:
        """Undoes what the thread's runs have done; what each undoing came to."""
        effects = await self.saver.ledger.of_thread(thread)
        runs = dict.fromkeys(effect.run_id for effect in effects if not effect.undo_of)
        ends: list[Any] = []
        for run in runs:
            session = self._session(self.undoing, undo_thread(thread, run))
            await to_the_end(session, "Undo it.", self.world.answer, leaves=leaves)
            values = (await session.state()).values
            ends.append([str(values["status"]), values["answer"]])
        return ends

    async def _audited(self, thread: str) -> list[list[str]]:
        """Of each entry of the audit log: its kind, its verdict and the digest of the call."""
        await self.saver.audit.settled(thread)
        threads = dict.fromkeys([thread, *(one.thread_id for one in await self.saver.ledger.of_thread(thread))])
        stored = [row for name in threads async for row in rows(self.saver.pools, thread_id=name)]
        entries = [told(row, self.saver.seal) for row in stored]
        return [[entry["kind"], entry["verdict"], entry.get("digest", "")] for entry in entries]


def _results(values: dict[str, Any]) -> list[Any]:
    results = values.get("results") or []
    return list(results.values() if isinstance(results, dict) else results)
