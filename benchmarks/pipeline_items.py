"""CPU and memory of a pipeline an item, beyond what its stages do: it must not grow with the number of items.

Four stages that do nothing, with checkpoints in memory. The sizes are measured in turn, each in a process of its own.

    python benchmarks/pipeline_items.py [--sizes 1000 10000] [--json]
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time

from langgraph.checkpoint.memory import InMemorySaver

from lockgate.graphs import pipeline
from lockgate.handoff import Status

LIMIT = 1.5
"""CPU an item of the largest run, as a multiple of that of the smallest."""


async def same(text: str) -> str:
    return text


def measure(count: int) -> dict[str, float]:
    stages = [pipeline.function(same, name=f"stage_{n}") for n in range(4)]
    graph = pipeline.build(stages=stages, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    asyncio.run(graph.ainvoke({"items": ["x"] * 10}, config))
    before, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = asyncio.run(graph.ainvoke({"items": ["x"] * count}, config))
    assert all(result.status == Status.COMPLETED for result in out["results"]) and len(out["results"]) == count
    cpu = (time.process_time() - before) * 1_000 / count
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / count
    return {"items": count, "cpu_ms_an_item": round(cpu, 2), "memory_kib_an_item": round(memory, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000], help="items (default 1000 10000)")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one)))
        return
    rows = []
    for size in args.sizes:
        command = [sys.executable, __file__, "--one", str(size)]
        rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    ratio = round(rows[-1]["cpu_ms_an_item"] / rows[0]["cpu_ms_an_item"], 2)
    if args.json:
        print(json.dumps({"runs": rows, "ratio": ratio, "limit": LIMIT}))
        return
    for row in rows:
        print(
            f"{row['items']:>7,} items: {row['cpu_ms_an_item']:.2f} ms CPU and {row['memory_kib_an_item']:.0f} KiB each"
        )
    print(f"ratio of CPU an item, largest to smallest: {ratio} (at most {LIMIT})")


if __name__ == "__main__":
    main()
