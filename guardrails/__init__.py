"""What decides whether a tool call may run, and what inspects its result."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.guardrails.constraint import Constraint
    from lockgate.guardrails.gate import Gate
    from lockgate.guardrails.god_agent import Lint, lint_agent
    from lockgate.guardrails.guarding import Unguarded
    from lockgate.guardrails.narrowing import Narrowed
    from lockgate.guardrails.pack import shipped_packs
    from lockgate.guardrails.policy import Considered, Policy
    from lockgate.guardrails.rule import Conditions, RiskBound, Rule, TrustBound

_HOME = {
    "Conditions": "rule",
    "Considered": "policy",
    "Constraint": "constraint",
    "Lint": "god_agent",
    "Gate": "gate",
    "Narrowed": "narrowing",
    "Policy": "policy",
    "RiskBound": "rule",
    "Rule": "rule",
    "TrustBound": "rule",
    "Unguarded": "guarding",
    "lint_agent": "god_agent",
    "shipped_packs": "pack",
}

__all__ = [
    "Conditions",
    "Considered",
    "Constraint",
    "Gate",
    "Lint",
    "Narrowed",
    "Policy",
    "RiskBound",
    "Rule",
    "TrustBound",
    "Unguarded",
    "lint_agent",
    "shipped_packs",
]


def __getattr__(name: str) -> Any:
    if home := _HOME.get(name):
        return getattr(import_module(f"lockgate.guardrails.{home}"), name)
    raise AttributeError(f"module 'lockgate.guardrails' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
