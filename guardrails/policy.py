"""`Policy`: rules in, decisions out. What no rule allows is denied."""

import hashlib
import os
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lockgate.decision import DEFAULT_RULE, Call, Decision, Deny, canonical_json
from lockgate.errors import PolicyError
from lockgate.guardrails.compiled import CompiledRule, compile_rule
from lockgate.guardrails.index import ToolIndex
from lockgate.guardrails.path import MISSING, ArgumentPath
from lockgate.guardrails.pattern import Pattern, glob, is_glob
from lockgate.guardrails.provenance.witness import examine
from lockgate.guardrails.rule import Rule
from lockgate.guardrails.sections import Sections, inspectors, look_through, strictest
from lockgate.passage import Inspected, Place
from lockgate.ports import History
from lockgate.spec import ToolSpec

_MAX_TOOLS = 4096
"""Tools whose rules are kept ready; beyond that the index starts over, so strange names cannot fill memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One rule that was tried on a call. `why` says what did not hold; it is empty when the rule matched."""

    rule: str
    action: str
    matched: bool
    why: str = ""


class Policy:
    """Implements `lockgate.ports.Judge`. Rules are tried by priority, ties in the order given; the first match decides.

    What the rules do not deny, the guards of `sections` judge too, and the strictest answer stands. `rules` holds the
    rules in the order of evaluation. `fingerprint` is the SHA-256 of rules and sections: equal fingerprints mean
    equal decisions. A policy never changes after it is made, so threads may share it.
    """

    def __init__(self, rules: Iterable[Rule], *, name: str = "policy", sections: Sections | None = None) -> None:
        """Raises PolicyError when two rules have the same id."""
        self.name = name
        self.rules: tuple[Rule, ...] = tuple(sorted(rules, key=lambda rule: rule.priority))
        self.sections = sections or Sections()
        self.traces = any(one.origin(path) for rule in self.rules for path, one in rule.args.items())
        """Whether a rule asks where an argument comes from."""
        self._guards = self.sections.guards()
        _refuse_twins(self.rules)
        self.fingerprint = _fingerprint(self.rules, self.sections)
        self._exact: dict[str, list[CompiledRule]] = {}
        self._globs: list[tuple[tuple[Pattern, ...], CompiledRule]] = []
        for rank, rule in enumerate(self.rules):
            compiled = compile_rule(rank, rule)
            for tool in dict.fromkeys(rule.tools):
                if not is_glob(tool):
                    self._exact.setdefault(tool, []).append(compiled)
            if globs := tuple(glob(tool) for tool in rule.tools if is_glob(tool)):
                self._globs.append((globs, compiled))
        self._tools: dict[str, tuple[ToolIndex, Deny]] = {}

    @classmethod
    def load(cls, source: "str | os.PathLike[str]") -> "Policy":
        """From a YAML file, or from a pack that Lockgate ships (`customer-service`, `starter`); see `shipped_packs()`.

        Raises PolicyError, whose `where` names file, line, rule and field. A broken pack never loads in part.
        """
        from lockgate.guardrails.pack import read_pack

        return read_pack(source)

    @classmethod
    def parse(cls, text: str, source: str = "<string>") -> "Policy":
        """From the text of a YAML pack; `source` is what errors call it. Raises PolicyError as `load` does."""
        from lockgate.guardrails.pack import parse_pack

        return parse_pack(text, source)

    @classmethod
    def deny_all(cls) -> "Policy":
        """The policy without rules."""
        return cls((), name="deny-all")

    @classmethod
    def merge(cls, *policies: "Policy") -> "Policy":
        """One policy with the rules of all: by priority, ties in the order of `policies`.

        Raises PolicyError when two of them use one id for different rules. The same rule twice counts once.
        """
        rules: dict[str, Rule] = {}
        for policy in policies:
            for rule in policy.rules:
                if _canonical(rules.setdefault(rule.id, rule)) != _canonical(rule):
                    raise PolicyError(
                        f"rule id {rule.id!r} of policy {policy.name!r} is taken by another rule.",
                        "Give one of them another id.",
                    )
        spoken = {canonical_json(s.model_dump(exclude_defaults=True)): s for s in (p.sections for p in policies)}
        spoken.pop("{}", None)
        if len(spoken) > 1:
            raise PolicyError(
                "two of the policies have sections of their own, and they differ.", "Leave them to one of the policies."
            )
        names = dict.fromkeys(part for policy in policies for part in policy.name.split("+"))
        return cls(rules.values(), name="+".join(names) or "deny-all", sections=next(iter(spoken.values()), None))

    def decide(self, call: Call, spec: ToolSpec, history: History) -> Decision:
        """The decision of the first rule that matches; Deny when there is none. Never raises for any `call.args`."""
        try:
            name = call.name
            entry = self._tools.get(name)
            if entry is None:
                entry = self._entry(name)
            if not _well_formed(call, spec):
                return Deny(rule=DEFAULT_RULE, reason=f"This is no well-formed call of the tool {spec.name[:200]!r}.")
            if history.evidence is None and history.passages and (spec.effect or spec.sensitive):
                history = replace(history, evidence=examine(call.args, spec, history))
            found = entry[0].first(call.args, spec, history)
            return strictest(entry[1] if found is None else found.decision, self._guards, call, spec, history)
        except Exception as error:  # noqa: BLE001 - whatever cannot be judged is denied, and says so
            return Deny(rule=DEFAULT_RULE, reason=f"The policy could not judge this call ({type(error).__name__}).")

    def inspect(self, text: str, place: Place) -> Inspected:
        """`text` as it may go on, after all inspectors, with what they found; raises what an inspector raises."""
        return look_through(inspectors((self.sections,)), text, place)

    def explain(self, call: Call, spec: ToolSpec, history: History) -> list[Considered]:
        """The rules that speak of the tool, in order, up to the one that matches, and why the others did not.

        The plain way of deciding, without the index: what it finds is what `decide` answers.
        """
        considered: list[Considered] = []
        if not _well_formed(call, spec):
            return considered
        for rule in self._entry(call.name)[0].rules:
            failed = next((clause for clause in rule.clauses if not clause.test(call.args, spec, history)), None)
            why = "" if failed is None else f"{failed.field} is not {failed.wants}{_got(failed.field, call.args)}"
            matched = failed is None
            considered.append(Considered(rule=rule.rule.id, action=rule.rule.action, matched=matched, why=why))
            if matched:
                break
        return considered

    def __repr__(self) -> str:
        return f"Policy({self.name!r}, {len(self.rules)} rules, {self.fingerprint[:12]})"

    def _entry(self, name: str) -> tuple[ToolIndex, Deny]:
        """The tool's rules and its default answer, made on first use."""
        matching = list(self._exact.get(name, ()))
        # None (a name that cannot be read) is as good as a match for what denies, and none for what allows.
        for globs, rule in self._globs:
            answers = [pattern(name) for pattern in globs]
            if True in answers or (None in answers and rule.rule.action != "allow"):
                matching.append(rule)
        unique = {rule.rank: rule for rule in matching}
        index = ToolIndex(tuple(unique[rank] for rank in sorted(unique)))
        entry = index, Deny(rule=DEFAULT_RULE, reason=f"No rule allows this call of the tool {name[:200]!r}.")
        if len(self._tools) >= _MAX_TOOLS:
            self._tools.clear()
        self._tools[name] = entry
        return entry


def _well_formed(call: Call, spec: ToolSpec) -> bool:
    return spec.name == call.name and not call.error and isinstance(call.args, dict)


def _refuse_twins(rules: tuple[Rule, ...]) -> None:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise PolicyError(f"two rules have the id {rule.id!r}.", "Give one of them another id.")
        seen.add(rule.id)


def _canonical(rule: Rule) -> str:
    # Not ==, which takes true for 1.
    return canonical_json(rule.model_dump(exclude_defaults=True))


def _fingerprint(rules: tuple[Rule, ...], sections: Sections) -> str:
    # Sections that say nothing of their own are as good as none, whatever sections there will be one day.
    said = [canonical_json(spoken)] if (spoken := sections.model_dump(exclude_defaults=True)) else []
    text = "\n".join([*map(_canonical, rules), *said])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _got(field: str, args: dict[str, Any]) -> str:
    """What an argument was instead, shortened."""
    if not field.startswith("args."):
        return ""
    values = [value for value in ArgumentPath(field.removeprefix("args.")).values(args) if value is not MISSING]
    if not values:
        return "; it is missing"
    try:
        return f"; it is {', '.join(reprlib.repr(value) for value in values[:3])}"
    except ValueError:  # an integer too long to print
        return ""
