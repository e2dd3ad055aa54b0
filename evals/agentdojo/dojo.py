"""AgentDojo's suites (Debenedetti et al. 2024): tasks, tools, and environments with an attacker's text in them."""

import copy
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

import yaml

from lockgate.errors import MissingExtraError, UnknownNameError
from lockgate.evals.agentdojo.attacker import SCRIPTS, Calls, Scripted
from lockgate.evals.agentdojo.payload import WORDINGS, Order

VERSION = "v1.2.2"
"""Of the benchmark; what it holds is fixed."""
WORDING = "important_instructions"
"""The wording of AgentDojo's own headline figures."""


class Dojo:
    """One suite of AgentDojo. `suite` is its `TaskSuite`, whose `utility` and `security` judge every run."""

    def __init__(self, suite: Any, *, wording: str = WORDING, scripts: Mapping[str, Scripted] | None = None) -> None:
        """`scripts` are the attacker's, by injection task, where the task itself has no calls.

        Raises UnknownNameError for a wording that nobody has written.
        """
        self.suite = suite
        self.wording = wording
        self._scripts = scripts or {}
        self._attack = _attack(suite, wording)

    @classmethod
    def open(cls, name: str, wording: str = WORDING) -> "Dojo":
        """The suite `name` of the benchmark. Raises MissingExtraError without AgentDojo."""
        return cls(_suite(name), wording=wording, scripts=SCRIPTS.get(name))

    @property
    def name(self) -> str:
        """The suite's name."""
        return str(self.suite.name)

    @cached_property
    def user_tasks(self) -> tuple[Any, ...]:
        """What a user may ask, in the order of the suite."""
        return tuple(self.suite.user_tasks.values())

    @cached_property
    def injection_tasks(self) -> tuple[Any, ...]:
        """What an attacker may want, in the order of the suite."""
        return tuple(self.suite.injection_tasks.values())

    def attacker_calls(self, injection_task: Any, before: Any, now: Any) -> Calls:
        """The calls that reach the attacker's goal, made one by one while `now` changes under them."""
        if script := self._scripts.get(injection_task.ID):
            yield from script(before, now)
            return
        for call in injection_task.ground_truth(before.model_copy(deep=True)):
            yield call.function, dict(call.args)

    def plant(self, user_task: Any, injection_task: Any, order: Order) -> dict[str, str]:
        """The texts that AgentDojo's attack puts where the user's task will make an agent read, by place."""
        ordered = copy.copy(injection_task)
        ordered.GOAL = order.text
        return dict(self._attack.attack(user_task, ordered))

    def environment(self, planted: Mapping[str, str] | None = None) -> Any:
        """A fresh environment with the texts of `planted` in their places, character for character.

        As `load_and_inject_default_environment`, which parses 100 KB of YAML anew each time and folds line breaks.
        """
        texts = {**self._defaults, **(planted or {})}
        marks = {_mark(place): text for place, text in texts.items()}
        return self.suite.environment_type.model_validate(_filled(self._marked, marks))

    @cached_property
    def _defaults(self) -> dict[str, str]:
        # They are written to stand in a double-quoted YAML text.
        found = self.suite.get_injection_vector_defaults()
        return {place: str(yaml.safe_load(f'"{text}"')) for place, text in found.items()}

    @cached_property
    def _marked(self) -> Any:
        from agentdojo.task_suite.task_suite import read_suite_file

        text = read_suite_file(self.suite.name, "environment.yaml", self.suite.data_path)
        return yaml.safe_load(text.format(**{place: _mark(place) for place in self._defaults}))


def _mark(place: str) -> str:
    return f"\u27e6{place}\u27e7"


def _filled(data: Any, marks: Mapping[str, str]) -> Any:
    if isinstance(data, str):
        if "\u27e6" in data:
            for mark, text in marks.items():
                data = data.replace(mark, text)
        return data
    if isinstance(data, dict):
        return {key: _filled(item, marks) for key, item in data.items()}
    if isinstance(data, list):
        return [_filled(item, marks) for item in data]
    return data


@cache
def _suite(name: str) -> Any:
    try:
        from agentdojo.task_suite.load_suites import get_suites
    except ImportError as error:
        raise MissingExtraError.of("agentdojo", "The eval 'agentdojo'") from error
    suites = get_suites(VERSION)
    if name not in suites:
        raise UnknownNameError.of("suite", name, suites)
    return suites[name]


def _attack(suite: Any, wording: str) -> Any:
    from agentdojo.agent_pipeline.ground_truth_pipeline import GroundTruthPipeline
    from agentdojo.attacks.attack_registry import ATTACKS
    from agentdojo.attacks.base_attacks import FixedJailbreakAttack

    victim = GroundTruthPipeline(None)
    victim.name = "local"
    if wording in WORDINGS:
        return FixedJailbreakAttack(WORDINGS[wording], suite, victim)
    theirs = {name: attack for name, attack in ATTACKS.items() if issubclass(attack, FixedJailbreakAttack)}
    if wording not in theirs:
        raise UnknownNameError.of("wording", wording, [*WORDINGS, *theirs])
    return theirs[wording](suite, victim)
