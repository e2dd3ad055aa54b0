"""`Meter`: what an agent may still use, reserved before a model call and settled after it.

Bounds of one run are counted in the state, so they are kept across resumes. Rates over many runs are counted in
Postgres, through the run's checkpointer.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from lockgate.deadline import Deadline, deadline
from lockgate.decision import Allow, Call
from lockgate.guardrails.budgets.progress import POLLING, stuck
from lockgate.guardrails.budgets.section import BudgetSection, Rate, cost, named, sum_of
from lockgate.handoff import Budget, Status, Usage, amount, spent, tightest, units
from lockgate.nodes.node import Update, caller, checkpointer
from lockgate.ports import RateStore, Share
from lockgate.runtime.saver import PostgresSaver
from lockgate.spec import ToolSpec
from lockgate.state import AgentState, Note

T = TypeVar("T")

CHARACTERS_PER_TOKEN = 4
"""Of English text, by the tokenizers of the large providers; only what is reserved is reckoned with it."""
RESERVED_FOR = 900.0
"""Seconds until what a runner reserved for a model call counts as given back: it must have died."""


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
    """

    model: str
    seconds: float | None
    reservation: str = ""
    claims: tuple[tuple[Share, str], ...] = ()
    """Each with the measure it is of."""
    until: Deadline | None = None

    def cut(self) -> Halt:
        """Why the run ends when the call took longer than it might."""
        if self.until:
            return Halt(status=Status.DEADLINE, text=f"Stopped a model call: {self.until}.")
        return Halt(status=Status.BUDGET, text="Stopped a model call: the task's budget is used up (seconds).")


class Meter:
    """Holds the `sections` of all packs an agent stands under; every bound of each of them counts."""

    def __init__(self, sections: Sequence[BudgetSection], tools: Mapping[str, ToolSpec], agent: str) -> None:
        self.sections = tuple(sections)
        self.agent = agent
        self.run = bounds_of(self.sections, agent)
        self.rates = tuple(rate for section in self.sections for rate in section.rates)
        self.reply = max((section.reply for section in self.sections), default=0)
        self.timeouts = {name: round(spec.timeout * 1_000) for name, spec in tools.items()}
        self.polling = frozenset(name for name, spec in tools.items() if POLLING in spec.tags)

    def budget(self, state: AgentState) -> Budget | None:
        """What bounds this run: the packs, and the task it works on."""
        task = state.get("task")
        return tightest(self.run, task.budget if task else None)

    async def admit(self, state: AgentState, messages: Sequence[BaseMessage], model: str, calls: int) -> Permit | Halt:
        """Reserves what `calls` calls of the `model` with `messages` will take, or says why they may not be made."""
        if why := self._circling(state):
            return Halt(status=Status.NO_PROGRESS, text=f"Stopped: {why}.")
        if (until := deadline()) and until.passed:
            return Halt(status=Status.DEADLINE, text=f"Stopped before a model call: {until}.")
        budget = self.budget(state)
        if not (budget and budget.bounds()) and not self.rates:
            return Permit(model=model, seconds=until.left if until else None, until=until)
        if self._unpriced(model, budget):
            text = f"Stopped: a budget in USD is set, but the packs have no price for the model {model or '(unnamed)'}."
            return Halt(status=Status.BUDGET, text=text)
        expected = self._expected(messages, model, calls)
        left = None
        if budget:
            used = used_in_run(state)
            if full := budget.exhausted(used) or _overrun(budget, used, expected):
                text = f"Stopped before a model call: the task's budget is used up ({full})."
                return Halt(status=Status.BUDGET, text=text)
            left = budget.left(used).seconds
        if until and (left is None or until.left < left):
            left = until.left
        else:
            until = None
        permit = Permit(model=model, seconds=left, until=until)
        await self._count_tools(state)
        claims = tuple(
            (self._claim(rate, measure, bound, spent(expected, measure)), str(measure))
            for rate in self.rates
            for measure, bound in rate.bounds()
            if measure != "tool_calls"
        )
        if not claims:
            return permit
        permit = replace(permit, reservation=uuid.uuid4().hex, claims=claims)
        if full := await self._reserve(permit.reservation, [c for c, _ in claims], expires_after=RESERVED_FOR):
            return Halt(status=Status.BUDGET, text=f"Stopped before a model call: {full}")
        return permit

    async def spend(self, permit: Permit, ask: Callable[[], Awaitable[tuple[T, Usage]]]) -> tuple[T | Halt, Usage]:
        """What `ask` comes to within the time of `permit`, else a Halt; and what that took, with its price and time.

        `ask` says what its model calls used, as the provider counted it. That takes the place of what `permit`
        reserved, or all of it is given back when `ask` raises.
        """
        started = time.time()
        answer: T | Halt
        try:
            async with asyncio.timeout(permit.seconds) as limit:
                answer, took = await ask()
        except Exception as error:
            if not (isinstance(error, TimeoutError) and limit.expired()):
                await self._cancel(permit)
                raise
            answer, took = permit.cut(), Usage(model_calls=1)
        usage = self._priced(permit.model, took, time.time() - started)
        await self._settle(permit, usage)
        return answer, usage

    def _priced(self, model: str, used: Usage, seconds: float = 0) -> Usage:
        """`used`, as the provider counted it, with its price and time."""
        prices = [cost(s.price(model), used.input_tokens, used.output_tokens) for s in self.sections]
        return used.model_copy(
            update={"micro_usd": max(prices, default=0), "milliseconds": max(0, round(seconds * 1_000))}
        )

    async def _settle(self, permit: Permit, used: Usage) -> None:
        if permit.claims and (store := rate_store()):
            claims = {claim.key: replace(claim, amount=spent(used, measure)) for claim, measure in permit.claims}
            await store.settle(permit.reservation, list(claims.values()))

    async def _cancel(self, permit: Permit) -> None:
        if permit.claims and (store := rate_store()):
            await store.release([permit.reservation])

    async def over(self, state: AgentState, answer: AIMessage, calls: Sequence[Call]) -> dict[str, str]:
        """By id, why those of the `calls` of `answer` may not run that some bound has no room for."""
        refused: dict[str, str] = {}
        used, budget = used_in_run(state), self.budget(state)
        counted, clocked = dict(used.tools), dict(used.tool_milliseconds)
        room = budget.bounds().get("tool_calls") if budget else None
        taken = used.tool_calls
        for call in calls:
            why = ""
            if room is not None and taken >= room:
                why = f"Over budget: at most {room:g} tool calls in this run."
            why = why or self._over_tool(call.name, counted, clocked) or await self._over_rate(state, answer, call)
            if why:
                refused[call.id] = why
                continue
            taken += 1
            counted[call.name] = counted.get(call.name, 0) + 1
            # What a call will take nobody knows; until it is over, its timeout is set aside.
            clocked[call.name] = clocked.get(call.name, 0) + self.timeouts.get(call.name, 0)
        return refused

    async def give_back(self, state: AgentState) -> None:
        """Gives back what was reserved for calls of the last answer that did not run."""
        if not self._tool_rates() or (store := rate_store()) is None:
            return
        answer = next((m for m in reversed(state["messages"]) if isinstance(m, AIMessage)), None)
        rulings = state.get("decisions", {})
        if answer is not None:
            ids = [str(call["id"]) for call in [*answer.tool_calls, *answer.invalid_tool_calls]]
            idle = [i for i in ids if i not in rulings or not isinstance(rulings[i].decision, Allow)]
            if idle:
                await store.release([_use(state, answer, call_id) for call_id in idle])

    def _circling(self, state: AgentState) -> str:
        for section in self.sections:
            bound = section.no_progress
            if why := stuck(state["messages"], self.polling, repeats=bound.repeats, answers=bound.answers):
                return why
        return ""

    def _unpriced(self, model: str, budget: Budget | None) -> bool:
        counted = (budget and budget.usd is not None) or any(section.counts_money for section in self.sections)
        return bool(counted) and all(section.price(model) is None for section in self.sections)

    def _expected(self, messages: Sequence[BaseMessage], model: str, calls: int) -> Usage:
        read = sum(len(str(message.content)) for message in messages) // CHARACTERS_PER_TOKEN
        return self._priced(
            model, Usage(input_tokens=read * calls, output_tokens=self.reply * calls, model_calls=calls)
        )

    async def _count_tools(self, state: AgentState) -> None:
        """Puts the time that the run's tools have taken so far under the rates that bound time."""
        bounds = [(rate, bound) for rate in self.rates for measure, bound in rate.bounds() if measure == "seconds"]
        taken = sum(used_in_run(state).tool_milliseconds.values())
        if bounds and taken and (store := rate_store()):
            claims = {claim.key: claim for claim in (self._claim(r, "seconds", bound, taken) for r, bound in bounds)}
            task = state.get("task")
            # One row an agent and run, which grows: to be told again after a crash does no harm.
            name = json.dumps([state.get("run_id", ""), self.agent, task.task_id if task else "", "tools"])
            await store.settle(name, list(claims.values()))

    def _over_tool(self, tool: str, counted: Mapping[str, int], clocked: Mapping[str, int]) -> str:
        for section in self.sections:
            for name, seconds in section.tool_seconds.items():
                if named(name, tool) and sum_of(clocked, name) >= units("seconds", seconds):
                    return f"Over budget: at most {seconds:g} seconds of {name} in this run."
            for name, bound in section.tools.items():
                if named(name, tool) and sum_of(counted, name) >= bound:
                    return f"Over budget: at most {bound:,} calls of {name} in this run."
        return ""

    def _tool_rates(self) -> list[tuple[Rate, float]]:
        return [(rate, bound) for rate in self.rates for measure, bound in rate.bounds() if measure == "tool_calls"]

    async def _over_rate(self, state: AgentState, answer: AIMessage, call: Call) -> str:
        claims = [
            self._claim(rate, "tool_calls", bound, 1, tool=call.name)
            for rate, bound in self._tool_rates()
            if rate.covers(call.name)
        ]
        return await self._reserve(_use(state, answer, call.id), claims) if claims else ""

    def _claim(self, rate: Rate, measure: str, bound: float, count: int, *, tool: str = "") -> Share:
        who = caller()
        match rate.by:
            case "user":
                subject = [who.tenant, who.user]
            case "tenant":
                subject = [who.tenant]
            case "agent":
                subject = [self.agent]
            case "tool":
                subject = [tool]
            case "everyone":
                subject = []
        key = json.dumps([rate.by, subject, measure, rate.window, rate.tools and list(rate.tools)])
        return Share(key=key, window=rate.window, bound=units(measure, bound), amount=count)

    async def _reserve(self, reservation: str, claims: Sequence[Share], *, expires_after: float | None = None) -> str:
        """Why there is no room for the claims, or an empty string."""
        tight: dict[str, Share] = {}
        for claim in claims:
            known = tight.get(claim.key)
            tight[claim.key] = claim if known is None or claim.bound < known.bound else known
        claims = list(tight.values())
        store = rate_store()
        if store is None:
            return "the pack sets rates, which are counted in Postgres, but this run has no Postgres checkpointer."
        full = await store.reserve(reservation, claims, expires_after=expires_after)
        if not full:
            return ""
        by, _, measure, window, _ = json.loads(full)
        bound = next(claim.bound for claim in claims if claim.key == full)
        return f"Over budget: at most {amount(measure, bound):,} {measure} in {window:g} s for each {by}."


def model_name(chat: BaseChatModel) -> str:
    """What the model is called, as prices name it."""
    return str(getattr(chat, "model_name", None) or getattr(chat, "model", None) or "")


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


def rate_store() -> RateStore | None:
    """Where the run that goes on counts rates; None without a Postgres checkpointer."""
    saver = checkpointer()
    return saver.rates if isinstance(saver, PostgresSaver) else None


def _overrun(budget: Budget, used: Usage, expected: Usage) -> str:
    """The bound that the call would most likely go over."""
    after = used + expected
    bounds = budget.bounds()
    return next((n for n in ("tokens", "usd") if n in bounds and spent(after, n) > units(n, bounds[n])), "")


def _use(state: AgentState, answer: AIMessage, call_id: str) -> str:
    return f"{state.get('run_id', '')}:{answer.id}:{call_id}"
