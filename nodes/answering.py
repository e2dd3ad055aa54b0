"""Asking an agent for an answer of a given type, and reading it out of what the agent said."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import HumanMessage
from langgraph.errors import GraphBubbleUp
from langgraph.pregel import Pregel
from pydantic import TypeAdapter, ValidationError

from lockgate.deadline import GRACE, capped, overdue
from lockgate.errors import HALTING, LockgateError
from lockgate.guardrails.budgets.inherited import on_task
from lockgate.handoff import AgentResult, AgentTask, Status, Usage
from lockgate.labels import TRUSTED, Label, join
from lockgate.nodes.prompt import block, fence
from lockgate.passage import Passage
from lockgate.text import clean, cleaned, cut, unfit
from lockgate.tools.execute import bounded
from lockgate.tools.process import TimedOutError

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""Answers asked of an agent until one can be read."""
MAX_FAULTS = 10
"""Faults of one answer that are reported; mending these usually mends the rest."""
_UNBOUNDED = 1_000_000
"""A bound on parallel items is not one on what runs inside an item."""


async def ask(
    agent: Pregel[Any, Any, Any, Any],
    task: AgentTask,
    message: str,
    trust: Label = TRUSTED,
    run_id: str = "",
    user: Sequence[Passage] = (),
) -> AgentResult:
    """Has `agent` do `task`, worded as `message` by someone of the given trust; its answer is the result's output.

    The blocks of the run `run_id` in `message` are explained to the agent. `user` is what the user said, word for word.
    An agent that ends in any status but `completed` has failed. Raises TimedOutError after `task.timeout_seconds`,
    LangGraph's interrupts, and what the agent raises.
    """
    entry = {"messages": [HumanMessage(message)], "task": task, "trust": trust, "run_id": run_id, "heard": [*user]}
    entry = {name: value for name, value in entry.items() if name in agent.channels}
    with on_task(task.task_id):
        out: dict[str, Any] = await bounded(
            lambda: agent.ainvoke(entry, {"max_concurrency": _UNBOUNDED}),
            capped(task.timeout_seconds, GRACE),
            is_async=True,
        )
    status = out.get("status", Status.COMPLETED)
    answer = out.get("answer") or ""
    done = status == Status.COMPLETED
    notes = out.get("notes") or ()
    why = notes[-1].text if notes and status != Status.REFUSED else answer
    return AgentResult(
        task_id=task.task_id,
        status=Status.COMPLETED if done else Status.FAILED,
        output=answer if done else None,
        error=None if done else f"{agent.name} ended as {status}: {cut(why, 500)[0]}".rstrip(": "),
        usage=out.get("usage") or Usage(),
        trust=join(trust, out.get("trust") or TRUSTED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A typed answer, or None and `why` there is none, with what it took."""

    value: Any = None
    why: str = ""
    usage: Usage = field(default_factory=Usage)
    trust: Label = TRUSTED


async def heard(
    agent: Pregel[Any, Any, Any, Any],
    task: AgentTask,
    message: str,
    gives: TypeAdapter[Any],
    trust: Label,
    check: Callable[[Any], str] = lambda _: "",
    *,
    run_id: str = "",
    user: Sequence[Passage] = (),
) -> Heard:
    """Asks until the answer is of the type `gives` and `check` finds no fault with it, `ATTEMPTS` times at most.

    Whatever goes wrong is told in `why`; only LangGraph's control flow and what halts a run get out
    as exceptions.
    """
    usage, text, faults = Usage(), "", [""]
    for _ in range(ATTEMPTS):
        if late := overdue():
            return Heard(why=f"It was not asked: {late}.", usage=usage, trust=trust)
        try:
            said = f"{message}\n\n{refused(text, faults, run_id)}" if text else message
            left = task.model_copy(update={"budget": task.budget and task.budget.left(usage)})
            result = await ask(agent, left, said, trust, run_id, user)
        except (GraphBubbleUp, *HALTING):
            raise
        except TimedOutError:
            return Heard(why="It gave no answer in time and was abandoned.", usage=usage, trust=trust)
        except LockgateError as error:
            return Heard(why=clean(f"It failed: {error}")[:500], usage=usage, trust=trust)
        except Exception as error:
            log.warning("agent %s failed", agent.name, exc_info=error)
            return Heard(why=f"It failed: {type(error).__name__}.", usage=usage, trust=trust)
        usage, trust = usage + result.usage, join(trust, result.trust)
        if result.status != Status.COMPLETED:
            return Heard(why=result.error or "It failed.", usage=usage, trust=trust)
        text = result.output
        value, faults = answered(text)
        if not faults:
            value, faults = typed(gives, value)
        if not faults and not (faults := [fault for fault in [check(value)] if fault]):
            return Heard(value=value, usage=usage, trust=trust)
    return Heard(why=f"Its answer cannot stand: {'; '.join(faults)}", usage=usage, trust=trust)


def wanted(gives: TypeAdapter[Any]) -> str:
    """How an agent is told the form of its answer."""
    schema = json.dumps(gives.json_schema(), ensure_ascii=False)
    return f"Answer with one JSON value that fits this JSON Schema, and with nothing else:\n{schema}"


def refused(previous: str, faults: list[str], run_id: str) -> str:
    """How an agent is told what was wrong with its last answer, which may repeat what it had read."""
    said = block("\n".join([cut(previous, 8_000)[0], "It cannot stand:", *faults]), fence(run_id), "answer:yours")
    return f"Your last answer, and what is wrong with it:\n{said}\nAnswer anew."


def answered(text: str) -> tuple[Any, list[str]]:
    """The JSON value of an answer, and what is wrong with it: bare, in a fence, or the first object in the text."""
    fenced = text.partition("```")[2].partition("\n")[2].rpartition("```")[0]
    for candidate in (text, fenced):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        return _storable(value)
    start = text.find("{")
    if start >= 0:
        try:
            return _storable(json.JSONDecoder().raw_decode(text, start)[0])
        except (ValueError, RecursionError) as error:
            return None, [f"The answer is no valid JSON: {str(error)[:200]}."]
    return None, ["The answer holds no JSON value."]


def typed(gives: TypeAdapter[Any], value: Any) -> tuple[Any, list[str]]:
    """`value` as the type wants it, and what is wrong with it, in the order of its fields."""
    try:
        return gives.validate_python(value), []
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg']}"[:300] for e in error.errors()[:MAX_FAULTS]]
        return None, cleaned(faults)
    except RecursionError:
        return None, ["The value is nested too deeply."]


def _storable(value: Any) -> tuple[Any, list[str]]:
    return (None, [f"The answer {why}."]) if (why := unfit(value)) else (value, [])
