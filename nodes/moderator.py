"""`moderator`: opens a debate, says who reads what next, and when enough has been said."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from lockgate.argument import STOPS, Position, Verdict
from lockgate.handoff import Budget, Usage
from lockgate.labels import TRUSTED
from lockgate.nodes.debater import Turn, latest
from lockgate.nodes.metering import share
from lockgate.nodes.node import Goto, Node, Update
from lockgate.nodes.tally import counted, mean
from lockgate.nodes.worker import heard_in
from lockgate.state import AgentState, Note


def opening(*, send: Callable[[str, dict[str, Any]], Goto], agent: str = "") -> Node:
    """Takes the last message, as the input guard let it through, as the question; `send` puts it to the debaters."""

    def body(state: dict[str, Any]) -> tuple[Update, Goto]:
        question = state["messages"][-1].text.strip()
        update: Update = {"question": question, "positions": [], "verdict": None, "baseline": None, "stopped": ""}
        return update, send(question, state)

    return Node("opening", body, agent=agent)


def moderator(
    *,
    debaters: Sequence[str],
    rounds: int,
    send: Callable[[list[Turn]], Goto],
    judge: str,
    done: str,
    bounds: Budget | None = None,
    agent: str = "",
) -> Node:
    """After each round: another one through `send`, the `judge`, or `done` when there is nothing to rule on.

    What is left of `bounds` is shared by all answers of a round and the ruling.
    """

    def body(state: dict[str, Any]) -> tuple[Update, Goto]:
        positions: list[Position] = state["positions"]
        here = max(position.round for position in positions)
        fresh = [position for position in positions if position.round == here]
        stands = latest(positions)
        update: Update = {}
        if notes := [*_notes(fresh)]:
            update["notes"] = notes
        stop = stopped(fresh, stands, rounds, len(debaters))
        budget = share(cast("AgentState", state), bounds, len(debaters) + 1)
        if not stop and budget and budget.exhausted(Usage()):
            stop = "budget"
        if not stop:
            return update, send([_turn(name, here + 1, stands, state, budget) for name in debaters])
        update |= {"stopped": stop, "order": shuffled(stands, state["run_id"])}
        if stop == "agreement":
            update["verdict"] = _agreed(stands)
        return update, done if stop == "agreement" or not stands else judge

    return Node("moderator", body, agent=agent)


def stopped(fresh: Sequence[Position], stands: dict[str, Position], rounds: int, count: int) -> STOPS | None:
    """Why the debate of `count` debaters ends after the round `fresh`, or None when another round may help."""
    if len(stands) < 2:  # noqa: PLR2004 - nobody to disagree with
        return "silence"
    if len({position.key for position in stands.values()}) == 1 and len(stands) * 2 > count:
        return "agreement"
    if all(position.repeated for position in fresh if not position.error):
        return "standstill"
    return "rounds" if fresh[0].round >= rounds else None


def shuffled(names: Iterable[str], seed: str) -> list[str]:
    """`names` in an order that only `seed` decides: the same after a crash and in a replay."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest())


def anonymous(position: Position, names: Iterable[str]) -> Position:
    """The position without any debater's name in its words."""
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    bare = re.compile(rf"(?<!\w)(?:{listed})(?!\w)", re.IGNORECASE)
    return replace(
        position,
        debater="",
        answer=bare.sub("[a debater]", position.answer),
        reasons=bare.sub("[a debater]", position.reasons),
    )


def _turn(name: str, number: int, stands: dict[str, Position], state: dict[str, Any], budget: Budget | None) -> Turn:
    order = [other for other in shuffled(stands, f"{state['run_id']}\0{number}\0{name}") if other != name]
    return Turn(
        debater=name,
        round=number,
        question=state["question"],
        own=stands.get(name),
        others=[anonymous(stands[other], stands) for other in order],
        run_id=state["run_id"],
        trust=state.get("trust", TRUSTED),
        deadline=state.get("deadline"),
        user=heard_in(state),
        budget=budget,
    )


def _agreed(stands: dict[str, Position]) -> Verdict:
    surest = max(stands.values(), key=lambda position: position.confidence)
    return Verdict(
        answer=surest.answer,
        by="agreement",
        reasons=surest.reasons,
        confidence=mean(position.confidence for position in stands.values()),
        votes=dict(counted(stands.values())),
        debaters=sorted(stands),
    )


def _notes(fresh: Sequence[Position]) -> Iterable[Note]:
    for position in fresh:
        if position.error:
            text = f"{position.debater} gave no answer in round {position.round}: {position.error}"
            yield Note(source="debater", text=text, at=time.time())
        elif position.repeated:
            text = f"{position.debater} only repeated itself in round {position.round}."
            yield Note(source="debater", text=text, at=time.time())
