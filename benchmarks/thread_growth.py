"""What a long thread stores and costs: bytes a turn, CPU of a turn, and the time until it goes on.

One turn is a user's message, a tool call with its output, and an answer: 3.78 KB of text that does not compress.
`times_raw` is of `steps` and `blobs`, in which the events of the runs stand too; `times_raw_with_record` of all tables,
runs, leases and audit log included. Sizes are those of whole tables with their indexes and TOAST
(`pg_total_relation_size`); `values` sums `pg_column_size` of the rows alone.

    python benchmarks/thread_growth.py [--turns 1000] [--text random|words] [--stock 100] [--json]
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from lockgate import Policy, tool
from lockgate.graphs import react
from lockgate.runtime import embedded_url, open_checkpointer
from lockgate.settings import settings

RAW = {"user": 400, "tool": 2_780, "answer": 600}
"""Characters of text in one turn; their sum is the raw size that the others are multiples of."""
LIMITS = {"times_raw": 2.5, "growth": 2.1, "late_over_early": 2.0, "resume_ms": 300.0}
POLICY = "version: 1\nname: growth\nrules:\n  - {id: look, tools: [look], action: allow, reason: harmless}\n"
LETTERS = random.Random(7).choices("abcdefghijklmnopqrstuvwxyz", k=20_010)
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def text(seed: str, size: int, kind: str) -> str:
    """Text of `size` characters, the same for the same seed."""
    source = random.Random(seed)
    if kind == "random":
        return "".join(source.choices(ALPHABET, k=size))
    words: list[str] = []
    while sum(map(len, words)) + len(words) < size:
        at = int(source.paretovariate(0.8)) % 4_000
        words.append("".join(LETTERS[at * 5 : at * 5 + 3 + at % 6]))
    return " ".join(words)[:size]


class Looking(BaseChatModel):
    """Asks for one look and answers. It looks at the last message only, and leaves out LangChain's own conversion of
    the whole conversation, so that a long thread costs nothing here that storage has no part in.
    """

    kind: str

    async def ainvoke(self, input: Any, *_: Any, **__: Any) -> Any:  # noqa: A002
        return self._generate(input).generations[0].message

    def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        last = messages[-1]
        if last.type == "tool":
            answer = AIMessage(text(f"answer{last.tool_call_id}", RAW["answer"], self.kind))
        else:
            number = len(messages)
            answer = AIMessage("", tool_calls=[{"name": "look", "args": {"at": number}, "id": f"look-{number}"}])
        return ChatResult(generations=[ChatGeneration(message=answer)])

    async def _agenerate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        return self._generate(messages)

    def bind_tools(self, tools: Any, **_: Any) -> Any:  # noqa: ARG002 - it knows its tool
        return self

    @property
    def _llm_type(self) -> str:
        return "looking"


def parts(kind: str) -> tuple[Looking, Any]:
    """The model, which asks for one look a turn, and the tool that gives it."""

    def look(at: int) -> str:
        """Look at something."""
        return text(f"tool{at}", RAW["tool"], kind)

    return Looking(kind=kind), look


def guarded(kind: str, saver: Any) -> Any:
    model, look = parts(kind)
    spec = tool(effect=False)(look)
    return react.build(model=model, tools=[spec], policy=Policy.parse(POLICY), checkpointer=saver)


def bare(kind: str, saver: Any) -> Any:
    model, look = parts(kind)
    bound = model.bind_tools([look])

    async def call_model(state: MessagesState) -> Any:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    graph: StateGraph[Any, Any, Any, Any] = StateGraph(MessagesState)
    graph.add_node("call_model", call_model)
    graph.add_node("tools", ToolNode([look]))
    graph.add_edge(START, "call_model")
    graph.add_conditional_edges("call_model", tools_condition)
    graph.add_edge("tools", "call_model")
    return graph.compile(checkpointer=saver)


async def sizes(url: str) -> dict[str, tuple[int, int]]:
    """Of each table that is not empty: all of its bytes, and those of its values."""
    options = {"autocommit": True}
    async with AsyncConnectionPool(url, min_size=1, max_size=1, kwargs=options, open=False) as pool:  # noqa: SIM117
        async with pool.connection() as connection:
            names = await (
                await connection.execute("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'")
            ).fetchall()
            found = {}
            for (name,) in names:
                if name.endswith("migrations"):
                    continue
                row = await (
                    await connection.execute(
                        f"SELECT pg_total_relation_size('{name}'), coalesce(sum(pg_column_size(t.*)), 0) FROM {name} t"
                    )
                ).fetchone()
                assert row is not None
                if row[1]:
                    found[name] = (int(row[0]), int(row[1]))
            return found


async def grow(agent: Any, turns: int, kind: str, marks: Any) -> list[float]:
    """CPU seconds of each turn; `marks` is awaited with the number of each finished one."""
    config: Any = {"configurable": {"thread_id": "growth"}}
    spent = []
    for number in range(1, turns + 1):
        message = {"messages": [("user", text(f"user{number}", RAW["user"], kind))]}
        started = time.process_time()
        await agent.ainvoke(message, config, durability="sync")
        spent.append(time.process_time() - started)
        await marks(number)
    return spent


async def resume_ms(url: str, kind: str, times: int = 5) -> tuple[float, float]:
    """Milliseconds of CPU and on the clock until the first node runs; the saver has seen nothing of the thread."""
    found = []
    for _ in range(times):
        saver = await open_checkpointer(url)
        agent = guarded(kind, saver)
        await agent.aget_state({"configurable": {"thread_id": "other"}})  # the connection is open
        started, cpu = time.perf_counter(), time.process_time()
        stream = agent.astream(
            {"messages": [("user", "Go on.")]}, {"configurable": {"thread_id": "growth"}}, stream_mode="tasks"
        )
        await anext(stream)
        found.append(((time.process_time() - cpu) * 1_000, (time.perf_counter() - started) * 1_000))
        await stream.aclose()
        await saver.aclose()
    return statistics.median(cpu for cpu, _ in found), statistics.median(wall for _, wall in found)


async def measure(turns: int, kind: str, stock: int) -> dict[str, Any]:
    raw = sum(RAW.values())
    server = embedded_url(settings().data_dir)
    report: dict[str, Any] = {"turns": turns, "text": kind, "raw_bytes_a_turn": raw, "limits": LIMITS}
    async with _database(server) as url:
        saver = await open_checkpointer(url)
        seen: dict[int, dict[str, tuple[int, int]]] = {}
        empty = await sizes(url)

        async def mark(number: int) -> None:
            if number in (turns // 10, turns // 2, turns):
                seen[number] = await sizes(url)

        spent = await grow(guarded(kind, saver), turns, kind, mark)
        await saver.aclose()
        totals = {at: sum(table[0] for table in tables.values()) for at, tables in seen.items()}
        report["empty_bytes"] = sum(table[0] for table in empty.values())
        report["bytes_a_turn"] = {at: round(total / at) for at, total in totals.items()}
        report["values_a_turn"] = {at: round(sum(t[1] for t in tables.values()) / at) for at, tables in seen.items()}
        report["tables_a_turn"] = {name: round(table[0] / turns) for name, table in seen[turns].items()}
        stored = sum(seen[turns][name][0] for name in ("steps", "blobs") if name in seen[turns])
        report["times_raw"] = round(stored / turns / raw, 2)
        report["times_raw_with_record"] = round(totals[turns] / turns / raw, 2)
        report["growth"] = round(totals[turns] / totals[turns // 2], 2)
        early, late = statistics.median(spent[5:15]), statistics.median(spent[-10:])
        report |= {"turn_10_ms": round(early * 1e3, 1), f"turn_{turns}_ms": round(late * 1e3, 1)}
        report["late_over_early"] = round(late / early, 2)
        cpu, wall = await resume_ms(url, kind)
        report |= {"resume_cpu_ms": round(cpu, 1), "resume_wall_ms": round(wall, 1)}
    if stock:
        async with _database(server) as url:
            options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
            async with AsyncConnectionPool(url, min_size=1, max_size=4, kwargs=options, open=False) as pool:
                plain = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
                await plain.setup()
                await grow(bare(kind, plain), stock, kind, _nothing)
            total = sum(table[0] for table in (await sizes(url)).values())
            report["stock_times_raw"] = {f"at {stock} turns": round(total / stock / raw, 1)}
    return report


async def _nothing(_: int) -> None:
    pass


class _database:  # noqa: N801 - a context manager
    """A database of its own on the embedded server, dropped afterwards."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"lockgate_bench_{time.time_ns()}"

    async def _run(self, sql: str) -> None:
        async with (
            AsyncConnectionPool(self._server, min_size=1, max_size=1, kwargs={"autocommit": True}, open=False) as pool,
            pool.connection() as connection,
        ):
            await connection.execute(sql.encode())

    async def __aenter__(self) -> str:
        from psycopg.conninfo import make_conninfo

        await self._run(f"CREATE DATABASE {self._name}")
        return make_conninfo(self._server, dbname=self._name)

    async def __aexit__(self, *_: object) -> None:
        await self._run(f"DROP DATABASE {self._name} WITH (FORCE)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000, help="length of the thread (default 1000)")
    parser.add_argument("--text", choices=("random", "words"), default="random", help="kind of text")
    parser.add_argument("--stock", type=int, default=0, help="turns of LangGraph's own saver to compare with")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    report = asyncio.run(measure(args.turns, args.text, args.stock))
    if args.json:
        print(json.dumps(report))
        return
    for name, value in report.items():
        print(f"{name:18} {value}")


if __name__ == "__main__":
    main()
