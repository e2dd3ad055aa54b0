"""`call_model`: asks the model, and sends each call it makes into the lock."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langgraph.types import Send

from lockgate.deadline import deadline
from lockgate.decision import Call
from lockgate.errors import ModelError
from lockgate.events import EVENTS, Event
from lockgate.guardrails.budgets.section import MOST_TOKENS
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.provenance import passages
from lockgate.handoff import Status, Usage
from lockgate.labels import TRUSTED
from lockgate.nodes.input_guard import unanswered
from lockgate.nodes.metering import Halt, Meter, model_name
from lockgate.nodes.node import Goto, Node, Update
from lockgate.nodes.oversight import Oversight, closed
from lockgate.nodes.prompt import prompted
from lockgate.ports import History
from lockgate.recording import asked
from lockgate.state import AgentState, Origin
from lockgate.text import clean, cleaned, cut, unfit

MAX_CALLS = 64
"""Tool calls in one answer of the model. Further ones are refused, not run."""
MAX_REASONING = 2_000
"""Bytes of the model's words that a reviewer is shown beside a call."""


def call_model(
    *,
    model: Callable[[], BaseChatModel],
    schemas: Sequence[dict[str, Any]],
    prompt: str,
    max_iterations: int,
    gate: Gate,
    lock: str,
    done: str,
    agent: str = "",
) -> Node:
    """Calls the model with the system `prompt`; `model` is opened at the first call.

    Goes to `lock` once for each tool call, or to `done` when there is none, when the bound of `max_iterations`
    calls or a budget is reached, or when the run goes round in circles. Where the review of one call blocks the run,
    the other calls of the answer are held until a person has decided, and dropped when that call is refused. Each
    call goes into the lock with what `gate` finds out about where its arguments come from: the texts are here.
    """
    opened: list[tuple[Runnable[Any, AIMessage], str]] = []
    meter = Meter.of(gate, agent)
    oversight = Oversight(gate, agent)

    async def body(state: AgentState) -> tuple[Update, Goto] | None:
        if not opened:
            chat = model()
            opened.append((chat.bind_tools(schemas) if schemas else chat, model_name(chat)))
        chat_model, name = opened[0]
        unheard = closed(state) if state.get("held") else []
        if state.get("held") and not unheard:
            now, held = oversight.admitted(state["held"])
            return {"held": held}, [Send(lock, entry) for entry in now]
        said = [*state["messages"], *unheard]
        if unanswered(said):  # the last of the calls that are under way comes back here as well
            return None
        await meter.give_back(state)
        messages = prompted(prompt, said, tools=bool(schemas))
        permit = await meter.admit(state, messages, name, 1 + oversight.samples)
        if isinstance(permit, Halt):
            return {**permit.update(), "messages": unheard, "held": []}, done
        started = time.time()

        async def ask() -> tuple[tuple[AIMessage, list[Call], list[AIMessage]], Usage]:
            answer, calls = sound(as_message(await asked(chat_model, messages, said)), state.get("decisions", {}))
            samples = await oversight.sampled(lambda: asked(chat_model, messages, said)) if calls else []
            return (answer, calls, samples), sum(map(used, samples), used(answer))

        heard, usage = await meter.spend(permit, ask)
        if isinstance(heard, Halt):
            return {**heard.update(), "messages": unheard, "held": [], "usage": usage}, done
        answer, calls, samples = heard
        iterations = state.get("iterations", 0) + 1
        update: Update = {
            "messages": [*unheard, answer],
            "held": [],
            "usage": usage,
            "iterations": iterations,
            EVENTS: [_event(answer, usage, started)],
        }
        if not calls:
            return update, done
        if iterations >= max_iterations:
            text = f"Stopped after {iterations} model calls; the last {len(calls)} tool call(s) did not run."
            return {**update, **Halt(status=Status.MAX_ITERATIONS, text=text).update()}, done
        over = await meter.over(state, answer.id or "", calls)
        origin = Origin(
            run_id=state.get("run_id", ""),
            trust=state.get("trust") or TRUSTED,
            reasoning=cut(answer.text, MAX_REASONING)[0],
            confidence=oversight.confidence(answer, samples),
            answer_id=answer.id or "",
            deadline=deadline(),
        )
        # Of a long session the texts are gathered only for a call that is judged by them.
        history = _history(state, gate, prompt) if any(map(gate.traces, calls)) else History(trust=origin.trust)
        entries = [
            {
                "call": call,
                "origin": replace(origin, over=over.get(call.id, ""), evidence=gate.evidence(call, history)),
            }
            for call in calls
        ]
        now, update["held"] = oversight.admitted(entries)
        return update, [Send(lock, entry) for entry in now]

    return Node("call_model", body, agent=agent)


def _history(state: AgentState, gate: Gate, prompt: str) -> History:
    """What the session has seen, as the gate judges by it."""
    trust = state.get("trust") or TRUSTED
    seen = passages(state["messages"], gate.tools, system=prompt, task=trust if state.get("task") else None)
    return History(trust=trust, passages=(*state.get("heard", ()), *seen))


def as_message(answer: object) -> AIMessage:
    """What a model gave, when it is an answer; raises ModelError."""
    if not isinstance(answer, AIMessage):
        raise ModelError(f"The model answered with a {type(answer).__name__}, not with an AIMessage.")
    return answer


def sound(answer: AIMessage, known: Any) -> tuple[AIMessage, list[Call]]:
    """The answer as it may enter the state, and its calls.

    Every call gets an id that is new to the thread (`known` holds those in use); a call whose arguments cannot
    be stored, and one beyond `MAX_CALLS`, becomes an invalid call of the same id.
    """
    taken: set[str] = set()

    def fresh(proposed: str | None) -> str:
        call_id = clean(proposed or "")[:200]
        if not call_id or call_id in taken or call_id in known:
            call_id = f"call-{uuid.uuid4().hex}"
        taken.add(call_id)
        return call_id

    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for call in answer.tool_calls:
        why = unfit([call["name"], call["args"]])
        if len(good) >= MAX_CALLS:
            why = f"is more than {MAX_CALLS} calls in one answer"
        record = {"name": cut(clean(call["name"]), 200)[0], "id": fresh(call["id"])}
        if why:
            bad.append({**record, "args": "", "error": f"it {why}", "type": "invalid_tool_call"})
        else:
            good.append({**record, "args": call["args"], "type": "tool_call"})
    for broken in answer.invalid_tool_calls[:MAX_CALLS]:
        name, args = cut(clean(broken["name"] or ""), 200)[0], cut(clean(broken["args"] or ""), 2_000)[0]
        error = cut(clean(broken["error"] or "its arguments are no JSON object"), 300)[0]
        record = {"name": name, "id": fresh(broken["id"])}
        bad.append({**record, "args": args, "error": error, "type": "invalid_tool_call"})
    update: dict[str, Any] = {"tool_calls": good, "invalid_tool_calls": bad}
    if not answer.id:
        update["id"] = uuid.uuid4().hex
    if unfit(answer.content):
        update["content"] = clean(answer.text)
    update |= _said_beside(answer)
    if answer.additional_kwargs and unfit(answer.additional_kwargs):
        update["additional_kwargs"] = {}
    elif answer.additional_kwargs.get("tool_calls") and (bad or good != answer.tool_calls):
        # Some providers send this raw copy back instead of tool_calls; it must not disagree with them.
        update["additional_kwargs"] = {k: v for k, v in answer.additional_kwargs.items() if k != "tool_calls"}
    calls = [Call(id=call["id"], name=call["name"], args=call["args"]) for call in good]
    calls += [Call(id=call["id"], name=call["name"], args={}, error=call["error"]) for call in bad]
    return answer.model_copy(update=update), calls


def _said_beside(answer: AIMessage) -> dict[str, Any]:
    """What of the answer's usage and metadata must not enter the state, without that."""
    update: dict[str, Any] = {"usage_metadata": None} if unfit(answer.usage_metadata) else {}
    if unfit(answer.response_metadata):
        told = answer.response_metadata.items()
        update["response_metadata"] = {name: value for name, value in told if not unfit([name, value])}
    return update


def used(answer: AIMessage) -> Usage:
    """Tokens of one model call as the provider counted them; zero where it did not, and never more than any bound."""
    counts = answer.usage_metadata
    return Usage(
        input_tokens=max(0, min(counts["input_tokens"], MOST_TOKENS)) if counts else 0,
        output_tokens=max(0, min(counts["output_tokens"], MOST_TOKENS)) if counts else 0,
        model_calls=1,
    )


def _event(answer: AIMessage, usage: Usage, started: float) -> Event:
    name = answer.response_metadata.get("model_name") or answer.response_metadata.get("model") or ""
    detail = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "calls": [call["name"] for call in answer.tool_calls],
    }
    return Event(
        kind="model",
        node="call_model",
        name=str(cleaned(name)),
        started=started,
        ended=time.time(),
        detail=detail,
    )
