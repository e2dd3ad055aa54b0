"""A stage whose work is a plain typed function: no tools, no models."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from lockgate.deadline import capped
from lockgate.nodes.stage import Attempt, Made
from lockgate.tools.execute import bounded


def function_work(
    function: Callable[..., Any], *, timeout: float, repairs: bool
) -> Callable[[Attempt], Awaitable[Made]]:
    """The work of a stage that calls `function` with the item's value, and with the `Attempt` too if it `repairs`.

    A synchronous function runs in a worker thread, so one that blocks stops nothing else.
    """
    is_async = inspect.iscoroutinefunction(function)

    async def work(attempt: Attempt) -> Made:
        given = (attempt.value, attempt) if repairs else (attempt.value,)
        return Made(output=await bounded(lambda: function(*given), capped(timeout), is_async=is_async))

    return work
