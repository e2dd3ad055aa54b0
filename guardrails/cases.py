"""A table of cases beside a pack, `refunds.test.yaml`: calls, and what the policy must answer to each."""

import os
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from lockgate.decision import Call, Decision, verb
from lockgate.errors import FileError
from lockgate.guardrails.constraint import Strict
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.pack import shipped_packs
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.rule import Name
from lockgate.guardrails.standin import StandIn
from lockgate.guardrails.wording import field_text, first_problem
from lockgate.labels import Integrity, Label, join
from lockgate.passage import Passage
from lockgate.ports import Caller, History
from lockgate.spec import ToolSpec
from lockgate.yaml_data import Document, Kind, read_file, read_yaml

ENDING = ".test.yaml"
_KIND = Kind(name="table of cases", file="table of cases", error=FileError, split="Split it.")
_PACKS = files("lockgate.guardrails") / "packs"

Level = Literal["trusted", "internal", "untrusted"]


class CaseCaller(Strict):
    """On whose behalf the call is made."""

    user: str = ""
    roles: tuple[str, ...] = ()
    tenant: str = ""


class Words(Strict):
    """A text the session has seen. `source` as in `lockgate.passage.Passage`."""

    source: str = "user"
    text: str
    integrity: Level | None = None
    """Left out: trusted for `user` and `operator`, else untrusted."""

    def passage(self) -> Passage:
        """The same as a passage with its label."""
        own = "trusted" if self.source in ("user", "operator") else "untrusted"
        label = Label(integrity=Integrity.parse(self.integrity or own), sources=frozenset({self.source}))
        return Passage(source=self.source, text=self.text, label=label)


class Case(Strict):
    """One call and the answer it must get."""

    tool: Name
    args: dict[str, Any] = Field(default={})
    name: Annotated[str, Field(description="What the case shows.")] = ""
    agent: str = ""
    caller: CaseCaller = CaseCaller()
    trust: Level | None = None
    """Of the session; left out, what follows from `history`."""
    history: tuple[Words, ...] = ()
    expect: Literal["allow", "deny", "review"]
    rule: Annotated[str | None, Field(description="The rule that must have answered; any, when left out.")] = None

    def seen(self) -> History:
        """The history that the call is judged with."""
        passages = tuple(words.passage() for words in self.history)
        trust = Label() if self.trust is None else Label(integrity=Integrity.parse(self.trust))
        if self.trust is None:
            for passage in passages:
                trust = join(trust, passage.label)
        caller = Caller(user=self.caller.user, roles=frozenset(self.caller.roles), tenant=self.caller.tenant)
        return History(agent=self.agent, caller=caller, trust=trust, passages=passages)


class Cases(Strict):
    """A table of cases. `tools` holds the facts of the tools it speaks of; one that is not named states nothing."""

    version: Literal[1]
    tools: dict[Name, StandIn] = Field(default={})
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [case.name for case in self.cases if case.name]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two cases have the name {min(twice)!r}")
        return self


class Outcome(BaseModel):
    """What a case came to. `ok` says whether it is what was expected."""

    where: str
    name: str
    tool: str
    args: dict[str, Any]
    expected: str
    expected_rule: str | None
    got: str
    rule: str
    reason: str
    ok: bool


class Table(BaseModel):
    """Cases with the lines they stand on."""

    cases: Cases
    where: list[str]


def beside(pack: "str | os.PathLike[str]") -> Any:
    """Where the table of a pack lies: beside its file, or among the shipped ones."""
    name = os.fspath(pack)
    if name in shipped_packs():
        return _PACKS / f"{name}{ENDING}"
    return Path(name).with_name(Path(name).stem + ENDING)


def read_cases(place: Any) -> Table:
    """The table in the file `place`. Raises FileError with file, line and field."""
    if isinstance(place, str | Path):
        hint = "Write one case a call beside the pack; docs/policy.md shows how."
        document = read_file(os.fspath(place), _KIND, hint=hint)
    else:
        document = read_yaml(place.read_text("utf-8"), place.name, _KIND)
    return parse_cases(document)


def parse_cases(document: Document) -> Table:
    """The table that `document` holds."""
    if document.faults:
        raise document.error(document.faults[0])
    try:
        cases = Cases.model_validate(document.data)
    except ValidationError as error:
        problem = first_problem(error, Cases)
        raise document.error(problem, f": field {field_text(problem.loc)!r}" if problem.loc else "") from None
    where = [f"{document.source}:{document.line(('cases', index))}" for index in range(len(cases.cases))]
    return Table(cases=cases, where=where)


def specs(table: Table, tools: dict[str, ToolSpec] | None = None) -> dict[str, ToolSpec]:
    """The tools to judge with: the given ones, then those of the table; any other states nothing."""
    named = {name: facts.spec(name) for name, facts in table.cases.tools.items()}
    unknown = {case.tool: StandIn().spec(case.tool) for case in table.cases.cases}
    return {**unknown, **named, **(tools or {})}


def run_cases(policy: Policy, table: Table, tools: dict[str, ToolSpec] | None = None) -> list[Outcome]:
    """Judges every case, in order."""
    gate = Gate(policy, specs(table, tools))
    return [_outcome(gate, case, where) for case, where in zip(table.cases.cases, table.where, strict=True)]


def _outcome(gate: Gate, case: Case, where: str) -> Outcome:
    decision: Decision = gate.decide(Call(id="case", name=case.tool, args=case.args), case.seen())
    got = verb(decision)
    return Outcome(
        where=where,
        name=case.name,
        tool=case.tool,
        args=case.args,
        expected=case.expect,
        expected_rule=case.rule,
        got=got,
        rule=decision.rule,
        reason=decision.reason,
        # Of a review that a rule and a guard ask for together, either may be named.
        ok=got == case.expect and (case.rule in (None, decision.rule) or case.rule in decision.rule.split("+")),
    )
