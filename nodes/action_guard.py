"""`action_guard`: the upper gate. It decides once, and the decision is frozen to the exact call."""

import logging
import time

from langgraph.config import get_config

from lockgate.decision import Allow, Decision, Deny, Review, Ruling, digest, verb
from lockgate.events import EVENTS, Event
from lockgate.guardrails.gate import Gate
from lockgate.nodes.auditing import note
from lockgate.nodes.node import Goto, Node, Update, history_of, onward
from lockgate.passage import Place
from lockgate.runtime.fence import now
from lockgate.state import LockState
from lockgate.text import one_line

log = logging.getLogger(__name__)


def action_guard(*, gate: Gate, run: str, ask: str, refuse: str, agent: str = "") -> Node:
    """Judges the call. Goes to `run` when it is allowed, to `ask` for review, to `refuse` when it is denied.

    An edited call is judged anew. When nothing asks but rules that asked before, the person who made the edit has
    answered them.
    """

    def body(state: LockState) -> tuple[Update, Goto]:
        started, origin = time.time(), state["origin"]
        call, decision = gate.rule(state["call"], history_of(origin, agent))
        if origin.over and not state["call"].edited_by:
            decision = Deny(rule="budget", reason=origin.over)
        editor = call.edited_by
        asked = state.get("ruling") if editor else None
        if isinstance(decision, Review) and asked is not None and _parts(decision) <= _parts(asked.decision):
            reason = f"edited and approved by {editor}"
            decision = Allow(rule=decision.rule, reason=reason, approvers=decision.approvers)
        ended, moment = time.time(), now(get_config()["configurable"])
        ruling = Ruling(call_id=call.id, tool=call.name, digest=digest(call), decision=decision, at=moment, by=editor)
        event = Event(
            kind="decision",
            node="action_guard",
            name=call.name,
            call_id=call.id,
            started=started,
            ended=ended,
            status=verb(decision),
            detail={"rule": decision.rule, "reason": gate.shown(decision.reason, Place.TRACE)},
        )
        if isinstance(decision, Allow) and decision.notice:
            event.detail["notice"] = gate.shown(decision.notice, Place.TRACE)
            log.info("%s", one_line(event.detail["notice"], 500))
        if not isinstance(decision, Allow):  # execute_tool records the decision under which a call runs
            note("decision", verb(decision), {**state, "call": call}, ruling, gate=gate, agent=agent)
        return {EVENTS: [event]}, onward(state, _next(decision, run, ask, refuse), call=call, ruling=ruling)

    return Node("action_guard", body, agent=agent, gate=gate)


def _parts(decision: Decision) -> set[str]:
    """The rules that stand behind a decision."""
    return set(decision.rule.split("+"))


def _next(decision: Decision, run: str, ask: str, refuse: str) -> str:
    match decision:
        case Allow():
            return run
        case Review():
            return ask
        case Deny():
            return refuse
