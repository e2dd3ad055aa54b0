"""Compiled graphs: the lock, the patterns, and the proof that no path goes round the lock."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.graphs import compensate, debate, hierarchy, lock, majority, orchestrator, pipeline, react
    from lockgate.graphs.proof import verify
    from lockgate.graphs.team_file import load_team

__all__ = [
    "compensate",
    "debate",
    "hierarchy",
    "load_team",
    "lock",
    "majority",
    "orchestrator",
    "pipeline",
    "react",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name == "verify":
        return import_module("lockgate.graphs.proof").verify
    if name == "load_team":
        return import_module("lockgate.graphs.team_file").load_team
    if name in __all__:
        return import_module(f"lockgate.graphs.{name}")
    raise AttributeError(f"module 'lockgate.graphs' has no attribute {name!r}")
