"""`Narrowed`: a judge that is never more generous than any of the judges it is made of."""

from collections.abc import Iterable

from lockgate.decision import Allow, Call, Decision, Deny, Review
from lockgate.ports import History, Judge
from lockgate.spec import ToolSpec

AUTHORITY = "authority"
"""Rule name of a denial because the agent was never given the tool."""


class Narrowed:
    """Implements `lockgate.ports.Judge`: the strictest of what `judges` decide, and only for `tools`.

    Any denial denies; otherwise any review is one, by an approver whom all reviewing judges accept, within the
    shortest of their times.
    """

    def __init__(self, judges: Iterable[Judge], *, tools: Iterable[str]) -> None:
        self.judges = judges = tuple(judges)
        self.tools = frozenset(tools)
        self.fingerprint = "+".join(str(getattr(judge, "fingerprint", type(judge).__qualname__)) for judge in judges)

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        """The strictest decision; without a judge, Deny."""
        if call.name not in self.tools:
            return Deny(rule=AUTHORITY, reason=f"This agent was not given the tool {call.name[:200]!r}.")
        decision: Decision | None = None
        for judge in self.judges:
            found = judge.decide(call, spec, history)
            decision = found if decision is None else stricter(decision, found)
            if isinstance(decision, Deny):
                return decision
        return decision or Deny(rule=AUTHORITY, reason="No policy stands behind this agent.")


def stricter(left: Decision, right: Decision) -> Decision:
    """The stricter of two decisions; two reviews become one that satisfies both, two allowances are the first."""
    if isinstance(left, Deny):
        return left
    if isinstance(right, Deny):
        return right
    if isinstance(left, Allow):
        if isinstance(right, Allow):
            if not right.notice or left.notice == right.notice:
                return left
            notice = f"{left.notice} {right.notice}" if left.notice else right.notice
            return Allow(rule=left.rule, reason=left.reason, notice=notice)
        return right
    if isinstance(right, Allow) or left == right:
        return left
    rule, reason = f"{left.rule}+{right.rule}", f"{left.reason} {right.reason}"
    both = left.approvers and right.approvers
    approvers = left.approvers & right.approvers if both else left.approvers | right.approvers
    if both and not approvers:
        return Deny(rule=rule, reason=f"{reason} Nobody may approve both.")
    return Review(
        rule=rule,
        reason=reason,
        approvers=approvers,
        expires_after=min(left.expires_after, right.expires_after),
        blocking=left.blocking or right.blocking,
    )
