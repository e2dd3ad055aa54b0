"""How an effect happens once: claimed in the ledger, run, settled; in doubt it is probed, run again, or asked about."""

import asyncio
import inspect
import logging
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp, GraphInterrupt
from langgraph.types import interrupt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lockgate.audit import AuditEntry
from lockgate.deadline import overdue
from lockgate.decision import Allow, Call, Ruling, digest
from lockgate.effect import FINAL, Claim, DidNotHappen, Effect, EffectStatus, Fence, Happened, effect_key
from lockgate.guardrails.gate import Gate
from lockgate.labels import UNTRUSTED, Label
from lockgate.nodes.node import effect_ledger, flushed
from lockgate.passage import Place
from lockgate.ports import EffectLedger
from lockgate.result import ErrorKind, ToolResult
from lockgate.runtime.fence import fence_of
from lockgate.spec import ToolSpec, explain_invalid
from lockgate.state import Origin
from lockgate.text import unfit
from lockgate.tools.execute import attempt, bounded, render
from lockgate.tools.idempotency import keyed

log = logging.getLogger(__name__)

RETRY_PAUSES = (0.5, 2.0)
"""Seconds before each further attempt of an idempotent tool within one passage through the lock."""


class Word(BaseModel):
    """What a person says of an effect in doubt.

    `happened`: it did, and `result` is what the tool would have returned. `run`: it did not, let it run. `give_up`:
    leave it at that; the model is told that nobody knows. `roles` as in the answer to a review.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["happened", "run", "give_up"]
    result: Any = None
    reason: str = Field("", max_length=2_000)
    by: str = Field("", max_length=200)
    roles: frozenset[str] = frozenset()


async def once(
    spec: ToolSpec,
    call: Call,
    ruling: Ruling,
    origin: Origin | None,
    agent: str,
    decided: AuditEntry | None = None,
    *,
    gate: Gate,
) -> tuple[ToolResult, str, Effect | None]:
    """Runs the call so that its effect happens once, and says how the result came about, and of which effect.

    What a person is asked about it is shown as the `gate` has it. `decided` is the audit entry that goes with its
    claim. How: `ran`, or `ledger`, `probe`, `person` for a result that was not made now. Without an effect or a
    ledger, the tool simply runs.
    """
    origin = origin or Origin(run_id="", trust=UNTRUSTED, reasoning="")
    where = get_config().get("configurable", {})
    thread_id = str(where.get("thread_id", ""))
    key = effect_key(call, spec, run_id=origin.run_id, answer_id=origin.answer_id, thread_id=thread_id)
    ledger = effect_ledger() if spec.effect else None
    if ledger is None:
        if late := overdue():
            return _late(spec, late), "not run", None
        await flushed()  # the answer that asked for it has cost something, and the tool may take the process with it
        with keyed(key):
            return (await attempt(spec, call))[0], "ran", None
    wanted = Effect(
        key=key,
        thread_id=thread_id,
        run_id=origin.run_id,
        call_id=call.id,
        agent=agent,
        tool=call.name,
        digest=digest(call),
        args=call.args,
        undo_of=origin.undoes,
    )
    place = str(where.get("checkpoint_ns", ""))
    passage = _Passage(
        ledger=ledger, fence=fence_of(where), spec=spec, call=call, ruling=ruling, place=place, key=key, gate=gate
    )
    return await passage.through(wanted, decided)


@dataclass(slots=True, kw_only=True)
class _Passage:
    """One passage of one call. `place` names its task, whose questions to a person are told apart by `asked`."""

    ledger: EffectLedger
    fence: Fence | None
    spec: ToolSpec
    call: Call
    ruling: Ruling
    place: str
    key: str
    gate: Gate
    attempts: int = 0
    asked: int = -1
    failed: ToolResult | None = None

    async def through(self, wanted: Effect, decided: AuditEntry | None) -> tuple[ToolResult, str, Effect]:
        claim, how = await self.ledger.claim(wanted, fence=self.fence, decided=decided), "ledger"
        while True:
            effect = claim.effect
            if claim.mine and (late := overdue()):
                effect, how = await self._settle(effect, EffectStatus.FAILED, _late(self.spec, late)), "not run"
            elif claim.mine:
                effect, how = await self._run(effect), "ran"
            if effect.status in FINAL and effect.result is not None:
                undone = how == "ledger" and await self.ledger.undone(effect)
                return _undone(self.spec) if undone else effect.result, how, effect
            claim, how = await self._find_out(effect)

    async def _run(self, effect: Effect) -> Effect:
        """One attempt, from a claim to what is known of it."""
        self.attempts += 1
        try:
            await flushed()
            with keyed(effect.key):
                result, status = await attempt(self.spec, self.call)
            if status != EffectStatus.UNKNOWN:
                return await self._settle(effect, status, result)
            self.failed = result
            return await self._settle(effect, status, None, f"Attempt {effect.attempt}: {result.value}")
        except GraphBubbleUp:  # the tool itself asks a person, and will start over
            await self._settle(effect, EffectStatus.WAITING, None)
            raise
        finally:
            self.ledger.left(effect)

    async def _find_out(self, effect: Effect) -> tuple[Claim, str]:
        """Goes on with an effect in doubt: probed, else run again with the same key, else put to a person."""
        found = await self._probed()
        put = effect.asked.startswith(self._mark(effect))
        again = self.spec.idempotent and not put and self.attempts <= len(RETRY_PAUSES) and not overdue()
        if isinstance(found, Happened):
            done = await self._settle(effect, EffectStatus.DONE, self._result(found.value), "The probe found it done.")
            return Claim(effect=done, mine=False), "probe"
        if isinstance(found, DidNotHappen) and self.failed is not None and not again:
            return Claim(effect=await self._settle(effect, EffectStatus.FAILED, self.failed), mine=False), "probe"
        if isinstance(found, DidNotHappen) or again:
            if self.attempts:
                await asyncio.sleep(RETRY_PAUSES[self.attempts - 1])
            return await self.ledger.take_over(effect, fence=self.fence), "ran"
        return await self._asked(effect), "person"

    async def _probed(self) -> Happened | DidNotHappen | None:
        """What the tool's probe says; None when there is none, or it cannot say."""
        probe = self.spec.probe
        if probe is None:
            return None
        try:
            is_async = inspect.iscoroutinefunction(probe)
            found = await bounded(lambda: probe(self.key), self.spec.timeout, is_async=is_async)
        except GraphBubbleUp:
            raise
        except Exception:
            log.warning("the probe of %s failed", self.spec.name, exc_info=True)
            return None
        return found if isinstance(found, (Happened, DidNotHappen)) else None

    async def _asked(self, effect: Effect) -> Claim:
        """Interrupts with the evidence until a person's answer can stand.

        The node runs again from the top for each answer and meets its earlier questions in their order. The ledger
        knows which of them is about the present attempt; the answers to those before it are spent.
        """
        assert isinstance(self.ruling.decision, Allow)
        approvers = self.ruling.decision.approvers
        mark = self._mark(effect)
        put = effect.asked.removeprefix(mark) if effect.asked.startswith(mark) else ""
        valid_from = int(put) if put.isdecimal() else None  # a mark that was harmed marks nothing: it is asked anew
        problem = ""
        while True:
            self.asked += 1
            try:
                raw = interrupt(self._question(effect, approvers, problem))
            except GraphInterrupt:
                await self.ledger.ask(effect, f"{mark}{self.asked}", fence=self.fence)
                raise
            if valid_from is None or self.asked < valid_from:
                continue
            word = _understood(raw, approvers)
            if isinstance(word, Word):
                return await self._told(effect, word)
            problem = word

    def _mark(self, effect: Effect) -> str:
        """How the ledger marks that this task has put a question about the present attempt."""
        return f"{self.place}#{effect.attempt}#"

    async def _told(self, effect: Effect, word: Word) -> Claim:
        by = word.by or "a reviewer"
        because = f": {word.reason}" if word.reason else ""
        match word.action:
            case "happened":
                told = f"{by} said that it happened{because}."
                result = self._result(word.result)
                return Claim(effect=await self._settle(effect, EffectStatus.DONE, result, told, by), mine=False)
            case "give_up":
                told = f"{by} gave up on it{because}."
                text = f"Nobody knows whether {self.spec.name} took effect{because}. Do not call it again for this."
                result = ToolResult.failed(ErrorKind.IN_DOUBT, text)
                return Claim(effect=await self._settle(effect, EffectStatus.GIVEN_UP, result, told, by), mine=False)
            case "run":
                told = f"{by} said that attempt {effect.attempt} did not happen{because}."
                free = await self._settle(effect, EffectStatus.UNKNOWN, None, told, by)
                await flushed()
                return await self.ledger.take_over(free, fence=self.fence)

    async def _settle(
        self, effect: Effect, status: EffectStatus, result: ToolResult | None, told: str = "", by: str = ""
    ) -> Effect:
        evidence = f"{effect.evidence}\n{told}".strip()
        return await self.ledger.settle(
            effect, status, result=result, evidence=evidence, by=by or effect.settled_by, fence=self.fence
        )

    def _result(self, value: Any) -> ToolResult:
        text, left_out = render("" if value is None else value, self.spec.max_output)
        label = Label(integrity=self.spec.output, sources=frozenset({f"tool:{self.spec.name}"}))
        return ToolResult(success=True, value=text, cut=left_out, label=label)

    def _question(self, effect: Effect, approvers: frozenset[str], problem: str) -> dict[str, Any]:
        """What the person sees, as JSON: the call, and what is known of its effect."""
        return {
            "type": "effect",
            "call_id": self.call.id,
            "tool": self.call.name,
            "args": self.gate.shown(self.call.args, Place.OUTPUT),
            "description": self.spec.description,
            "reason": "It is not known whether this took effect.",
            "evidence": self.gate.shown(effect.evidence, Place.OUTPUT).splitlines(),
            "key": effect.key,
            "attempt": effect.attempt,
            "claimed_at": effect.claimed_at,
            "sensitive": sorted(self.spec.sensitive),
            "agent": effect.agent,
            "run_id": effect.run_id,
            "approvers": sorted(approvers),
            "problem": problem,
            "answers": ["happened", "run", "give_up"],
        }


def _undone(spec: ToolSpec) -> ToolResult:
    again = " Call it again if it is to take effect anew." if spec.once_per == "call" else ""
    return ToolResult.failed(ErrorKind.UNDONE, f"{spec.name} took effect and was undone since.{again}")


def _late(spec: ToolSpec, why: str) -> ToolResult:
    return ToolResult.failed(ErrorKind.DEADLINE, f"{spec.name} did not run: {why}.")


def _understood(raw: Any, approvers: frozenset[str]) -> Word | str:
    """What the person says, or why it cannot stand."""
    try:
        word = Word.model_validate(raw)
    except ValidationError as error:
        return explain_invalid(error)
    if why := unfit(word.result):
        return f"The result cannot be used: the data {why}."
    if approvers and not approvers & word.roles:
        return f"Only {' or '.join(sorted(approvers))} may answer this; {word.by or 'nobody'} is not."
    return word
