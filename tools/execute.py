"""Runs one validated call and turns whatever happens into a `ToolResult`."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from langgraph.errors import GraphBubbleUp
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from lockgate.deadline import capped
from lockgate.decision import Call
from lockgate.effect import EffectStatus
from lockgate.errors import ToolError
from lockgate.labels import Label
from lockgate.recording import played
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import ToolSpec, explain_invalid
from lockgate.text import clean, cut
from lockgate.tools.process import ProcessEndedError, Sent, TimedOutError, in_process
from lockgate.tools.worker import OverloadedError, workers

log = logging.getLogger(__name__)


async def execute(spec: ToolSpec, call: Call) -> ToolResult:
    """Runs the tool once. Only LangGraph's control flow and cancellation get out as exceptions.

    An exception of the tool reaches the model as its class name; only a `ToolError` speaks for itself. An async tool
    is cut after `spec.timeout` seconds or at the run's deadline, a synchronous one is left behind in its thread. In a
    run that is played again the tool does not run: what was recorded of it comes back.
    """
    return (await attempt(spec, call))[0]


async def attempt(spec: ToolSpec, call: Call) -> tuple[ToolResult, EffectStatus]:
    """As `execute`, with what is known of the tool's effect: `done`, `failed` (nothing happened) or `unknown`.

    Nothing has happened when the tool was not started, raised ToolError, or one of its `safe_errors`. After any other
    exception it may have, and after a timeout it still may.
    """
    if (recording := played()) is not None:
        return recording.result(call), EffectStatus.DONE
    started = time.perf_counter()
    label = Label(integrity=spec.output, sources=frozenset({f"tool:{spec.name}"}))
    try:
        values = dict(spec.args_model.model_validate(call.args))
    except ValidationError as error:
        return ToolResult.failed(ErrorKind.INVALID_ARGUMENTS, explain_invalid(error)), EffectStatus.FAILED
    except GraphBubbleUp:
        raise
    except Exception as error:
        log.warning("the arguments of %s could not be validated", spec.name, exc_info=error)
        text = f"The arguments cannot be read: {type(error).__name__}."
        return ToolResult.failed(ErrorKind.INVALID_ARGUMENTS, text), EffectStatus.FAILED
    structured = False
    bound = capped(spec.timeout)
    try:
        if spec.process:
            text, left_out = _sent(await in_process(spec, call.args, bound), spec)
        else:
            value = await bounded(lambda: spec.run(**values), bound, is_async=spec.is_async)
            text, left_out = render(value, spec.max_output)
            structured = not isinstance(value, str)
    except GraphBubbleUp:
        raise
    except Exception as error:  # noqa: BLE001 - a tool's failure is a result, not the end of the run
        kind, text, status = _sort(error, spec, bound)
        return ToolResult.failed(kind, text, time.perf_counter() - started, label), status
    seconds = time.perf_counter() - started
    result = ToolResult(success=True, value=text, seconds=seconds, cut=left_out, label=label, structured=structured)
    return result, EffectStatus.DONE


def _sent(sent: Sent, spec: ToolSpec) -> tuple[str, int]:
    """The answer of a worker process, or the exception that stands for it here."""
    kind, text, left_out = sent
    match kind:
        case "value":
            return text, left_out
        case "tool_error" | "invalid":
            raise ToolError(text)
        case "unserializable":
            raise UnserializableError(text)
        case _:
            log.warning("tool %s failed in its process: %s", spec.name, text)
            raise _FailedThereError(text, safe=kind == "safe_error")


def _sort(error: Exception, spec: ToolSpec, bound: float) -> tuple[ErrorKind, str, EffectStatus]:
    by = "by the run's deadline" if bound < spec.timeout else f"within {spec.timeout:g} s"
    match error:
        case ToolError():
            return ErrorKind.EXCEPTION, clean(str(error)), EffectStatus.FAILED
        case TimedOutError() if spec.process:
            text = f"{spec.name} gave no answer {by} and was killed."
            return ErrorKind.TIMEOUT, text, EffectStatus.UNKNOWN
        case ProcessEndedError():
            text = f"The process of {spec.name} ended without an answer."
            return ErrorKind.EXCEPTION, text, EffectStatus.UNKNOWN
        case _FailedThereError():
            status = EffectStatus.FAILED if error.safe else EffectStatus.UNKNOWN
            return ErrorKind.EXCEPTION, f"{spec.name} failed: {error}.", status
        case TimedOutError():
            text = f"{spec.name} gave no answer {by} and was abandoned."
            return ErrorKind.TIMEOUT, text, EffectStatus.UNKNOWN
        case OverloadedError():
            text = f"{spec.name} was not started: too many earlier calls still hang."
            return ErrorKind.OVERLOADED, text, EffectStatus.FAILED
        case UnserializableError():
            text = f"{spec.name} ran, but its result is no JSON value: {error}."
            return ErrorKind.UNSERIALIZABLE, text, EffectStatus.DONE
        case _:
            log.warning("tool %s failed", spec.name, exc_info=error)
            status = EffectStatus.FAILED if isinstance(error, spec.safe_errors) else EffectStatus.UNKNOWN
            return ErrorKind.EXCEPTION, f"{spec.name} failed: {type(error).__name__}.", status


class _FailedThereError(Exception):
    """What the tool raised in its worker process, by name; after a `safe` one nothing has happened."""

    def __init__(self, name: str, *, safe: bool) -> None:
        super().__init__(name)
        self.safe = safe


class UnserializableError(Exception):
    """The tool's value cannot be written as JSON."""


async def bounded(function: Callable[[], Any], seconds: float, *, is_async: bool) -> Any:
    """What `function` returns within `seconds`: awaited if it is async, else run in a worker thread.

    Raises TimedOutError; an async function is cancelled and not waited for, a synchronous one is left behind in its
    thread. Raises OverloadedError when too many earlier calls hang, else what the function raises.
    """
    if not is_async:
        return await _in_thread(function, seconds)
    task = asyncio.ensure_future(_contained(function))
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        return task.result()
    # Not awaited: a tool may swallow its cancellation, and would then hold the run for ever.
    task.cancel()
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    raise TimedOutError


async def _in_thread(function: Callable[[], Any], seconds: float) -> Any:
    def contained() -> tuple[Any, BaseException | None]:
        try:
            return function(), None
        except BaseException as error:  # noqa: BLE001 - sorted out below
            return None, error

    try:
        value, error = await workers.run(contained, seconds)
    except TimeoutError:
        raise TimedOutError from None
    if isinstance(error, Exception):
        raise error
    if error is not None:  # SystemExit and its like must not end the worker or the run
        raise RuntimeError(type(error).__name__)
    return value


async def _contained(run: Callable[[], Any]) -> Any:
    try:
        return await run()
    except (SystemExit, KeyboardInterrupt) as error:
        # Raised in a task, these would stop the event loop under every other run.
        raise RuntimeError(type(error).__name__) from None


def render(value: Any, limit: int) -> tuple[str, int]:
    """`value` as text of at most `limit` bytes, and the bytes left out: strings as they are, the rest as JSON."""
    if isinstance(value, str):
        text, left_out = cut(value, limit)
        return clean(text), left_out
    try:
        data = to_json(value)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        raise UnserializableError(clean(str(error).splitlines()[0][:200])) from None
    return data[:limit].decode("utf-8", "ignore"), max(0, len(data) - limit)
