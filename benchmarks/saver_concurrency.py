"""Fifty checkpoints saved at once: LangGraph's AsyncPostgresSaver on a pool against PostgresSaver.

Run: python benchmarks/saver_concurrency.py [URL]   (default: the embedded Postgres in a temporary folder)

Both savers write the same checkpoints to the same database in turns; what counts is the ratio within a pair.
"""

import asyncio
import atexit
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from lockgate.runtime import PostgresSaver, embedded_url, open_checkpointer

OPERATIONS = 50
PAIRS = 15
POOL = 8


async def put_many(saver: BaseCheckpointSaver[Any], name: str) -> None:
    """Saves one checkpoint with 10 kB of state in each of OPERATIONS threads."""

    async def put(number: int) -> None:
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"messages": ["x" * 10_000]}
        checkpoint["channel_versions"] = {"messages": "1"}
        config: Any = {"configurable": {"thread_id": f"{name}-{number}", "checkpoint_ns": ""}}
        await saver.aput(config, checkpoint, {"source": "loop", "step": 0, "parents": {}}, {"messages": "1"})

    await asyncio.gather(*(put(number) for number in range(OPERATIONS)))


async def timed(work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


async def main(url: str) -> None:
    """Prints the median of each and of the ratios of the pairs."""
    ours: PostgresSaver = await open_checkpointer(url)
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(url, min_size=POOL, max_size=POOL, kwargs=options, open=False) as pool:
        stock = AsyncPostgresSaver(pool)  # type: ignore[arg-type]
        rows: dict[str, list[tuple[float, float]]] = {"stock": [], "ours": []}
        for pair in range(-3, PAIRS):  # three to warm up
            order = [("stock", stock), ("ours", ours)]
            for name, saver in order if pair % 2 else reversed(order):
                spent = await timed(lambda saver=saver, name=name: put_many(saver, f"{name}-{pair}"))  # type: ignore[misc]  # noqa: B023
                if pair >= 0:
                    rows[name].append(spent)
    await ours.aclose()
    for index, what in enumerate(("wall", "CPU")):
        stock_ms, ours_ms = (1e3 * statistics.median(row[index] for row in rows[name]) for name in ("stock", "ours"))
        ratios = [b[index] / a[index] for a, b in zip(rows["stock"], rows["ours"], strict=True)]
        print(
            f"{what}: {OPERATIONS} puts, stock {stock_ms:.1f} ms, PostgresSaver {ours_ms:.1f} ms; "
            f"ratio of pairs: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(sys.argv[1]))
    else:
        folder = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
        folder.chmod(0o755)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        asyncio.run(main(embedded_url(folder / "data")))
