"""The desk's tables as the demo itself sees them: made, locked for one demo, and read back with plain SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from lockgate.errors import StoreError
from lockgate.settings import Settings

LOCK = 0x6465736B
"""Key of the advisory lock that one demo holds: "desk" in ASCII."""

_HINT = "Check that the server runs and that DATABASE_URL names it, or unset it to use the embedded Postgres."


def database_url(settings: Settings) -> str:
    """The configured database, or the embedded one, which is started. Blocks meanwhile."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    from lockgate.runtime import embedded_url

    return embedded_url(settings.data_dir)


def seed(url: str, *, keep: bool) -> None:
    """Makes the desk's tables with their data; with `keep` only when they are missing. Raises StoreError."""
    with _connected(url) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK + 1,))
        _seed(connection, keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One refund as it stands in the table."""

    order_id: str
    item: str
    customer: str
    amount: str
    account: str
    own: bool
    """Whether the account is the customer's."""


class Store:
    """The desk's tables on one connection."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def mails(self) -> list[dict[str, Any]]:
        """All mails: sender, subject, body."""
        return self._rows("SELECT sender, subject, body FROM desk.mailbox ORDER BY id")

    def refunds(self) -> list[Money]:
        """Every refund in the table, a row each, oldest first."""
        return [
            Money(**row)
            for row in self._rows(
                "SELECT p.order_id, o.item, c.name AS customer, p.amount::text, p.account, p.account = c.account AS own"
                " FROM desk.payments p JOIN desk.orders o ON o.id = p.order_id "
                "JOIN desk.customers c ON c.id = o.customer_id WHERE p.kind = 'refund' ORDER BY p.id"
            )
        ]

    def counts(self) -> dict[str, int]:
        """Rows of `customers` and `outbox`."""
        return self._rows(
            "SELECT (SELECT count(*)::int FROM desk.customers) AS customers, "
            "(SELECT count(*)::int FROM desk.outbox) AS replies"
        )[0]

    def _rows(self, sql: LiteralString) -> list[dict[str, Any]]:
        with _told():
            return self._connection.execute(sql).fetchall()


@contextmanager
def opened(url: str, *, keep: bool) -> Iterator[Store]:
    """The seeded store, for one demo at a time. Raises StoreError, also when another demo runs in this database."""
    with _connected(url) as connection:
        with _told():
            held = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", (LOCK,)).fetchone()
            if not (held and held["held"]):
                raise StoreError("Another demo runs in this database.", "Wait until it ends.")
            with connection.transaction():
                _seed(connection, keep=keep)
        yield Store(connection)


def _seed(connection: psycopg.Connection[dict[str, Any]], *, keep: bool) -> None:
    if keep:
        found = connection.execute("SELECT to_regclass('desk.outbox') IS NOT NULL AS found").fetchone()
        if found and found["found"]:
            return
    sql = (files("lockgate.cli.desk") / "data.sql").read_bytes()
    connection.execute(sql, prepare=False)


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with _told():
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5, row_factory=dict_row)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        text = str(error).strip().split("\nCONTEXT:")[0] or type(error).__name__
        raise StoreError(f"The database failed: {text}", _HINT) from None
