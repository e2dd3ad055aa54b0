"""Kills a run with effects before and after each write and inside the tool; resumes it in a new process.

The outside world is a file with a line for each payment. Of an idempotent tool it drops a second payment with a key it
knows. A person who is asked looks into the file.

    python effect_crash_worker.py DATABASE_URL FOLDER plain|idempotent|probe STRIDE
"""

import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

from lockgate import Policy, ScriptedModel, tool
from lockgate.evals.crash.fork import around, killed_and_resumed, killing
from lockgate.evals.crash.life import to_the_end
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


async def go(url: str, folder: Path, kind: str, thread: str, kill_at: int) -> None:
    world = folder / thread
    world.touch()
    point = killing(kill_at)

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

    saver = await open_checkpointer(url, settings=Settings(pool_size=2))
    graph = react.build(
        model=ScriptedModel(turns=turns()), tools=[pay], policy=Policy.parse(POLICY), checkpointer=saver
    )
    saver.aput, saver.aput_writes = around(saver.aput, point), around(saver.aput_writes, point)
    saver.ledger._write = around(saver.ledger._write, point)
    session = Session(graph, thread, wait=5)
    asked = folder / f"{thread}.asked"

    def answer(request: Any) -> Any:
        if request["type"] == "approval":
            return "approve"
        with asked.open("a") as questions:
            questions.write("asked\n")
        return {"action": "happened", "result": "paid"} if happened(request["key"]) else {"action": "run"}

    await to_the_end(session, "Pay.", answer)
    state = await session.state()
    ledger = [effect.status for effect in await saver.ledger.of_thread(thread)]
    told = [m.text for m in state.values["messages"] if m.type == "tool"]
    end = {"answer": f"{state.values['status']} {state.values['answer']}", "ledger": ledger, "told": told}
    (folder / f"{thread}.end").write_text(json.dumps(end))
    await saver.aclose()


def main(url: str, folder: Path, kind: str, stride: int) -> None:
    for report in killed_and_resumed(lambda thread, kill_at: go(url, folder, kind, thread, kill_at), count(1, stride)):
        thread = report["thread"]
        asked, end = folder / f"{thread}.asked", folder / f"{thread}.end"
        report["effects"] = sorted(line.split()[0] for line in (folder / thread).read_text().splitlines())
        report["asked"] = len(asked.read_text().split()) if asked.exists() else 0
        report["end"] = json.loads(end.read_text()) if end.exists() else None
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
