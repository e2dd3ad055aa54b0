"""The embedded server, used by real processes that are really killed."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import psutil
import psycopg
import pytest

from lockgate.errors import ConfigError, StoreError
from lockgate.runtime import PostgresSaver, embedded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the embedded server needs file locks of POSIX")

USER = """
import sys, psycopg
from pathlib import Path
from lockgate.runtime.embedded import embedded_url
url = embedded_url(Path(sys.argv[1]))
with psycopg.connect(url) as c:
    c.execute("SELECT pg_advisory_xact_lock(1)")
    c.execute("CREATE TABLE IF NOT EXISTS seen (n serial)")
    c.execute("INSERT INTO seen DEFAULT VALUES")
    used = c.execute("SELECT count(*) FROM seen").fetchone()[0]
print(used, url, flush=True)  # committed by now: the test may kill the process as soon as it reads this
sys.stdin.read()
"""

ENV = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

Start = Callable[[Path], subprocess.Popen[str]]


@pytest.fixture(scope="module")
def seed(open_folder: Path) -> Path:
    """A data folder with a database that was stopped in order."""
    folder = open_folder / "seed"
    null = subprocess.DEVNULL
    subprocess.run([sys.executable, "-c", USER, folder], check=True, stdin=null, stdout=null, env=ENV)
    return folder


@pytest.fixture
def folder(seed: Path) -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(dir=seed.parent))
    path.chmod(0o755)
    shutil.copytree(seed / "postgres", path / "postgres", ignore=shutil.ignore_patterns(".s.*"))
    stat = (seed / "postgres").stat()
    for file in [path / "postgres", *(path / "postgres").rglob("*")]:
        os.chown(file, stat.st_uid, stat.st_gid)
    yield path
    if pid := postmaster(path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(path: Path) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, "-c", USER, path], stdin=pipe, stdout=pipe, text=True, env=ENV)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def count(process: subprocess.Popen[str]) -> int:
    """Waits for the process to have used the database; how often it had been used by then."""
    assert process.stdout
    return int(process.stdout.readline().split()[0])


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate("", timeout=30)
    assert process.returncode == 0


def postmaster(path: Path) -> int | None:
    try:
        pid = int((path / "postgres" / "postmaster.pid").read_text().split("\n")[0])
    except FileNotFoundError:
        return None
    return pid if psutil.pid_exists(pid) else None


def test_the_last_of_several_processes_stops_the_server(folder: Path, start: Start) -> None:
    first, second = start(folder), start(folder)
    assert {count(first), count(second)} == {2, 3}
    leave(first)
    assert postmaster(folder)
    third = start(folder)
    assert count(third) == 4
    leave(second)
    assert postmaster(folder)
    leave(third)
    assert postmaster(folder) is None


def test_a_killed_user_neither_stops_the_server_nor_keeps_it_alive(folder: Path, start: Start) -> None:
    killed, other = start(folder), start(folder)
    count(killed), count(other)
    killed.kill()
    killed.wait()
    assert postmaster(folder)
    leave(other)
    assert postmaster(folder) is None


def test_a_server_whose_users_were_all_killed_is_adopted(folder: Path, start: Start) -> None:
    killed = start(folder)
    count(killed)
    killed.kill()
    killed.wait()
    before = postmaster(folder)
    assert before
    heir = start(folder)
    assert count(heir) == 3
    assert postmaster(folder) == before
    leave(heir)
    assert postmaster(folder) is None


def test_a_killed_server_recovers_with_its_data(folder: Path, start: Start) -> None:
    user = start(folder)
    count(user)
    pid = postmaster(folder)
    assert pid
    os.kill(pid, signal.SIGKILL)
    after = start(folder)
    assert count(after) == 3
    assert postmaster(folder) != pid


def test_a_pid_file_whose_number_went_to_another_process_is_not_believed(folder: Path, start: Start) -> None:
    # A process of the server's own user: the one case in which Postgres itself refuses to start.
    owner = (folder / "postgres").stat().st_uid
    stranger = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=owner, cwd="/")
    try:
        file = folder / "postgres" / "postmaster.pid"
        file.write_text(f"{stranger.pid}\n{folder / 'postgres'}\n1\n5432\n\n\n  1 1\nready   \n")
        os.chown(file, owner, -1)
        assert count(start(folder)) == 2
    finally:
        stranger.communicate(b"\n")


async def test_a_saver_starts_its_killed_server_again(folder: Path) -> None:
    saver = PostgresSaver(partial(embedded.embedded_url, folder))
    await saver.setup()
    pid = postmaster(folder)
    assert pid
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
    async with asyncio.timeout(30):
        while postmaster(folder) in {pid, None}:
            with suppress(StoreError):  # the orphaned backend may still answer, and then hangs up
                await saver.aget_tuple({"configurable": {"thread_id": "t"}})
            await asyncio.sleep(0.01)
    assert await saver.aget_tuple({"configurable": {"thread_id": "t"}}) is None
    await saver.aclose()
    embedded._leave(folder)
    assert postmaster(folder) is None


def test_several_processes_can_make_the_database_at_once(open_folder: Path, start: Start) -> None:
    fresh = open_folder / "fresh"
    users = [start(fresh) for _ in range(3)]
    assert {count(user) for user in users} <= {1, 2, 3}
    for user in users:
        leave(user)
    assert postmaster(fresh) is None


def test_a_long_path_gets_its_socket_elsewhere(open_folder: Path, start: Start) -> None:
    deep = open_folder / ("d" * 90)
    user = start(deep)
    assert user.stdout
    line = user.stdout.readline()
    (elsewhere,) = re.findall(r"host=(\S+)", line)
    assert "ddd" not in elsewhere
    leave(user)
    assert postmaster(deep) is None
    assert not Path(unquote(elsewhere)).exists()


def test_a_server_that_cannot_start_shows_its_log(folder: Path) -> None:
    with (folder / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("\nmax_connections = none\n")
    with pytest.raises(StoreError, match=r"invalid value for parameter .max_connections.*(?s:.*)DATABASE_URL"):
        embedded.embedded_url(folder)


def test_data_of_another_major_version_is_refused(folder: Path) -> None:
    (folder / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StoreError, match="made by Postgres 17"):
        embedded.embedded_url(folder)


def test_a_folder_that_cannot_be_made_is_a_configuration_error(open_folder: Path) -> None:
    file = open_folder / "file"
    file.write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        embedded.embedded_url(file / "below")


@pytest.mark.skipif(os.geteuid() != 0, reason="root's rules")
def test_root_keeps_out_of_home_folders_and_leaves_permissions_alone(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_folder / "home"
    closed = open_folder / "closed"
    for path in (home, closed):
        path.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    for path, complaint in ((home / "x", "home folder"), (Path("/root/x/y"), "home folder"), (closed / "x", "enter")):
        with pytest.raises(ConfigError, match=complaint):
            embedded.embedded_url(path)
    assert not (home / "x").exists()
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="root's rules")
def test_binaries_out_of_the_system_users_reach_are_copied(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_parent = embedded._closed_parent
    hidden = closed_parent(Path("/")) or Path("/root")
    monkeypatch.setattr(
        embedded, "_closed_parent", lambda path: hidden if "site-packages" in str(path) else closed_parent(path)
    )
    server = embedded._Server(folder, embedded.SYSTEM_USER)
    assert server._binaries().is_relative_to(folder)
    server.ensure_running()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.stop()
    assert postmaster(folder) is None


def test_nobody_else_may_connect(folder: Path, start: Start) -> None:
    user = start(folder)
    count(user)
    for path in (folder / "postgres", folder / "postgres" / ".s.PGSQL.5432"):
        assert path.stat().st_mode & 0o077 == 0
