"""Judges of one's own beside `Policy`: what they allow, the default guards judge too, unless they are told not to."""

from lockgate.decision import Allow, Call, Decision, Deny, Review
from lockgate.errors import ConfigError
from lockgate.guardrails.narrowing import Narrowed
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.sections import Sections, strictest
from lockgate.ports import History, Judge
from lockgate.spec import ToolSpec


class Unguarded:
    """Implements `lockgate.ports.Judge`: what `judge` decides, and nothing else.

    For a judge that sees to provenance, risk and private arguments itself. Texts are still inspected as a pack says.
    """

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.judges = (judge,)
        self.fingerprint = f"unguarded:{named(judge)}"

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        """The judge's own decision."""
        return self.judge.decide(call, spec, history)


class Guarded:
    """Implements `lockgate.ports.Judge`: the strictest of what `judge` and the guards of its sections say.

    The sections are the judge's attribute `sections`, a `Sections`; the defaults when it has none.
    """

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        found = getattr(judge, "sections", None)
        self._guards = (found if isinstance(found, Sections) else Sections()).guards()

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        """The decision; raises what the judge or a guard raises."""
        return strictest(self.judge.decide(call, spec, history), self._guards, call, spec, history)


def guarded(judge: Judge) -> Judge:
    """`judge` with the guards that every pack has. A `Policy` has its own, and an `Unguarded` wants none.

    Raises ConfigError for what is no judge.
    """
    if isinstance(judge, Narrowed):
        return Narrowed(map(guarded, judge.judges), tools=judge.tools)
    if isinstance(judge, Policy | Unguarded | Guarded):
        return judge
    if not callable(getattr(judge, "decide", None)):
        raise ConfigError(
            f"{judge!r:.200} cannot judge calls.", "Give a Policy, or an object with decide(call, spec, history)."
        )
    return Guarded(judge)


def decided(said: object) -> Decision:
    """`said` when it is a decision. Whatever else a judge may say is no leave."""
    if isinstance(said, Allow | Deny | Review):
        return said
    return Deny(rule="gate", reason=f"The policy gave no decision but a {type(said).__name__}.")


def named(judge: Judge) -> str:
    """What tells the judge from others: its fingerprint, or its class."""
    return str(getattr(judge, "fingerprint", "")) or f"{type(judge).__module__}.{type(judge).__qualname__}"
