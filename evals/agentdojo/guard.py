"""The guard under test: a policy and the facts of the tools. Nothing else of a suite reaches it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lockgate.guardrails import Policy
from lockgate.ports import Judge
from lockgate.tools.facts import ToolFacts, read_facts

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What a deployer writes: a policy pack, and facts about each tool."""

    policy: Judge
    facts: Mapping[str, ToolFacts]


def guard_for(facts: "str | os.PathLike[str]", pack: "str | os.PathLike[str]") -> Guard:
    """The guard of two YAML files: facts by tool, and a pack (or the name of one).

    Raises FileError or PolicyError with file and line.
    """
    return Guard(policy=open_pack(pack), facts=read_facts(facts))


def open_pack(pack: "str | os.PathLike[str]") -> Policy:
    """The policy of a file, of a pack that Lockgate ships, or of a reference guard: `allow-all`, `review-effects`."""
    reference = _HERE / "packs" / f"{os.fspath(pack)}.yaml"
    return Policy.load(reference if os.sep not in os.fspath(pack) and reference.is_file() else pack)


def guarded_suites() -> list[str]:
    """The suites that have facts and a pack here."""
    return sorted(path.stem for path in (_HERE / "facts").glob("*.yaml"))


def guard_of(suite: str, pack: "str | os.PathLike[str] | None" = None) -> Guard:
    """The guard of a suite that has facts here, with its own pack unless another is given."""
    return guard_for(_HERE / "facts" / f"{suite}.yaml", pack or suite)
