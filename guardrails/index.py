"""The index that keeps a decision quick however many rules there are.

Rules are looked up by the tool's name. Among the rules of one tool, those that want one text argument to equal
something are found by that text, and those that want it to match a pattern are found by one pass of all patterns.
Each group only ever leaves out rules that surely do not match, so the answer is that of trying every rule in order.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeAlias

from lockgate.guardrails.compiled import Args, CompiledRule
from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.path import MISSING, ArgumentPath
from lockgate.guardrails.pattern import PatternSet
from lockgate.ports import History
from lockgate.spec import ToolSpec

_WORTH_IT = 4
"""Fewer rules than this are tried one by one: a lookup would cost more."""
_MAX_GROUPS = 16

Ranked: TypeAlias = Sequence[CompiledRule]
Group: TypeAlias = Callable[[Args], Ranked]
"""From the arguments to those of its rules that may match, in order."""


class ToolIndex:
    """The rules that speak of one tool."""

    __slots__ = ("_groups", "_rest", "rules")

    def __init__(self, rules: Ranked) -> None:
        """`rules` are in order of evaluation."""
        self.rules = rules
        self._groups, self._rest = _grouped(rules)

    def first(self, args: Args, spec: ToolSpec, history: History) -> CompiledRule | None:
        """The first rule in order that matches."""
        best = None
        for rule in self._rest:
            if rule.holds(args, spec, history):
                best = rule
                break
        for group in self._groups:
            for rule in group(args):
                if best is not None and rule.rank > best.rank:
                    break
                if rule.holds(args, spec, history):
                    best = rule
                    break
        return best


def _grouped(rules: Ranked) -> tuple[list[Group], Ranked]:
    """Splits `rules` into groups, the largest first, and the rest that has to be tried one by one."""
    groups: list[Group] = []
    rest = list(rules)
    known = {rule.rank: _handles(rule) for rule in rules} if len(rules) >= _WORTH_IT else {}
    while len(rest) >= _WORTH_IT and len(groups) < _MAX_GROUPS:
        handles: dict[tuple[str, str], list[CompiledRule]] = {}
        for rule in rest:
            for handle in known[rule.rank]:
                handles.setdefault(handle, []).append(rule)
        best = max(handles.items(), key=lambda item: len(item[1]), default=None)
        if best is None or len(best[1]) < _WORTH_IT:
            break
        (path, kind), members = best
        groups.append(_by_text(path, members) if kind == "equals" else _by_pattern(path, kind, members))
        taken = {rule.rank for rule in members}
        rest = [rule for rule in rest if rule.rank not in taken]
    return groups, tuple(rest)


def _handles(rule: CompiledRule) -> list[tuple[str, str]]:
    found = []
    for path, constraint in rule.rule.args.items():
        if not ArgumentPath(path).wild:
            if _texts(constraint):
                found.append((path, "equals"))
            found += [(path, kind) for kind in ("matches", "search") if getattr(constraint, kind) is not None]
    return found


def _texts(constraint: Constraint) -> tuple[str, ...]:
    """The texts the value must be one of; empty when it may be something else."""
    if isinstance(constraint.equals, str):
        return (constraint.equals,)
    named = constraint.one_of if constraint.equals is None and constraint.one_of else ()
    texts = tuple(text for text in named if isinstance(text, str))
    return texts if len(texts) == len(named) else ()


def _reader(path: str) -> Callable[[Args], Any]:
    parsed = ArgumentPath(path)
    if (key := parsed.key) is not None:
        return lambda args: args.get(key, MISSING)
    return lambda args: parsed.values(args)[0]


def _by_text(path: str, members: list[CompiledRule]) -> Group:
    read = _reader(path)
    everything = tuple(members)
    buckets: dict[str, list[CompiledRule]] = {}
    for rule in members:
        for text in dict.fromkeys(_texts(rule.rule.args[path])):
            buckets.setdefault(text, []).append(rule)

    def candidates(args: Args) -> Ranked:
        value = read(args)
        # A value that is no text may be one that cannot be judged: then every deny rule has its say.
        return buckets.get(value, ()) if type(value) is str else everything

    return candidates


def _by_pattern(path: str, kind: str, members: list[CompiledRule]) -> Group:
    read = _reader(path)
    everything = tuple(members)
    by_pattern: dict[str, list[CompiledRule]] = {}
    for rule in members:
        by_pattern.setdefault(getattr(rule.rule.args[path], kind), []).append(rule)
    together = PatternSet(tuple(by_pattern), whole=kind == "matches")
    rules = list(by_pattern.values())

    def candidates(args: Args) -> Ranked:
        value = read(args)
        found = together(value) if type(value) is str else None
        if found is None:
            return everything
        if len(found) == 1:
            return rules[found[0]]
        return sorted(chain.from_iterable(rules[index] for index in found), key=_rank)

    return candidates


def _rank(rule: CompiledRule) -> int:
    return rule.rank
