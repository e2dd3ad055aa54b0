"""Compiled graphs: the lock, the patterns, and the proof that no path goes round the lock."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.graphs import debate, hierarchy, lock, majority, orchestrator, pipeline, react
    from lockgate.graphs.proof import verify

__all__ = ["debate", "hierarchy", "lock", "majority", "orchestrator", "pipeline", "react", "verify"]


def __getattr__(name: str) -> Any:
    if name == "verify":
        return import_module("lockgate.graphs.proof").verify
    if name in __all__:
        return import_module(f"lockgate.graphs.{name}")
    raise AttributeError(f"module 'lockgate.graphs' has no attribute {name!r}")
