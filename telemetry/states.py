"""The states view: for each agent the nodes it was in, how often it went from one to another, and where it is now."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lockgate.telemetry.facts import Fact, Row, facts

START, END = "(start)", "(end)"
_LAST_NODE = "output_guard"
"""Every run of an agent ends in this node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One agent. `states` maps a node to how often it was entered and how many seconds it took in all.

    `moves` maps (from, to) to how often; `START` and `END` stand for the borders of a run. `now` are the states it
    waits in.
    """

    agent: str
    states: dict[str, tuple[int, float]]
    moves: dict[tuple[str, str], int]
    now: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """One machine for each agent, in order of appearance."""

    machines: tuple[Machine, ...]

    def _repr_svg_(self) -> str:
        from lockgate.telemetry.states_svg import states_svg

        return states_svg(self)


@dataclass(slots=True)
class _Visit:
    state: str
    start: float
    seconds: float
    waited: bool


_Chain = list[_Visit]


def states(events: Iterable[Row], *, now: float | None = None) -> Machines:
    """The state machine of each agent, as far as the events tell it: what was never entered is not there.

    Calls of one answer run side by side, so one state may lead into several at a time. `now` (seconds since the
    epoch) is the end of a wait that still lasts; without it the last event is. Which calls ran side by side is
    known from the rows of the record; events in memory are taken one after the other.
    """
    found = facts(events)
    end = max([now or 0.0, *(fact.last for fact in found)])
    runs: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    latest: dict[str, str] = {}
    for fact in found:
        if fact.kind in ("node", "wait"):
            run = latest[fact.agent] = fact.run_id or latest.get(fact.agent, "")
            runs[fact.agent][run].append(fact)
    return Machines(machines=tuple(_machine(agent, own.values(), end) for agent, own in runs.items()))


def _machine(agent: str, runs: Iterable[Sequence[Fact]], end: float) -> Machine:
    entered: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    moves: Counter[tuple[str, str]] = Counter()
    now: set[str] = set()
    for run in runs:
        chains = _chains(run, end)
        for visit in (visit for chain in chains.values() for visit in chain):
            entered[visit.state] += 1
            seconds[visit.state] += visit.seconds
        moves.update(_moves(chains))
        now.update(_state(fact) for fact in run if fact.ended is None)
    told = {state: (count, seconds[state]) for state, count in entered.items()}
    return Machine(agent=agent, states=told, moves=dict(moves), now=frozenset(now))


def _state(fact: Fact) -> str:
    return fact.node or fact.name or fact.kind


def _chains(run: Sequence[Fact], end: float) -> dict[str, _Chain]:
    """The visits of each graph of the run, in order. A wait and the node that waited are one visit."""
    chains: dict[str, _Chain] = defaultdict(list)
    for fact in run:
        chain, state = chains[fact.place], _state(fact)
        took = (end if fact.ended is None else fact.ended) - fact.started
        if chain and chain[-1].waited and chain[-1].state == state:
            chain[-1].seconds += took
        else:
            chain.append(_Visit(state, fact.started, took, fact.kind == "wait"))
    return chains


def _moves(chains: dict[str, _Chain]) -> Iterator[tuple[str, str]]:
    """The moves within each graph, and those from a graph into the graphs it started and back."""
    inner: dict[str, list[_Chain]] = defaultdict(list)
    outermost: list[str] = []
    for place, chain in chains.items():
        around = _around(place, chains)
        if around is None:
            outermost.append(place)
        else:
            inner[around].append(chain)
    for place, chain in chains.items():
        started = sorted(inner[place], key=lambda other: other[0].start)
        starts = [other[0].start for other in started]
        if place in outermost:
            yield START, chain[0].state
            if chain[-1].state == _LAST_NODE:
                yield chain[-1].state, END
        for before, after in pairwise([*chain, None]):
            if before is None:
                continue
            until = len(starts) if after is None else bisect_left(starts, after.start)
            between = started[bisect_left(starts, before.start) : until]
            for other in between:
                yield before.state, other[0].state
                if after is not None:
                    yield other[-1].state, after.state
            if after is not None and not between:
                yield before.state, after.state


def _around(place: str, chains: dict[str, _Chain]) -> str | None:
    """The nearest graph around this one that the agent was in; None for the outermost."""
    while place:
        place = place.rpartition("|")[0]
        if place in chains:
            return place
    return None
