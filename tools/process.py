"""Tools in worker processes: a call that outlives its timeout is killed, whatever it is doing.

A thread cannot be stopped, so a synchronous tool that hangs in C code or in a system call is only left behind. A tool
with `process=True` runs in a process of its own pool (anyio's), which is killed instead, with all processes that the
tool has started. Each is a session of its own, so that Ctrl-C at a terminal reaches the run and not the tool.
"""

import asyncio
import os
import signal
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from anyio import BrokenWorkerProcess, CapacityLimiter, to_process
from pydantic import ValidationError

from lockgate.errors import ConfigError, ToolError
from lockgate.spec import ToolSpec, explain_invalid
from lockgate.text import clean
from lockgate.tools.idempotency import idempotency_key, keyed

MAX_PROCESSES = 16
"""Worker processes of one event loop; further calls wait, and their timeout runs meanwhile."""

Sent = tuple[str, str, int]
"""What crosses back: `value`, `tool_error`, `safe_error`, `unserializable`, `invalid`, `error`; text; bytes cut."""


class TimedOutError(Exception):
    """The bound of the call was reached; a TimeoutError of the tool's own is an ordinary failure."""


class ProcessEndedError(Exception):
    """The process ended without an answer: it crashed, or something killed it."""


def place_of(function: Any) -> tuple[str, str]:
    """Module and name under which a worker process finds `function`. Raises ConfigError when it cannot."""
    module, name = function.__module__, function.__qualname__
    if "<" in name:
        raise ConfigError(
            f"{name!r} cannot run in a process of its own: a worker process cannot import it.",
            "Define it at the top of a module, or leave process=True out.",
        )
    return module, name


async def in_process(spec: ToolSpec, args: dict[str, Any], seconds: float) -> Sent:
    """Runs the tool on `args` in a worker process.

    Raises TimedOutError after so many seconds, when the process is dead, or ProcessEndedError.
    """
    module, name = place_of(spec.run)
    limiter = _limiter(asyncio.get_running_loop())
    with NamedTemporaryFile(prefix="lockgate-") as pid:
        call = (module, name, args, spec.max_output, idempotency_key(), pid.name)
        try:
            async with asyncio.timeout(seconds):
                return await to_process.run_sync(call_named, *call, cancellable=True, limiter=limiter)
        except TimeoutError:
            _end_session(pid.name)
            raise TimedOutError from None
        except BrokenWorkerProcess as error:
            _end_session(pid.name)
            raise ProcessEndedError from error
        except asyncio.CancelledError:
            _end_session(pid.name)
            raise


def _end_session(pid_file: str) -> None:
    """Kills what the tool has started; its own process is dead by now."""
    with suppress(OSError, ValueError, AttributeError):  # it had not begun, or has left nothing behind; or Windows
        os.killpg(int(Path(pid_file).read_text()), signal.SIGKILL)


def call_named(module: str, name: str, args: dict[str, Any], limit: int, key: str, pid_file: str) -> Sent:
    """In the worker process: what the tool called `name` answers. Only plain data crosses back, no exception does."""
    from lockgate.tools.execute import UnserializableError, render  # which imports this module

    with suppress(OSError, AttributeError):  # it leads a session already; or Windows
        os.setsid()
    Path(pid_file).write_text(str(os.getpid()))
    found: Any = None
    try:
        found = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        if not isinstance(found, ToolSpec):
            return "error", f"{module}.{name} is no tool any more", 0
        with keyed(key):
            text, left_out = render(found.run(**dict(found.args_model.model_validate(args))), limit)
    except ValidationError as error:
        return "invalid", explain_invalid(error), 0
    except ToolError as error:
        return "tool_error", clean(str(error)), 0
    except UnserializableError as error:
        return "unserializable", str(error), 0
    except BaseException as error:  # noqa: BLE001 - its text may hold secrets; its name says what kind it is
        safe = isinstance(found, ToolSpec) and isinstance(error, found.safe_errors)
        return "safe_error" if safe else "error", type(error).__name__, 0
    return "value", text, left_out


@cache
def _limiter(_: asyncio.AbstractEventLoop) -> CapacityLimiter:
    return CapacityLimiter(MAX_PROCESSES)
