"""What the audit log costs: CPU of this process and commits of the database for each entry, alone and under load.

python benchmarks/audit_append.py [ENTRIES]   (an embedded Postgres in a folder of its own, or DATABASE_URL)
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from lockgate.audit import AuditEntry
from lockgate.runtime import PostgresSaver, embedded_url, open_checkpointer
from lockgate.runtime.audit_check import verify
from lockgate.settings import load


def entry(n: int) -> AuditEntry:
    return AuditEntry(
        kind="decision", verdict="allow", thread_id=f"thread-{n % 50}", run_id="run", call_id=f"call-{n}",
        tool="refund", digest="0" * 64, args={"order": "ORD-1042", "account": "A-1", "amount": 12.5},
        rule="small-refunds", reason="A small refund on a well-formed order.",
    )  # fmt: skip


async def commits(saver: PostgresSaver) -> int:
    async with saver.pools.connection() as connection:
        cursor = await connection.execute("SELECT count(DISTINCT xmin::text) AS n FROM audit")
        row = await cursor.fetchone()
        return int(row["n"]) if row else 0


async def timed(saver: PostgresSaver, count: int, *, at_once: int) -> dict[str, float]:
    before, cpu, wall = await commits(saver), time.process_time(), time.perf_counter()
    waiting = asyncio.Semaphore(at_once)

    async def one(n: int) -> None:
        async with waiting:
            await saver.audit.write(entry(n))

    await asyncio.gather(*(one(n) for n in range(count)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    made = await commits(saver) - before
    return {
        "at once": at_once,
        "cpu us": 1e6 * cpu / count,
        "wall us": 1e6 * wall / count,
        "entries a commit": count / made,
    }


def address() -> str | None:
    """None where the settings name a database, else one that starts empty."""
    if load().database_url is not None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="lockgate-bench-"))
    folder.chmod(0o755)
    return embedded_url(folder / "data")


async def main(count: int) -> None:
    saver = await open_checkpointer(address())
    await saver.audit.write(entry(0))
    for at_once, share in ((1, 20), (10, 4), (100, 1), (1_000, 1)):
        print(json.dumps(await timed(saver, count // share, at_once=at_once)))
    cpu = time.process_time()
    verdict = await verify(saver.pools)
    spent = time.process_time() - cpu
    print(json.dumps({"rows": verdict.rows, "whole": verdict.ok, "verify cpu us a row": 1e6 * spent / verdict.rows}))
    await saver.aclose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
