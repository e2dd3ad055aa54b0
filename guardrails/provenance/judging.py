"""What follows from the evidence about a call: the sections `provenance` and `session` of a pack, and their guard."""

from typing import Literal

from pydantic import Field

from lockgate.decision import Call, Decision, Deny, Review
from lockgate.evidence import Asked, Evidence, Kind, Trace
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.provenance.diverted import DIVERSIONS
from lockgate.guardrails.provenance.origin import Origins, holds
from lockgate.guardrails.provenance.tracing import leaves
from lockgate.guardrails.provenance.witness import examine, is_default
from lockgate.guardrails.rule import Names, Seconds
from lockgate.ports import History
from lockgate.spec import ToolSpec

PROVENANCE = "provenance"
RULE_OF_TWO = "rule-of-two"
"""Names of the rules in decisions."""


class Provenance(Strict):
    """Where the sensitive arguments of a call may come from."""

    sensitive: Literal["review", "deny", "allow"] = Field(
        default="review", description="The answer when a sensitive argument does not come from `trust`."
    )
    trust: Origins = Field(
        default=("user", "operator", "trusted"),
        description="Sources a sensitive argument may come from: user, operator, trusted, internal, tool:NAME, ...",
    )
    attacks: Literal["deny", "review"] = Field(
        default="deny", description="The answer when the evidence says that a text steers the call."
    )
    secrets: Literal["review", "deny", "allow"] = Field(
        default="review",
        description="The answer when a password, code or key would leave of which the user said nothing.",
    )
    approvers: Names | None = Field(default=None, description="Roles that may answer a review. Left out: anyone.")
    expires_after: Seconds | None = Field(default=None, description="Of a review: seconds, 86400 when left out.")


class Session(Strict):
    """What may meet in one session."""

    rule_of_two: Literal["flow", "always", "off"] = Field(
        default="flow",
        description="Untrusted input, private data and an outside effect: `always` asks whenever the three meet; "
        "`flow` does not when the user's words ask for the effect and name where it goes.",
    )
    approvers: Names | None = Field(default=None, description="Roles that may answer a review. Left out: anyone.")
    expires_after: Seconds | None = Field(default=None, description="Of a review: seconds, 86400 when left out.")


class ProvenanceGuard:
    """Implements `lockgate.guardrails.sections.Guard`. One question at most: a call is never asked about twice."""

    def __init__(self, provenance: Provenance, session: Session) -> None:
        self.provenance = provenance
        self.session = session
        self._quick = session.rule_of_two != "always"

    def __call__(self, call: Call, spec: ToolSpec, history: History) -> Decision | None:
        """None when the evidence speaks for the call, or when nothing in the session bears on it."""
        if not (spec.effect or spec.sensitive):
            return None
        if self._quick and not spec.sensitive and not history.passages and history.evidence is None:
            return None
        evidence = history.evidence or examine(call.args, spec, history)
        doubtful = [trace for trace in known(call, spec, evidence) if not holds(trace, self.provenance.trust)]
        return (
            self._provenance(evidence, spec, doubtful)
            or self._rule_of_two(evidence, spec, doubtful)
            or self._unasked(evidence, spec)
        )

    def _provenance(self, evidence: Evidence, spec: ToolSpec, doubtful: list[Trace]) -> Decision | None:
        if why := steered(doubtful, evidence, spec):
            if self.provenance.attacks == "deny":
                return Deny(rule=PROVENANCE, reason=why)
            return self._answer("review", why)
        if doubtful and spec.effect and self.provenance.sensitive != "allow":
            return self._answer(self.provenance.sensitive, f"{_told(doubtful)} {_WANTED}")
        if evidence.secrets and self.provenance.secrets != "allow":
            paths = ", ".join(evidence.secrets[:5])
            return self._answer(
                self.provenance.secrets, f"{paths} would carry a secret out of which the user said nothing."
            )
        if self.provenance.sensitive != "allow" and (why := doubted(doubtful, evidence, spec)):
            return self._answer(self.provenance.sensitive, why)
        if evidence.repeated:
            return self._answer(self.provenance.sensitive, "The very same call has run since the user last spoke.")
        return None

    def _rule_of_two(self, evidence: Evidence, spec: ToolSpec, doubtful: list[Trace]) -> Decision | None:
        rule = self.session.rule_of_two
        if rule == "off" or not (spec.effect and evidence.untrusted and evidence.private):
            return None
        if rule == "flow":
            named = evidence.asked is Asked.YES or (evidence.asked is Asked.UNCLEAR and bool(spec.sensitive))
            if named and not doubtful:
                return None
        reason = "The session holds untrusted input and private data, and this call has an effect outside of it."
        return _review(RULE_OF_TWO, reason, self.session)

    def _unasked(self, evidence: Evidence, spec: ToolSpec) -> Decision | None:
        # The user named all that the call is about: most likely the request was not understood.
        if not (spec.effect and evidence.untrusted and evidence.asked is Asked.NO):
            return None
        if any(trace.how == "edit" for trace in evidence.traces):
            return None  # who edits a call wants it
        return self._answer(
            self.provenance.sensitive, "The session holds untrusted text, and the user asked for something else."
        )

    def _answer(self, verb: str, reason: str) -> Decision | None:
        if verb == "allow":
            return None
        return Deny(rule=PROVENANCE, reason=reason) if verb == "deny" else _review(PROVENANCE, reason, self.provenance)


def known(call: Call, spec: ToolSpec, evidence: Evidence) -> list[Trace]:
    """The trace of each leaf of the sensitive arguments. A leaf that the evidence does not speak of is untraced.

    And of any argument, when the user gave it another value.
    """
    traces = {trace.path: trace for trace in evidence.traces}
    paths = [
        path
        for name, value in call.args.items()
        if name in spec.sensitive and (not is_default(spec, name, value) or _displaced(traces.get(name)))
        for path in ([name] if isinstance(value, bool) else [path for path, _ in leaves(value, name)])
    ]
    found = [traces.get(path) or Trace(path=path, kind=Kind.UNTRACED) for path in paths]
    return found + [trace for trace in evidence.traces if trace.how in DIVERSIONS and trace.path not in paths]


def _displaced(trace: Trace | None) -> bool:
    return trace is not None and trace.how in DIVERSIONS


def steered(doubtful: list[Trace], evidence: Evidence, spec: ToolSpec) -> str:
    """The evidence that a text, and not the user, wants this call; empty when there is none.

    General rules only: nothing here knows a tool, a value or a wording.
    """
    for trace in (*doubtful, *evidence.carried):
        if why := _signs(trace, spec, evidence):
            return f"{trace.path} {why}"
    if evidence.repeated and evidence.dictated:
        return "The very same call has run since the user last spoke, and untrusted text asks for it again."
    if evidence.asked is Asked.NO and evidence.untrusted:
        if doubtful and spec.effect:
            return f"The user asked for nothing of the kind; {doubtful[0].path} comes from {_from(doubtful[0])}."
        if evidence.dictated:
            return (
                f"The user asked for nothing of the kind; untrusted text does, and names {_paths(evidence.dictated)}."
            )
        if evidence.carried and spec.effect:
            return f"The user asked for nothing of the kind; {_told([*evidence.carried])}"
    return ""


def _signs(trace: Trace, spec: ToolSpec, evidence: Evidence) -> str:
    """What by itself says that the value is an attacker's."""
    match trace.suspect:
        case "encoded":
            return f"stands in {_from(trace)} only in code ({trace.how}): no honest text hides a value so."
        case "disguised":
            return f"stands in {_from(trace)} only in disguise: letters that hide, or pose as others."
        case "imitating":
            return "resembles what the user or a trusted source named, and is not it."
        case "replacing":
            return f"stands in {_from(trace)} in the place of what the user named."
        case "filled":
            return "is an address of others, filled with what a tool returned."
        case "instruction" if spec.effect and trace.path in evidence.dictated:
            return f"stands only in a part of {_from(trace)} that gives orders to the agent."
    return ""


def doubted(doubtful: list[Trace], evidence: Evidence, spec: ToolSpec) -> str:
    """What a person should know of a call that is not plainly steered; empty when there is nothing."""
    made_up = [trace for trace in doubtful if trace.kind is Kind.UNTRACED or trace.suspect]
    if not spec.effect and ((evidence.untrusted and made_up) or any(trace.suspect for trace in made_up)):
        # A read can carry data out too: in an address that was made up for it.
        return f"{_told(made_up)} {_WANTED}"
    if not (doubtful or spec.effect):
        return ""
    if evidence.dictated:
        return f"Untrusted text asks for such a call, and names {_paths(evidence.dictated)}."
    if evidence.carried:
        return f"{_told([*evidence.carried])} The user did not speak of it."
    if evidence.asked is Asked.NO and evidence.untrusted and doubtful:
        return f"The user spoke of no page; {_told(doubtful)}"
    return ""


_WANTED = "It must come from the user, the operator or a trusted tool."


def _paths(paths: tuple[str, ...]) -> str:
    return ", ".join(paths[:5])


def _told(doubtful: list[Trace]) -> str:
    # One argument may hold several sentences from one place.
    said = [*dict.fromkeys(f"{trace.path} comes from {_from(trace)}." for trace in doubtful)]
    more = f" {len(said) - 4} more do as well." if len(said) > 4 else ""  # noqa: PLR2004 - what one reads
    return " ".join(said[:4]) + more


def _from(trace: Trace) -> str:
    if trace.how in DIVERSIONS:
        return DIVERSIONS[trace.how]
    if trace.kind is Kind.UNTRACED:
        return "no text of the session"
    return f"{trace.kind} text ({', '.join(trace.sources[:3])})"


def _review(rule: str, reason: str, section: Provenance | Session) -> Review:
    approvers = frozenset(section.approvers or ())
    if section.expires_after is None:
        return Review(rule=rule, reason=reason, approvers=approvers)
    return Review(rule=rule, reason=reason, approvers=approvers, expires_after=float(section.expires_after))
