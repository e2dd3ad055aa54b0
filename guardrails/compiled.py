"""Rules turned into functions: a `CompiledRule` is one test over a call, conditions first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lockgate.decision import Decision
from lockgate.guardrails.constraint import Check, Constraint
from lockgate.guardrails.path import MISSING, ArgumentPath
from lockgate.guardrails.pattern import glob, is_glob
from lockgate.guardrails.provenance.origin import OriginTest
from lockgate.guardrails.provenance.witness import examine
from lockgate.guardrails.rule import Conditions, Rule
from lockgate.ports import History
from lockgate.spec import ToolSpec

Args: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Args, ToolSpec, History], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One test of a rule and the field it comes from, such as `args.amount` or `when.role`."""

    field: str
    wants: str
    test: Test


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule at its place in the order of evaluation (`rank`), with its decision made once."""

    rank: int
    rule: Rule
    decision: Decision
    clauses: tuple[Clause, ...]
    holds: Test


def compile_rule(rank: int, rule: Rule) -> CompiledRule:
    """`rule` as functions; conditions come before arguments because they cost less."""
    clauses = [*_conditions(rule.when)] if rule.when else []
    sure = rule.action == "allow"
    clauses += [_argument(ArgumentPath(path), constraint, sure=sure) for path, constraint in rule.args.items()]
    holds = _together([clause.test for clause in clauses])
    return CompiledRule(rank=rank, rule=rule, decision=rule.decision(), clauses=tuple(clauses), holds=holds)


def _together(tests: list[Test]) -> Test:
    """All of `tests`, without a loop for the common short rules."""
    if not tests:
        return lambda _args, _spec, _history: True
    if len(tests) == 1:
        return tests[0]
    first, rest = tests[0], _together(tests[1:])
    return lambda args, spec, history: first(args, spec, history) and rest(args, spec, history)


def _argument(path: ArgumentPath, constraint: Constraint, *, sure: bool) -> Clause:
    check = constraint.compile()
    test = _one(path.key, check, sure=sure) if path.key else _many(path, check, sure=sure)
    if origin := constraint.origin(path.text):
        test = _together([test, _from(origin, sure=sure)])
    return Clause(field=f"args.{path.text}", wants=str(constraint), test=test)


def _one(key: str, check: Check, *, sure: bool) -> Test:
    if sure:
        return lambda args, _spec, _history: check(args.get(key, MISSING)) is True
    return lambda args, _spec, _history: check(args.get(key, MISSING)) is not False


def _many(path: ArgumentPath, check: Check, *, sure: bool) -> Test:
    if sure:
        return lambda args, _spec, _history: all(check(value) is True for value in path.values(args))
    return lambda args, _spec, _history: any(check(value) is not False for value in path.values(args))


def _from(origin: OriginTest, *, sure: bool) -> Test:
    def test(args: Args, spec: ToolSpec, history: History) -> bool:
        return origin((history.evidence or examine(args, spec, history)).traces, sure=sure)

    return test


def _conditions(when: Conditions) -> list[Clause]:
    tests: dict[str, Test] = {}
    if when.risk:
        tests["risk"] = _risk(*when.risk.range())
    if when.trust:
        tests["trust"] = _trust(*when.trust.range())
    if (effect := when.effect) is not None:
        tests["effect"] = lambda _args, spec, _history: spec.effect is effect
    if (reversible := when.reversible) is not None:
        tests["reversible"] = lambda _args, spec, _history: spec.reversible is reversible
    if when.role:
        roles = frozenset(when.role)
        tests["role"] = lambda _args, _spec, history: not roles.isdisjoint(history.caller.roles)
    if when.user:
        users = frozenset(when.user)
        tests["user"] = lambda _args, _spec, history: history.caller.user in users
    if when.tenant:
        tenants = frozenset(when.tenant)
        tests["tenant"] = lambda _args, _spec, history: history.caller.tenant in tenants
    if when.agent:
        tests["agent"] = _agent(when.agent)
    return [Clause(field=f"when.{name}", wants=_wants(getattr(when, name)), test=test) for name, test in tests.items()]


def _wants(value: Any) -> str:
    if isinstance(value, tuple):
        return f"one of {', '.join(value)}"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(f"{name} {bound}" for name, bound in value if bound is not None)


def _risk(least: int | None, most: int | None) -> Test:
    low, high = -1 if least is None else least, 99 if most is None else most
    return lambda _args, spec, _history: low <= spec.risk <= high


def _trust(least: int | None, most: int | None) -> Test:
    low, high = -1 if least is None else least, 99 if most is None else most
    return lambda _args, _spec, history: low <= history.trust.integrity <= high


def _agent(names: tuple[str, ...]) -> Test:
    exact = frozenset(name for name in names if not is_glob(name))
    # A name that cannot be read (None) counts as a match of no glob: agents are named by the deployer.
    globs = [glob(name) for name in names if is_glob(name)]
    return lambda _args, _spec, history: (
        history.agent in exact or any(pattern(history.agent) is True for pattern in globs)
    )
