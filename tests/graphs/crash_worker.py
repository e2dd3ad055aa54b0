"""Kills a run after each of its commits in turn and resumes it in a new process; prints what came of each.

The processes are forks of one that has loaded everything, see `lockgate.evals.crash.fork`.

    python crash_worker.py DATABASE_URL FOLDER
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
    graph = react.build(
        model=ScriptedModel(turns=turns()), tools=[pay], policy=Policy.parse(POLICY), checkpointer=saver
    )
    point = killing(kill_at)
    saver.aput, saver.aput_writes = around(saver.aput, point), around(saver.aput_writes, point)
    session = Session(graph, thread)
    await to_the_end(session, "Pay.")
    state = await session.state()
    (folder / f"{thread}.answer").write_text(f"{state.values['status']} {state.values['answer']}")
    await saver.aclose()


def main(url: str, folder: Path) -> None:
    for report in killed_and_resumed(lambda thread, kill_at: go(url, folder, thread, kill_at), count(2, 2)):
        effects, answer = folder / report["thread"], folder / f"{report['thread']}.answer"
        report["effects"] = effects.read_text().split() if effects.exists() else []
        report["answer"] = answer.read_text() if answer.exists() else ""
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
