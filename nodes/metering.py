"""`Meter`: what an agent may still use, reserved before a model call and settled after it.

Bounds of one run are counted in the state, so they are kept across resumes. What several share is counted apart: see
`lockgate.nodes.sharing`.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from lockgate.deadline import Deadline, deadline
from lockgate.decision import Allow, Call
from lockgate.guardrails.budgets.inherited import inherited
from lockgate.guardrails.budgets.progress import POLLING, stuck
from lockgate.guardrails.budgets.section import BudgetSection, cost, named, sum_of
from lockgate.guardrails.gate import Gate
from lockgate.handoff import Budget, Status, Usage, spent, tightest, units
from lockgate.nodes.node import Update
from lockgate.nodes.sharing import Claim, model_claims, release, reserve, settle, settle_time, tool_claims
from lockgate.spec import ToolSpec
from lockgate.state import AgentState, Note, Origin

T = TypeVar("T")

CHARACTERS_PER_TOKEN = 4
"""Of English text, by the tokenizers of the large providers; only what is reserved is reckoned with it."""
RESERVED_FOR = 900.0
"""Seconds until what a runner reserved for a model call counts as given back: it must have died."""
GO_ON = (
    "A new message goes on from here; a tool that is meant to be asked again needs the tag `polling`, and "
    "budgets.no_progress of the pack says how often is too often."
)
"""What whoever reads that a run went round in circles can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Why there is no further model call."""

    status: Status
    text: str

    def update(self) -> Update:
        """What it leaves in the state."""
        return {"status": self.status, "notes": [Note(source="call_model", text=self.text, at=time.time())]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A model call that may be made, with what is reserved for it.

    `seconds` is the time that is left, None: any. `until` is the run's deadline where that is what bounds it.
    `expected` is what the call was reckoned to take, where anything is bounded.
    """

    model: str
    seconds: float | None
    expected: Usage = field(default_factory=Usage)
    reservation: str = ""
    claims: tuple[Claim, ...] = ()
    until: Deadline | None = None

    def cut(self) -> Halt:
        """Why the run ends when the call took longer than it might."""
        if self.until:
            return Halt(status=Status.DEADLINE, text=f"Stopped a model call: {self.until}.")
        return used_up("Stopped a model call", "seconds")


class Meter:
    """Holds the `sections` of all packs an agent stands under; every bound of each of them counts.

    Those of the packs of the teams above come to them when it works there.
    """

    def __init__(self, sections: Iterable[BudgetSection], tools: Mapping[str, ToolSpec], agent: str) -> None:
        self.sections = tuple(sections)
        self.agent = agent
        self.run = bounds_of(self.sections, agent)
        self.timeouts = {name: round(spec.timeout * 1_000) for name, spec in tools.items()}
        self.polling = frozenset(name for name, spec in tools.items() if POLLING in spec.tags)

    @classmethod
    def of(cls, gate: Gate, agent: str) -> "Meter":
        """The meter of an agent whose calls `gate` judges."""
        return cls(budgets_of(gate), gate.tools, agent)

    def budget(self, state: AgentState) -> Budget | None:
        """What bounds this run: the packs, and the task it works on."""
        task = state.get("task")
        return tightest(self.run, task.budget if task else None)

    async def admit(self, state: AgentState, messages: Sequence[BaseMessage], model: str, calls: int) -> Permit | Halt:
        """Reserves what `calls` calls of the `model` with `messages` will take, or says why they may not be made."""
        if why := self._circling(state):
            return Halt(status=Status.NO_PROGRESS, text=f"Stopped: {why}. {GO_ON}")
        if (until := deadline()) and until.passed:
            return Halt(status=Status.DEADLINE, text=f"Stopped before a model call: {until}.")
        budget = self.budget(state)
        if not (budget and budget.bounds()) and not inherited() and not any(s.rates for s in self.sections):
            return Permit(model=model, seconds=until.left if until else None, until=until)
        if self._unpriced(model, budget):
            name = model or "(unnamed)"
            text = f"Stopped: a budget in USD is set, but the packs have no price for the model {name}. "
            return Halt(status=Status.BUDGET, text=f"{text}Add it to budgets.prices.")
        expected = self._expected(messages, model, calls)
        left = None
        if budget:
            used = used_in_run(state)
            if full := budget.exhausted(used) or _overrun(budget, used, expected):
                return used_up("Stopped before a model call", full)
            left = budget.left(used).seconds
        if until and (left is None or until.left < left):
            left = until.left
        else:
            until = None
        permit = Permit(model=model, seconds=left, expected=expected, until=until)
        claims = model_claims(self._standing(), self.agent, expected)
        if not claims:
            return permit
        permit = replace(permit, reservation=uuid.uuid4().hex, claims=tuple(claims))
        if full := await reserve(permit.reservation, claims, expires_after=RESERVED_FOR):
            return Halt(status=Status.BUDGET, text=f"Stopped before a model call: {full}{_room(full)}")
        return permit

    async def spend(self, permit: Permit, ask: Callable[[], Awaitable[tuple[T, Usage]]]) -> tuple[T | Halt, Usage]:
        """What `ask` comes to within the time of `permit`, else a Halt; and what that took, with its price and time.

        `ask` says what its model calls used, as the provider counted it. That takes the place of what `permit`
        reserved, or all of it is given back when `ask` raises. Of a provider that counts no tokens, and of a call that
        was cut, the tokens that were reserved stand.
        """
        started = time.monotonic()  # the wall clock may be set back meanwhile
        answer: T | Halt
        try:
            async with asyncio.timeout(permit.seconds) as limit:
                answer, took = await ask()
        except Exception as error:
            if not (isinstance(error, TimeoutError) and limit.expired()):
                await self._cancel(permit)
                raise
            answer, took = permit.cut(), Usage(model_calls=1)
        if not took.input_tokens + took.output_tokens:
            reserved = permit.expected
            took = took.model_copy(
                update={"input_tokens": reserved.input_tokens, "output_tokens": reserved.output_tokens}
            )
        usage = self._priced(permit.model, took, time.monotonic() - started)
        await settle(permit.reservation, permit.claims, usage)
        return answer, usage

    def _standing(self) -> tuple[BudgetSection, ...]:
        """The sections the agent stands under: its own, and those of the teams that it works in."""
        return (*self.sections, *(section for above in inherited() for section in above.sections))

    def _said(self, field: str) -> list[BudgetSection]:
        """Its own sections, and those of the teams above that name the `field`."""
        return [*self.sections, *(s for s in self._standing()[len(self.sections) :] if field in s.model_fields_set)]

    def _priced(self, model: str, used: Usage, seconds: float = 0) -> Usage:
        """`used`, as the provider counted it, with its price and time."""
        prices = [cost(s.price(model), used.input_tokens, used.output_tokens) for s in self._standing()]
        return used.model_copy(
            update={"micro_usd": max(prices, default=0), "milliseconds": max(0, round(seconds * 1_000))}
        )

    async def _cancel(self, permit: Permit) -> None:
        if permit.claims:
            await release([permit.reservation])

    async def over(self, state: AgentState, answer_id: str, calls: Sequence[Call]) -> dict[str, str]:
        """By id, why those of the `calls` of an answer may not run that some bound has no room for."""
        refused: dict[str, str] = {}
        used, budget = used_in_run(state), self.budget(state)
        counted, clocked = dict(used.tools), dict(used.tool_milliseconds)
        bounds = budget.bounds() if budget else {}
        room, clock = bounds.get("tool_calls"), bounds.get("seconds")
        taken, ticked = used.tool_calls, used.milliseconds
        for call in calls:
            why = ""
            if room is not None and taken >= room:
                why = f"Over budget: at most {room:g} tool calls in this run."
            elif clock is not None and ticked >= units("seconds", clock):
                why = f"Over budget: at most {clock:g} seconds in this run."
            use = _use(state.get("run_id", ""), answer_id, call.id)
            why = why or self._over_tool(call.name, counted, clocked) or await reserve(use, self._claims(call.name))
            if why:
                refused[call.id] = why
                continue
            taken += 1
            counted[call.name] = counted.get(call.name, 0) + 1
            # What a call will take nobody knows; until it is over, its timeout is set aside.
            aside = self.timeouts.get(call.name, 0)
            ticked, clocked[call.name] = ticked + aside, clocked.get(call.name, 0) + aside
        return refused

    async def ran(self, origin: Origin | None, call: Call, seconds: float) -> None:
        """Puts the time that a call took in place of the timeout that was set aside for it."""
        if origin is not None and (claims := self._claims(call.name)):
            await settle_time(_use(origin.run_id, origin.answer_id, call.id), claims, round(seconds * 1_000))

    async def give_back(self, state: AgentState) -> None:
        """Gives back what was reserved for calls of the last answer that did not run."""
        answer = next((m for m in reversed(state["messages"]) if isinstance(m, AIMessage)), None)
        rulings = state.get("decisions", {})
        if answer is not None:
            calls = [*answer.tool_calls, *answer.invalid_tool_calls]
            idle = [
                _use(state.get("run_id", ""), answer.id or "", str(call["id"]))
                for call in calls
                if not isinstance(getattr(rulings.get(str(call["id"])), "decision", None), Allow)
                and self._claims(call["name"] or "")
            ]
            await release(idle)

    def _claims(self, tool: str) -> list[Claim]:
        return tool_claims(self._standing(), self.agent, tool, self.timeouts.get(tool, 0))

    def _circling(self, state: AgentState) -> str:
        for section in self._said("no_progress"):
            bound = section.no_progress
            if why := stuck(state["messages"], self.polling, repeats=bound.repeats, answers=bound.answers):
                return why
        return ""

    def _unpriced(self, model: str, budget: Budget | None) -> bool:
        sections = self._standing()
        counted = (budget and budget.usd is not None) or any(section.counts_money for section in sections)
        return bool(counted) and all(section.price(model) is None for section in sections)

    def _expected(self, messages: Sequence[BaseMessage], model: str, calls: int) -> Usage:
        read = sum(map(_length, messages)) // CHARACTERS_PER_TOKEN
        reply = max((section.reply for section in self._said("reply")), default=0)
        seconds = max((section.reply_seconds for section in self._said("reply_seconds")), default=0.0)
        used = Usage(input_tokens=read * calls, output_tokens=reply * calls, model_calls=calls)
        return self._priced(model, used, seconds)

    def _over_tool(self, tool: str, counted: Mapping[str, int], clocked: Mapping[str, int]) -> str:
        for section in self.sections:
            for name, seconds in section.tool_seconds.items():
                if named(name, tool) and sum_of(clocked, name) >= units("seconds", seconds):
                    return f"Over budget: at most {seconds:g} seconds of {name} in this run."
            for name, bound in section.tools.items():
                if named(name, tool) and sum_of(counted, name) >= bound:
                    return f"Over budget: at most {bound:,} calls of {name} in this run."
        return ""


def _length(message: BaseMessage) -> int:
    """Characters of what a model reads of the message; the arguments of its own calls are some of it."""
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return len(str(message.content)) + sum(len(call["name"]) + len(str(call["args"])) for call in calls)


def used_up(when: str, bound: str) -> Halt:
    """Why a run ends whose `bound` is used up, and how it can go on."""
    text = f"{when}: the task's budget is used up ({bound}). A new message begins with the whole of it again."
    return Halt(status=Status.BUDGET, text=f"{text} The pack (budgets.run, budgets.agents) and the task set it.")


def _room(full: str) -> str:
    """How a run can go on that found no room, and why is `full`."""
    if not full.startswith("Over budget"):
        return ""
    if full.endswith("in the team's run."):
        return " The team's pack sets it (budgets.agents), and a new message to the team begins with all of it again."
    return " Room comes back as time passes; the packs set how much (budgets.rates)."


def model_name(chat: BaseChatModel) -> str:
    """What the model is called, as prices name it."""
    return str(getattr(chat, "model_name", None) or getattr(chat, "model", None) or "")


def budgets_of(gate: Gate) -> list[BudgetSection]:
    """The section `budgets` of each pack behind `gate`."""
    return [section.budgets for section in gate.sections]


def used_in_run(state: AgentState) -> Usage:
    """What the run that goes on has used."""
    return (state.get("usage") or Usage()) - (state.get("before") or Usage())


def bounds_of(sections: Iterable[BudgetSection], agent: str) -> Budget | None:
    """What bounds one run of `agent` under all of `sections`."""
    return tightest(*(budget for section in sections for budget in section.of_run(agent)))


def allowance(state: AgentState, bounds: Budget | None) -> Budget | None:
    """What the run that goes on may still use under `bounds` and its task's; None when nothing bounds it."""
    task = state.get("task")
    budget = tightest(bounds, task.budget if task else None)
    return budget and budget.left(used_in_run(state))


def share(state: AgentState, bounds: Budget | None, count: int) -> Budget | None:
    """One of `count` equal shares of the allowance."""
    left = allowance(state, bounds)
    return left and left.shared(count)


def _overrun(budget: Budget, used: Usage, expected: Usage) -> str:
    """The bound that the call would most likely go over."""
    after = used + expected
    bounds = budget.bounds()
    return next((n for n in ("tokens", "usd") if n in bounds and spent(after, n) > units(n, bounds[n])), "")


def _use(run_id: str, answer_id: str, call_id: str) -> str:
    return f"{run_id}:{answer_id}:{call_id}"
