"""Kills a pipeline after some of its commits and resumes it in a new process; prints what came of each.

Forks as `crash_worker.py` does. Each stage writes a line into a file as its effect.

    python pipeline_crash_worker.py DATABASE_URL FOLDER
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from itertools import count
from pathlib import Path
from typing import Any

from lockgate.errors import ThreadFinishedError, ThreadNotFoundError
from lockgate.graphs import pipeline
from lockgate.graphs.session import Session
from lockgate.nodes.stage import Attempt
from lockgate.runtime import open_checkpointer
from lockgate.settings import Settings

ITEMS = 5
PARALLEL = 2
STEP = 7


def stages(effects: Path) -> list[Any]:
    def done(item: str, stage: str) -> None:
        with effects.open("a") as lines:
            lines.write(f"{item}/{stage}\n")

    async def one(text: str) -> str:
        done(text, "one")
        return text

    async def two(text: str, attempt: Attempt) -> str:
        done(text, f"two.{attempt.number}")
        return text if attempt.faults else "wrong"

    async def three(text: str) -> str:
        done(text, "three")
        if text == "3":
            raise ValueError("no threes")
        return text

    return [
        pipeline.function(one),
        pipeline.function(two, checks=[lambda text: "wrong" if text == "wrong" else None]),
        pipeline.function(three),
    ]


async def go(url: str, folder: Path, thread: str, kill_at: int) -> None:
    saver = await open_checkpointer(url, settings=Settings(pool_size=4))
    commits = count(1)

    def dying(method: Any) -> Any:
        async def commit(*args: Any) -> Any:
            result = await method(*args)
            if next(commits) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return commit

    graph = pipeline.build(stages=stages(folder / thread), parallel=PARALLEL, checkpointer=saver)
    saver.aput, saver.aput_writes = dying(saver.aput), dying(saver.aput_writes)
    session = Session(graph, thread)
    try:
        async for _ in session.resume():
            pass
    except ThreadNotFoundError:
        async for _ in session.start("\n".join(map(str, range(ITEMS)))):
            pass
    except ThreadFinishedError:
        pass
    state = await session.state()
    (folder / f"{thread}.answer").write_text(
        json.dumps([state.values["status"], [r.output or r.error for r in state.values["results"]]])
    )
    await saver.aclose()


def in_child(url: str, folder: Path, thread: str, kill_at: int) -> int:
    """Exit status of one forked run, negative when a signal ended it."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        asyncio.run(go(url, folder, thread, kill_at))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main(url: str, folder: Path) -> None:
    for kill_at in count(3, STEP):
        thread = f"kill-{kill_at}"
        killed = in_child(url, folder, thread, kill_at)
        resumed = in_child(url, folder, thread, 0) if killed == -signal.SIGKILL else 0
        answer = folder / f"{thread}.answer"
        report = {
            "kill_at": kill_at,
            "killed": killed,
            "resumed": resumed,
            "effects": (folder / thread).read_text().split() if (folder / thread).exists() else [],
            "answer": json.loads(answer.read_text()) if answer.exists() else None,
        }
        print(json.dumps(report), flush=True)
        if killed != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
