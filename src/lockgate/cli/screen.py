"""What is printed, and how."""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from lockgate.errors import LockgateError
from lockgate.text import one_line as one_line  # noqa: PLC0414 - the commands print through this module
from lockgate.text import safe as safe  # noqa: PLC0414

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

NARROW = 10
"""Characters that a column of a table needs at least, the space behind it included."""


def pretty(value: Any) -> str:
    """JSON for a person's eye, safe to print. What JSON cannot hold stands as its repr."""
    return safe(json.dumps(value, indent=2, ensure_ascii=False, default=repr))


@cache
def out() -> "Console":
    """Results, on stdout. Strings are never taken for markup."""
    return _console(stderr=False)


@cache
def err() -> "Console":
    """Progress and errors, on stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool, width: int | None = None) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False, soft_wrap=True)


def print_json(value: Any, *, lines: bool = False) -> None:
    """One JSON document on stdout, in ASCII; with `lines` on a single line, written through at once."""
    text = json.dumps(value, indent=None if lines else 2, default=_json_default)
    sys.stdout.write(text + "\n")
    if lines:
        sys.stdout.flush()


def print_error(error: LockgateError, *, as_json: bool = False) -> None:
    """`error: message`, and `hint: what to do next` when there is one; `as_json` also as one JSON line on stdout."""
    if as_json:
        print_json({"error": fault(error)}, lines=True)
    if os.environ.get("LOCKGATE_DEBUG", "") not in ("", "0"):
        err().print(safe("".join(traceback.format_exception(error))), style="dim")
    err().print(styled(("error: ", "bold red"), safe(error.message)))
    if error.hint:
        err().print(styled(("hint: ", "bold cyan"), safe(error.hint)))


def fault(error: LockgateError) -> dict[str, str]:
    """The error as a program reads it."""
    return {"type": type(error).__name__, "message": error.message, "hint": error.hint}


def styled(*parts: "str | tuple[str, str] | Text") -> "Text":
    """Text put together from parts, each with its style."""
    from rich.text import Text

    return Text.assemble(*parts)


def table(*columns: str) -> Any:
    """A plain table without borders; its cells wrap on a terminal, and nothing is left out of them."""
    from rich.table import Column, Table

    headed = [Column(header=name, overflow="fold") for name in columns]
    return Table(*headed, box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def print_table(made: Any) -> None:
    """Prints a table in full: wrapped on a terminal, wide enough for its longest row elsewhere.

    On a terminal too narrow for its columns, each row is a table of its own, with a line for each column.
    """
    console = out() if out().is_terminal else _console(stderr=False, width=10_000)
    if console.width >= len(made.columns) * NARROW:
        console.print(made, soft_wrap=False)
        return
    for row in zip(*(column.cells for column in made.columns), strict=True):
        card = table("", "")
        card.show_header = False
        for column, cell in zip(made.columns, row, strict=True):
            if cell:
                card.add_row(styled((str(column.header), "bold")), cell)
        console.print(card, soft_wrap=False)
        console.print()


def _json_default(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return repr(value)
