"""The built-in tools: what the command line gives an agent unless told otherwise."""

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from lockgate.errors import ToolError
from lockgate.spec import ToolSpec
from lockgate.tools.arithmetic import MAX_EXPRESSION, evaluate
from lockgate.tools.decorator import tool
from lockgate.tools.folder import MAX_FILE, Folder
from lockgate.tools.registry import ToolRegistry

PathText = Annotated[str, Field(min_length=1, max_length=1_024)]


def builtin_tools(folder: str | Path = ".") -> ToolRegistry:
    """`calculate`, `current_time`, `list_files`, `read_file` and `write_file`; files only inside `folder`.

    Raises ConfigError when `folder` is not a folder. The pack `starter` speaks of exactly these names.
    """
    return ToolRegistry([calculate, current_time, *_file_tools(Folder(folder))])


@tool(effect=False, output="trusted", timeout=5)
def calculate(expression: Annotated[str, Field(min_length=1, max_length=MAX_EXPRESSION)]) -> str:
    """Evaluate arithmetic: + - * / // % **, parentheses, sqrt, abs, round, min, max, floor, ceil, log, exp, pi, e."""
    return str(evaluate(expression))


@tool(effect=False, output="trusted", timeout=5)
def current_time(timezone: Annotated[str, Field(max_length=64)] = "UTC") -> str:
    """Tell the date, weekday and time now in an IANA time zone such as UTC or Europe/Berlin."""
    return datetime.now(_zone(timezone)).strftime("%A %Y-%m-%d %H:%M:%S %Z (UTC%z)")


def _zone(name: str) -> tzinfo:
    if name.upper() in {"UTC", "Z", ""}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ToolError(f"There is no time zone {name!r}.", "Use an IANA name such as Europe/Berlin.") from None


def _file_tools(root: Folder) -> list[ToolSpec]:
    @tool(effect=False, private=True, sensitive={"folder"}, output="untrusted", timeout=10)
    def list_files(folder: PathText = ".") -> list[str]:
        """List a folder inside the working folder: folders end in /, files show their size in bytes."""
        return root.entries(folder)

    @tool(effect=False, private=True, sensitive={"path"}, output="untrusted", timeout=10)
    def read_file(path: PathText) -> str:
        """Read a text file (UTF-8) inside the working folder."""
        return root.read(path)

    @tool(
        effect=True,
        reversible=False,
        idempotent=True,
        sensitive={"path"},
        output="trusted",
        risk="medium",
        timeout=10,
    )
    def write_file(path: PathText, text: Annotated[str, Field(max_length=MAX_FILE)]) -> str:
        """Write a text file (UTF-8) inside the working folder; one that is there is replaced."""
        return root.write(path, text)

    return [list_files, read_file, write_file]
