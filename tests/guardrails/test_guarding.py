"""Judges of one's own: the guards of every pack stand behind them too, unless they are told not to."""

import pytest

from lockgate import Gate, Policy, tool
from lockgate.decision import Allow, Call, Deny, Review, verb
from lockgate.errors import ConfigError
from lockgate.guardrails import Narrowed, Unguarded
from lockgate.guardrails.guarding import guarded
from lockgate.labels import Integrity
from lockgate.ports import History
from lockgate.result import ToolResult

OTHER, KEY = "NL91ABNA0417164300", "AKIA" + "ABCDEFGHIJKLMNOP"


@tool(effect=False, private=True)
def read_letter(name: str) -> str:
    """Read a letter."""
    return name


@tool(sensitive={"iban"})
def wire(iban: str) -> str:
    """Wire money to an account."""
    return iban


@tool(risk="critical", reversible=False, sensitive=set())
def wipe() -> str:
    """Wipe all."""
    return "wiped"


@tool(effect=False, output="trusted")
def look(what: str) -> str:
    """Look something up."""
    return what


TOOLS = [read_letter, wire, wipe, look]


class Open:
    def decide(self, call, spec, history):
        return Allow(rule="open", reason="fine")


class Lax(Open):
    sections = Policy.parse(
        "version: 1\nrules: []\nprovenance: {sensitive: allow}\nsession: {rule_of_two: 'off'}\n"
    ).sections


def seen():
    read = Call(id="0", name="read_letter", args={"name": "x"})
    letter = Gate(Open(), TOOLS).inspect(read, ToolResult(success=True, value=f"Account {OTHER}"))
    return History().said("Pay what the letter says.").returned(read, letter)


CALLS = {
    "provenance": (Call(id="1", name="wire", args={"iban": OTHER}), seen()),
    "risk": (Call(id="1", name="wipe", args={}), History()),
    "privacy": (Call(id="1", name="look", args={"what": KEY}), History()),
}
"""Calls that one guard each objects to, whatever the rules say."""
NAMES = frozenset(spec.name for spec in TOOLS)


@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize(
    "judge",
    [Open(), Narrowed([Open()], tools=NAMES), Narrowed([Policy.load("starter"), Open()], tools=NAMES)],
    ids=["alone", "narrowed", "beside a pack"],
)
def test_a_judge_that_allows_all_has_the_default_guards(judge, case):
    call, history = CALLS[case]
    decision = Gate(judge, TOOLS).decide(call, history)
    assert not isinstance(decision, Allow)


def test_the_answer_is_the_one_a_pack_would_give():
    pack = Policy.parse('version: 1\nrules:\n  - {id: open, tools: ["*"], action: allow, reason: fine}\n')
    for call, history in CALLS.values():
        assert Gate(Open(), TOOLS).decide(call, history) == Gate(pack, TOOLS).decide(call, history)


@pytest.mark.parametrize("case", ["provenance", "risk"])
def test_none_of_them_is_said_at_the_judge(case):
    call, history = CALLS[case]
    assert isinstance(Gate(Unguarded(Open()), TOOLS).decide(call, history), Allow)
    assert isinstance(Gate(Narrowed([Unguarded(Open())], tools=NAMES), TOOLS).decide(call, history), Allow)


def test_a_judge_says_how_they_behave():
    call, history = CALLS["provenance"]
    assert isinstance(Gate(Open(), TOOLS).decide(call, history), Review)
    assert isinstance(Gate(Lax(), TOOLS).decide(call, history), Allow)
    assert isinstance(Gate(Lax(), TOOLS).decide(*CALLS["risk"]), Review)


@pytest.mark.parametrize("judge", [lambda call, spec, history: None, "allow", None, type("Half", (), {"decide": 1})()])
def test_what_cannot_judge_is_refused_at_once(judge):
    with pytest.raises(ConfigError, match="decide"):
        Gate(judge, TOOLS)


@pytest.mark.parametrize("said", [True, "allow", None, 1, {"allow": True}])
@pytest.mark.parametrize("wrap", [lambda judge: judge, Unguarded, lambda judge: Narrowed([judge], tools=NAMES)])
def test_what_is_no_decision_is_no_leave(said, wrap):
    judge = type("Odd", (), {"decide": lambda *_: said})()
    decision = Gate(wrap(judge), TOOLS).decide(Call(id="1", name="look", args={"what": "x"}))
    assert isinstance(decision, Deny) and decision.rule in ("gate", "authority")


def test_a_guard_that_raises_denies_and_says_so(monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr("lockgate.guardrails.risk.matrix.RiskMatrix.__call__", broken)
    for judge in (Open(), Policy.parse('version: 1\nrules:\n  - {id: open, tools: ["*"], action: allow}\n')):
        decision = Gate(judge, TOOLS).decide(Call(id="1", name="look", args={"what": "x"}))
        assert isinstance(decision, Deny) and "RuntimeError" in decision.reason and "secret" not in decision.reason


def test_guarding_twice_is_guarding_once():
    judge = guarded(Open())
    assert guarded(judge) is judge
    assert verb(judge.decide(Call(id="1", name="wipe", args={}), wipe, History())) == "review"
    assert seen().trust.integrity is Integrity.UNTRUSTED
