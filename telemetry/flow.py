"""The flow view: who handed what kind of thing to whom, in the order of the first time, with counts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lockgate.telemetry.facts import UNNAMED, Row, facts

PERSON = "a person"
"""The other end of a question, when no role is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """`count` messages of one kind from `sender` to `receiver`; the first at `first` seconds since the epoch."""

    sender: str
    receiver: str
    kind: str
    count: int
    first: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The agents in order of appearance, the people among them, and the arrows between them."""

    agents: tuple[str, ...]
    people: frozenset[str]
    arrows: tuple[Arrow, ...]
    asked: frozenset[str] = field(default=frozenset())
    """People who have not answered yet."""

    def _repr_svg_(self) -> str:
        from lockgate.telemetry.flow_svg import flow_svg

        return flow_svg(self)


def flow(events: Iterable[Row]) -> Flow:
    """Who sent what kind of message to whom: typed handoffs between agents, questions to people and their answers."""
    counts: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], float] = {}
    seen: dict[str, None] = {}
    people: dict[str, None] = {}
    asked: set[str] = set()

    def sent(sender: str, receiver: str, kind: str, at: float) -> None:
        arrow = (sender, receiver, kind)
        counts[arrow] += 1
        first[arrow] = min(at, first.get(arrow, at))

    for fact in facts(events):
        if fact.kind == "message":
            # Who gathers answers files them; then the detail says whose each is.
            sender, receiver = fact.told("from") or fact.agent, fact.name or UNNAMED
            seen |= dict.fromkeys((sender, receiver))
            sent(sender, receiver, fact.told("kind") or "message", fact.started)
            continue
        seen.setdefault(fact.agent)
        if fact.kind == "wait":
            person = " or ".join(fact.listed("approvers")[:4]) or PERSON
            # A role may be called as an agent is.
            person = person if person not in seen else f"{person} (a person)"
            people.setdefault(person)
            sent(fact.agent, person, f"question: {fact.name}" if fact.name else "question", fact.started)
            if fact.ended is None:
                asked.add(person)
            else:
                sent(person, fact.agent, fact.status or "answered", fact.ended)
    arrows = [Arrow(sender=s, receiver=r, kind=k, count=counts[s, r, k], first=at) for (s, r, k), at in first.items()]
    arrows.sort(key=lambda arrow: arrow.first)
    return Flow(
        agents=(*seen, *(person for person in people if person not in seen)),
        people=frozenset(people),
        arrows=tuple(arrows),
        asked=frozenset(asked),
    )
