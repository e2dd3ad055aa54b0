"""A lint for the God agent: too many tools, tools that overlap, a prompt that says nothing.

An agent that can do everything chooses badly and is the worst thing to lose to an injected instruction. The bounds
are rules of thumb, so these are findings, never errors.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from lockgate.spec import ToolSpec
from lockgate.text import one_line

MANY_TOOLS = 12
"""Tools of one agent from which on it is warned; providers advise to stay well under 20."""
MANY_EFFECTS = 6
"""Tools with an effect outside that one agent holds."""
SHORT_PROMPT = 8
"""Words below which a prompt cannot say what the agent is for."""
ALIKE = 0.6
"""Part of the words that two tools share, from which on a model will mix them up."""
MAX_FINDINGS = 50

Problem = Literal["too many tools", "too many effects", "overlapping tools", "vague prompt"]
_SMALL = frozenset(
    {"a", "an", "and", "all", "any", "are", "by", "for", "from", "get", "in", "is", "it", "of", "on", "one", "or"}
    | {"some", "that", "the", "this", "to", "with"}
)
_HOLLOW = re.compile(
    r"\b(any(thing| task)|everything|whatever|all kinds of|general[- ]purpose|do it all)\b", re.IGNORECASE
)
_STOCK = re.compile(r"^\W*you are an? (very )?(helpful|smart|useful|ai|intelligent)\b[^.]*assistant\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One thing that makes an agent hard to trust, and what to do about it. `tools` are those it is about."""

    agent: str
    problem: Problem
    message: str
    hint: str
    tools: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.agent}: {self.message} {self.hint}"


def lint_agent(tools: Sequence[ToolSpec], prompt: str, *, name: str = "agent") -> list[Lint]:
    """What speaks for splitting the agent up, at most `MAX_FINDINGS`; empty when nothing does."""
    agent = one_line(name, 60)
    found: list[Lint] = []
    if len(tools) > MANY_TOOLS:
        hint = "Give groups of them to workers of an orchestrator."
        found.append(Lint(agent=agent, problem="too many tools", message=f"It has {len(tools)} tools.", hint=hint))
    effects = tuple(spec.name for spec in tools if spec.effect)
    if len(effects) > MANY_EFFECTS:
        message = f"It can change things outside with {len(effects)} tools."
        hint = "Separate those who read from those who act."
        found.append(Lint(agent=agent, problem="too many effects", message=message, hint=hint, tools=effects))
    if why := _vague(prompt):
        hint = "Say what it is for, what it must not do, and when it is done."
        found.append(Lint(agent=agent, problem="vague prompt", message=why, hint=hint))
    words = [(spec, _words(spec)) for spec in tools]
    for (one, ours), (other, theirs) in combinations(words, 2):
        if len(found) >= MAX_FINDINGS:
            break
        if ours and theirs and len(ours & theirs) / len(ours | theirs) >= ALIKE:
            names = (one_line(one.name, 60), one_line(other.name, 60))
            message = f"The tools {names[0]!r} and {names[1]!r} read alike to a model."
            hint = "Join them, or say in each description when to use which."
            found.append(Lint(agent=agent, problem="overlapping tools", message=message, hint=hint, tools=names))
    return found


def _vague(prompt: str) -> str:
    words = re.findall(r"\w+", prompt[:20_000])
    if not words:
        return "It has no prompt."
    if _STOCK.match(prompt[:500]):
        return "Its prompt is the stock phrase."
    if len(words) < SHORT_PROMPT:
        return f"Its prompt has {len(words)} words."
    if hollow := _HOLLOW.search(prompt[:20_000]):
        return f"Its prompt says {hollow.group()!r}, so nothing is out of its scope."
    return ""


def _words(spec: ToolSpec) -> frozenset[str]:
    """The words of a tool's name and the first line of its description, without endings and small words."""
    text = f"{spec.name} {spec.description[:2_000].strip().partition(chr(10))[0]}"
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower().replace("_", " ")
    return frozenset(_stem(word) for word in re.findall(r"[^\W\d_]+", split)) - _SMALL


def _stem(word: str) -> str:
    for ending in ("ies", "ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004 - what is left must be a word
            return word.removesuffix(ending) + ("y" if ending == "ies" else "")
    return word
