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
from lockgate.evals.crash.scenes import SCENES
from lockgate.evals.crash.strike import Strike
from lockgate.evals.crash.ways import Pattern
from lockgate.evals.crash.world import World
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver
from lockgate.runtime.audit_check import rows

STOPPED = 143
"""Exit status of a process that SIGTERM stopped."""
LEASE_WAIT = 10.0
"""Seconds until the server must have noticed that the process before this one is dead."""


async def to_the_end(session: Session, message: str, answer: Callable[[Any], Any] = lambda _: "approve") -> None:
    """Starts the thread with `message` if it is new, resumes it if not, and goes on until it has ended.

    `answer` is the person: it is given each question's request.
    """
    while True:
        try:
            questions = await session.waiting()
            async for _ in session.resume({question.id: answer(question.request) for question in questions}):
                pass
        except ThreadNotFoundError:
            async for _ in session.start(message):
                pass
        except ThreadFinishedError:
            return


class Prepared:
    """A pattern's graph with all that a process needs to run it, made before the fork. Nothing in it is open yet."""

    def __init__(self, pattern: Pattern) -> None:
        self.scene = SCENES[pattern]
        self.world = World()
        self.saver = PostgresSaver(lambda: self._place.address(self._thread), pool_size=4)
        self.graph = self.scene.build(self.world, self.saver)
        self._place: Place
        self._thread = ""

    async def live(
        self, thread: str, folder: Path, place: Place, strike: Strike, begin: Callable[[], None]
    ) -> int | None:
        """Runs the thread to its end and files what came of it in `folder`; returns the exit status."""
        self._place, self._thread = place, thread
        self.world.path, self.world.strike = folder / "world", strike
        strike.install(self.saver)
        self.saver.ledger.patience = (0.05, 0.1, 0.2)
        session = Session(self.graph, thread, wait=LEASE_WAIT)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, session.stop, "SIGTERM")
        begin()
        started = time.monotonic()
        try:
            await to_the_end(session, self.scene.message, self.world.answer)
        except RunStoppedError:
            return STOPPED
        seconds = time.monotonic() - started
        values = (await session.state()).values
        effects = await self.saver.ledger.of_thread(thread)
        end = {
            "end": [str(values["status"]), values["answer"], [r.output or r.error for r in _results(values)]],
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

    async def _audited(self, thread: str) -> list[list[str]]:
        """Of each entry of the audit log: its kind, its verdict and the digest of the call."""
        await self.saver.audit.settled(thread)
        entries = [json.loads(row.body) async for row in rows(self.saver.pools, thread_id=thread)]
        return [[entry["kind"], entry["verdict"], entry.get("digest", "")] for entry in entries]


def _results(values: dict[str, Any]) -> list[Any]:
    results = values.get("results") or []
    return list(results.values() if isinstance(results, dict) else results)
