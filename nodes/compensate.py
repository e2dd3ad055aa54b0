"""`compensate`: sends the undo of one effect after the other into the lock, the newest effect first."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import ToolMessage
from langgraph.config import get_config
from langgraph.types import Send

from lockgate.decision import Call
from lockgate.effect import UNDO_MARK, Effect, EffectStatus
from lockgate.errors import ConfigError
from lockgate.guardrails.gate import Gate
from lockgate.handoff import Status
from lockgate.nodes.node import Goto, Node, Update, checkpointer
from lockgate.state import AgentState, Note, Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """The call that undoes `effect`, or why there is none."""

    effect: Effect
    call: Call | None = None
    why: str = ""


def compensate(*, gate: Gate, lock: str, done: str, agent: str = "") -> Node:
    """Reads from the ledger what is left to undo, and goes to `lock` with the next call, or to `done`.

    The thread it runs in is called after the thread and the run that it undoes (see `UNDO_MARK`).
    """

    async def body(state: AgentState) -> tuple[Update, Goto]:
        thread_id, _, run_id = str(get_config()["configurable"]["thread_id"]).rpartition(UNDO_MARK)
        ledger = getattr(checkpointer(), "ledger", None)
        if ledger is None or not thread_id:
            raise ConfigError("Only effects in Postgres can be undone.", f"Run it in a thread THREAD{UNDO_MARK}RUN.")
        told = _told(state)
        plan = undoings(await ledger.of_thread(thread_id), gate, run_id)
        tried = {call_id.rpartition("-")[0] for call_id in told}
        left = [item for item in plan if item.call is not None and item.call.id.rpartition("-")[0] not in tried]
        if not left:
            return _summary(plan, told), done
        effect, call = left[0].effect, left[0].call
        assert effect.result is not None
        origin = Origin(
            run_id=effect.run_id,
            trust=effect.result.label,
            reasoning=f"Undoes {effect.tool} of {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(effect.claimed_at))}.",
            answer_id=f"undo of {effect.key}",
            undoes=effect.key,
        )
        return {"status": Status.RUNNING, "answer": None, "run_id": run_id}, [
            Send(lock, {"call": call, "origin": origin})
        ]

    return Node("compensate", body, agent=agent)


def undoings(effects: Iterable[Effect], gate: Gate, run_id: str = "") -> list[Undoing]:
    """What is to be undone of these effects, newest first, and what cannot be; only those of `run_id` when it is given.

    An effect that is undone already, or that did not happen, is left out. A failed undo is tried anew under a new
    id; one that is in doubt keeps its id, so the ledger knows it.
    """
    known = list(effects)
    undos: dict[str, list[Effect]] = {}
    for effect in known:
        undos.setdefault(effect.undo_of, []).append(effect)
    plan: list[Undoing] = []
    for effect in reversed(known):
        earlier = [undo.status for undo in undos.get(effect.key, ())]
        if effect.undo_of or (run_id and effect.run_id != run_id) or EffectStatus.DONE in earlier:
            continue
        if effect.status not in (EffectStatus.FAILED, EffectStatus.WAITING):
            plan.append(_undoing(effect, gate, earlier.count(EffectStatus.FAILED)))
    return plan


def _undoing(effect: Effect, gate: Gate, failed: int) -> Undoing:
    spec = gate.tools.get(effect.tool)
    if effect.status != EffectStatus.DONE:
        return Undoing(effect=effect, why="it is in doubt whether it happened")
    if spec is None or spec.undo is None:
        return Undoing(effect=effect, why="the tool names no undo" if spec else "the tool is not known here")
    if effect.args is None or effect.result is None:
        return Undoing(effect=effect, why="its arguments or its result were erased")
    try:
        args = spec.undo.arguments(effect.args, _value(effect.result.value)) if spec.undo.args else effect.args
    except KeyError as error:
        return Undoing(effect=effect, why=f"neither call nor result has {error.args[0]}")
    return Undoing(effect=effect, call=Call(id=f"undo-{effect.key[:32]}-{failed}", name=spec.undo.tool, args=args))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _told(state: AgentState) -> dict[str, ToolMessage]:
    """The undos of this run by their call, with what came of them."""
    told: dict[str, ToolMessage] = {}
    for message in reversed(state.get("messages", [])):
        if message.type == "human":
            break
        if isinstance(message, ToolMessage):
            told[message.tool_call_id] = message
    return told


def _summary(plan: list[Undoing], told: Mapping[str, ToolMessage]) -> Update:
    done = sum(message.status == "success" for message in told.values())
    faults: list[str] = [str(message.text) for message in told.values() if message.status != "success"]
    faults += [f"{item.effect.tool} ({item.effect.key[:8]}): {item.why}" for item in plan if item.call is None]
    answer = f"{done} undone, {len(faults)} not." if done or faults else "There is nothing to undo."
    return {
        "answer": "\n".join([answer, *faults]),
        "status": Status.FAILED if faults else Status.COMPLETED,
        "notes": [Note(source="compensate", text=fault, at=time.time()) for fault in faults],
    }
