"""What a person is asked about a call, as JSON: the same form for every question."""

from typing import Any

from lockgate.deadline import utc
from lockgate.guardrails.gate import Gate
from lockgate.passage import Place
from lockgate.state import LockState

SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""


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
        "reasoning": gate.shown(state["origin"].reasoning, Place.OUTPUT),
        "agent": agent,
        "run_id": state["origin"].run_id,
        "asked_at": asked_at,
        "expires_at": asked_at + seconds,
        "problem": state.get("problem", ""),
        "answers": answers,
        **more,
    }


def lapsed(asked_at: float, seconds: float, now: float) -> str:
    """Why an answer that comes `now` does not count, with both instants; empty when it does.

    One from before the question would lengthen every expiry, so it does not count either.
    """
    if asked_at - now > SKEW:
        return (
            f"the clock says {utc(now)}, which is before the question was put ({utc(asked_at)}), so nobody knows "
            "whether the answer came in time"
        )
    if now > asked_at + seconds:
        return f"nobody answered in time: that was until {utc(asked_at + seconds)}, and it is {utc(now)}"
    return ""
