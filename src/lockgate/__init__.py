"""Lockgate runs LLM agents as LangGraph state graphs in which every tool call passes through a lock.

The names below load on first use, so `import lockgate` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lockgate.decision import Allow, Decision, Deny, Review
    from lockgate.errors import LockgateError
    from lockgate.guardrails import Gate, Policy
    from lockgate.handoff import AgentResult, AgentTask
    from lockgate.labels import Integrity, Label
    from lockgate.models import ScriptedModel, open_model
    from lockgate.runtime import open_checkpointer
    from lockgate.settings import Settings
    from lockgate.spec import ToolSpec
    from lockgate.tools import ToolRegistry, ToolResult, tool

_HOME = {
    "Allow": "decision",
    "Decision": "decision",
    "Deny": "decision",
    "Review": "decision",
    "LockgateError": "errors",
    "Gate": "guardrails",
    "Policy": "guardrails",
    "AgentResult": "handoff",
    "AgentTask": "handoff",
    "Integrity": "labels",
    "Label": "labels",
    "ScriptedModel": "models",
    "open_model": "models",
    "open_checkpointer": "runtime",
    "Settings": "settings",
    "ToolSpec": "spec",
    "ToolRegistry": "tools",
    "ToolResult": "tools",
    "tool": "tools",
}

__all__ = [
    "AgentResult",
    "AgentTask",
    "Allow",
    "Decision",
    "Deny",
    "Gate",
    "Integrity",
    "Label",
    "LockgateError",
    "Policy",
    "Review",
    "ScriptedModel",
    "Settings",
    "ToolRegistry",
    "ToolResult",
    "ToolSpec",
    "open_checkpointer",
    "open_model",
    "tool",
]


def __getattr__(name: str) -> Any:
    if home := _HOME.get(name):
        return getattr(import_module(f"lockgate.{home}"), name)
    raise AttributeError(f"module 'lockgate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
