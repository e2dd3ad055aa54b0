"""Who asks where an argument comes from: the rule that allows the call, or the pack's section `provenance`."""

from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Rule
from lockgate.labels import Integrity

_ANYBODY = frozenset({"untrusted", "untraced"})
"""Sources by which a value may come from anybody."""


def _anybody(source: str) -> bool:
    """Whether a value from there may be anybody's: from somewhere untrusted, or from whatever tool or agent."""
    kind, _, name = source.partition(":")
    return source in _ANYBODY or (kind in ("tool", "agent") and bool(name) and not name.strip("*"))


def asks(policy: Policy) -> bool:
    """Whether the policy's own section looks at where sensitive arguments come from."""
    section = policy.sections.provenance
    return section.sensitive != "allow" and _ANYBODY.isdisjoint(section.trust)


def bounds_trust(rule: Rule) -> bool:
    """Whether the rule matches only in sessions that have read nothing untrusted."""
    bound = rule.when.trust.range()[1] if rule.when and rule.when.trust else None
    return bound is not None and bound <= Integrity.INTERNAL


def grounded(rule: Rule, arg: str) -> bool:
    """Whether the rule ties the argument down: by where it comes from, or to values that the deployer wrote."""
    for path, constraint in rule.args.items():
        if path != arg and not path.startswith((f"{arg}.", f"{arg}[")):
            continue
        if constraint.from_ is not None and not any(map(_anybody, constraint.from_)):
            return True
        if {*(constraint.not_from or ())} >= _ANYBODY:
            return True
        if any(asked is not None for asked in (constraint.equals, constraint.one_of, constraint.absent)):
            return True
    return False
