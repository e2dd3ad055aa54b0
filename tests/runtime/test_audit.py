"""The audit log on a real Postgres: what is refused, who waits for whom, what a broken log stops."""

import asyncio
import json
import threading

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint

from lockgate.audit import AuditEntry, body
from lockgate.bridge import run_sync
from lockgate.errors import StoreError
from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.runtime.audit import MAX_KEPT, PostgresAudit
from lockgate.runtime.audit_check import rows, verify


def entry(n: int = 0, thread: str = "t", **more) -> AuditEntry:
    return AuditEntry(**{"kind": "decision", "verdict": "allow", "thread_id": thread, "call_id": f"c{n}", **more})


async def stored(saver: PostgresSaver) -> list[str]:
    return [row.call_id async for row in rows(saver.pools)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET body = '{}'",
        "UPDATE audit SET body = '{}' WHERE false",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "TRUNCATE audit CASCADE",
        "INSERT INTO audit SELECT * FROM audit ON CONFLICT (seq) DO UPDATE SET body = '{}'",
        "SET session_replication_role = replica; DELETE FROM audit",
        "UPDATE audit_head SET seq = 0",
        "UPDATE audit_head SET seq = seq + 1",
        "UPDATE audit_head SET hash = ''",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "DELETE FROM audit_heads",
        "UPDATE audit_heads SET seq = 0",
        "TRUNCATE audit_heads",
    ],
)
async def test_nothing_is_taken_back_not_even_by_the_owner(saver, database_url, statement):
    await saver.audit.write(entry())
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement)
    assert (await verify(saver.pools)).ok


async def test_entries_are_written_in_order_and_share_commits(saver, database_url):
    first = saver.audit.write(entry(0))
    saver.audit.note(*(entry(n) for n in range(1, 500)))
    await asyncio.gather(first, *(saver.audit.write(entry(n)) for n in range(500, 600)))
    found = await stored(saver)
    assert set(found) == {f"c{n}" for n in range(600)}
    noted = [call for call in found if 1 <= int(call[1:]) < 500]
    assert noted == [f"c{n}" for n in range(1, 500)]
    with psycopg.connect(database_url) as connection:
        (commits,) = connection.execute("SELECT count(DISTINCT xmin::text) FROM audit").fetchone()
    assert commits < 10
    assert (await verify(saver.pools)).ok


async def test_threads_loops_and_savers_write_one_chain(database_url):
    savers = [await open_checkpointer(database_url) for _ in range(3)]

    async def many(saver, name):
        await asyncio.gather(*(saver.audit.write(entry(n, name)) for n in range(40)))

    others = [threading.Thread(target=asyncio.run, args=(many(saver, f"loop{i}"),)) for i, saver in enumerate(savers)]
    for other in others:
        other.start()
    await asyncio.gather(*(many(saver, f"here{i}") for i, saver in enumerate(savers)))
    for other in others:
        await asyncio.to_thread(other.join)
    verdict = await verify(savers[0].pools)
    assert verdict.ok
    assert verdict.rows == 240
    for saver in savers:
        await saver.aclose()


async def test_a_synchronous_caller_notes_and_waits(saver):
    await asyncio.to_thread(saver.audit.note, entry(1))
    await asyncio.to_thread(lambda: run_sync(saver.audit.settled("t")))
    assert await stored(saver) == ["c1"]


async def test_what_is_noted_is_written_before_the_log_closes(database_url):
    saver = await open_checkpointer(database_url)
    saver.audit.note(*(entry(n) for n in range(2_500)))
    await saver.aclose()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*), max(seq) FROM audit").fetchone() == (2_500, 2_500)


BREAK = {
    "dropped": ("DROP TABLE audit", "does not exist"),
    "renamed": ("ALTER TABLE audit RENAME TO elsewhere", "does not exist"),
    "full": ("ALTER TABLE audit ADD CONSTRAINT full_now CHECK (seq < 1)", "full_now"),
    "without its head": (
        "ALTER TABLE audit_head DISABLE TRIGGER ALL; DELETE FROM audit_head; ALTER TABLE audit_head ENABLE TRIGGER ALL",
        "no rows",
    ),
}


@pytest.mark.parametrize("case", BREAK)
async def test_a_broken_log_refuses_writers_and_lets_notes_wait(saver, database_url, case, caplog):
    statement, said = BREAK[case]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(statement)
    with pytest.raises(StoreError, match=said):
        await saver.audit.write(entry(1))
    saver.audit.note(entry(2))
    await asyncio.wait_for(saver.audit.settled("t"), 2)  # a checkpoint goes on
    assert "cannot be written" in caplog.text


async def test_no_checkpoint_goes_ahead_of_the_log_when_the_whole_database_is_down(saver, database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;"
            "CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        saver.audit.note(entry(1))
        for _ in range(2):
            with pytest.raises(StoreError, match="No space left"):
                await saver.audit.settled("t")
        connection.execute("DROP TRIGGER full_disk ON audit")
    await saver.audit.settled("t")
    assert await stored(saver) == ["c1"]


async def test_a_log_that_comes_back_gets_what_waited(saver, database_url, caplog):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit RENAME TO elsewhere")
        with pytest.raises(StoreError):
            await saver.audit.write(entry(1))
        saver.audit.note(entry(2))
        connection.execute("ALTER TABLE elsewhere RENAME TO audit")
    await saver.audit.write(entry(3))
    assert await stored(saver) == ["c1", "c2", "c3"]
    assert "can be written again" in caplog.text


async def test_a_log_that_closes_says_what_is_lost_and_rests(database_url, caplog):
    saver = await open_checkpointer(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE audit")
    saver.audit.note(entry(1), entry(2))
    await saver.aclose()
    assert "2 audit entries are lost" in caplog.text
    await asyncio.to_thread(run_sync, asyncio.sleep(0))  # the loop that keeps the timer has had its turn
    assert saver.audit._timer is None or saver.audit._timer.cancelled()


async def test_a_held_lock_is_not_waited_for_without_end(database_url):
    saver = await open_checkpointer(database_url)
    log = PostgresAudit(saver.pools, bound=0.3)
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT * FROM audit_head FOR UPDATE")
        with pytest.raises(StoreError, match=r"no entry within 0\.3 seconds"):
            await log.write(entry(1))
    await log.write(entry(2))
    found = await stored(saver)
    assert found[-1] == "c2" and "c1" in found
    await log.aclose()
    await saver.aclose()


async def test_what_found_no_room_is_counted(saver, database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit RENAME TO elsewhere")
        with pytest.raises(StoreError):
            await saver.audit.write(entry())
        for n in range(MAX_KEPT // 1_000 + 1):
            saver.audit.note(*(entry(1_000 * n + m) for m in range(1_000)))
        with pytest.raises(StoreError, match="too many entries wait"):
            await saver.audit.write(*(entry() for _ in range(2_000)))
        connection.execute("ALTER TABLE elsewhere RENAME TO audit")
    saver.audit._start()
    await saver.audit._until(saver.audit._written + len(saver.audit._queue))
    lost = [json.loads(row.body) async for row in rows(saver.pools) if '"kind":"lost"' in row.body]
    assert sum(item["detail"]["entries"] for item in lost) == 4_000  # tried again in between, perhaps
    assert (await verify(saver.pools)).ok


async def test_a_checkpoint_waits_for_the_entries_of_its_thread(saver, database_url):
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT * FROM audit_head FOR UPDATE")
        saver.audit.note(entry())
        config = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
        save = asyncio.create_task(saver.aput(config, empty_checkpoint(), {}, {}))
        other = {"configurable": {"thread_id": "another", "checkpoint_ns": ""}}
        await saver.aput(other, empty_checkpoint(), {}, {})
        assert not (await asyncio.wait({save}, timeout=0.2))[0]
        holder.rollback()
        await save
    assert await stored(saver) == ["c0"]


async def test_deleting_a_thread_leaves_its_audit_entries(saver):
    await saver.audit.write(entry())
    await saver.adelete_thread("t")
    assert await stored(saver) == ["c0"]


@pytest.mark.parametrize(
    "hostile",
    [
        {"args": {"a": "\x00\ud800", "\udfff": 1}},
        {"args": {"n": 10**400, "nan": float("nan")}},
        {"args": ["x" * 100_000]},
        {"reason": "x\x00" * 50_000},
        {"thread_id": "\x00" * 5_000, "run_id": "\ud800" * 3_000},
        {"detail": {"odd": object()}},
    ],
)
async def test_hostile_text_neither_stops_nor_breaks_the_log(saver, hostile):
    await saver.audit.write(entry(**hostile))
    verdict = await verify(saver.pools)
    assert verdict.ok and verdict.rows == 1


def test_the_text_is_canonical_and_bounded():
    text = body(entry(args={"b": 1, "a": "ü" * 5_000}, reason="r" * 5_000))
    assert text.isascii() and len(text) < 4_000
    assert json.loads(text)["args"] == {"omitted_bytes": 30_014}
    assert body(entry(1, id="1", at=1.5)) == (
        '{"at":1.5,"call_id":"c1","id":"1","kind":"decision","thread_id":"t","verdict":"allow"}'
    )
