"""A stage whose work is one tool call: no model proposes it, and it passes the lock like any other."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from langchain_core.messages import AIMessage
from langgraph.pregel import Pregel
from pydantic import TypeAdapter

from lockgate.deadline import deadline
from lockgate.decision import Call
from lockgate.guardrails.provenance.witness import vouched
from lockgate.handoff import Usage
from lockgate.labels import TRUSTED
from lockgate.nodes.metering import Meter
from lockgate.nodes.result_guard import own_text
from lockgate.nodes.stage import Attempt, Made
from lockgate.state import AgentState, Origin


def tool_work(
    lock: Pregel[Any, Any, Any, Any], tool: str, *, takes: Any, meter: Meter
) -> Callable[[Attempt], Awaitable[Made]]:
    """The work of a stage that calls `tool` through `lock` with the fields of the item's value as arguments.

    The call is reserved with `meter`, and given back should it not run.
    A call that is denied, rejected or that fails ends the item: a tool is not tried again, since it may have acted.
    """
    reads = TypeAdapter(takes)

    async def work(attempt: Attempt) -> Made:
        if attempt.budget and attempt.budget.bounds().get("tool_calls", 1) < 1:
            return Made(error="Over budget: the item's share of tool_calls is used up.")
        # The same id after a crash, so the call's place in the record stays one.
        seed = f"{attempt.run_id}\0{attempt.item_id}\0{attempt.stage}"
        call = Call(
            id=f"call-{hashlib.sha256(seed.encode()).hexdigest()[:32]}",
            name=tool,
            args=reads.dump_python(attempt.value, mode="json"),
        )
        asked = AIMessage("", tool_calls=[{"name": tool, "args": call.args, "id": call.id}])
        over = await meter.over({"run_id": attempt.run_id}, "", [call])
        origin = Origin(
            run_id=attempt.run_id,
            over=over.get(call.id, ""),
            trust=attempt.trust,
            reasoning=f"Item {attempt.item_id[:200]}",
            evidence=vouched(call.args, attempt.trust),
            deadline=deadline(),
        )
        out = await lock.ainvoke({"call": call, "origin": origin})
        (message,) = out["messages"]
        usage, trust = out.get("usage") or Usage(), out.get("trust") or TRUSTED
        decided = {"messages": [asked], "decisions": out.get("decisions", {}), "run_id": attempt.run_id}
        await meter.give_back(cast("AgentState", decided))
        if message.status != "success":
            return Made(error=own_text(message), usage=usage, trust=trust)
        text = own_text(message)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        return Made(output=value, usage=usage, trust=trust)

    return work
