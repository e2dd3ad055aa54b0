"""Kills a pipeline after some of its commits and resumes it in a new process; prints what came of each.

Each stage writes a line into a file as its effect.

    python pipeline_crash_worker.py DATABASE_URL FOLDER
"""

import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

from lockgate.evals.crash.fork import around, killed_and_resumed, killing
from lockgate.evals.crash.life import to_the_end
from lockgate.graphs import pipeline
from lockgate.graphs.session import Session
from lockgate.nodes.stage import Attempt
from lockgate.runtime import open_checkpointer
from lockgate.settings import Settings

ITEMS = 5
PARALLEL = 2
STEP = 13


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
    graph = pipeline.build(stages=stages(folder / thread), parallel=PARALLEL, checkpointer=saver)
    point = killing(kill_at)
    saver.aput, saver.aput_writes = around(saver.aput, point), around(saver.aput_writes, point)
    session = Session(graph, thread)
    await to_the_end(session, "\n".join(map(str, range(ITEMS))))
    state = await session.state()
    (folder / f"{thread}.answer").write_text(
        json.dumps([state.values["status"], [r.output or r.error for r in state.values["results"]]])
    )
    await saver.aclose()


def main(url: str, folder: Path) -> None:
    for report in killed_and_resumed(lambda thread, kill_at: go(url, folder, thread, kill_at), count(3, STEP)):
        effects, answer = folder / report["thread"], folder / f"{report['thread']}.answer"
        report["effects"] = effects.read_text().split() if effects.exists() else []
        report["answer"] = json.loads(answer.read_text()) if answer.exists() else None
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
