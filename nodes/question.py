"""What a person is asked about a call, as JSON: the same form for every question."""

from typing import Any

from lockgate.guardrails.gate import Gate
from lockgate.passage import Place
from lockgate.state import LockState


def question(
    gate: Gate, agent: str, state: LockState, *, rule: str, reason: str, seconds: float, answers: list[str], **more: Any
) -> dict[str, Any]:
    """The call of `state` with why it is asked about, and `more`; nobody can answer later than `seconds` after."""
    call, asked_at = state["call"], state["ruling"].at
    spec = gate.tools.get(call.name)
    return {
        "type": "approval",
        "call_id": call.id,
        "tool": call.name,
        "args": gate.shown(call.args, Place.OUTPUT),
        "description": spec.description if spec else "This tool is not there any more.",
        "rule": rule,
        "reason": reason,
        "reasoning": state["origin"].reasoning,
        "agent": agent,
        "run_id": state["origin"].run_id,
        "asked_at": asked_at,
        "expires_at": asked_at + seconds,
        "problem": state.get("problem", ""),
        "answers": answers,
        **more,
    }
