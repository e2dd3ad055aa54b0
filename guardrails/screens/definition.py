"""Tool-definition poisoning: the description and schema of a tool are read by the model, so they are screened too.

A description orders by nature ("Use this to ..."), so the model of orders is not asked about its weak signs: what
counts is speaking past the tool: to the agent about other tools, about secrecy, about rules, about the user.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lockgate.guardrails.screens.features import Reader
from lockgate.guardrails.screens.folding import fold
from lockgate.guardrails.screens.instructions import lowered, sentences
from lockgate.guardrails.screens.kinds import Kind
from lockgate.guardrails.screens.phrases import STRONG, said
from lockgate.guardrails.screens.screen import screened
from lockgate.passage import Finding
from lockgate.spec import ToolSpec

_MARKS = frozenset(
    {"drop_rules", "secrecy", "unasked", "your_rules", "void", "obey", "you_are", "from_now", "vocative", "to_agents"}
)
_MAX_TEXTS = 20_000
"""Names and texts of one schema that are looked at, in two seconds of CPU; one with more is not taken at its word."""
_WRAPPED = re.compile(r"(?<=[^\s.!?:;])\n(?=[ \t]*[a-z])")
"""Where a line goes on in the next one."""


def screen_definition(spec: ToolSpec) -> tuple[Finding, ...]:
    """What is wrong with how a tool describes itself. A finding's note names the place; spans are offsets there."""
    found: list[Finding] = []
    for count, (place, text) in enumerate(_texts(spec)):
        if count >= _MAX_TEXTS:
            note = f"parameters: more than {_MAX_TEXTS:,} texts, too many to look at"
            found.append(Finding(kind="", start=0, end=0, score=1.0, note=note))
            break
        visible, findings = screened(text)
        found += (replace(one, note=f"{place}: {one.note}") for one in findings if one.kind != Kind.INSTRUCTION)
        found += (replace(one, note=f"{place}: {one.note}") for one in _past_the_tool(fold(visible)))
    return tuple(replace(one, kind=str(Kind.DEFINITION)) for one in found)


def _past_the_tool(text: str) -> Iterator[Finding]:
    low = lowered(_WRAPPED.sub(" ", text))
    reader = Reader(low)
    for start, end in sentences(low):
        mask = reader.read(start, end).mask
        strong = STRONG & said(" ".join(low[start:end].split()), mask).keys()
        if len(strong) > 1 and not _MARKS.isdisjoint(strong):
            score, note = min(1.0, 0.4 + 0.2 * len(strong)), ", ".join(sorted(strong))
            yield Finding(kind="", start=start, end=end, score=score, note=note)


def _texts(spec: ToolSpec) -> Iterator[tuple[str, str]]:
    yield "name", spec.name
    yield "description", spec.description
    yield from _prose("parameters", spec.parameters)


def _prose(where: str, schema: Any) -> Iterator[tuple[str, str]]:
    """Every text in a schema that a model may take for words, without recursion."""
    waiting = [(where, schema)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{place}.{name}"[:200], item) for name, item in value.items()]
            for name in value:
                yield f"{place} (a name)", str(name)
        elif isinstance(value, list):
            waiting += [(place, item) for item in value]
        elif isinstance(value, str):
            yield place, value
