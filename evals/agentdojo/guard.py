"""The guard under test: a policy and the facts of the tools. Nothing else of a suite reaches it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lockgate.decision import Allow, Call, Decision, Review
from lockgate.guardrails import Policy, Unguarded
from lockgate.ports import History, Judge
from lockgate.spec import ToolSpec
from lockgate.tools.facts import ToolFacts, read_facts

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What a deployer writes: a policy pack, and facts about each tool."""

    policy: Judge
    facts: Mapping[str, ToolFacts]


class AllowAll:
    """The reference `allow-all`: no guard. Not a pack, for the guards that a pack has by default would stand in it."""

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:  # noqa: ARG002
        """Yes."""
        return Allow(rule="allow-all", reason="Nothing is guarded.")


class ReviewEffects:
    """The reference `review-effects`: a person looks at whatever changes something."""

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:  # noqa: ARG002
        """By the tool's stated effect alone."""
        if spec.effect:
            return Review(rule="review-effects", reason="It changes something.")
        return Allow(rule="review-effects", reason="It changes nothing.")


REFERENCES: dict[str, Judge] = {"allow-all": Unguarded(AllowAll()), "review-effects": Unguarded(ReviewEffects())}
"""Guards to compare with."""


def guard_for(facts: "str | os.PathLike[str]", pack: "str | os.PathLike[str]") -> Guard:
    """The guard of two YAML files: facts by tool, and a pack. A reference guard or a shipped pack may be named instead.

    Raises FileError or PolicyError with file and line.
    """
    return Guard(policy=REFERENCES.get(os.fspath(pack)) or Policy.load(pack), facts=read_facts(facts))


def guarded_suites() -> list[str]:
    """The suites that have facts and a pack here."""
    return sorted(path.stem for path in (_HERE / "facts").glob("*.yaml"))


def guard_of(suite: str, pack: "str | os.PathLike[str] | None" = None) -> Guard:
    """The guard of a suite that has facts here, with its own pack unless another is given."""
    return guard_for(_HERE / "facts" / f"{suite}.yaml", pack or _HERE / "packs" / f"{suite}.yaml")
