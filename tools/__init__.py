"""Tools: the decorator, the registry, wrapping of LangChain tools, and the tools that ship."""

from lockgate.effect import DidNotHappen, Happened
from lockgate.result import ErrorKind, ToolResult
from lockgate.spec import ToolSpec
from lockgate.tools.builtin import builtin_tools
from lockgate.tools.decorator import tool
from lockgate.tools.idempotency import idempotency_key
from lockgate.tools.langchain import wrap
from lockgate.tools.registry import ToolRegistry

__all__ = [
    "DidNotHappen",
    "ErrorKind",
    "Happened",
    "ToolRegistry",
    "ToolResult",
    "ToolSpec",
    "builtin_tools",
    "idempotency_key",
    "tool",
    "wrap",
]
