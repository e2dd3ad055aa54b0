"""`lead`: the orchestrator's own model. It plans, looks at what came back, plans again after failures, and answers."""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, InvalidToolCall, ToolMessage
from langchain_core.runnables import Runnable

from lockgate.deadline import overdue
from lockgate.events import EVENTS, Event
from lockgate.handoff import AgentResult, AgentTask, Budget, Status, Usage, tightest
from lockgate.nodes.call_model import as_message, sound, used
from lockgate.nodes.dispatch import task_detail
from lockgate.nodes.metering import Halt, Meter, model_name, used_in_run, used_up
from lockgate.nodes.node import Goto, Node, Update
from lockgate.nodes.prompt import planned
from lockgate.nodes.results import findings, losses, sourced
from lockgate.nodes.worker import Worker
from lockgate.plan import PlannedTask, granted, plan_faults, read_plan
from lockgate.recording import asked
from lockgate.state import Note
from lockgate.team import TeamState
from lockgate.text import clean

SUBMIT = "submit_plan"
"""Name of the schema a planner answers with. It is no tool: nothing runs by it but the plan."""
_PROSE = f"That is no plan. Answer with a call of {SUBMIT}, or with its JSON and nothing else."


def lead(
    *,
    model: Callable[[], BaseChatModel],
    workers: Mapping[str, Worker],
    prompt: str,
    max_tasks: int,
    max_attempts: int,
    max_replans: int,
    budget: Budget | None,
    meter: Meter,
    again: str,
    carry_out: str,
    done: str,
    agent: str = "",
) -> Node:
    """Asks the model for a plan and goes to `carry_out`; with the results at hand, asks for the answer: `done`.

    A plan that cannot be carried out goes back to the model with the reasons (`again`), `max_attempts` times in
    all; then the run fails with the reasons. After failures it may plan anew, `max_replans` times. What the team
    uses stays within `budget`, the bounds of `meter` and those of the task that the team works on.
    """
    opened: list[tuple[Runnable[Any, AIMessage], Runnable[Any, AIMessage], str]] = []
    budget = tightest(budget, meter.run)
    system = f"{prompt}\n\nWorkers:\n{_roster(workers)}"

    async def body(state: TeamState) -> tuple[Update, Goto]:
        if not opened:
            chat = model()
            opened.append((chat.bind_tools([plan_schema()]), chat, model_name(chat)))
        results = state.get("results") or {}
        rounds, attempts = state.get("rounds", 0), state.get("attempts", 0)
        may_plan = not rounds or (rounds <= max_replans and _failed_last(state))
        task = state.get("task")
        spent, bounds = used_in_run(state), tightest(budget, task.budget if task else None)
        if halt := _hopeless(state, bounds, spent, may_plan=may_plan):
            return _end(halt.status, halt.text, note=True), done
        planner, plain, name = opened[0]
        started = time.time()
        answer, usage = await _asked(planner if may_plan else plain, system, meter, name, state)
        if isinstance(answer, Halt):
            text = f"{answer.text} {findings(results)}".strip()
            return {**_end(answer.status, text, note=True), "usage": usage}, done
        update: Update = {"usage": usage, "planning": [answer], EVENTS: [_model_event(answer, usage, started)]}
        proposal = _proposal(answer, texts=not rounds)
        if rounds and _is_final(answer, proposal):
            return {**update, **_answered(answer.text, results, state["plan"])}, done
        tasks, faults = _judged(proposal, state, answer.invalid_tool_calls, may_plan=may_plan, max_tasks=max_tasks)
        if not faults:
            left = _for_tasks(bounds, spent + usage)
            faults = plan_faults(
                tasks, workers=workers, ended={name: r.status for name, r in results.items()}, budget=left
            )
        if faults:
            update["planning"] = [answer, *_replies(answer, faults)]
            update["attempts"] = attempts + 1
            if attempts + 1 < max_attempts:
                return update, again
            why = f"No plan after {attempts + 1} attempts: {'; '.join(faults)}. {findings(results)}"
            return {**update, **_end(Status.FAILED, clean(why.strip()), note=True)}, done
        return _accepted(update, answer, granted(tasks, left), state), carry_out

    return Node("lead", body, agent=agent)


def _judged(
    proposal: Any, state: TeamState, broken: Sequence[InvalidToolCall], *, may_plan: bool, max_tasks: int
) -> tuple[list[AgentTask], list[str]]:
    """The tasks that the model proposes, or what is wrong with its proposal."""
    if proposal is None and not broken:
        return [], [_PROSE if not state.get("rounds") else "the answer is empty"]
    if not may_plan:
        return [], ["no further plan is taken; answer the goal from the results"]
    if proposal is None:
        return [], [f"the call cannot be read: {broken[0]['error']}"]
    above = state.get("task")
    room = max_tasks - len(state.get("plan", []))
    return read_plan(
        proposal, max_tasks=room, parent=above.task_id if above else None, depth=above.depth + 1 if above else 1
    )


async def _asked(
    chat: Runnable[Any, AIMessage], system: str, meter: Meter, name: str, state: TeamState
) -> tuple[AIMessage | Halt, Usage]:
    """The model's answer, or why there is none, and what it took."""
    messages = planned(system, state["planning"], run_id=state.get("run_id", ""))
    permit = await meter.admit(state, messages, name, 1)
    if isinstance(permit, Halt):
        return permit, Usage()

    async def ask() -> tuple[AIMessage, Usage]:
        answer, _ = sound(as_message(await asked(chat, messages, state["planning"])), {})
        return answer, used(answer)

    return await meter.spend(permit, ask)


@cache
def plan_schema() -> dict[str, Any]:
    """What a planner is shown: the plan's schema as a function to call."""
    task = PlannedTask.model_json_schema()
    definitions = task.pop("$defs", {})
    parameters = {
        "type": "object",
        "properties": {"tasks": {"type": "array", "minItems": 1, "items": task}},
        "required": ["tasks"],
        "additionalProperties": False,
        "$defs": definitions,
    }
    description = (
        "Hand out tasks. A task starts as soon as the tasks it depends on have completed; others run beside it."
    )
    return {"type": "function", "function": {"name": SUBMIT, "description": description, "parameters": parameters}}


def _accepted(update: Update, answer: AIMessage, tasks: list[AgentTask], state: TeamState) -> Update:
    return {
        **update,
        "planning": [answer, *(_refusal(call["id"], "one plan at a time") for call in answer.tool_calls[1:])],
        "plan": [*state.get("plan", []), *tasks],
        "rounds": state.get("rounds", 0) + 1,
        "attempts": 0,
        EVENTS: [*update[EVENTS], *map(_pending, tasks)],
    }


def _roster(workers: Mapping[str, Worker]) -> str:
    return "\n".join(f"- {name}: {worker.description or 'no description'}" for name, worker in workers.items())


def _proposal(answer: AIMessage, *, texts: bool) -> Any:
    """The plan in the model's answer, as JSON; None when there is none."""
    for call in answer.tool_calls:
        return call["args"] if call["name"] == SUBMIT else None
    if answer.invalid_tool_calls or not texts:
        return None
    text = answer.text
    start, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "tasks" in found else None


def _is_final(answer: AIMessage, proposal: Any) -> bool:
    """Whether it says something and hands nothing out."""
    return proposal is None and not answer.invalid_tool_calls and bool(answer.text.strip())


def _replies(answer: AIMessage, faults: Sequence[str]) -> list[AnyMessage]:
    """The faults, in the form that leaves a valid transcript."""
    text = f"The plan cannot be carried out: {'; '.join(faults)}. Mend it."
    calls = [*answer.tool_calls, *answer.invalid_tool_calls]
    if not calls:
        return [HumanMessage(text, id=uuid.uuid4().hex)]
    return [_refusal(call["id"], text) for call in calls]


def _refusal(call_id: str | None, why: str) -> ToolMessage:
    return ToolMessage(why, tool_call_id=call_id or "", status="error", id=uuid.uuid4().hex)


def _hopeless(state: TeamState, bounds: Budget | None, spent: Usage, *, may_plan: bool) -> Halt | None:
    """Why the model need not be asked any more."""
    results = state.get("results") or {}
    if late := overdue():
        text = f"Stopped: {late}. {losses(results)} {findings(results)}".strip()
        return Halt(status=Status.DEADLINE, text=text)
    if bounds and (name := bounds.exhausted(spent)):
        halt = used_up("Stopped", name)
        return replace(halt, text=f"{halt.text} {losses(results)} {findings(results)}".strip())
    if may_plan or any(result.status is Status.COMPLETED for result in results.values()):
        return None
    return Halt(status=Status.FAILED, text=lost) if (lost := losses(results)) else None


def _for_tasks(bounds: Budget | None, spent: Usage) -> Budget | None:
    """What the tasks may use together: what is left, but for one call to answer with."""
    if bounds is None:
        return None
    return bounds.left(spent + Usage(model_calls=1))


def _failed_last(state: TeamState) -> bool:
    """Whether something failed and nothing was planned in its place since."""
    results = state.get("results") or {}
    return any(r.status in (Status.FAILED, Status.CANCELLED) for r in results.values())


def _answered(text: str, results: Mapping[str, AgentResult], plan: Sequence[AgentTask]) -> Update:
    """The final answer, with its sources."""
    whole, remarks = sourced(text, results, plan)
    update = _end(None, whole)
    if remarks:
        update["notes"] = [Note(source="lead", text=remark, at=time.time()) for remark in remarks]
    return update


def _end(status: Status | None, text: str, *, note: bool = False) -> Update:
    update: Update = {"messages": [AIMessage(text, id=uuid.uuid4().hex)]}
    if status is not None:
        update["status"] = status
    if note:
        update["notes"] = [Note(source="lead", text=text, at=time.time())]
    return update


def _pending(task: AgentTask) -> Event:
    now = time.time()
    return Event(
        kind="task",
        node="dispatch",
        agent=task.type,
        name=task.task_id,
        status=str(Status.PENDING),
        started=now,
        ended=now,
        detail=task_detail(task),
    )


def _model_event(answer: AIMessage, usage: Usage, started: float) -> Event:
    detail = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    name = str(answer.response_metadata.get("model_name") or answer.response_metadata.get("model") or "")
    return Event(kind="model", node="lead", name=clean(name), started=started, ended=time.time(), detail=detail)
