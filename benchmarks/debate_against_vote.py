"""Debate against a majority vote of the same cost: accuracy, model calls and tokens.

Two votes are taken: one of as many calls as the debate may make at the most, and one of as many as it made on average
(it stops early on agreement). The second is the one compared question by question.

Without a model the agents are simulated, and **the figures show the mechanics, not the merit, of debate**: how often an
agent is right, follows the others or sees the truth when it is shown are inputs here, chosen in `SCENARIOS`, among them
one that favours debate and one that favours the vote. What a real model does is only told by a run with one:

    python benchmarks/debate_against_vote.py [--questions 60] [--seed 1] [--json]
    python benchmarks/debate_against_vote.py --model anthropic:claude-sonnet-4-5 --questions 100

With a model (or the setting LOCKGATE_MODEL) the questions are those of Du et al. (2023): a+b*c+d-e*f. Intervals are
Wilson's at 95%; `p` is the exact sign test on the questions where only one of the two was right.
"""

import argparse
import asyncio
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from lockgate import ScriptedModel, open_model
from lockgate.graphs import debate, majority
from lockgate.graphs.debate import BENCH, Debater
from lockgate.settings import settings


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A population of simulated agents. All figures are probabilities."""

    name: str
    skill: float
    """Mean chance that an answer given alone is right."""
    spread: float
    """How much that chance differs between questions: 0 not at all, 1 each is hopeless or sure."""
    trap: float
    """Of wrong answers, the share that is the same wrong answer."""
    insight: float
    """That an agent who reads the right answer sees that it is right."""
    herding: float
    """That an agent takes the others' majority over its own answer, right or wrong."""
    eye: float
    """That the judge sees the right answer when it is there; else it rules for the most common one."""


SCENARIOS = (
    Scenario(name="truth persuades", skill=0.45, spread=0.3, trap=0.6, insight=0.6, herding=0.1, eye=0.7),
    Scenario(name="nobody is moved", skill=0.6, spread=0.3, trap=0.5, insight=0.0, herding=0.0, eye=0.0),
    Scenario(name="the herd errs", skill=0.6, spread=0.0, trap=0.9, insight=0.0, herding=0.8, eye=0.0),
)


class Population:
    """Answers as the scenario says. Each draw depends on the seed, the question and the place it is made at alone."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.asked: Counter[str] = Counter()

    def draw(self, *place: object) -> random.Random:
        return random.Random(f"{self.seed}/{self.scenario.name}/{'/'.join(map(str, place))}")

    def alone(self, question: str, place: str) -> str:
        mean, spread = self.scenario.skill, self.scenario.spread
        chance = mean
        if spread:
            weight = (1 - spread) / spread
            chance = self.draw(question, "difficulty").betavariate(mean * weight, (1 - mean) * weight)
        dice = self.draw(question, place)
        if dice.random() < chance:
            return "right"
        return "trap" if dice.random() < self.scenario.trap else f"wrong {dice.randrange(1_000)}"

    def debater(self, seat: str) -> ScriptedModel:
        def turn(messages: list[BaseMessage]) -> str:
            text = messages[-1].text
            question = text.partition("\n")[0]
            own = re.search(r"<answer yours>\n(.*)\n", text)
            others = re.findall(r"<answer \d+>\n(.*)\n", text)
            self.asked[f"{question}/{seat}"] += 1
            place = f"{seat}/{self.asked[f'{question}/{seat}']}"
            answer = self.moved(question, place, own[1], others) if own else self.alone(question, place)
            return json.dumps({"answer": answer, "reasons": f"at {place}", "confidence": 0.5})

        return ScriptedModel(turns=[turn])

    def moved(self, question: str, place: str, own: str, others: list[str]) -> str:
        dice = self.draw(question, place)
        if own != "right" and "right" in others and dice.random() < self.scenario.insight:
            return "right"
        common, times = Counter(others).most_common(1)[0]
        return common if times * 2 > len(others) and dice.random() < self.scenario.herding else own

    def judge(self) -> ScriptedModel:
        def turn(messages: list[BaseMessage]) -> str:
            text = messages[-1].text
            shown = dict(re.findall(r"<answer ([A-Z])>\n(.*)\n", text))
            letters: dict[str, str] = {answer: letter for letter, answer in shown.items()}
            sees = self.draw(text.splitlines()[1], "judge").random() < self.scenario.eye
            answer = "right" if sees and "right" in letters else Counter(shown.values()).most_common(1)[0][0]
            return json.dumps({"answer": letters[answer], "reasons": "simulated", "confidence": 0.5})

        return ScriptedModel(turns=[turn])


def arithmetic(seed: int, count: int) -> list[tuple[str, str]]:
    """Questions and answers of Du et al. (2023)."""
    dice = random.Random(seed)
    rows = []
    for _ in range(count):
        a, b, c, d, e, f = (dice.randrange(30) for _ in range(6))
        rows.append((f"What is the result of {a}+{b}*{c}+{d}-{e}*{f}? Answer with the number.", a + b * c + d - e * f))
    return [(question, str(answer)) for question, answer in rows]


def number(answer: str) -> str:
    """The last number in an answer, which is what is compared."""
    found = re.findall(r"-?\d+", answer.replace(",", ""))
    return found[-1] if found else answer.strip().casefold()


async def compare(
    questions: list[tuple[str, str]],
    arguing: Any,
    voting: Callable[[int | None], Any],
    key: Callable[[str], str],
    parallel: int,
) -> dict[str, Any]:
    slots = asyncio.Semaphore(parallel)
    ways: dict[str, list[tuple[bool, int, int]]] = defaultdict(list)

    async def one(graph: Any, question: str, answer: str) -> tuple[tuple[bool, int, int], Any]:
        async with slots:
            out = await graph.ainvoke({"messages": question})
        usage = out["usage"]
        said = (key(out["answer"]) == answer, usage.model_calls, usage.input_tokens + usage.output_tokens)
        return said, out

    async def all_of(name: str, graph: Any) -> list[Any]:
        done = await asyncio.gather(*(one(graph, *row) for row in questions))
        ways[name] = [said for said, _ in done]
        return [out for _, out in done]

    outs = await all_of("debate", arguing)
    for out, (_, answer) in zip(outs, questions, strict=True):
        alone = [p for p in out["positions"] if p.round == 0]
        first = bool(out["baseline"]) and key(out["baseline"].answer) == answer
        ways["one alone"].append((alone[0].key == answer, 1, 0))
        ways["vote of the first answers"].append((first, len(alone), 0))
    await all_of("vote, calls at the most", voting(None))
    spent = sum(calls for _, calls, _ in ways["debate"]) / len(questions)
    await all_of("vote, calls as made", voting(max(1, round(spent))))
    pairs = [(d[0], v[0]) for d, v in zip(ways["debate"], ways["vote, calls as made"], strict=True)]
    for_debate, for_vote = sum(d and not v for d, v in pairs), sum(v and not d for d, v in pairs)
    return {
        "ways": {name: summary(rows) for name, rows in ways.items()},
        "only_debate_right": for_debate,
        "only_vote_right": for_vote,
        "p": round(sign_test(for_debate, for_vote), 4),
    }


def summary(rows: list[tuple[bool, int, int]]) -> dict[str, Any]:
    right, count = sum(row[0] for row in rows), len(rows)
    middle, z = right / count, 1.96
    spread = z * math.sqrt(middle * (1 - middle) / count + z * z / (4 * count * count))
    low, high = ((middle + z * z / (2 * count) + sign * spread) / (1 + z * z / count) for sign in (-1, 1))
    return {
        "right": round(middle, 3),
        "interval": [round(low, 3), round(high, 3)],
        "calls": round(sum(row[1] for row in rows) / count, 2),
        "tokens": round(sum(row[2] for row in rows) / count) or None,
    }


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact probability of a split at least this uneven, were both as good."""
    count = wins + losses
    tail = sum(math.comb(count, k) for k in range(min(wins, losses) + 1)) / 2**count
    return min(1.0, 2 * tail)


def simulated(scenario: Scenario, seed: int, rounds: int) -> tuple[Any, Callable[[int | None], Any]]:
    people = Population(scenario, seed)
    seats = [Debater(name=f"seat {n}", brief="Simulated.", model=people.debater(f"seat {n}")) for n in range(3)]
    return (
        debate.build(debaters=seats, judge_model=people.judge(), rounds=rounds),
        lambda votes: majority.build(debaters=seats, votes=votes, rounds=rounds),
    )


def real(model: BaseChatModel, rounds: int) -> tuple[Any, Callable[[int | None], Any]]:
    return (
        debate.build(debaters=BENCH, model=model, key=number, rounds=rounds),
        lambda votes: majority.build(model=model, votes=votes, key=number, rounds=rounds),
    )


def show(title: str, report: dict[str, Any]) -> None:
    print(f"\n{title}")
    print(f"  {'':28}{'right':>7}{'95%':>16}{'calls':>8}{'tokens':>9}")
    for name, row in report["ways"].items():
        low, high = row["interval"]
        print(f"  {name:28}{row['right']:>7.2f}{low:>9.2f} - {high:.2f}{row['calls']:>8.1f}{row['tokens'] or '-':>9}")
    print(
        f"  only the debate right: {report['only_debate_right']}, only the vote: {report['only_vote_right']}"
        f" (p = {report['p']})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60, help="in each scenario (default 60)")
    parser.add_argument("--rounds", type=int, default=2, help="of reading one another (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of questions and simulated answers (default 1)")
    parser.add_argument("--model", default="", help="a model as open_model takes it (default: setting LOCKGATE_MODEL)")
    parser.add_argument("--parallel", type=int, default=4, help="questions at once (default 4)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()

    reports: dict[str, Any] = {}
    if name := args.model or settings().model:
        model = open_model(name, base_url=settings().model_base_url)
        rows = arithmetic(args.seed, args.questions)
        reports[name] = asyncio.run(compare(rows, *real(model, args.rounds), number, args.parallel))
    else:
        rows = [(f"question {n}", "right") for n in range(args.questions)]
        for scenario in SCENARIOS:
            run = compare(rows, *simulated(scenario, args.seed, args.rounds), str, args.parallel)
            reports[f"simulated: {scenario.name}"] = asyncio.run(run)
    if args.json:
        print(json.dumps({"seed": args.seed, "questions": args.questions, "reports": reports}))
        return
    for title, report in reports.items():
        show(title, report)
    if not name:
        print("\nSimulated agents: these figures show the mechanics, not the merit. Pass --model for a real one.")


if __name__ == "__main__":
    main()
