"""`compare`: how two policies differ, rule by rule, and on which calls they answer differently."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lockgate.decision import Call, Decision, Review, canonical_json
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Rule
from lockgate.labels import UNTRUSTED, Label
from lockgate.ports import Caller, History
from lockgate.spec import ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One rule that is only in one policy, or differs. `fields` maps a field's name to (before, after)."""

    change: Literal["added", "removed", "changed"]
    rule: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A call on which two policies answer differently, and with whom and what the session had seen."""

    call: Call
    history: History
    before: Decision
    after: Decision


def compare_rules(before: Policy, after: Policy) -> list[RuleChange]:
    """Rules by id, in the order of `before`, then those that are new. Sections count as a rule called `sections`, whose
    fields are the ways to what differs, such as `risk.production`.
    """
    old, new = {rule.id: rule for rule in before.rules}, {rule.id: rule for rule in after.rules}
    changes = []
    for name in [*old, *(name for name in new if name not in old)]:
        fields = _fields(old.get(name), new.get(name))
        if fields:
            kind: Literal["added", "removed", "changed"] = (
                "added" if name not in old else "removed" if name not in new else "changed"
            )
            changes.append(RuleChange(change=kind, rule=name, fields=fields))
    sections = dict(_leaves(before.sections.model_dump(mode="json"), after.sections.model_dump(mode="json")))
    if sections:
        changes.append(RuleChange(change="changed", rule="sections", fields=sections))
    return changes


def _leaves(left: Any, right: Any, way: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The ways to where two JSON values differ, with what stands there."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in dict.fromkeys((*left, *right)):
            yield from _leaves(left.get(name), right.get(name), f"{way}.{name}" if way else name)
    elif canonical_json(left) != canonical_json(right):
        yield way, (left, right)


def _fields(old: Rule | None, new: Rule | None) -> dict[str, tuple[Any, Any]]:
    left: dict[str, Any] = old.model_dump(mode="json", by_alias=True, exclude_defaults=True) if old else {}
    right: dict[str, Any] = new.model_dump(mode="json", by_alias=True, exclude_defaults=True) if new else {}
    return {
        name: (left.get(name), right.get(name))
        for name in dict.fromkeys((*left, *right))
        if canonical_json(left.get(name)) != canonical_json(right.get(name))
    }


def histories(*policies: Policy) -> list[History]:
    """Sessions that the rules tell apart: each role, user, tenant and agent they name, alone and together as one rule
    wants them, trusted and not.
    """
    callers, agents = [Caller()], [""]
    for policy in policies:
        for when in (rule.when for rule in policy.rules if rule.when):
            callers += [Caller(roles=frozenset({role})) for role in when.role or ()]
            callers += [Caller(user=user) for user in when.user or ()]
            callers += [Caller(tenant=tenant) for tenant in when.tenant or ()]
            user, tenant = (names[0] if names else "" for names in (when.user, when.tenant))
            callers.append(Caller(user=user, tenant=tenant, roles=frozenset(when.role or ())))
            agents += [name.replace("*", "x").replace("?", "x") for name in when.agent or ()]
    return [
        History(agent=agent, caller=caller, trust=trust)
        for caller in dict.fromkeys(callers)
        for agent in dict.fromkeys(agents)
        for trust in (Label(), UNTRUSTED)
    ]


def flips(
    before: Policy, after: Policy, calls: Iterable[Call], tools: Mapping[str, ToolSpec], seen: Iterable[History]
) -> list[Flip]:
    """The calls on which the answers differ, each with the first history that shows it."""
    old, new = Gate(before, tools), Gate(after, tools)
    sessions, found = list(seen), []
    for call in calls:
        for history in sessions:
            one, other = old.decide(call, history), new.decide(call, history)
            if differ(one, other):
                found.append(Flip(call=call, history=history, before=one, after=other))
                break
    return found


def differ(one: Decision, other: Decision) -> bool:
    """Whether two answers differ in what happens: not in rule or wording, but in kind, in who may approve, or in what
    waits meanwhile.
    """
    if isinstance(one, Review) and isinstance(other, Review):
        left, right = ((it.approvers, it.expires_after, it.blocking) for it in (one, other))
        return left != right
    return type(one) is not type(other)
