"""The Protocols of the seams. Each has one conformance suite that every implementation passes.

Chat models and checkpointers have LangChain's and LangGraph's own base classes and need no Protocol here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from lockgate.audit import AuditEntry
from lockgate.decision import Call, Decision, canonical_json
from lockgate.effect import Claim, Effect, EffectStatus, Fence
from lockgate.evidence import Evidence
from lockgate.labels import TRUSTED, Integrity, Label, join
from lockgate.passage import Passage
from lockgate.result import ToolResult
from lockgate.spec import ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """On whose behalf an agent acts. Pass it as the graph's `context`; it never holds secrets."""

    user: str = ""
    roles: frozenset[str] = frozenset()
    tenant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a decision may depend on besides the call: who acts for whom, and what the session has seen.

    `passages` are the texts of the session, oldest first; `trust` is the join of their labels. `evidence` is what was
    found in them about the call at hand; when it is None, the judge looks for itself. `confidence` is how sure the
    model is of the call, 0 to 1; None when nobody knows. A history is built text by text:

        history = History().said("Pay the bill in march.txt").returned(call, gate.inspect(call, output))
    """

    agent: str = ""
    caller: Caller = field(default_factory=Caller)
    trust: Label = TRUSTED
    passages: tuple[Passage, ...] = ()
    evidence: Evidence | None = None
    confidence: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "passages", tuple(self.passages))  # a checkpoint hands back a list

    def seen(self, passage: Passage) -> "History":
        """The history with one more text. Its trust is joined with the text's label, but for the model's own words:
        they are made of what stands before them.
        """
        trust = self.trust if passage.source == "model" else join(self.trust, passage.label)
        return replace(self, passages=(*self.passages, passage), trust=trust, evidence=None)

    def said(self, text: str) -> "History":
        """With the user's next words."""
        return self.seen(Passage(source="user", text=text, label=Label(sources=frozenset({"user"}))))

    def configured(self, text: str) -> "History":
        """With a text of the operator's: the system prompt, or values that agents may use."""
        return self.seen(Passage(source="operator", text=text, label=Label(sources=frozenset({"operator"}))))

    def answered(self, text: str) -> "History":
        """With the model's own words. They never vouch for a value."""
        label = Label(integrity=Integrity.INTERNAL, sources=frozenset({"model"}))
        return self.seen(Passage(source="model", text=text, label=label))

    def returned(self, call: Call, result: ToolResult) -> "History":
        """With what a tool gave back, as `Gate.inspect` let it through.

        The answer to a call that never ran is the lock's own, and no text of the session.
        """
        if result.error is not None and not result.error.ran:
            return self
        source, given = f"tool:{call.name}", canonical_json(call.args)
        return self.seen(
            Passage(
                source=source,
                text=result.value,
                label=result.label,
                findings=result.findings,
                given=given,
                structured=result.structured,
            )
        )


class Judge(Protocol):
    """Decides on validated calls. `Policy` is one; others can stand before or behind it."""

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        """Never raises for any `call.args`; whatever it cannot judge it denies."""
        ...


class EffectLedger(Protocol):
    """The record that makes an effect happen once: claim before the call, settle after it.

    `fence` is the lease that the runner holds, None without one. Every method raises LeaseLostError when another runner
    has the thread now, LedgerError when the ledger says otherwise than the run, StoreError when it cannot be written.
    """

    async def claim(self, wanted: Effect, *, fence: Fence | None = None, decided: AuditEntry | None = None) -> Claim:
        """Claims the effect, or says what is known of it. `decided` is the audit entry under which it is to happen:
        both are durable then, or neither, and the entry names the effect.

        An effect whose runner is gone comes back as `unknown`. Raises ThreadBusyError while another runner is at it,
        UnrecordedError when the audit log cannot take the entry.
        """
        ...

    async def take_over(self, effect: Effect, *, fence: Fence | None = None) -> Claim:
        """Claims an unknown effect for one more attempt; `mine` is False when another was faster."""
        ...

    async def settle(
        self,
        effect: Effect,
        status: EffectStatus,
        *,
        result: ToolResult | None = None,
        evidence: str = "",
        by: str = "",
        fence: Fence | None = None,
    ) -> Effect:
        """Records what came of an attempt, or what a person or a probe says came of it."""
        ...

    async def ask(self, effect: Effect, question: str, *, fence: Fence | None = None) -> Effect:
        """Records that `question` is put to a person about the present attempt."""
        ...

    async def undone(self, effect: Effect) -> bool:
        """Whether another effect has undone this one."""
        ...

    def left(self, effect: Effect) -> None:
        """Says that this process is not at the effect any more; to be called after each claim that was `mine`."""
        ...


class AuditLog(Protocol):
    """Append-only record of decisions and outcomes. An entry that cannot be written means no effect.

    Entries of one thread are written in the order in which they were given.
    """

    def note(self, *entries: AuditEntry) -> None:
        """Takes entries to be written soon; returns at once. They are tried again while the log is down."""
        ...

    async def write(self, *entries: AuditEntry) -> None:
        """Returns when the entries are durable; raises UnrecordedError when they are not within a bound."""
        ...

    async def settled(self, thread_id: str) -> None:
        """Waits for the thread's noted entries to be durable, within a bound.

        Raises StoreError only when the whole database is down.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`amount` of what `key` counts, of which at most `bound` may be used in any `window` seconds.

    With `least` what is left will do in place of `amount`, if it is as much as that.
    """

    key: str
    window: float
    bound: int
    amount: int
    least: int | None = None


class RateStore(Protocol):
    """Counts what many runs use together: reserved before it is used, settled after."""

    async def reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """Reserves all of `claims` or nothing; the key of one that has no room, or an empty string.

        Not settled within `expires_after` seconds, it no longer counts. Raises StoreError.
        """
        ...

    async def settle(self, reservation: str, claims: Sequence[Share]) -> None:
        """Puts what was really used in place of what was reserved."""
        ...

    async def release(self, reservations: Sequence[str]) -> None:
        """Gives back what was not used after all."""
        ...
