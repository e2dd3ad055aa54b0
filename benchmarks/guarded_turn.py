"""CPU of one guarded turn (model -> one allowed call -> answer), as a multiple of langchain's `create_agent`.

Both agents live in one process and are measured in pairs, so that the machine's moods cancel out. The model
answers at once; there is no checkpointer.

    python benchmarks/guarded_turn.py [--rounds 40] [--turns 10] [--json]
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import react

POLICY = """
version: 1
name: benchmark
rules:
  - {id: add, tools: [add], args: {a: {min: 0, max: 100}}, action: allow, reason: harmless}
"""
TURNS: list[Any] = [{"calls": [{"name": "add", "args": {"a": 1, "b": 2}}]}, "The sum is 3."]
LIMIT = 1.5
QUESTION = {"messages": [HumanMessage("What is 1 + 2?")]}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def cpu(run: Callable[[], Any], turns: int) -> float:
    """CPU of one turn in microseconds, all threads of the process."""
    started = time.process_time_ns()
    for _ in range(turns):
        run()
    return (time.process_time_ns() - started) / turns / 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="paired measurements (default 40)")
    parser.add_argument("--turns", type=int, default=10, help="turns in one measurement (default 10)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()

    bare = create_agent(ScriptedModel(turns=TURNS), [add])
    spec = tool(effect=False)(add)
    guarded = react.build(model=ScriptedModel(turns=TURNS), tools=[spec], policy=Policy.parse(POLICY))
    answer = guarded.invoke(QUESTION)
    assert answer["answer"] == "The sum is 3." and answer["usage"].tool_calls == 1

    loop = asyncio.new_event_loop()
    faces: dict[str, Callable[[Any], Callable[[], Any]]] = {
        "sync": lambda agent: lambda: agent.invoke(QUESTION),
        "async": lambda agent: lambda: loop.run_until_complete(agent.ainvoke(QUESTION)),
    }
    report = {}
    for face, runner in faces.items():
        ours, theirs = runner(guarded), runner(bare)
        cpu(ours, 20), cpu(theirs, 20)
        pairs = [(cpu(ours, args.turns), cpu(theirs, args.turns)) for _ in range(args.rounds)]
        report[face] = {
            "guarded_us": round(statistics.median(a for a, _ in pairs)),
            "create_agent_us": round(statistics.median(b for _, b in pairs)),
            "ratio": round(statistics.median(a / b for a, b in pairs), 3),
            "limit": LIMIT,
        }
    loop.close()
    if args.json:
        print(json.dumps(report))
        return
    print(f"{'':8}{'guarded':>12}{'create_agent':>15}{'ratio':>8}   (CPU a turn; at most {LIMIT})")
    for face, row in report.items():
        print(f"{face:8}{row['guarded_us']:>9} us{row['create_agent_us']:>12} us{row['ratio']:>8.2f}")


if __name__ == "__main__":
    main()
