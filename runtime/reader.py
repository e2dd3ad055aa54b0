"""A database role that can read some schemas and do nothing else, for tools that run SQL a model wrote.

A read-only transaction is no bound: a superuser's may still run programs (`COPY ... TO PROGRAM`), and one statement can
take another role's rights (`set_config('role', ...)`). A role of its own has no rights to take.
"""

import hashlib
import hmac
from collections.abc import Sequence

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from lockgate.errors import ConfigError, StoreError
from lockgate.runtime.pool import parse

ROLE = "lockgate_reader"
_LOCK = 0x72656164
"""Key of the advisory lock under which the role is made: "read" in ASCII."""
_BOUNDS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "15s",
    "temp_file_limit": "256MB",
}


def reader_url(url: str, schemas: Sequence[str], *, role: str = ROLE) -> str:
    """The URL under which `role` reads the tables of `schemas`; makes the role and grants it exactly that.

    `url` is that of an owner who may create roles. The role's password follows from the owner's, so several processes
    agree on it; a server that asks for none asks this role for none. Blocks.

    Raises ConfigError for a schema that does not exist, StoreError when the server refuses.
    """
    password = _password(url, role)
    try:
        with psycopg.connect(**parse(url), autocommit=True) as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            _make(connection, role, password)
            _grant(connection, role, schemas)
    except psycopg.Error as error:
        text = str(error).strip().split("\n")[0] or type(error).__name__
        raise StoreError(f"The role {role!r} cannot be made: {text}", "The user needs CREATEROLE.") from None
    return make_conninfo(url, user=role, password=password)


def _make(connection: psycopg.Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT CONNECTION LIMIT 20"
    connection.execute(sql.SQL(f"ALTER ROLE {{}} {rights} PASSWORD {{}}").format(name, sql.Literal(password)))
    superuser = connection.execute("SELECT current_setting('is_superuser') = 'on'").fetchone() == (True,)
    for setting, value in _BOUNDS.items():
        if setting == "temp_file_limit" and not superuser:  # only a superuser may set it for others
            continue
        change = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(change.format(name, sql.Identifier(setting), sql.Literal(value)))


def _grant(connection: psycopg.Connection, role: str, schemas: Sequence[str]) -> None:
    name = sql.Identifier(role)
    found = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'USAGE') AND nspname !~ '^pg_' "
        "AND nspname <> 'information_schema'",
        (role,),
    ).fetchall()
    for (schema,) in found:  # what an earlier call granted and this one does not
        everything = sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}")
        connection.execute(everything.format(sql.Identifier(schema), name))
        connection.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(sql.Identifier(schema), name))
    for schema in schemas:
        if connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None:
            raise ConfigError(f"There is no schema {schema[:100]!r} to read.", "Name one of the database's own.")
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), name))
        connection.execute(
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(sql.Identifier(schema), name)
        )


def _password(url: str, role: str) -> str:
    secret = str(conninfo_to_dict(url).get("password") or "")
    return hmac.new(secret.encode(), f"lockgate role {role}".encode(), hashlib.sha256).hexdigest()
