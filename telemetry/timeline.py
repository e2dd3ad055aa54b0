"""The Gantt view: a row for each task, or for each run of an agent that was given none, and what it did when."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, get_args

from lockgate.handoff import ENDED
from lockgate.telemetry.axis import Axis, union, without
from lockgate.telemetry.facts import Fact, Row, facts

State = Literal["pending", "running", "blocked", "model", "tool", "waiting"]
"""`pending`: a task that has not begun. `blocked`: an agent that waits for others. `waiting`: for a person."""

STATES: tuple[State, ...] = get_args(State)
"""In the order in which they are drawn: a later one covers an earlier one."""

FINAL = frozenset(map(str, ENDED))
"""Statuses that a task does not leave."""
_WORK: frozenset[State] = frozenset({"running", "model", "tool"})
_SPANS: dict[str, State] = {"node": "running", "model": "model", "call": "tool", "wait": "waiting"}
_TASK_SPANS: dict[str, State] = {"pending": "pending", "running": "running", "waiting": "waiting"}
_LAST_NODE = "output_guard"
"""Every run of an agent ends in this node."""
_WHOM = 50
"""Open handoffs that are looked at to say whom an agent waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a row did from `start` to `end` (seconds since the epoch). `whom`: the tool or model, or who is waited for.

    `going` while it lasts: then `end` is the end of the picture.
    """

    start: float
    end: float
    state: State
    whom: tuple[str, ...] = ()
    going: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One row. `task` is empty for an agent that was given none. `status` is empty while it goes on or is not known."""

    agent: str
    task: str
    spans: tuple[Span, ...]
    status: str

    @property
    def start(self) -> float:
        """When it began, in seconds since the epoch."""
        return min(span.start for span in self.spans)

    @property
    def end(self) -> float:
        """When it last did anything, in seconds since the epoch."""
        return max(span.end for span in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Lanes in the order in which they began, from `begin` to `end` (seconds since the epoch)."""

    begin: float
    end: float
    lanes: tuple[Lane, ...]

    def axis(self) -> Axis:
        """Where times lie; stretches in which nobody works are cut short."""
        asked = any(span.going and span.state == "waiting" for lane in self.lanes for span in lane.spans)
        busy = (stretch for lane in self.lanes for stretch in _busy(lane, asked=asked))
        return Axis.of(self.begin, self.end, busy)

    def _repr_svg_(self) -> str:
        from lockgate.telemetry.timeline_svg import timeline_svg

        return timeline_svg(self)


def _busy(lane: Lane, *, asked: bool) -> list[tuple[float, float]]:
    """When a lane worked. A task counts as running also while its worker waits for a person, which is no work.

    Nor is it work that an agent goes on, as far as is known, while a person is `asked`.
    """
    guessed = asked and not lane.task
    spans = [s for s in lane.spans if s.state in _WORK and not (guessed and s.going and s.state == "running")]
    work = union((span.start, span.end) for span in spans)
    return without(work, union((span.start, span.end) for span in lane.spans if span.state == "waiting"))


@dataclass(slots=True, kw_only=True)
class _Draft:
    agent: str
    task: str = ""
    spans: list[Span] = field(default_factory=list)
    status: str = ""

    def lane(self) -> Lane:
        spans = sorted(self.spans, key=lambda span: (STATES.index(span.state), span.start))
        return Lane(agent=self.agent, task=self.task, spans=tuple(spans), status=self.status)


def gantt(events: Iterable[Row], *, now: float | None = None) -> Timeline:
    """When each agent ran, and when it waited and for whom.

    `now` (seconds since the epoch) is for a run that still goes on: what has not ended lasts until then. Without it
    the picture ends with the last event.
    """
    found = facts(events)
    if not found:
        return Timeline(begin=now or 0.0, end=now or 0.0, lanes=())
    end = max(now or 0.0, *(fact.last for fact in found))
    tasks = _tasks(found, end)
    home = _Index((draft, _begun(draft)) for draft in tasks)
    drafts = list(tasks)
    blocked = _blocked(found, end)
    handed_over = {agent for agent, span in blocked if span.going}
    for agent, stint in _stints(found):
        spans = [span for fact in stint for span in _span(fact, end)]
        if (owner := home.claim(agent, stint[0].started)) is not None:
            owner.spans += spans
            continue
        waits = agent in handed_over or any(span.going for span in spans)
        if now is not None and not waits and not any(fact.node == _LAST_NODE for fact in stint):
            spans.append(Span(start=max(fact.last for fact in stint), end=end, state="running", going=True))
        drafts.append(_Draft(agent=agent, spans=spans))
    drafts += _add_blocked(drafts, blocked)
    lanes = sorted((draft.lane() for draft in drafts if draft.spans), key=lambda lane: lane.start)
    return Timeline(begin=found[0].started, end=end, lanes=tuple(lanes))


class _Index:
    """The drafts of each agent by the time they began."""

    def __init__(self, drafts: Iterable[tuple[_Draft, float]]) -> None:
        self._by_agent: dict[str, list[tuple[float, _Draft]]] = defaultdict(list)
        for draft, begun in drafts:
            self._by_agent[draft.agent].append((begun, draft))
        for own in self._by_agent.values():
            own.sort(key=lambda pair: pair[0])
        self._taken: set[int] = set()

    def last(self, agent: str, at: float) -> _Draft | None:
        """The one that began last, but not after `at`."""
        own = self._by_agent.get(agent, [])
        number = bisect_right(own, at, key=lambda pair: pair[0])
        return own[number - 1][1] if number else None

    def claim(self, agent: str, at: float) -> _Draft | None:
        """The task that a run of its worker from `at` on belongs to.

        It is the one that began last before and has no run yet. A task that waits for a person is told to have begun
        only when it goes on, so the next one that is known by then will do.
        """
        own = self._by_agent.get(agent, [])
        number = bisect_right(own, at, key=lambda pair: pair[0])
        near = [*reversed(own[:number]), *own[number:]]
        free = (d for _, d in near if id(d) not in self._taken and d.spans[0].start <= at)
        if (found := next(free, None)) is not None:
            self._taken.add(id(found))
            return found
        return self.last(agent, at)


def _span(fact: Fact, end: float) -> list[Span]:
    """The span of a node, model call, tool call or wait; none for what takes no time worth a bar."""
    state = _SPANS.get(fact.kind)
    if state is None:
        return []
    whom = fact.listed("approvers") if state == "waiting" else (fact.name,) if fact.name else ()
    going = fact.ended is None
    return [Span(start=fact.started, end=end if going else fact.last, state=state, whom=whom, going=going)]


def _stints(found: Sequence[Fact]) -> Iterator[tuple[str, list[Fact]]]:
    """What each agent did in each of its runs, or in each task of one. What belongs to no run counts for the last."""
    work = [fact for fact in found if fact.kind in _SPANS]
    places: dict[str, set[str]] = defaultdict(set)
    for fact in work:
        places[fact.agent].add(fact.place)
    stints: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    latest: dict[str, str] = {}
    for fact in work:
        run = latest[fact.agent] = fact.run_id or latest.get(fact.agent, "")
        stints[fact.agent, run, _outermost(fact.place, places[fact.agent])].append(fact)
    for (agent, _, _), stint in stints.items():
        yield agent, stint


def _outermost(place: str, known: set[str]) -> str:
    """The graph around `place` furthest out that the agent was in."""
    if "" in known:
        return ""
    parts = place.split("|")
    return next(("|".join(parts[:n]) for n in range(1, len(parts)) if "|".join(parts[:n]) in known), place)


def _tasks(found: Sequence[Fact], end: float) -> list[_Draft]:
    """A draft for each task, from the statuses it went through. The same id after a final status is a new task."""
    rounds: dict[str, list[list[Fact]]] = {}
    for fact in found:
        if fact.kind == "task":
            own = rounds.setdefault(fact.name, [[]])
            if own[-1] and own[-1][-1].status in FINAL and fact.status not in FINAL:
                own.append([])
            own[-1].append(fact)
    workers = {name: own[-1][-1].agent for name, own in rounds.items()}
    return [_task(steps, workers, end) for own in rounds.values() for steps in own]


def _task(steps: Sequence[Fact], workers: dict[str, str], end: float) -> _Draft:
    last = steps[-1]
    draft = _Draft(agent=last.agent, task=last.name, status=last.status if last.status in FINAL else "")
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        state = _TASK_SPANS.get(step.status)
        if state is None:
            # A final status may tell the whole time of the task; most often it is a moment.
            draft.spans.append(Span(start=step.started, end=step.last, state="running"))
            continue
        until = max(step.last, following.started) if following else end
        depends = step.listed("depends_on") if state == "pending" else ()
        whom = tuple(f"{name} ({workers[name]})" if name in workers else name for name in depends[:_WHOM])
        draft.spans.append(Span(start=step.started, end=until, state=state, whom=whom, going=following is None))
    return draft


def _begun(draft: _Draft) -> float:
    """When a task left the queue; never, while it is in it."""
    return min((span.start for span in draft.spans if span.state != "pending"), default=float("inf"))


def _blocked(found: Sequence[Fact], end: float) -> list[tuple[str, Span]]:
    """For each agent that handed tasks over: when it waited for their results, and for whom."""
    waits: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    since: dict[str, float] = {}
    spans: list[tuple[str, Span]] = []

    def until(agent: str, at: float, *, going: bool = False) -> None:
        whom = tuple(dict.fromkeys(receiver for receiver, _ in islice(waits[agent], _WHOM)))
        if whom and at > since[agent]:
            spans.append((agent, Span(start=since[agent], end=at, state="blocked", whom=whom, going=going)))
        since[agent] = at

    for fact in found:
        if fact.kind != "message":
            continue
        task, kind = fact.told("task_id"), fact.told("kind")
        if kind == "AgentTask":
            until(fact.agent, fact.started)
            waits[fact.agent][fact.name, task] = None
        elif kind == "AgentResult" and (fact.agent, task) in waits[fact.name]:
            until(fact.name, fact.started)
            del waits[fact.name][fact.agent, task]
    for agent in list(waits):
        until(agent, end, going=True)
    return spans


def _add_blocked(drafts: Sequence[_Draft], blocked: Sequence[tuple[str, Span]]) -> list[_Draft]:
    """Gives each wait to the draft of that agent that had begun last; returns new ones for agents without any."""
    index = _Index((draft, min(span.start for span in draft.spans)) for draft in drafts if draft.spans)
    new: dict[str, _Draft] = {}
    for agent, span in blocked:
        owner = index.last(agent, span.start) or new.setdefault(agent, _Draft(agent=agent))
        owner.spans.append(span)
    return list(new.values())
