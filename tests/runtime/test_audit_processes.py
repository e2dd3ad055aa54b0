"""Several processes write one chain; one of them is killed in the middle, another is stopped."""

import os
import signal
import subprocess
import sys

import psycopg

from lockgate.audit import AuditEntry
from lockgate.runtime.audit_check import verify

WRITER = """
import asyncio, sys
from lockgate.audit import AuditEntry
from lockgate.runtime import open_checkpointer

async def main():
    saver = await open_checkpointer(sys.argv[1])
    print("open", flush=True)
    sys.stdin.readline()
    for n in range(int(sys.argv[2])):
        await saver.audit.write(AuditEntry(kind="decision", verdict="allow", thread_id=sys.argv[3], call_id=str(n)))
        print(n, flush=True)
    await saver.aclose()

asyncio.run(main())
"""


async def test_processes_write_one_chain_though_one_is_killed_and_one_stopped(saver, database_url):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipe = subprocess.PIPE

    def start(name: str, count: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WRITER, database_url, str(count), name]
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env)

    whole, killed, stopped = start("whole", 60), start("killed", 100_000), start("stopped", 100_000)
    writers = (whole, killed, stopped)
    try:
        for writer in writers:
            assert writer.stdout.readline() == "open\n"
        for writer in writers:
            writer.stdin.write("\n")
            writer.stdin.flush()
        known = 0
        while known < 20:  # what the killed one was told is durable
            known = int(killed.stdout.readline()) + 1
        killed.kill()
        killed.wait()
        stopped.stdout.readline()
        stopped.send_signal(signal.SIGSTOP)  # it holds no lock, wherever it is
        await saver.audit.write(AuditEntry(kind="decision", verdict="deny", thread_id="here"))
        whole.communicate(timeout=60)
        assert whole.returncode == 0
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert (await verify(saver.pools)).ok
    with psycopg.connect(database_url) as connection:
        told = dict(connection.execute("SELECT thread_id, count(*) FROM audit GROUP BY 1").fetchall())
    assert told["whole"] == 60 and told["here"] == 1 and told["killed"] >= known
