"""What a harness stands on: a database of its own on a server that may be its own, and a disk that can be filled."""

import asyncio
import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from lockgate.evals.crash.place import FULL, SEVER, Place
from lockgate.runtime import embedded_url, open_checkpointer
from lockgate.runtime.embedded import SYSTEM_USER
from lockgate.settings import settings

_clearing = threading.Lock()  # the coroutine and the end of the process may come here at once
DISK_MB = 96
"""Size of the disk that is filled."""

# Every table with a thread's rows refuses those of a thread that is named, with the SQLSTATE of a full disk.
_FAULT = f"""
CREATE TABLE {FULL} (thread_id text);
CREATE FUNCTION {FULL}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM {FULL} f WHERE f.thread_id = NEW.thread_id) THEN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END IF;
    RETURN NEW;
END $$;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t
        USING (table_schema, table_name)
        WHERE c.column_name = 'thread_id' AND c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
        AND c.table_name NOT IN ('{FULL}', '{SEVER}')
    LOOP
        EXECUTE format('CREATE TRIGGER {FULL} BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION {FULL}()', name);
    END LOOP;
END $$;
"""  # noqa: S608

# A sequence, for it alone keeps its value when the transaction is gone: so the blow falls once.
_SEVERING = f"""
CREATE TABLE {SEVER} (thread_id text);
CREATE FUNCTION {SEVER}_arm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SEQUENCE %I', '{SEVER}_' || md5(NEW.thread_id));
    RETURN NEW;
END $$;
CREATE TRIGGER arm BEFORE INSERT ON {SEVER} FOR EACH ROW EXECUTE FUNCTION {SEVER}_arm();
CREATE FUNCTION {SEVER}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    armed regclass := to_regclass('{SEVER}_' || md5(NEW.thread_id));
BEGIN
    IF armed IS NOT NULL THEN
        IF nextval(armed) = 1 THEN
            PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(9);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {SEVER} BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION {SEVER}();
"""


@dataclass(slots=True, kw_only=True)
class Ground:
    """`place` is where runs live, `crashing` the same with the right to crash its server (None: it is not ours),
    `full` where disks are full. `notes` say what was done and what could not be.
    """

    folder: Path
    place: Place
    crashing: Place | None
    full: Place
    notes: list[str] = field(default_factory=list)


@asynccontextmanager
async def ground(*, full_disk: bool = True) -> AsyncIterator[Ground]:
    """Makes what the harness stands on, and takes it away again.

    DATABASE_URL names the server; without it one is started for the harness alone, and stops with this process.
    """
    folder = _folder()
    given = settings().database_url
    data_dir = None if given else folder / "server"
    server = given.get_secret_value() if given else await asyncio.to_thread(embedded_url, folder / "server")
    names = [f"lockgate_crash_{uuid.uuid4().hex[:12]}{end}" for end in ("", "_full")]
    clear = partial(_clear, server, names, folder / "disk")
    atexit.register(clear)  # after Ctrl-C nobody waits for the end of a coroutine
    try:
        yield await _made(folder, server, data_dir, names, full_disk=full_disk)
    finally:
        atexit.unregister(clear)
        clear()


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lockgate-crash-"))
    folder.chmod(0o755)  # the embedded server may run as another user
    # Registered before the server's own hook, so it runs after the server has stopped.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def _made(folder: Path, server: str, data_dir: Path | None, names: list[str], *, full_disk: bool) -> Ground:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(names[0])))
    saver = await open_checkpointer(make_conninfo(server, dbname=names[0]))
    await saver.aclose()
    with psycopg.connect(server, dbname=names[0], autocommit=True) as connection:
        connection.execute(_SEVERING.encode())
    place = Place(url=server, database=names[0])
    made = Ground(folder=folder, place=place, crashing=None, full=place)
    if data_dir:
        made.crashing = Place(url=server, database=names[0], data_dir=str(data_dir))
    else:
        made.notes.append(
            "server-crash was left out: the server that DATABASE_URL names is not the harness's to crash."
        )
    if full_disk:
        why = _disk(folder / "disk", server, names) if data_dir else "the server is not the harness's own"
        if not why:
            made.full = Place(url=server, database=names[1], disk=str(folder / "disk"))
            made.notes.append(f"disk-full: a tablespace on a tmpfs of {DISK_MB} MB was really filled.")
        else:
            with psycopg.connect(server, dbname=names[0], autocommit=True) as connection:
                connection.execute(_FAULT.encode())
            made.notes.append(
                f"disk-full: no disk was filled ({why}); instead the tables refused rows with SQLSTATE 53100."
            )
    return made


def _disk(disk: Path, server: str, names: list[str]) -> str:
    """Makes a small disk and a copy of the database on it; returns why it cannot, or an empty string."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "that takes root on Linux"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603
        return "no tmpfs could be mounted"
    space = disk / "space"
    space.mkdir()
    shutil.chown(space, SYSTEM_USER)
    with psycopg.connect(server, autocommit=True) as connection:
        name, template, tablespace = sql.Identifier(names[1]), sql.Identifier(names[0]), sql.Identifier(names[1])
        connection.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(tablespace, sql.Literal(str(space))))
        copy = "CREATE DATABASE {} TEMPLATE {} TABLESPACE {} STRATEGY file_copy"
        connection.execute(sql.SQL(copy).format(name, template, tablespace))
    return ""


def _clear(server: str, names: list[str], disk: Path) -> None:
    """Leaves nothing behind; a database that cannot be reached has nothing to be taken away."""
    with _clearing, suppress(psycopg.OperationalError), psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if disk.exists():
            connection.execute(sql.SQL("DROP TABLESPACE IF EXISTS {}").format(sql.Identifier(names[1])))
    if disk.is_mount():
        subprocess.run(["umount", disk], check=False, capture_output=True)  # noqa: S603, S607
