"""Where the runs of a harness live, and what is done to it: connections cut, the server crashed, the disk filled."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from lockgate.evals.crash.ways import Act
from lockgate.runtime import embedded_url

FULL = "crash_full"
"""Table with the threads whose rows the database refuses as if its disk were full, where no disk can be filled."""
SEVER = "crash_sever"
"""Table with the threads whose connection the server ends once, at their next entry of the audit log."""
_PATIENCE = 10.0
_BLOCK = bytes(65_536)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database by URL. `data_dir` is that of its embedded server, if it is the harness's own; `disk` a small disk."""

    url: str
    database: str
    data_dir: str = ""
    disk: str = ""

    def address(self, thread: str) -> str:
        """The URL for a run of `thread`, whose connections bear its name; starts our own server if it does not run."""
        server = embedded_url(Path(self.data_dir)) if self.data_dir else self.url
        return make_conninfo(server, dbname=self.database, application_name=f"crash {thread}"[:63])

    def do(self, act: Act, thread: str) -> None:
        """Breaks the database for the run of `thread`."""
        match act:
            case "cut":
                with psycopg.connect(self.url, dbname=self.database, autocommit=True) as connection:
                    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
                    connection.execute(cut, (f"crash {thread}"[:63],))
            case "sever":
                self._refuse(f"INSERT INTO {SEVER} VALUES (%s)", thread)  # noqa: S608
            case "crash":
                self._crash()
            case "fill" if self.disk:
                with suppress(OSError), self._filler.open("wb", buffering=0) as file:
                    while True:
                        file.write(_BLOCK)
            case "fill":
                self._refuse(f"INSERT INTO {FULL} VALUES (%s)", thread)  # noqa: S608
            case _:
                raise ValueError(act)

    def mend(self, thread: str) -> None:
        """Makes room again."""
        if self.disk:
            self._filler.unlink(missing_ok=True)
        else:
            self._refuse(f"DELETE FROM {FULL} WHERE thread_id = %s", thread)  # noqa: S608

    @property
    def _filler(self) -> Path:
        return Path(self.disk) / "filler"

    def _refuse(self, sql: str, thread: str) -> None:
        with psycopg.connect(self.url, dbname=self.database, autocommit=True) as connection:
            connection.execute(sql.encode(), (thread,))

    def _crash(self) -> None:
        """Ends the server as a crash does: without a checkpoint, so that its next start has to recover."""
        file = Path(self.data_dir) / "postgres" / "postmaster.pid"
        pid = int(file.read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + _PATIENCE
        while file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
