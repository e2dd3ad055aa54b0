"""`collect`: the last node of a pipeline. Every item has one result, and the run says how many were given up."""

import time
import uuid
from collections import Counter
from typing import Any

from langchain_core.messages import AIMessage

from lockgate.deadline import overdue
from lockgate.guardrails.gate import Gate
from lockgate.handoff import AgentResult, Status
from lockgate.items import Ended
from lockgate.nodes.node import Node, Update
from lockgate.passage import Place
from lockgate.state import Note


def collect(*, ordered: bool, gate: Gate, agent: str = "") -> Node:
    """Sets `results` (in the input's order, or as they ended), `dead_letters`, `status` and a summary as `answer`.

    Outputs are shown as the gate's policy lets answers be. The run has failed when items came in and none got through.
    """

    def body(state: dict[str, Any]) -> Update:
        ends: list[Ended] = [*state.get("rejected", ()), *(state.get("ended") or ())]
        ends.sort(key=lambda end: end.index if ordered else end.at)
        dead = sorted((end.dead for end in ends if end.dead), key=lambda letter: letter.index)
        status = state["status"]
        if status == Status.RUNNING:
            status = Status.FAILED if ends and len(dead) == len(ends) else Status.COMPLETED
            if dead and overdue():
                status = Status.DEADLINE
        answer = state.get("answer") or summary(len(ends), Counter(letter.stage for letter in dead))
        update: Update = {
            "results": [_shown(end.result, gate) for end in ends],
            "dead_letters": dead,
            "status": status,
            "answer": answer,
            "messages": [AIMessage(answer, id=uuid.uuid4().hex)],
        }
        if dead or not ends:
            update["notes"] = [Note(source="collect", text=answer, at=time.time())]
        return update

    return Node("collect", body, agent=agent)


def _shown(result: AgentResult, gate: Gate) -> AgentResult:
    shown = gate.shown({"output": result.output, "error": result.error}, Place.OUTPUT)
    if not isinstance(shown, dict):
        return result.model_copy(update={"output": None, "error": shown, "status": Status.FAILED})
    return result if shown == {"output": result.output, "error": result.error} else result.model_copy(update=shown)


def summary(count: int, dead: Counter[str]) -> str:
    """One line on how a run of `count` items ended; `dead` counts those given up at each stage."""
    if not count:
        return "There were no items."
    lost = sum(dead.values())
    where = ", ".join(f"{number} at {name}" for name, number in dead.items())
    return f"{count - lost:,} of {count:,} items went through" + (f"; {lost:,} given up: {where}." if lost else ".")
