"""Kills the run of a large team at random moments and resumes it in a new process; prints what came of each.

The team plans, plans anew after failures, and answers. python many_crash_worker.py DATABASE_URL FOLDER WORKERS KILLS
"""

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph

from lockgate import ScriptedModel
from lockgate.errors import ThreadNotFoundError
from lockgate.evals.crash.fork import in_child
from lockgate.evals.crash.life import LEASE_WAIT, to_the_end
from lockgate.graphs import orchestrator
from lockgate.graphs.session import Session
from lockgate.runtime import Records, open_checkpointer
from lockgate.settings import Settings
from lockgate.state import AgentState

FRAIL = 20
"""Every so many tasks of the first plan one fails."""


class World:
    """What a run leaves in the outside world: a line for each start of a worker and each call of the planner."""

    def __init__(self, path: Path, strike: str) -> None:
        self.path = path
        self.strike = strike
        path.touch()

    def mark(self, line: str) -> None:
        with self.path.open("a") as file:
            file.write(f"{line}\n")
        if line == self.strike:
            os.kill(os.getpid(), signal.SIGKILL)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()


def worker(world: World) -> Any:
    """Leaves a mark, then answers: two steps. Those whose name begins with f fail."""

    async def begin(state: Any) -> Any:
        world.mark(f"+{state['task'].task_id}")
        return {"iterations": 1}

    async def end(state: Any) -> Any:
        name = state["task"].task_id
        if name.startswith("f"):
            raise ValueError(name)
        return {"answer": f"{name} done"}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("begin", begin)
    graph.add_node("end", end)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "end")
    graph.add_edge("end", END)
    return graph.compile()


def turns(count: int, world: World) -> list[Callable[[Any], Any]]:
    def said(mark: str, rows: list[dict[str, Any]]) -> Callable[[Any], Any]:
        def turn(_: Any) -> Any:
            world.mark(mark)
            return {"calls": [{"name": "submit_plan", "args": {"tasks": rows}}]} if rows else "All is done [t1]."

        return turn

    def row(name: str, *needs: str) -> dict[str, Any]:
        return {"task_id": name, "worker": "w", "objective": "x", "depends_on": list(needs)}

    first = [row(f"t{n}", *([f"t{n - 10}"] if n >= 10 else [])) for n in range(count)]
    first += [row(f"f{n}") for n in range(count // FRAIL)]
    second = [row(f"r{n}", f"t{n}") for n in range(count // FRAIL)]
    return [said("plan 1", first), said("plan 2", second), said("answer", [])]


async def live(url: str, folder: Path, thread: str, count: int, strike: str, begin: Callable[[], None]) -> None:
    """Runs or resumes the thread to its end, and files what was known of it before and what came of it."""
    saver = await open_checkpointer(url, settings=Settings(pool_size=4))
    world = World(folder / thread, strike)
    team = orchestrator.build(
        workers={"w": worker(world)},
        model=ScriptedModel(turns=turns(count, world)),
        checkpointer=saver,
        max_tasks=2 * count,
    )
    session = Session(team, thread, wait=LEASE_WAIT)
    try:
        await session.state()
        done = {e.name for e in await Records(saver).events(thread) if e.kind == "task" and e.status == "completed"}
        (folder / f"{thread}.before").write_text(json.dumps([sorted(done), world.lines()]))
    except ThreadNotFoundError:
        pass
    begin()
    await to_the_end(session, "Go.")
    values = (await session.state()).values
    ends = {name: [str(result.status), result.output] for name, result in values["results"].items()}
    (folder / f"{thread}.end").write_text(json.dumps([str(values["status"]), values["answer"], ends]))
    await saver.aclose()


def main(url: str, folder: Path, count: int, kills: int) -> None:
    def run(thread: str, strike: str = "", kill_after: float | None = None) -> tuple[int, float]:
        child = lambda begin: live(url, folder, thread, count, strike, begin)  # noqa: E731
        return in_child(child, kill_after=kill_after, stderr=folder / "stderr")

    status, seconds = run("whole")
    print(json.dumps(report(folder, "whole", [status])), flush=True)
    rng = random.Random(count)
    moments = [("", rng.uniform(0.02, 0.98) * seconds) for _ in range(kills)]
    marks = [f"+t{count // 2}", "plan 2", f"+r{count // FRAIL // 2}", "answer"]
    for number, (strike, after) in enumerate([*moments, *((mark, None) for mark in marks)]):  # type: ignore[list-item]
        thread = f"kill-{number}"
        ended = [run(thread, strike, after)[0]]
        if ended[0] == -signal.SIGKILL:
            ended.append(run(thread)[0])
        print(json.dumps({**report(folder, thread, ended), "strike": strike, "after": after}), flush=True)


def report(folder: Path, thread: str, ended: list[int]) -> dict[str, Any]:
    before, end = folder / f"{thread}.before", folder / f"{thread}.end"
    done, began = json.loads(before.read_text()) if before.exists() else ([], [])
    lines = (folder / thread).read_text().splitlines() if (folder / thread).exists() else []
    return {
        "thread": thread,
        "ended": ended,
        "done": done,
        "began": began,
        "lines": lines,
        "end": json.loads(end.read_text()) if end.exists() else None,
    }


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
