"""Durable sessions a core-second: the guarded agent on `PostgresSaver` against bare LangGraph on its own saver.

A session is five turns (a question, one tool call, an answer) in a thread of its own, with `durability="sync"`.
Ours is the whole thing: policy, lock, run record, lease and, for the tool's effect, ledger and audit log. Both
live in one process and are measured in turns; what counts is the ratio within a pair, in CPU time of this process. The
CPU of the database server's processes is stated beside it.

    python benchmarks/durable_sessions.py [--pairs 8] [--sessions 4] [--json]
"""

import argparse
import asyncio
import json
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import react
from lockgate.runtime import embedded_url, open_checkpointer
from lockgate.settings import settings

TURNS = 5
LIMIT = 2.0
POLICY = "version: 1\nname: sessions\nrules:\n  - {id: pay, tools: [pay], action: allow, reason: harmless}\n"


def model() -> ScriptedModel:
    """Answers at once: a call to `pay`, then its outcome, five times."""
    turns: list[Any] = []
    for number in range(TURNS):
        turns += [{"calls": [{"name": "pay", "args": {"amount": number + 1}}]}, f"Paid {number + 1}."]
    return ScriptedModel(turns=turns)


def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


def bare(saver: AsyncPostgresSaver) -> Any:
    bound = model().bind_tools([pay])

    async def call_model(state: MessagesState) -> Any:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(MessagesState)
    graph.add_node("call_model", call_model)
    graph.add_node("tools", ToolNode([pay]))
    graph.add_edge(START, "call_model")
    graph.add_conditional_edges("call_model", tools_condition)
    graph.add_edge("tools", "call_model")
    return graph.compile(checkpointer=saver)


async def session(agent: Any) -> None:
    thread_id = uuid.uuid4().hex
    config: Any = {"configurable": {"thread_id": thread_id}}
    for number in range(TURNS):
        message = {"messages": [("user", f"Pay {number + 1}.")]}
        out = await agent.ainvoke(message, config, durability="sync")
        assert out["messages"][-1].text == f"Paid {number + 1}."


def server_cpu(postmaster: int) -> float:
    """CPU seconds of the server and of all its processes that live."""
    process = psutil.Process(postmaster)
    seconds = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    times = process.cpu_times()
    return seconds + times.children_user + times.children_system


async def spent(work: Callable[[], Awaitable[None]], count: int, postmaster: int) -> tuple[float, float]:
    """CPU milliseconds of one session: of this process, and of the server."""
    ours, theirs = time.process_time(), server_cpu(postmaster)
    for _ in range(count):
        await work()
    return (time.process_time() - ours) * 1e3 / count, (server_cpu(postmaster) - theirs) * 1e3 / count


async def measure(pairs: int, sessions: int) -> dict[str, Any]:
    folder = settings().data_dir
    url = embedded_url(folder)
    postmaster = int((folder / "postmaster.pid").read_text().split()[0]) if (folder / "postmaster.pid").exists() else 0
    postmaster = postmaster or _postmaster(url)
    saver = await open_checkpointer(url)
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(url, min_size=2, max_size=8, kwargs=options, open=False) as pool:
        stock = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
        await stock.setup()
        spec = tool(effect=True, idempotent=True)(pay)
        guarded = react.build(model=model(), tools=[spec], policy=Policy.parse(POLICY), checkpointer=saver)
        plain = bare(stock)
        faces = {"guarded": lambda: session(guarded), "bare": lambda: session(plain)}
        for face in faces.values():
            await face()
        rows: dict[str, list[tuple[float, float]]] = {"guarded": [], "bare": []}
        for pair in range(pairs):
            for name in sorted(faces, reverse=bool(pair % 2)):
                rows[name].append(await spent(faces[name], sessions, postmaster))
    await saver.aclose()
    ratios = [b[0] / a[0] for a, b in zip(rows["guarded"], rows["bare"], strict=True)]
    report: dict[str, Any] = {"turns": TURNS, "limit": LIMIT, "ratio": round(statistics.median(ratios), 2)}
    report["ratios"] = [round(min(ratios), 2), round(max(ratios), 2)]
    for name, found in rows.items():
        client = statistics.median(row[0] for row in found)
        report[name] = {
            "client_ms": round(client, 1),
            "server_ms": round(statistics.median(row[1] for row in found), 1),
            "sessions_a_core_second": round(1e3 / client, 1),
        }
    return report


def _postmaster(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        return psutil.Process(row[0]).ppid()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=8, help="paired measurements (default 8)")
    parser.add_argument("--sessions", type=int, default=4, help="sessions in one measurement (default 4)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    report = asyncio.run(measure(args.pairs, args.sessions))
    if args.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:10} {value}")


if __name__ == "__main__":
    main()
