"""`human_review`: one interrupt for one call. A person approves, edits or rejects it, or nobody does in time."""

from dataclasses import replace
from typing import Any, Literal

from langgraph.config import get_config
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lockgate.decision import Allow, Call, Deny, Review, Ruling
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.provenance.witness import edited
from lockgate.nodes.auditing import note
from lockgate.nodes.node import Goto, Node, Update, onward
from lockgate.nodes.question import lapsed, question
from lockgate.passage import Place
from lockgate.result import ErrorKind, ToolResult
from lockgate.runtime.fence import now
from lockgate.spec import explain_invalid
from lockgate.state import LockState
from lockgate.text import unfit


class Answer(BaseModel):
    """What a person says to a call under review. The strings `approve` and `reject` stand for themselves.

    `roles` are those the answering surface has established for `by`; a rule may ask for one of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["approve", "edit", "reject"]
    args: dict[str, Any] | None = None
    """All arguments of the edited call."""
    reason: str = Field("", max_length=2_000)
    by: str = Field("", max_length=200)
    roles: frozenset[str] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {"action": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _edit_has_args(self) -> "Answer":
        if (self.action == "edit") != (self.args is not None):
            raise ValueError("an edit, and only an edit, comes with args")
        return self


def human_review(*, gate: Gate, judge: str, run: str, refuse: str, again: str, agent: str = "") -> Node:
    """Interrupts with the proposed call and waits for a person's answer.

    Approved goes to `run`, edited back to `judge`, rejected and expired to `refuse`. An answer that makes no
    sense, or from someone without the role the rule asks for, approves nothing: it goes to `again`, which is
    this node, and the question is put anew with the `problem` named. Nothing before the interrupt has an
    effect, since it runs again on resume.
    """

    def body(state: LockState) -> tuple[Update, Goto]:
        ruling, call = state["ruling"], state["call"]
        review = ruling.decision
        if not isinstance(review, Review):
            raise TypeError(f"human_review reached with the decision {type(review).__name__}")
        answer = _understood(interrupt(_request(gate, agent, state, review)), review)
        moment = now(get_config()["configurable"])
        if why := lapsed(ruling.at, review.expires_after, moment):
            note("answer", "expire", state, ruling, gate=gate, agent=agent, reason=why)
            denied = Deny(rule=review.rule, reason=why)
            return {}, onward(state, refuse, **_refused(_ruled(ruling, denied, moment), ErrorKind.EXPIRED))
        if isinstance(answer, str):
            return {}, onward(state, again, problem=answer)
        by = answer.by or "a reviewer"
        because = f": {answer.reason}" if answer.reason else ""
        note("answer", answer.action, state, ruling, gate=gate, agent=agent, by=by, reason=answer.reason)
        match answer.action:
            case "approve":
                allowed = Allow(rule=review.rule, reason=f"approved by {by}{because}", approvers=review.approvers)
                return {}, onward(state, run, ruling=_ruled(ruling, allowed, moment, by))
            case "edit":
                args = _unshown(answer.args or {}, call, gate)
                anew = Call(id=call.id, name=call.name, args=args, edited_by=by)
                origin = state["origin"]
                if origin.evidence is not None:
                    origin = replace(origin, evidence=edited(origin.evidence, call.args, anew))
                return {}, onward(state, judge, call=anew, origin=origin)
            case "reject":
                denied = Deny(rule=review.rule, reason=f"rejected by {by}{because}")
                return {}, onward(state, refuse, **_refused(_ruled(ruling, denied, moment, by), ErrorKind.REJECTED))

    return Node("human_review", body, agent=agent)


def _request(gate: Gate, agent: str, state: LockState, review: Review) -> dict[str, Any]:
    """What the person sees, as JSON: the call, why it is asked, and what it would do."""
    spec = gate.tools.get(state["call"].name)
    return question(
        gate,
        agent,
        state,
        rule=review.rule,
        reason=review.reason,
        seconds=review.expires_after,
        answers=["approve", "edit", "reject"],
        consequences={
            "effect": spec.effect,
            "reversible": spec.reversible,
            "idempotent": spec.idempotent,
            "risk": str(spec.risk),
        }
        if spec
        else {},
        sensitive=sorted(spec.sensitive) if spec else [],
        approvers=sorted(review.approvers),
        blocking=review.blocking,
    )


def _unshown(edited: dict[str, Any], call: Call, gate: Gate) -> dict[str, Any]:
    """The edited arguments; one that was shown with something taken out, and came back so, is as the call had it."""
    shown = gate.shown(call.args, Place.OUTPUT)
    changed = {name for name in call.args if shown[name] != call.args[name]} if isinstance(shown, dict) else set()
    return {
        name: call.args[name] if name in changed and shown[name] == value else value for name, value in edited.items()
    }


def is_blocking(request: Any) -> bool:
    """Whether a question to a person is one that the rest of the run waits for."""
    return isinstance(request, dict) and request.get("blocking") is True


def _understood(raw: Any, review: Review) -> Answer | str:
    """The answer, or why it cannot stand."""
    try:
        answer = Answer.model_validate(raw)
    except ValidationError as error:
        return explain_invalid(error)
    if answer.args is not None and (why := unfit(answer.args)):
        return f"The edited arguments cannot be used: the data {why}."
    if review.approvers and not review.approvers & answer.roles:
        return f"Only {' or '.join(sorted(review.approvers))} may answer this; {answer.by or 'nobody'} is not."
    return answer


def _ruled(ruling: Ruling, decision: Allow | Deny, at: float, by: str = "") -> Ruling:
    return replace(ruling, decision=decision, at=at, by=by)


def _refused(ruling: Ruling, kind: ErrorKind) -> Update:
    return {"ruling": ruling, "result": ToolResult.failed(kind, ruling.decision.reason)}
