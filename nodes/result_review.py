"""`result_review`: one interrupt for one result. A person says whether the model may read what was found suspicious."""

import logging
from dataclasses import replace
from typing import Any

from langgraph.config import get_config
from langgraph.types import interrupt
from pydantic import ValidationError

from lockgate.guardrails.gate import Gate
from lockgate.nodes.auditing import note
from lockgate.nodes.human_review import Answer
from lockgate.nodes.node import Goto, Node, Update, onward
from lockgate.nodes.question import lapsed, question
from lockgate.nodes.result_guard import concluded
from lockgate.passage import Finding, Place
from lockgate.result import ToolResult
from lockgate.runtime.fence import now
from lockgate.spec import explain_invalid
from lockgate.state import LockState
from lockgate.text import cut

log = logging.getLogger(__name__)

EXPIRES_AFTER = 86_400.0
"""Seconds after which nobody has answered, and the text stays in quarantine."""
MAX_SHOWN = 8_000
"""Bytes of the text that the person is shown."""
RULE = "screens"
"""Stands for the rule in the request, which comes from the pack's section of that name."""


def result_review(*, gate: Gate, again: str, done: str, agent: str = "") -> Node:
    """Interrupts with the suspicious text, and waits for a person's answer.

    Approved, the model reads the text, still untrusted and marked; rejected or expired, it keeps the handle and the
    typed facts. The tool has run already, so there is nothing to edit: any other answer goes to `again`, which is this
    node, and the question is put anew.
    """

    def body(state: LockState) -> tuple[Update, Goto]:
        result, told = state["result"], {"rule": RULE, "detail": {"of": "result"}}
        answer = _understood(interrupt(_request(gate, agent, state)))
        if why := lapsed(state["ruling"].at, EXPIRES_AFTER, now(get_config()["configurable"])):
            log.warning("What %s returned stays in quarantine: %s.", state["call"].name, why)
            note("answer", "expire", state, state["ruling"], gate=gate, agent=agent, by="", reason=why, **told)
            return concluded(state, result, gate), done
        if isinstance(answer, str):
            return {}, onward(state, again, problem=answer)
        said = {"by": answer.by or "a reviewer", "reason": answer.reason, **told}
        note("answer", answer.action, state, state["ruling"], gate=gate, agent=agent, **said)
        return concluded(state, _released(result) if answer.action == "approve" else result, gate), done

    return Node("result_review", body, agent=agent)


def _request(gate: Gate, agent: str, state: LockState) -> dict[str, Any]:
    """What the person sees, as JSON: of the form of any other request, with the text in question."""
    result = state["result"]
    text, left_out = cut(gate.shown(result.held, Place.OUTPUT), MAX_SHOWN)
    return question(
        gate,
        agent,
        state,
        rule=RULE,
        reason=f"May the model read what the tool returned? {result.review}",
        seconds=EXPIRES_AFTER,
        answers=["approve", "reject"],
        result=f"{text}\n[{left_out:,} more bytes]" if left_out else text,
        consequences={"effect": False, "reversible": False, "idempotent": True, "risk": "high"},
        sensitive=[],
        approvers=[],
    )


def _understood(raw: Any) -> Answer | str:
    """The answer, or why it cannot stand."""
    try:
        answer = Answer.model_validate(raw)
    except ValidationError as error:
        return explain_invalid(error)
    return "The tool has run; there is nothing to edit." if answer.action == "edit" else answer


def _released(result: ToolResult) -> ToolResult:
    """The full text; its findings now cover the whole of it, since their spans were those of the stand-in."""
    whole = tuple(
        Finding(kind=one.kind, start=0, end=len(result.held), score=one.score, note=one.note) for one in result.findings
    )
    return replace(result, value=result.held, held="", review="", findings=whole)
