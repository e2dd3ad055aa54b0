"""`lint_policy`: what in a policy is probably not what its author meant. Findings, never errors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lockgate.guardrails.breadth import any_tool, foreign, too_wide, unanchored
from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.covering import covers, speaks_of
from lockgate.guardrails.difference import differ
from lockgate.guardrails.fitting import fits, takes_any
from lockgate.guardrails.grounding import asks, bounds_trust, grounded
from lockgate.guardrails.pattern import is_glob
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Rule
from lockgate.spec import ToolSpec

Smell = Literal[
    "shadowed",
    "redundant",
    "no such tool",
    "never applies",
    "uncovered tool",
    "no provenance",
    "too wide",
    "unanchored",
]

Tools: TypeAlias = Mapping[str, ToolSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLint:
    """One finding. `where` reads `file:line`, empty for a policy that was not read from a file."""

    smell: Smell
    rule: str
    message: str
    hint: str
    where: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a check found in a rule; `rule` is None for what concerns the policy as a whole."""

    smell: Smell
    rule: Rule | None
    message: str
    hint: str
    tool: str = ""


def lint_policy(
    policy: Policy, tools: Tools | None = None, *, lines: Mapping[str, int] | None = None, file: str = ""
) -> list[PolicyLint]:
    """What is wrong with `policy`, in the order of its rules; what needs the tools is left out without `tools`.

    `lines` gives the line of each rule in `file`.
    """
    found = [one for check in _OF_RULES for one in check(policy)]
    if tools is not None:
        found += [one for check in _WITH_TOOLS for one in check(policy, tools)]
    rank = {rule.id: index for index, rule in enumerate(policy.rules)}
    found.sort(key=lambda one: rank[one.rule.id] if one.rule else len(rank))
    return [
        PolicyLint(
            smell=one.smell,
            rule=(rule := one.rule.id if one.rule else ""),
            message=one.message,
            hint=one.hint,
            where=f"{file}:{lines[rule]}" if lines and rule in lines else file,
            tool=one.tool,
        )
        for one in found
    ]


def _shadowed(policy: Policy) -> Iterator[_Found]:
    for index, rule in enumerate(policy.rules):
        earlier = next((before for before in policy.rules[:index] if covers(before, rule)), None)
        if earlier is None:
            continue
        message = f"Never decides: {earlier.id!r} ({earlier.action}) comes first and matches whenever it would."
        if differ(earlier.decision(), rule.decision()):
            yield _Found("shadowed", rule, message, f"Give it a lower priority than {earlier.priority}, or remove it.")
        else:
            yield _Found("redundant", rule, message, "Remove it.")


def _wide(policy: Policy) -> Iterator[_Found]:
    for rule in policy.rules:
        if rule.action != "allow":
            continue
        for tool in filter(any_tool, rule.tools):
            yield _Found("too wide", rule, f"Allows every tool there is or will be ({tool!r}).", "Name the tools.")
        for path, constraint in rule.args.items():
            yield from _wide_patterns(rule, path, constraint)


def _wide_patterns(rule: Rule, path: str, constraint: Constraint) -> Iterator[_Found]:
    if constraint.equals is not None or constraint.one_of is not None:
        return
    anywhere = "" if constraint.search is None else constraint.search
    if constraint.matches is not None:
        if wide := too_wide(constraint.matches):
            message = f"args.{path}: the pattern {constraint.matches[:80]!r} matches {wide}."
            hint = "Say what the text must look like, or list the values with one_of."
            yield _Found("too wide", rule, message, hint)
            return
        anywhere = unanchored(constraint.matches)
    if anywhere:
        message = f"args.{path}: any text is allowed that has {anywhere[:80]!r} somewhere in it."
        yield _Found("unanchored", rule, message, "Use matches, and cover the whole text with it.")


def _dead(policy: Policy, tools: Tools) -> Iterator[_Found]:
    for rule in policy.rules:
        spoken_of = [spec for name, spec in tools.items() if speaks_of(rule, name)]
        if not spoken_of:
            # A rule that denies may well speak of tools that must never come.
            if rule.action == "deny" and any(is_glob(tool) for tool in rule.tools):
                continue
            message = f"No tool is called {' or '.join(map(repr, rule.tools[:3]))}."
            yield _Found("no such tool", rule, message, "Mind capitals; `lockgate tools` lists the names.")
        elif not any(fits(rule, spec) for spec in spoken_of):
            message = "Its conditions (risk, effect, reversible) or arguments fit none of the tools it speaks of."
            yield _Found("never applies", rule, message, "Compare them with what the tools state.")


def _uncovered(policy: Policy, tools: Tools) -> Iterator[_Found]:
    for name, spec in tools.items():
        about = [rule for rule in policy.rules if speaks_of(rule, name)]
        if any(rule.action != "deny" and fits(rule, spec) for rule in about):
            continue
        if any(rule.action == "deny" and not rule.args and rule.when is None for rule in about):
            continue  # denied on purpose
        message = f"No rule allows or reviews any call of {name!r}: every one is denied."
        hint = "Add a rule for it, or deny it by a rule of its own, or take it from the agent."
        yield _Found("uncovered tool", None, message, hint, name)


def _unproven(policy: Policy, tools: Tools) -> Iterator[_Found]:
    """Effects that are allowed whoever wrote their arguments: neither the rule asks nor the section `provenance`.

    The section asks about sensitive arguments alone; a tool that names none, takes some and cannot be undone has
    nothing that anybody asks about.
    """
    asked = asks(policy)
    for rule in policy.rules:
        if rule.action != "allow" or bounds_trust(rule):
            continue
        for name, spec in tools.items():
            if not (spec.effect and speaks_of(rule, name) and fits(rule, spec)):
                continue
            loose = [] if asked else sorted(arg for arg in spec.sensitive if not grounded(rule, arg))
            hint = "Ask where the value is from, list the values, or add when: {trust: {at_most: internal}}."
            if not spec.sensitive and not spec.reversible and (takes_any(spec) or spec.args_model.model_fields):
                loose = [] if any(grounded(rule, arg) for arg in rule.args) else ["any argument"]
                hint = "Let the tool say which arguments are sensitive, or add when: {trust: {at_most: internal}}."
            if loose:
                message = f"Allows {name!r}, which has an effect, wherever {', '.join(loose)} came from."
                yield _Found("no provenance", rule, message, hint, name)


def _foreign(policy: Policy, tools: Tools) -> Iterator[_Found]:
    """Patterns that let an effect reach anybody's page, mailbox or file, where nobody asks whose it is."""
    asked = asks(policy)
    for rule in policy.rules:
        if rule.action != "allow" or bounds_trust(rule):
            continue
        acting = [spec for name, spec in tools.items() if spec.effect and speaks_of(rule, name)]
        for path, constraint in rule.args.items():
            if constraint.matches is None or grounded(rule, path) or too_wide(constraint.matches):
                continue
            name = path.replace("[", ".").partition(".")[0]
            if all(asked and name in spec.sensitive for spec in acting):
                continue
            if whose := foreign(constraint.matches):
                message = f"args.{path}: the pattern {constraint.matches[:80]!r} matches {whose}."
                hint = "Spell out whose, ask where the value is from, or let the tool say that it is sensitive."
                yield _Found("too wide", rule, message, hint)


_OF_RULES: tuple[Callable[[Policy], Iterator[_Found]], ...] = (_shadowed, _wide)
_WITH_TOOLS: tuple[Callable[[Policy, Tools], Iterator[_Found]], ...] = (_dead, _uncovered, _unproven, _foreign)
