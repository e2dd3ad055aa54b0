"""`judged_again`: what a gate says today to a call that was recorded."""

from functools import reduce

from lockgate.decision import Decision, Deny
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.provenance import passages
from lockgate.labels import Label, join
from lockgate.nodes.oversight import Oversight
from lockgate.ports import History
from lockgate.runtime.recorded import RecordedCall

OVER = "budget"
"""Rule name of a denial because the call did not fit a budget or a rate."""


def history_again(made: RecordedCall, gate: Gate) -> History:
    """What `gate` would judge the call by: what the call was sent with, where that is known, else what was said before.

    How sure the model was is found out anew, for the estimators are the policy's; of samples the figure then is all
    that is left. The operator's prompt is not recorded.
    """
    said, origin = made.said, made.origin
    seen = (*said.heard, *passages(said.messages, gate.tools, task=said.task))
    trust = origin.trust if origin else reduce(join, (passage.label for passage in seen), said.task or Label())
    oversight = Oversight(gate, made.agent)
    then = origin.confidence if origin else None
    now = oversight.confidence(said.answer, ()) if said.answer else then
    if oversight.samples and then is not None:
        now = then if now is None else min(then, now)
    return History(
        agent=made.agent,
        caller=made.caller,
        trust=trust,
        passages=seen,
        evidence=origin.evidence if origin else None,
        confidence=now,
    )


def judged_again(made: RecordedCall, gate: Gate) -> Decision:
    """What `gate` says. A call that did not fit a budget stays denied while there is any: the rest of the run, and of
    all others, is not there to be counted.
    """
    if made.rule == OVER and any(section.budgets.model_fields_set for section in gate.sections):
        return Deny(rule=OVER, reason="It did not fit a budget then; budgets are not counted again.")
    return gate.decide(made.call, history_again(made, gate))
