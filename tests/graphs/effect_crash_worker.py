"""Kills a run with effects before and after each write and inside the tool; resumes it in a new process.

The outside world is a file with a line for each payment. Of an idempotent tool it drops a second payment with a key it
knows. A person who is asked looks into the file.

    python effect_crash_worker.py DATABASE_URL FOLDER plain|idempotent|probe STRIDE
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
from lockgate.tools import DidNotHappen, Happened, idempotency_key

POLICY = """
version: 1
name: crash
rules:
  - {id: small, tools: [pay], args: {amount: {max: 50}}, action: allow, reason: small}
  - {id: large, tools: [pay], action: review, reason: large}
"""


def turns() -> list[Any]:
    pay = lambda amount: {"name": "pay", "args": {"amount": amount}}  # noqa: E731
    return [{"calls": [pay(1), pay(100)]}, {"calls": [pay(1)]}, "Paid."]


async def go(  # noqa: C901 - one run, told in order
    url: str, folder: Path, kind: str, thread: str, kill_at: int
) -> None:
    world = folder / thread
    world.touch()
    points = count(1)

    def point() -> None:
        if next(points) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def happened(key: str) -> bool:
        return any(line.endswith(key) for line in world.read_text().splitlines())

    def probe(key: str) -> Any:
        return Happened(value="paid") if happened(key) else DidNotHappen()

    @tool(timeout=5, idempotent=kind == "idempotent", probe=probe if kind == "probe" else None)
    async def pay(amount: int) -> str:
        """Pay."""
        point()
        key = idempotency_key()
        if kind != "idempotent" or not happened(key):
            with world.open("a") as effects:
                effects.write(f"{amount} {key}\n")
        point()
        return "paid"

    def around(method: Any) -> Any:
        async def write(*args: Any, **kwargs: Any) -> Any:
            point()
            done = await method(*args, **kwargs)
            point()
            return done

        return write

    saver = await open_checkpointer(url, settings=Settings(pool_size=2))
    graph = react.build(
        model=ScriptedModel(turns=turns()), tools=[pay], policy=Policy.parse(POLICY), checkpointer=saver
    )
    saver.aput, saver.aput_writes = around(saver.aput), around(saver.aput_writes)
    saver.ledger._write = around(saver.ledger._write)
    session = Session(graph, thread, wait=5)
    asked = folder / f"{thread}.asked"

    def answer(request: Any) -> Any:
        if request["type"] == "approval":
            return "approve"
        with asked.open("a") as questions:
            questions.write("asked\n")
        return {"action": "happened", "result": "paid"} if happened(request["key"]) else {"action": "run"}

    while True:
        try:
            questions = await session.waiting()
            async for _ in session.resume({q.id: answer(q.request) for q in questions}):
                pass
        except ThreadNotFoundError:
            async for _ in session.start("Pay."):
                pass
        except ThreadFinishedError:
            break
    state = await session.state()
    ledger = [effect.status for effect in await saver.ledger.of_thread(thread)]
    told = [m.text for m in state.values["messages"] if m.type == "tool"]
    end = {"answer": f"{state.values['status']} {state.values['answer']}", "ledger": ledger, "told": told}
    (folder / f"{thread}.end").write_text(json.dumps(end))
    await saver.aclose()


def in_child(*args: Any) -> int:
    """Exit status of one forked run, negative when a signal ended it."""
    if pid := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        asyncio.run(go(*args))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def main(url: str, folder: Path, kind: str, stride: int) -> None:
    for kill_at in count(1, stride):
        thread = f"{kind}-{kill_at}"
        killed = in_child(url, folder, kind, thread, kill_at)
        resumed = in_child(url, folder, kind, thread, 0) if killed == -signal.SIGKILL else 0
        asked, end = folder / f"{thread}.asked", folder / f"{thread}.end"
        report = {
            "kill_at": kill_at,
            "killed": killed,
            "resumed": resumed,
            "effects": sorted(line.split()[0] for line in (folder / thread).read_text().splitlines()),
            "asked": len(asked.read_text().split()) if asked.exists() else 0,
            "end": json.loads(end.read_text()) if end.exists() else None,
        }
        print(json.dumps(report), flush=True)
        if killed != -signal.SIGKILL:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
