"""`ToolRegistry`: tools by name."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Union

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.spec import ToolSpec

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

AnyTool = Union[ToolSpec, "BaseTool"]


class ToolRegistry(Mapping[str, ToolSpec]):
    """An immutable mapping from name to `ToolSpec`, in the order given.

    LangChain tools are wrapped with the worst facts. Raises ConfigError on a name given twice.
    """

    def __init__(self, tools: Iterable[AnyTool] = ()) -> None:
        self._specs: dict[str, ToolSpec] = {}
        for item in tools:
            spec = _as_spec(item)
            if spec.name in self._specs:
                raise ConfigError(f"Two tools are called {spec.name!r}.", "Rename one: tool(name=...).")
            self._specs[spec.name] = spec

    def __getitem__(self, name: str) -> ToolSpec:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def narrow(self, *patterns: str) -> "ToolRegistry":
        """The tools whose name matches a pattern (`read_*`). Raises UnknownNameError on one that matches none."""
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in self):
                raise UnknownNameError.of("tool", pattern, self)
        return ToolRegistry(s for s in self.values() if any(fnmatchcase(s.name, p) for p in patterns))

    def catalog(self) -> list[dict[str, Any]]:
        """What a model is shown: one schema a tool, never the implementation."""
        return [spec.schema for spec in self.values()]


def _as_spec(item: object) -> ToolSpec:
    if isinstance(item, ToolSpec):
        return item
    from lockgate.tools.langchain import wrap

    return wrap(item)
