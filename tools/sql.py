"""SQL that a model wrote, on a connection that can only read."""

from typing import Annotated, Any

import psycopg
from pydantic import BaseModel, Field

from lockgate.errors import ToolError
from lockgate.spec import ToolSpec
from lockgate.tools.decorator import tool

MAX_ROWS = 200
"""Rows of one answer; the rest are left out, and it says so."""
TIMEOUT = 15.0
"""Seconds for one query, the connection included."""

_COLUMNS = """
SELECT table_schema || '.' || table_name AS name, column_name || ' ' || data_type AS "column"
FROM information_schema.columns
WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY table_schema, table_name, ordinal_position
"""


class Rows(BaseModel):
    """The answer to a query: `rows` in the order of `columns`. `more` when some were left out."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool = False


def sql_tools(url: str, *, max_rows: int = MAX_ROWS) -> list[ToolSpec]:
    """`list_tables` and `query_sql` on the database at `url`.

    **`url` must be that of a role which may read and nothing else**, such as `lockgate.runtime.reader_url` makes:
    what keeps a query from changing anything are that role's rights, not its wording.
    """

    @tool(effect=False, private=True, output="internal", timeout=TIMEOUT)
    def list_tables() -> dict[str, list[str]]:
        """List the tables that can be queried, each with its columns and their types."""
        tables: dict[str, list[str]] = {}
        for name, column in _answered(url, _COLUMNS, 10_000).rows:
            tables.setdefault(name, []).append(column)
        return tables

    @tool(effect=False, private=True, output="untrusted", timeout=TIMEOUT)
    def query_sql(query: Annotated[str, Field(min_length=1, max_length=10_000)]) -> Rows:
        """Run one SQL query (PostgreSQL) that reads. Name tables with their schema, as list_tables shows them."""
        return _answered(url, query, max_rows)

    return [list_tables, query_sql]


def _answered(url: str, query: str, max_rows: int) -> Rows:
    if "\0" in query:
        raise ToolError("The query holds a NUL character.")
    try:
        with (
            psycopg.connect(url, connect_timeout=5, options=f"-c statement_timeout={int(TIMEOUT * 1000) - 1000}") as db,
            db.transaction(force_rollback=True),
        ):
            db.execute("SET TRANSACTION READ ONLY")
            # In binary form a query travels alone: a second statement behind a semicolon is a syntax error.
            with db.cursor(binary=True) as cursor:
                cursor.execute(query.encode(), prepare=False)
                if cursor.description is None:
                    raise ToolError("The statement gave no rows.", "Ask with SELECT.")
                found = cursor.fetchmany(max_rows + 1)
                names = [column.name for column in cursor.description]
    except psycopg.Error as error:
        raise ToolError(f"The database refused: {_text(error)}") from None
    rows = [list(row) for row in found[:max_rows]]
    return Rows(columns=names, rows=rows, more=len(found) > max_rows)


def _text(error: psycopg.Error) -> str:
    said = error.diag.message_primary
    # What went wrong before a query ran may name hosts and users.
    return said or "it is out of reach"
