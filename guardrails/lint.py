"""`lint_policy`: what in a policy is probably not what its author meant. Findings, never errors."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from lockgate.guardrails.breadth import any_tool, foreign, too_wide, unanchored
from lockgate.guardrails.constraint import Constraint
from lockgate.guardrails.covering import covers, speaks_of
from lockgate.guardrails.difference import differ
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

Where = Callable[[str], str]
"""From a rule's id to `file:line`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLint:
    """One finding. `where` reads `file:line`, empty for a policy that was not read from a file."""

    smell: Smell
    rule: str
    message: str
    hint: str
    where: str = ""
    tool: str = ""


def lint_policy(
    policy: Policy,
    tools: Mapping[str, ToolSpec] | None = None,
    *,
    lines: Mapping[str, int] | None = None,
    file: str = "",
) -> list[PolicyLint]:
    """What is wrong with `policy`, in the order of its rules; what needs the tools is left out without `tools`.

    `lines` gives the line of each rule in `file`.
    """

    def where(rule: str) -> str:
        return f"{file}:{lines[rule]}" if lines and rule in lines else file

    found = [*_shadowed(policy, where), *_wide(policy, where)]
    if tools is not None:
        found += [*_dead(policy, tools, where), *_uncovered(policy, tools, file)]
        found += [*_unproven(policy, tools, where), *_foreign(policy, tools, where)]
    rank = {rule.id: index for index, rule in enumerate(policy.rules)}
    return sorted(found, key=lambda lint: rank.get(lint.rule, len(rank)))


def _shadowed(policy: Policy, where: Where) -> Iterator[PolicyLint]:
    for index, rule in enumerate(policy.rules):
        earlier = next((before for before in policy.rules[:index] if covers(before, rule)), None)
        if earlier is None:
            continue
        same = not differ(earlier.decision(), rule.decision())
        yield PolicyLint(
            smell="redundant" if same else "shadowed",
            rule=rule.id,
            message=f"Never decides: {earlier.id!r} ({earlier.action}) comes first and matches whenever it would.",
            hint="Remove it." if same else f"Give it a lower priority than {earlier.priority}, or remove it.",
            where=where(rule.id),
        )


def _wide(policy: Policy, where: Where) -> Iterator[PolicyLint]:
    for rule in policy.rules:
        if rule.action != "allow":
            continue
        for tool in filter(any_tool, rule.tools):
            yield PolicyLint(
                smell="too wide",
                rule=rule.id,
                message=f"Allows every tool there is or will be ({tool!r}).",
                hint="Name the tools.",
                where=where(rule.id),
            )
        for path, constraint in rule.args.items():
            yield from _wide_patterns(rule, path, constraint, where)


def _wide_patterns(rule: Rule, path: str, constraint: Constraint, where: Where) -> Iterator[PolicyLint]:
    if constraint.equals is not None or constraint.one_of is not None:
        return
    anywhere = "" if constraint.search is None else constraint.search
    if constraint.matches is not None:
        if wide := too_wide(constraint.matches):
            yield PolicyLint(
                smell="too wide",
                rule=rule.id,
                message=f"args.{path}: the pattern {constraint.matches[:80]!r} matches {wide}.",
                hint="Say what the text must look like, or list the values with one_of.",
                where=where(rule.id),
            )
            return
        anywhere = unanchored(constraint.matches)
    if anywhere:
        yield PolicyLint(
            smell="unanchored",
            rule=rule.id,
            message=f"args.{path}: any text is allowed that has {anywhere[:80]!r} somewhere in it.",
            hint="Use matches, and cover the whole text with it.",
            where=where(rule.id),
        )


def _dead(policy: Policy, tools: Mapping[str, ToolSpec], where: Where) -> Iterator[PolicyLint]:
    for rule in policy.rules:
        fitting = [spec for name, spec in tools.items() if speaks_of(rule, name)]
        if not fitting:
            # A rule that denies may well speak of tools that must never come.
            if rule.action == "deny" and any(is_glob(tool) for tool in rule.tools):
                continue
            yield PolicyLint(
                smell="no such tool",
                rule=rule.id,
                message=f"No tool is called {' or '.join(map(repr, rule.tools[:3]))}.",
                hint="Mind capitals; `lockgate tools` lists the names.",
                where=where(rule.id),
            )
        elif not any(_facts_fit(rule, spec) for spec in fitting):
            yield PolicyLint(
                smell="never applies",
                rule=rule.id,
                message="Its conditions (risk, effect, reversible) or arguments fit none of the tools it speaks of.",
                hint="Compare them with what the tools state.",
                where=where(rule.id),
            )


def _facts_fit(rule: Rule, spec: ToolSpec) -> bool:
    if rule.action == "allow" and not _takes(rule, spec):
        return False
    if (when := rule.when) is None:
        return True
    least, most = when.risk.range() if when.risk else (None, None)
    return (
        (when.effect is None or when.effect is spec.effect)
        and (when.reversible is None or when.reversible is spec.reversible)
        and (least is None or spec.risk >= least)
        and (most is None or spec.risk <= most)
    )


def _takes(rule: Rule, spec: ToolSpec) -> bool:
    """Whether the tool has the arguments that the rule must find."""
    if spec.args_model.model_config.get("extra") == "allow":
        return True
    known = set(spec.args_model.model_fields)
    return all(
        constraint.absent
        or ((name := path.replace("[", ".").split(".")[0]) in known and (name != path or _fits(constraint, spec, name)))
        for path, constraint in rule.args.items()
    )


def _fits(constraint: Constraint, spec: ToolSpec, name: str) -> bool:
    """Whether the argument can have one of the values that the constraint lists, where it lists some."""
    named = [constraint.equals] if constraint.equals is not None else constraint.one_of
    if not named:
        return True
    field, check = TypeAdapter(spec.args_model.model_fields[name].rebuild_annotation()), constraint.compile()
    for value in named:
        try:
            # The gate judges what the tool would get: "5" is 5 to a tool that takes a number.
            if check(field.validate_python(value)) is True:
                return True
        except ValidationError:
            continue
    return False


def _uncovered(policy: Policy, tools: Mapping[str, ToolSpec], file: str) -> Iterator[PolicyLint]:
    for name, spec in tools.items():
        open_rules = [rule for rule in policy.rules if rule.action != "deny" and speaks_of(rule, name)]
        if any(_facts_fit(rule, spec) for rule in open_rules):
            continue
        if any(
            rule.action == "deny" and not rule.args and rule.when is None and speaks_of(rule, name)
            for rule in policy.rules
        ):
            continue  # denied on purpose
        yield PolicyLint(
            smell="uncovered tool",
            rule="",
            message=f"No rule allows or reviews any call of {name!r}: every one is denied.",
            hint="Add a rule for it, or deny it by a rule of its own, or take it from the agent.",
            where=file,
            tool=name,
        )


def _unproven(policy: Policy, tools: Mapping[str, ToolSpec], where: Where) -> Iterator[PolicyLint]:
    """Effects that are allowed whoever wrote their arguments: neither the rule asks nor the section `provenance`.

    The section asks about sensitive arguments alone; a tool that names none, takes some and cannot be undone has
    nothing that anybody asks about.
    """
    asked = _asks(policy)
    for rule in policy.rules:
        if rule.action != "allow" or _bounds_trust(rule):
            continue
        for name, spec in tools.items():
            if not (spec.effect and speaks_of(rule, name) and _facts_fit(rule, spec)):
                continue
            loose = [] if asked else sorted(arg for arg in spec.sensitive if not _grounded(rule, arg))
            hint = "Ask where the value is from, list the values, or add when: {trust: {at_most: internal}}."
            if not spec.sensitive and not spec.reversible and _has_arguments(spec):
                loose = [] if any(_grounded(rule, arg) for arg in rule.args) else ["any argument"]
                hint = "Let the tool say which arguments are sensitive, or add when: {trust: {at_most: internal}}."
            if loose:
                yield PolicyLint(
                    smell="no provenance",
                    rule=rule.id,
                    message=f"Allows {name!r}, which has an effect, wherever {', '.join(loose)} came from.",
                    hint=hint,
                    where=where(rule.id),
                    tool=name,
                )


def _foreign(policy: Policy, tools: Mapping[str, ToolSpec], where: Where) -> Iterator[PolicyLint]:
    """Patterns that let an effect reach anybody's page, mailbox or file, where nobody asks whose it is."""
    asked = _asks(policy)
    for rule in policy.rules:
        if rule.action != "allow" or _bounds_trust(rule):
            continue
        fitting = [spec for name, spec in tools.items() if spec.effect and speaks_of(rule, name)]
        for path, constraint in rule.args.items():
            name = path.replace("[", ".").partition(".")[0]
            if (
                constraint.matches is None
                or _grounded(rule, path)
                or all(asked and name in s.sensitive for s in fitting)
            ):
                continue
            if not too_wide(constraint.matches) and (whose := foreign(constraint.matches)):
                yield PolicyLint(
                    smell="too wide",
                    rule=rule.id,
                    message=f"args.{path}: the pattern {constraint.matches[:80]!r} matches {whose}.",
                    hint="Spell out whose, ask where the value is from, or let the tool say that it is sensitive.",
                    where=where(rule.id),
                )


_ANYBODY = frozenset({"untrusted", "untraced"})
"""Sources by which a value may come from anybody."""


def _asks(policy: Policy) -> bool:
    """Whether the policy's own section looks at where sensitive arguments come from."""
    section = policy.sections.provenance
    return section.sensitive != "allow" and _ANYBODY.isdisjoint(section.trust)


def _has_arguments(spec: ToolSpec) -> bool:
    return bool(spec.args_model.model_fields) or spec.args_model.model_config.get("extra") == "allow"


def _bounds_trust(rule: Rule) -> bool:
    bound = rule.when.trust.range()[1] if rule.when and rule.when.trust else None
    return bound is not None and bound <= 1


def _grounded(rule: Rule, arg: str) -> bool:
    """Whether the rule ties the argument down: by where it comes from, or to values that the deployer wrote."""
    for path, constraint in rule.args.items():
        if path != arg and not path.startswith((f"{arg}.", f"{arg}[")):
            continue
        if constraint.from_ is not None and _ANYBODY.isdisjoint(constraint.from_):
            return True
        if {*(constraint.not_from or ())} >= _ANYBODY:
            return True
        if any(asked is not None for asked in (constraint.equals, constraint.one_of, constraint.absent)):
            return True
    return False
