"""Tools in worker processes: killed at their timeout, and nothing but text comes back."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lockgate import tool
from lockgate.decision import Call
from lockgate.errors import ConfigError, ToolError
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import ToolSpec
from lockgate.tools.execute import execute


class Pair(BaseModel):
    left: int
    right: str


@tool(effect=False, process=True, timeout=30)
def pair(left: int, right: str = "r") -> Pair:
    """Make a pair."""
    return Pair(left=left, right=f"{right} {os.getpid() != os.getppid()}")


@tool(effect=False, process=True, timeout=2)
def hang(note: str) -> str:
    """Say where it runs, then hang where no exception reaches it."""
    Path(note).write_text(str(os.getpid()))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    while True:
        time.sleep(3_600)


@tool(effect=False, process=True)
def fail(how: str) -> Any:
    """Fail."""
    match how:
        case "said":
            raise ToolError("This order is closed.")
        case "secret":
            raise RuntimeError("the password is hunter2")
        case "exit":
            raise SystemExit(3)
        case "crash":
            os._exit(9)
    return object()


async def result(spec: ToolSpec, **args: Any) -> ToolResult:
    return await execute(spec, Call(id="1", name=spec.name, args=args))


async def test_it_answers_as_in_this_process() -> None:
    found = await result(pair, left="4")
    assert (found.success, found.value) == (True, '{"left":4,"right":"r True"}')
    assert (await result(pair, left="x")).error is ErrorKind.INVALID_ARGUMENTS


async def test_a_call_that_outlives_its_timeout_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    assert (await result(pair, left=1)).success  # the process is up and has imported this module
    found = await result(hang, note=str(note))
    assert (found.error, "was killed" in found.value) == (ErrorKind.TIMEOUT, True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("said", ErrorKind.EXCEPTION, "This order is closed."),
        ("secret", ErrorKind.EXCEPTION, "fail failed: RuntimeError."),
        ("exit", ErrorKind.EXCEPTION, "fail failed: SystemExit."),
        ("crash", ErrorKind.EXCEPTION, "The process of fail ended without an answer."),
        ("object", ErrorKind.UNSERIALIZABLE, "no JSON value"),
    ],
)
async def test_each_way_to_fail_has_its_words(how: str, kind: ErrorKind, text: str) -> None:
    found = await result(fail, how=how)
    assert found.error is kind
    assert text in found.value and "hunter2" not in found.value


def test_what_a_process_could_not_import_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="cannot import"):

        @tool(process=True)
        def inner() -> str:
            """Inside a function."""
            return ""

    with pytest.raises(ConfigError, match="async"):

        @tool(process=True)
        async def waits() -> str:
            """Async."""
            return ""


@tool(effect=False, process=True, timeout=2)
def spawn(note: str) -> str:
    """Start a program that would go on for an hour, and wait for it."""
    subprocess.run(["sh", "-c", 'echo $$ > "$1".made && mv "$1".made "$1" && exec sleep 3600', "sh", note], check=True)
    return ""


def gone(pid: int) -> bool:
    """Whether no such process runs; one that has ended and was not waited for does not."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("how", ["timeout", "cancelled"])
async def test_what_the_tool_has_started_ends_with_it(tmp_path: Path, how: str) -> None:
    await result(pair, left=1)  # its process is used again, so that its start takes no time of the call's
    note = tmp_path / "pid"
    call = asyncio.ensure_future(result(spawn, note=str(note)))
    while not note.exists() and not call.done():
        await asyncio.sleep(0.01)
    pid = int(note.read_text())
    if how == "timeout":
        assert (await call).error is ErrorKind.TIMEOUT
    else:
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    for _ in range(1_000):
        if gone(pid):
            return
        await asyncio.sleep(0.01)
    pytest.fail("it goes on")


@tool(effect=False, process=True, timeout=30)
def group() -> int:
    """The process group it runs in."""
    return os.getpgrp()


async def test_ctrl_c_of_the_terminal_does_not_reach_it() -> None:
    """A terminal sends it to the group in the foreground."""
    assert int((await result(group)).value) != os.getpgrp()
