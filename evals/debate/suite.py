"""`lockgate eval run debate`: debate against a majority vote of the same cost.

Two votes are taken: one of as many calls as the debate may make at the most, and one of as many as it made on average
(it stops early on agreement). The second is the one compared question by question.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import Field

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.evals.debate.compare import DEBATE, MADE, WAYS, Graph, Said, compare, interval, mean, sign_test
from lockgate.evals.debate.population import SCENARIOS, Population, Scenario
from lockgate.evals.debate.questions import Question, arithmetic, number, read_questions
from lockgate.evals.registry import Eval, Names, Options, Progress
from lockgate.evals.report import Measure, Report, Row
from lockgate.graphs import debate, majority
from lockgate.graphs.debate import BENCH, Debater
from lockgate.models import open_model
from lockgate.settings import settings

SIMULATED = "Simulated agents: these figures show the mechanics of debate, not its merit. --model runs a real one."

MEASURES = (
    Measure(name="right", title="right", what="Of the questions, %: the answer was right.", better="higher"),
    Measure(name="low", title="lower bound", what="Of `right`: Wilson's interval at 95%."),
    Measure(name="high", title="upper bound", what="Of `right`: Wilson's interval at 95%."),
    Measure(name="calls", title="model calls", what="Model calls a question.", unit="", better="lower"),
    Measure(name="tokens", title="tokens", what="Tokens a question, read and written.", unit="", better="lower"),
    Measure(name="only_debate", title="only debate right", what="Questions the vote got wrong.", unit=""),
    Measure(name="only_vote", title="only vote right", what="Questions the debate got wrong.", unit=""),
    Measure(name="p", title="p", what="Exact sign test of these two: how likely, were both as good.", unit=""),
)


class DebateOptions(Options):
    """Options of this eval. `suite` picks scenarios of simulated agents; with a `model` there are none."""

    suite: Names[str] = ()
    model: str = ""
    limit: int = Field(60, ge=1)
    seed: int = Field(1, ge=0)
    rounds: int = Field(2, ge=0, le=20)
    questions: str = ""
    parallel: int = Field(4, ge=1)


async def run(options: DebateOptions, progress: Progress) -> Report:
    """Debates and votes on the same questions."""
    started = time.process_time()
    rows: list[Row] = []
    notes = [] if options.model else [SIMULATED]
    for agents, questions, arguing, voting, key in _populations(options):

        def tell(way: str, done: int, agents: str = agents) -> None:
            progress(done, options.limit, f"{agents}, {way}")

        ways, missing = await compare(questions, arguing, voting, key, parallel=options.parallel, tell=tell)
        if missing:
            notes.append(f"{agents}: {len(missing)} answers are missing, the first because: {missing[0]}")
        rows += [Row(part={"agents": agents, "way": way}, figures=_figures(way, ways)) for way in WAYS]
    return Report(
        eval="debate",
        measures=MEASURES,
        rows=rows,
        settings=options.model_dump(),
        notes=notes,
        cpu_seconds=time.process_time() - started,
    )


def _populations(
    options: DebateOptions,
) -> "list[tuple[str, Sequence[Question], Graph, Callable[[int | None], Graph], Callable[[str], str]]]":
    """Name, questions, debate, vote and the form that answers are compared in, of each population."""
    if options.model:
        read = options.questions
        asked = read_questions(read, options.limit) if read else arithmetic(options.seed, options.limit)
        return [(options.model, asked, *_real(options.model, options.rounds), number)]
    if options.questions:
        raise ConfigError("Simulated agents know no questions of a file.", "Name a model that answers them: --model")
    known = {scenario.name: scenario for scenario in SCENARIOS}
    for name in options.suite:
        if name not in known:
            raise UnknownNameError.of("suite", name, known)
    asked = [Question(text=f"question {place}", answer="right") for place in range(options.limit)]
    chosen = [known[name] for name in options.suite or known]
    return [(one.name, asked, *_simulated(one, options.seed, options.rounds), str) for one in chosen]


def _simulated(scenario: Scenario, seed: int, rounds: int) -> tuple[Graph, Callable[[int | None], Graph]]:
    people = Population(scenario, seed)
    seats = [Debater(name=f"seat {n}", brief="Simulated.", model=people.debater(f"seat {n}")) for n in range(3)]
    return (
        debate.build(debaters=seats, judge_model=people.judge(), rounds=rounds),
        lambda votes: majority.build(debaters=seats, votes=votes, rounds=rounds),
    )


def _real(name: str, rounds: int) -> tuple[Graph, Callable[[int | None], Graph]]:
    model = open_model(name, base_url=settings().model_base_url)
    return (
        debate.build(debaters=BENCH, model=model, key=number, rounds=rounds),
        lambda votes: majority.build(model=model, votes=votes, key=number, rounds=rounds),
    )


def _figures(way: str, ways: dict[str, list[Said]]) -> dict[str, float]:
    said = ways[way]
    right, count = sum(one.right for one in said), len(said)
    low, high = interval(right, count)
    figures: dict[str, Any] = {
        "right": round(100 * right / count, 1),
        "low": round(100 * low, 1),
        "high": round(100 * high, 1),
        "calls": round(mean([one.calls for one in said]), 2),
    }
    if tokens := mean([one.tokens for one in said]):
        figures["tokens"] = round(tokens)
    if way == DEBATE:
        pairs = list(zip(said, ways[MADE], strict=True))
        wins, losses = (sum(a.right and not b.right for a, b in part) for part in (pairs, [p[::-1] for p in pairs]))
        figures |= {"only_debate": wins, "only_vote": losses, "p": round(sign_test(wins, losses), 4)}
    return figures


EVAL = Eval(name="debate", options=DebateOptions, measures=MEASURES, run=run)
