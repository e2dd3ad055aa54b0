"""CPU and memory of an orchestrator with many workers, beyond what the workers' own graphs cost.

Each worker is a compiled graph of one node. The same graph is run as often without the orchestrator, in turns with it
in the same process, and its CPU is taken off. Memory is the peak over that before the run.

    python benchmarks/orchestrator_workers.py [--workers 100 1000 2000] [--postgres] [--json]
"""

import argparse
import asyncio
import gc
import json
import statistics
import time
import tracemalloc
import uuid
from typing import Any

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from lockgate import ScriptedModel
from lockgate.graphs import orchestrator
from lockgate.graphs.compiling import compiled
from lockgate.runtime import open_checkpointer
from lockgate.state import AgentState

LIMIT_MS = 1.0


async def body(state: Any) -> Any:  # noqa: ARG001
    return {"answer": "done"}


def worker() -> Any:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("body", body)
    graph.add_edge(START, "body")
    graph.add_edge("body", END)
    return graph.compile()


def turns(count: int) -> list[Any]:
    tasks = [
        {"task_id": f"t{n}", "worker": "w", "objective": "x", "depends_on": [f"t{n - 10}"] if n >= 10 else []}
        for n in range(count)
    ]
    return [{"calls": [{"name": "submit_plan", "args": {"tasks": tasks}}]}, "Done [t0]."]


def config(saver: Any) -> Any:
    return {"configurable": {"thread_id": uuid.uuid4().hex}} if saver else {}


async def team_cpu(count: int, saver: Any) -> float:
    team = orchestrator.build(
        workers={"w": worker()}, model=ScriptedModel(turns=turns(count)), checkpointer=saver, max_tasks=count
    )
    started = time.process_time()
    out = await team.ainvoke({"messages": "Go."}, config(saver))
    spent = time.process_time() - started
    assert all(result.status == "completed" for result in out["results"].values()) and len(out["results"]) == count
    return spent


async def alone_cpu(count: int, saver: Any) -> float:
    """The same workers, eight at a time, called from one node: nested and checkpointed as in the team."""
    inner = worker()

    async def call(state: Any) -> Any:  # noqa: ARG001
        places = asyncio.Semaphore(8)

        async def one(n: int) -> None:
            async with places:
                async for _ in inner.astream({"messages": [HumanMessage("x", id=str(n))]}, stream_mode="values"):
                    pass

        await asyncio.gather(*(one(n) for n in range(count)))
        return {}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("call", call)
    graph.add_edge(START, "call")
    outer = compiled(graph, name="outer", checkpointer=saver)
    started = time.process_time()
    await outer.ainvoke({"messages": "Go."}, config(saver))
    return time.process_time() - started


async def peak(count: int) -> int:
    gc.collect()
    tracemalloc.start()
    await team_cpu(count, None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


async def measure(sizes: list[int], *, postgres: bool, rounds: int) -> list[dict[str, Any]]:
    saver = await open_checkpointer() if postgres else None
    rows = []
    await team_cpu(50, None), await alone_cpu(50, None)
    for count in sizes:
        row: dict[str, Any] = {"workers": count, "limit_ms": LIMIT_MS}
        savers: dict[str, Any] = {"none": lambda: None, "memory": InMemorySaver}
        if postgres:
            savers["postgres"] = lambda: saver
        for name, make in savers.items():
            pairs = [(await team_cpu(count, make()), await alone_cpu(count, make())) for _ in range(rounds)]
            row[f"{name}_ms"] = round(statistics.median(a - b for a, b in pairs) / count * 1_000, 3)
            row[f"{name}_worker_ms"] = round(statistics.median(b for _, b in pairs) / count * 1_000, 3)
        row["peak_kb_a_worker"] = round(await peak(count) / count / 1_024, 1)
        rows.append(row)
    if saver is not None:
        await saver.aclose()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[100, 1_000, 2_000], help="sizes of the plan")
    parser.add_argument("--rounds", type=int, default=3, help="paired measurements (default 3)")
    parser.add_argument(
        "--postgres", action="store_true", help="also with checkpoints in Postgres (CPU of this process)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    rows = asyncio.run(measure(args.workers, postgres=args.postgres, rounds=args.rounds))
    if args.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
