"""Kills a team's run after its commits and resumes it in a new process; prints what came of each.

As crash_worker.py: one process loads everything, then forks for each run.

    python team_crash_worker.py DATABASE_URL FOLDER STRIDE
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

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from lockgate import ScriptedModel
from lockgate.errors import ThreadFinishedError, ThreadNotFoundError
from lockgate.graphs import orchestrator
from lockgate.graphs.session import Session
from lockgate.runtime import open_checkpointer
from lockgate.settings import Settings
from lockgate.state import AgentState

PLAN = {
    "tasks": [
        {"task_id": "a", "worker": "mark", "objective": "x"},
        {"task_id": "ask", "worker": "mark", "objective": "x", "context": {"ask": True}},
        {"task_id": "b", "worker": "mark", "objective": "x", "depends_on": ["a"]},
        {"task_id": "c", "worker": "mark", "objective": "x", "depends_on": ["ask", "b"]},
        {"task_id": "d", "worker": "mark", "objective": "x"},
    ]
}


def worker(effects: Path) -> Any:
    """Asks a person where its task says so, then leaves a mark, then answers: three steps."""

    def ask(state: Any) -> Any:
        if state["task"].context.get("ask"):
            interrupt("May I?")
        return {}

    def note(sign: str, state: Any) -> None:
        with effects.open("a") as file:
            file.write(f"{sign}{state['task'].task_id}\n")

    def mark(state: Any) -> Any:
        note("+", state)
        return {"iterations": 1}

    def answer(state: Any) -> Any:
        note("-", state)
        return {"answer": f"{state['task'].task_id} done"}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    last = START
    for name, body in (("ask", ask), ("mark", mark), ("answer", answer)):
        graph.add_node(name, body)
        graph.add_edge(last, name)
        last = name
    graph.add_edge(last, END)
    return graph.compile()


async def go(url: str, folder: Path, thread: str, kill_at: int) -> None:
    saver = await open_checkpointer(url, settings=Settings(pool_size=4))
    commits = count(1)

    def dying(method: Any) -> Any:
        async def commit(*args: Any) -> Any:
            done = await method(*args)
            if next(commits) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        return commit

    turns: list[Any] = [{"calls": [{"name": "submit_plan", "args": PLAN}]}, "Done [c]."]
    team = orchestrator.build(
        workers={"mark": worker(folder / thread)}, model=ScriptedModel(turns=turns), checkpointer=saver
    )
    saver.aput, saver.aput_writes = dying(saver.aput), dying(saver.aput_writes)
    session = Session(team, thread)
    while True:
        try:
            questions = await session.waiting()
            async for _ in session.resume({q.id: "yes" for q in questions}):
                pass
        except ThreadNotFoundError:
            async for _ in session.start("Go."):
                pass
        except ThreadFinishedError:
            break
    state = await session.state()
    outputs = {name: result.output for name, result in state.values["results"].items()}
    (folder / f"{thread}.answer").write_text(json.dumps([state.values["status"], state.values["answer"], outputs]))
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


def main(url: str, folder: Path, stride: int) -> None:
    for kill_at in count(1, stride):
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
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
