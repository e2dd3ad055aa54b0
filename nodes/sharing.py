"""Bounds that several share: rates over time, and in a team's run what the team's pack says of agents and tools.

Each is a sum in a `RateStore`. What is needed of it is reserved before it is used and settled after, so no two can both
take the last of it.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from lockgate.errors import StoreError
from lockgate.guardrails.budgets.inherited import inherited
from lockgate.guardrails.budgets.section import BudgetSection, Rate, named
from lockgate.handoff import Usage, amount, spent, units
from lockgate.nodes.node import caller, checkpointer
from lockgate.ports import RateStore, Share
from lockgate.recording import played
from lockgate.runtime.budgets import IN_PROCESS, RUN, RUN_WINDOW
from lockgate.runtime.saver import PostgresSaver
from lockgate.text import clean

log = logging.getLogger(__name__)

_NO_STORE = (
    "the pack sets rates, which are counted in Postgres, but this run has no Postgres checkpointer. "
    "Build the graph with checkpointer=await open_checkpointer(), or take the rates out of the pack."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A share of what `measure` counts; `told` is the bound in words."""

    share: Share
    measure: str
    told: str
    lasting: bool
    """Whether it holds over all runs, and so must be counted in Postgres."""

    def settled(self, used: Usage) -> Share:
        """The share that `used` is."""
        return replace(self.share, amount=spent(used, self.measure))


def model_claims(sections: Iterable[BudgetSection], agent: str, expected: Usage) -> list[Claim]:
    """What model calls of `agent` need that take as much as `expected`.

    How long they take nobody knows, so of time what is left will do.
    """
    claims = [
        _of_rate(rate, measure, bound, spent(expected, measure), agent=agent)
        for rate in _rates(sections)
        if not rate.of_tools
        for measure, bound in rate.bounds()
        if measure != "tool_calls"
    ]
    claims += [
        _of_agent(path, agent, measure, bound, spent(expected, measure))
        for path, measure, bound in _of_agents(agent)
        if measure != "tool_calls"
    ]
    return _tightest(claims)


def tool_claims(sections: Iterable[BudgetSection], agent: str, tool: str, timeout: int) -> list[Claim]:
    """What one call of `tool` needs: a call, and of time its `timeout` in milliseconds, or what is left of it."""
    needed = {"tool_calls": 1, "seconds": timeout}
    claims = [
        _of_rate(rate, measure, bound, needed[measure], agent=agent, tool=tool)
        for rate in _rates(sections)
        if rate.covers(tool)
        for measure, bound in rate.bounds()
        if measure in needed
    ]
    claims += [
        _of_agent(path, agent, measure, bound, needed[measure])
        for path, measure, bound in _of_agents(agent)
        if measure in needed
    ]
    for above in inherited():
        for section in above.sections:
            for measure, bounds in (("tool_calls", section.tools), ("seconds", section.tool_seconds)):
                told = "calls" if measure == "tool_calls" else "seconds"
                claims += [
                    _of_run(
                        [*above.path, "tools", name], measure, bound, needed[measure], f"{bound:,g} {told} of {name}"
                    )
                    for name, bound in bounds.items()
                    if named(name, tool)
                ]
    return _tightest(claims)


async def reserve(reservation: str, claims: Sequence[Claim], *, expires_after: float | None = None) -> str:
    """Why there is no room for all of the claims, or an empty string."""
    if not claims:
        return ""
    store = _store(claims)
    if store is None:
        return _NO_STORE
    full = await store.reserve(reservation, [claim.share for claim in claims], expires_after=expires_after)
    return next((f"Over budget: at most {claim.told}." for claim in claims if claim.share.key == full), full)


async def settle(reservation: str, claims: Sequence[Claim], used: Usage) -> None:
    """Puts what was `used` in place of what was reserved."""
    if claims and (store := _store(claims)):
        await store.settle(reservation, [claim.settled(used) for claim in claims])


async def settle_time(reservation: str, claims: Sequence[Claim], milliseconds: int) -> None:
    """Puts the time that a tool took in place of its timeout.

    When that cannot be written the timeout goes on to count: the call has been made, and must not fail for it.
    """
    timed = [claim for claim in claims if claim.measure == "seconds"]
    try:
        await settle(reservation, timed, Usage(milliseconds=milliseconds))
    except StoreError:
        log.warning("The time of a tool could not be counted; its timeout counts in its place.", exc_info=True)


async def release(reservations: Sequence[str]) -> None:
    """Gives back what was reserved and not used."""
    for store in (IN_PROCESS, _postgres()):
        if store is not None and reservations:
            await store.release(reservations)


def _store(claims: Sequence[Claim]) -> RateStore | None:
    """Where the claims are counted; None when they need a Postgres checkpointer and the run has none."""
    return _postgres() or (None if any(claim.lasting for claim in claims) else IN_PROCESS)


def _postgres() -> RateStore | None:
    saver = checkpointer()
    return saver.rates if isinstance(saver, PostgresSaver) else None


def _rates(sections: Iterable[BudgetSection]) -> Iterator[Rate]:
    # What is played again has been counted when it happened.
    return iter(()) if played() is not None else (rate for section in sections for rate in section.rates)


def _of_agents(agent: str) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """What the teams above say of the agent: in which run, the measure and the bound."""
    for above in inherited() if played() is None else ():
        for section in above.sections:
            for name, bounds in section.agents.items():
                if named(name, agent):
                    yield from ((above.path, measure, bound) for measure, bound in bounds.budget().bounds().items())


def _of_agent(path: Sequence[str], agent: str, measure: str, bound: float, count: int) -> Claim:
    return _of_run([*path, "agents", agent], measure, bound, count, f"{bound:,g} {measure} of {agent}")


def _of_run(subject: Sequence[str], measure: str, bound: float, count: int, told: str) -> Claim:
    share = _share([RUN, [*subject], measure], RUN_WINDOW, measure, bound, count)
    return Claim(share=share, measure=measure, told=f"{told} in the team's run", lasting=False)


def _of_rate(rate: Rate, measure: str, bound: float, count: int, *, agent: str, tool: str = "") -> Claim:
    who = caller()
    match rate.by:
        case "user":
            subject = [clean(who.tenant), clean(who.user)]
        case "tenant":
            subject = [clean(who.tenant)]
        case "agent":
            subject = [agent]
        case "tool":
            subject = [tool]
        case "everyone":
            subject = []
    # Without NULs and halves of surrogate pairs, which JSON can name and Postgres cannot read.
    key = [rate.by, subject, measure, rate.window, rate.tools and list(rate.tools)]
    share = _share(key, rate.window, measure, bound, count)
    told = f"{amount(measure, share.bound):,} {measure} in {rate.window:g} s for each {rate.by}"
    return Claim(share=share, measure=measure, told=told, lasting=True)


def _share(key: object, window: float, measure: str, bound: float, count: int) -> Share:
    return Share(
        key=json.dumps(key),
        window=window,
        bound=units(measure, bound),
        amount=count,
        least=min(count, 1) if measure == "seconds" else None,
    )


def _tightest(claims: Iterable[Claim]) -> list[Claim]:
    """One claim for each key, that with the smallest bound."""
    tight: dict[str, Claim] = {}
    for claim in claims:
        known = tight.get(claim.share.key)
        tight[claim.share.key] = claim if known is None or claim.share.bound < known.share.bound else known
    return list(tight.values())
