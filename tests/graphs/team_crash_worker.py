"""Kills a team's run after its commits and resumes it in a new process; prints what came of each.

python team_crash_worker.py DATABASE_URL FOLDER STRIDE
"""

import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from lockgate import ScriptedModel
from lockgate.evals.crash.fork import around, killed_and_resumed, killing
from lockgate.evals.crash.life import to_the_end
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
    turns: list[Any] = [{"calls": [{"name": "submit_plan", "args": PLAN}]}, "Done [c]."]
    team = orchestrator.build(
        workers={"mark": worker(folder / thread)}, model=ScriptedModel(turns=turns), checkpointer=saver
    )
    point = killing(kill_at)
    saver.aput, saver.aput_writes = around(saver.aput, point), around(saver.aput_writes, point)
    session = Session(team, thread)
    await to_the_end(session, "Go.", lambda _: "yes")
    state = await session.state()
    outputs = {name: result.output for name, result in state.values["results"].items()}
    (folder / f"{thread}.answer").write_text(json.dumps([state.values["status"], state.values["answer"], outputs]))
    await saver.aclose()


def main(url: str, folder: Path, stride: int) -> None:
    for report in killed_and_resumed(lambda thread, kill_at: go(url, folder, thread, kill_at), count(1, stride)):
        effects, answer = folder / report["thread"], folder / f"{report['thread']}.answer"
        report["effects"] = effects.read_text().split() if effects.exists() else []
        report["answer"] = answer.read_text() if answer.exists() else ""
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
