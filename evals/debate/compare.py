"""One population's debate and votes on the same questions: who was right, and at what cost."""

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from lockgate.evals.debate.questions import Question

Graph = CompiledStateGraph[Any, Any, Any, Any]
DEBATE, ALONE, FIRST = "debate", "one alone", "vote of the first answers"
MOST, MADE = "vote, calls at the most", "vote, calls as made"
WAYS = (DEBATE, ALONE, FIRST, MOST, MADE)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one way came to on one question, with the model calls and tokens it took."""

    right: bool
    calls: int
    tokens: int


async def compare(
    questions: Sequence[Question],
    debate: Graph,
    voting: Callable[[int | None], Graph],
    key: Callable[[str], str],
    *,
    parallel: int,
    tell: Callable[[str, int], None],
) -> tuple[dict[str, list[Said]], list[str]]:
    """What each of `WAYS` came to on each question, and why answers are missing, for each that is.

    `voting` builds a vote of so many calls, of as many as the debate may make without a number. `tell` is told the
    way and how many of its questions are answered.
    """
    slots = asyncio.Semaphore(parallel)
    ways: dict[str, list[Said]] = defaultdict(list)
    missing: list[str] = []

    async def all_of(way: str, graph: Graph) -> list[Mapping[str, Any]]:
        answered = 0

        async def one(question: Question) -> Mapping[str, Any]:
            nonlocal answered
            async with slots:
                out = await graph.ainvoke({"messages": question.text})
            answered += 1
            tell(way, answered)
            return out

        outs = await asyncio.gather(*map(one, questions))
        for out, question in zip(outs, questions, strict=True):
            usage = out["usage"]
            missing.extend(position.error for position in out["positions"] if position.error)
            missing.extend(note.text for note in out.get("notes") or () if note.source == "judge")
            right = key(out["answer"]) == question.answer
            ways[way].append(
                Said(right=right, calls=usage.model_calls, tokens=usage.input_tokens + usage.output_tokens)
            )
        return outs

    outs = await all_of(DEBATE, debate)
    for out, question in zip(outs, questions, strict=True):
        alone = [position for position in out["positions"] if position.round == 0]
        voted = bool(out["baseline"]) and key(out["baseline"].answer) == question.answer
        ways[ALONE].append(Said(right=key(alone[0].answer) == question.answer, calls=1, tokens=0))
        ways[FIRST].append(Said(right=voted, calls=len(alone), tokens=0))
    await all_of(MOST, voting(None))
    await all_of(MADE, voting(max(1, round(mean([said.calls for said in ways[DEBATE]])))))
    return ways, missing


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value."""
    return sum(values) / len(values)


def interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval at 95% for a share."""
    middle, z = right / count, 1.96
    spread = z * math.sqrt(middle * (1 - middle) / count + z * z / (4 * count * count))
    low, high = ((middle + z * z / (2 * count) + sign * spread) / (1 + z * z / count) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact probability of a split at least this uneven, were both as good."""
    count = wins + losses
    uneven = sum(math.comb(count, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2.0 * uneven / 2.0**count)
