"""What the lock's nodes write to the audit log of the running graph, if its saver keeps one.

The decision that lets a call with an effect run is durable before the effect. All other entries (denials, questions,
answers, outcomes, and the decisions on calls that only read) are noted and durable before the next checkpoint of the
thread, so a crash loses an entry only together with the step it speaks of, which then runs again.
"""

from typing import Any

from langgraph.config import get_config

from lockgate.audit import AuditEntry, Kind
from lockgate.decision import Ruling, verb
from lockgate.errors import LockgateError, StoreError
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.masking import masked
from lockgate.nodes.node import caller, checkpointer, effect_ledger
from lockgate.passage import Place
from lockgate.ports import AuditLog
from lockgate.spec import ToolSpec
from lockgate.state import LockState


def audit_log() -> AuditLog | None:
    """The audit log of the run that goes on; None when its saver keeps none."""
    log: AuditLog | None = getattr(checkpointer(), "audit", None)
    return log


def note(kind: Kind, verdict: str, state: LockState, ruling: Ruling, *, gate: Gate, agent: str, **more: Any) -> None:
    """Notes one entry on the call of `state`; `more` are further fields of `AuditEntry`."""
    if log := audit_log():
        log.note(_entry(kind, verdict, state, ruling, gate, agent, **more))


async def admit(
    state: LockState, spec: ToolSpec | None, *, gate: Gate, agent: str
) -> tuple[str, AuditEntry | None]:  # fmt: skip
    """Records the decision under which the call is about to run; says why it must not, or nothing.

    A call with an effect waits until the entry is durable. Where there is a ledger, the entry comes back, and is to be
    written with the claim of the effect. A call that only reads does not wait. Raises StoreError when not only the log
    but its database is down: what the model would be told could not be stored either.
    """
    if (log := audit_log()) is None:
        return "", None
    ruling = state["ruling"]
    entry = _entry("decision", verb(ruling.decision), state, ruling, gate, agent)
    if spec is None or not spec.effect:
        log.note(entry)
        return "", None
    if effect_ledger() is not None:
        return "", entry
    try:
        await log.write(entry)
    except LockgateError as error:
        if isinstance(error, StoreError) and error.down:
            raise
        return f"It did not run: {error.message}", None
    return "", None


def _entry(
    kind: Kind, verdict: str, state: LockState, ruling: Ruling, gate: Gate, agent: str, **more: Any
) -> AuditEntry:
    call, who = state["call"], caller()
    said: dict[str, Any] = {
        "thread_id": str(get_config()["configurable"].get("thread_id", "")),
        "run_id": state["origin"].run_id,
        "agent": agent,
        "user": who.user,
        "tenant": who.tenant,
        "call_id": call.id,
        # The name of a tool that there is none of is the model's own words.
        "tool": call.name if call.name in gate.tools else gate.shown(call.name, Place.AUDIT),
        "digest": ruling.digest,
        "rule": ruling.decision.rule,
        "by": ruling.by,
    }
    if kind == "decision":
        said |= {"args": masked(gate.shown(call.args, Place.AUDIT)), "reason": ruling.decision.reason}
    said |= more
    said["reason"] = gate.shown(said.get("reason", ""), Place.AUDIT)
    return AuditEntry(kind=kind, verdict=verdict, **said)
