"""What a stage of a pipeline may be made of: a function, an agent, or one tool behind a lock."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, get_type_hints

from langgraph.pregel import Pregel

from lockgate.errors import ConfigError
from lockgate.graphs import lock
from lockgate.guardrails import Gate, Policy
from lockgate.nodes.agent_stage import agent_work
from lockgate.nodes.function_stage import function_work
from lockgate.nodes.metering import Meter
from lockgate.nodes.stage import Check, Stage
from lockgate.nodes.tool_stage import tool_work
from lockgate.ports import Judge
from lockgate.spec import ToolSpec


def function(
    run: Callable[..., Any],
    *,
    name: str = "",
    checks: Iterable[Check] = (),
    attempts: int = 3,
    timeout: float = 30.0,
) -> Stage:
    """A stage that calls a plain typed function: one parameter for the item's value, and its return type.

    A function with a second parameter is given the `Attempt` too, sees in it what was wrong with its last output, and
    is tried up to `attempts` times; one without would only say the same again. It is cut after `timeout` seconds.
    """
    named = name or getattr(run, "__name__", "")
    try:
        hints = get_type_hints(run)
        parameters = [p for p in inspect.signature(run).parameters.values() if p.default is p.empty]
    except (TypeError, NameError, ValueError) as error:
        raise ConfigError(
            f"The types of stage {named!r} cannot be read: {error}.", "Give it a typed function."
        ) from None
    if not 1 <= len(parameters) <= 2 or "return" not in hints or parameters[0].name not in hints:  # noqa: PLR2004
        raise ConfigError(
            f"Stage {named!r} needs a typed parameter for the item's value and a return type.",
            "def parse(text: str) -> Invoice: ...",
        )
    repairs = len(parameters) > 1
    return Stage(
        name=named,
        takes=hints[parameters[0].name],
        gives=hints["return"],
        work=function_work(run, timeout=timeout, repairs=repairs),
        checks=tuple(checks),
        attempts=attempts if repairs else 1,
    )


def agent(
    worker: Pregel[Any, Any, Any, Any],
    *,
    name: str,
    objective: str,
    takes: Any,
    gives: Any,
    checks: Iterable[Check] = (),
    attempts: int = 3,
    timeout: float = 300.0,
) -> Stage:
    """A stage that an agent does (a compiled graph, as `react.build` makes, without a checkpointer of its own).

    It is given `objective`, the item as JSON and the JSON schema of `gives`, and is told what was wrong with its last
    answer, up to `attempts` answers an item, each within `timeout` seconds.
    """
    return Stage(
        name=name,
        takes=takes,
        gives=gives,
        work=agent_work(worker, objective=objective, takes=takes, gives=gives, timeout=timeout),
        checks=tuple(checks),
        attempts=attempts,
        graphs={worker.name or "agent": worker},
    )


def tool(
    spec: ToolSpec, *, policy: Judge | None = None, takes: Any, gives: Any, name: str = "", checks: Iterable[Check] = ()
) -> Stage:
    """A stage that calls one tool, the fields of the item's value being its arguments.

    The call passes a lock under `policy` (without one it is denied) and may wait there for a person. It is made once.
    """
    named = name or spec.name
    gate = Gate(policy or Policy.deny_all(), [spec])
    passage = lock.build(gate=gate, agent=named)
    return Stage(
        name=named,
        takes=takes,
        gives=gives,
        work=tool_work(passage, spec.name, takes=takes, meter=Meter.of(gate, named)),
        checks=tuple(checks),
        graphs={f"{named}.lock": passage},
    )
