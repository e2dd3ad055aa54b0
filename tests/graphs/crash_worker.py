"""Kills a run after each of its commits in turn and resumes it in a new process; prints what came of each.

One process loads everything, then forks: a child for the run that dies, another for the one that resumes it. Nothing
is opened before the fork, so the children share nothing but code.

    python crash_worker.py DATABASE_URL FOLDER
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

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import ThreadFinishedError, ThreadNotFoundError
from lockgate.graphs import react
from lockgate.graphs.session import Session
from lockgate.runtime import open_checkpointer
from lockgate.settings import Settings

POLICY = """
version: 1
name: crash
rules:
  - {id: small, tools: [pay], args: {amount: {max: 50}}, action: allow, reason: small}
  - {id: large, tools: [pay], action: review, reason: large}
"""


def turns() -> list[Any]:
    pay = lambda amount: {"name": "pay", "args": {"amount": amount}}  # noqa: E731
    return [{"calls": [pay(1)]}, {"calls": [pay(100)]}, {"calls": [pay(2)]}, "Paid."]


async def go(url: str, folder: Path, thread: str, kill_at: int) -> None:
    @tool(timeout=5)
    async def pay(amount: int) -> str:
        """Pay."""
        with (folder / thread).open("a") as effects:
            effects.write(f"{amount}\n")
        return "paid"

    saver = await open_checkpointer(url, settings=Settings(pool_size=2))
    commits = count(1)

    def dying(method: Any) -> Any:
        async def commit(*args: Any) -> Any:
            done = await method(*args)
            if next(commits) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return commit

    graph = react.build(
        model=ScriptedModel(turns=turns()), tools=[pay], policy=Policy.parse(POLICY), checkpointer=saver
    )
    saver.aput, saver.aput_writes = dying(saver.aput), dying(saver.aput_writes)
    session = Session(graph, thread)
    while True:
        try:
            questions = await session.waiting()
            parts = session.resume({q.id: "approve" for q in questions})
            async for _ in parts:
                pass
        except ThreadNotFoundError:
            async for _ in session.start("Pay."):
                pass
        except ThreadFinishedError:
            break
    state = await session.state()
    (folder / f"{thread}.answer").write_text(f"{state.values['status']} {state.values['answer']}")
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
    for kill_at in count(1):
        thread = f"kill-{kill_at}"
        killed = in_child(url, folder, thread, kill_at)
        resumed = in_child(url, folder, thread, 0) if killed == -signal.SIGKILL else 0
        effects, answer = folder / thread, folder / f"{thread}.answer"
        report = {
            "kill_at": kill_at,
            "killed": killed,
            "resumed": resumed,
            "effects": effects.read_text().split() if effects.exists() else [],
            "answer": answer.read_text() if answer.exists() else "",
        }
        print(json.dumps(report), flush=True)
        if killed != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
