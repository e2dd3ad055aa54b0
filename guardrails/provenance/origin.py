"""How a policy speaks of where a value comes from: `user`, `operator`, `trusted`, ..., `tool:NAME`, `agent:NAME`."""

import re
from collections.abc import Iterable
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from lockgate.evidence import Kind, Trace
from lockgate.guardrails.pattern import glob

_KINDS = [str(kind) for kind in Kind]
_NAMED = ("tool:", "agent:", "user:")


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in _KINDS and not (name.startswith(_NAMED) and name.partition(":")[2]):
            raise ValueError(f"{name[:80]!r} is no source; they are {', '.join(_KINDS)}, tool:NAME, agent:NAME")
    return tuple(dict.fromkeys(names))


Origins: TypeAlias = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_known)]


def holds(trace: Trace, origins: Iterable[str]) -> bool:
    """Whether the trace's kind, or one of its sources, is among `origins`."""
    for name in origins:
        if name == trace.kind or name in trace.sources:
            return True
        if ":" in name and "*" in name and any(glob(name)(source) is True for source in trace.sources):
            return True
    return False


class OriginTest:
    """Whether the values at a path come from where a constraint says."""

    def __init__(self, path: str, wanted: tuple[str, ...] | None, unwanted: tuple[str, ...] | None) -> None:
        steps = re.escape(path).replace(r"\[\*\]", r"\[\d+\]")
        self._within = re.compile(rf"{steps}(?:[.\[].*)?", re.DOTALL).fullmatch
        self._wanted = wanted
        self._unwanted = unwanted

    def __call__(self, traces: Iterable[Trace], *, sure: bool) -> bool:
        """For `sure`, all values do and there is one; otherwise one does, or none can be told."""
        answers = [self._one(trace) for trace in traces if self._within(trace.path)]
        return (bool(answers) and all(answers)) if sure else any(answers)

    def _one(self, trace: Trace) -> bool:
        if self._wanted is not None and not holds(trace, self._wanted):
            return False
        return self._unwanted is None or not holds(trace, self._unwanted)
