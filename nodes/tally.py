"""Counting answers: the vote, and the end of a debate."""

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.messages import AIMessage

from lockgate.argument import Position, Verdict
from lockgate.deadline import overdue
from lockgate.handoff import Status
from lockgate.nodes.node import Node, Update
from lockgate.state import Note


def counted(positions: Iterable[Position]) -> Counter[str]:
    """Votes by the form that answers are compared in; a position with an error has no vote."""
    return Counter(position.key for position in positions if not position.error)


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def vote(positions: Sequence[Position]) -> Verdict | None:
    """The answer most positions give; a tie goes to the more confident side, then to the one first in `positions`.

    None when no position has an answer.
    """
    votes = counted(positions)
    if not votes:
        return None
    backed = {key: sum(p.confidence for p in positions if p.key == key and not p.error) for key in votes}
    # Counters keep the order of first appearance, and `max` takes the first of equals.
    winner = max(votes, key=lambda key: (votes[key], backed[key]))
    best = max((p for p in positions if p.key == winner and not p.error), key=lambda p: p.confidence)
    against = [p for p in positions if p.key != winner and not p.error]
    other = max(against, key=lambda p: (votes[p.key], p.confidence), default=None)
    return Verdict(
        answer=best.answer,
        by="vote",
        reasons=best.reasons,
        confidence=votes[winner] / votes.total(),
        dissent=f"{other.answer}: {other.reasons}" if other else "",
        votes=dict(votes),
        debaters=sorted({p.debater for p in positions if p.key == winner and not p.error}),
    )


def tied(positions: Sequence[Position]) -> str:
    """How a vote without a majority was decided, for a note; empty when it needed no such thing."""
    leaders = [key for key, count in counted(positions).items() if count == max(counted(positions).values())]
    if len(leaders) < 2:  # noqa: PLR2004
        return ""
    return f"{len(leaders)} answers have the same number of votes; the more confident side stands, else the first."


def conclude(*, agent: str = "") -> Node:
    """The end of a debate: the verdict, or a vote without one, as `answer`, and the `baseline` beside it.

    The baseline is the vote on what the debaters said alone. A run without any answer has failed.
    """

    def body(state: dict[str, Any]) -> Update:
        positions: list[Position] = state.get("positions", [])
        alone = [position for position in positions if position.round == 0]
        verdict: Verdict | None = state.get("verdict")
        # A vote in place of the judge's ruling, or none at all, may be the deadline's doing.
        return {**_ended(verdict, late=verdict is None or verdict.by == "vote"), "baseline": vote(alone)}

    return Node("conclude", body, agent=agent)


def poll(*, agent: str = "") -> Node:
    """The end of a majority vote: every position is one ballot."""

    def body(state: dict[str, Any]) -> Update:
        positions: list[Position] = state.get("positions", [])
        verdict = vote(positions)
        lost = [position for position in positions if position.error]
        void = f"{len(lost)} of {len(positions)} ballots are void: {lost[0].error}" if lost else ""
        told = [text for text in (void, tied(positions)) if text]
        notes = [Note(source="poll", text=text, at=time.time()) for text in told]
        return {**_ended(verdict, late=bool(lost)), "verdict": verdict, "notes": notes}

    return Node("poll", body, agent=agent)


def _ended(verdict: Verdict | None, *, late: bool) -> Update:
    answer = verdict.answer if verdict else "Nobody gave an answer."
    status = Status.COMPLETED if verdict else Status.FAILED
    if late and overdue():
        status = Status.DEADLINE
    return {"status": status, "answer": answer, "messages": [AIMessage(answer, id=uuid.uuid4().hex)]}
