"""Simulated debaters and judges: what debate does to answers is an input, so the figures are of mechanics alone."""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass

from langchain_core.messages import BaseMessage

from lockgate.models import ScriptedModel


def read(prompt: str) -> dict[str, str]:
    """The answers in a prompt of a debater or a judge, by what each is called there (`yours`, a number, a letter).

    Raises ValueError when the prompt speaks of answers and none can be found: then it is written otherwise than here.
    """
    found = dict(re.findall(r"^Answer (\w+):\n<.*>\n(.*)\nReasons: ", prompt, re.MULTILINE))
    if not found and ("answered this" in prompt or "The answers" in prompt):
        raise ValueError("No answer is found in the prompt of a debate.")
    return found


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
    """Agents that answer as the scenario says. A draw depends on seed, question and the place it is made at alone."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.asked: Counter[str] = Counter()

    def draw(self, *place: object) -> random.Random:
        return random.Random(f"{self.seed}/{self.scenario.name}/{'/'.join(map(str, place))}")  # noqa: S311 - draws, no secrets

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
            stands = read(text)
            own = stands.pop("yours", "")
            self.asked[f"{question}/{seat}"] += 1
            place = f"{seat}/{self.asked[f'{question}/{seat}']}"
            answer = self.moved(question, place, own, [*stands.values()]) if own else self.alone(question, place)
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
            shown = read(text)
            letters = {answer: letter for letter, answer in shown.items()}
            sees = self.draw(text.splitlines()[1], "judge").random() < self.scenario.eye
            answer = "right" if sees and "right" in letters else Counter(shown.values()).most_common(1)[0][0]
            return json.dumps({"answer": letters[answer], "reasons": "simulated", "confidence": 0.5})

        return ScriptedModel(turns=[turn])
