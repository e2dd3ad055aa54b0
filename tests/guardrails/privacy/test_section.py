"""The section of a pack: defaults, precedence, faults in files, and what it makes the policy and the gate do."""

from typing import Any

import pytest

from lockgate.decision import Allow, Call, Deny
from lockgate.errors import PolicyError
from lockgate.guardrails import Gate, Policy
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.scan import NAMES
from lockgate.guardrails.privacy.section import GROUPS, Privacy
from lockgate.guardrails.privacy.vault import vault
from lockgate.passage import Place
from lockgate.ports import History
from lockgate.settings import settings
from lockgate.tools import tool

CARD, MAIL, KEY = "4111 1111 1111 1111", "ann@example.org", "AKIA" + "IOSFODNN7EXAMPLE"
PACK = "version: 1\nrules: [{id: all, tools: ['*'], action: allow}]\n"


@tool(effect=False)
def look_up(text: str, to: str = "") -> str:
    """Looks something up."""
    return text


def gate(privacy: str = "") -> Gate:
    return Gate(Policy.parse(PACK + (f"privacy: {privacy}\n" if privacy else "")), [look_up])


def call(**args: Any) -> Call:
    return Call(id="c", name="look_up", args=args)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LOCKGATE_PRIVACY_KEY", "an example key, only for these tests")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("place", "mail", "key", "random"),
    [
        (Place.INPUT, "allow", "redact", "allow"),
        (Place.ARGUMENTS, "allow", "block", "allow"),
        (Place.RESULT, "allow", "redact", "allow"),
        (Place.OUTPUT, "allow", "redact", "allow"),
        (Place.MEMORY, "allow", "redact", "redact"),
        (Place.TRACE, "mask", "redact", "redact"),
        (Place.AUDIT, "mask", "redact", "redact"),
    ],
)
def test_defaults(place: Place, mail: str, key: str, random: str) -> None:
    actions = Privacy().actions(place)
    assert (actions["email"], actions["aws_key"], actions["high_entropy"]) == (mail, key, random)
    assert set(actions) == set(GROUPS) >= set(NAMES)


def test_a_kind_wins_over_its_group_and_the_narrower_group_over_the_wider() -> None:
    actions = Privacy(result={"personal": "mask", "national_id": "redact", "us_ssn": "block"}).actions(Place.RESULT)
    assert [actions[kind] for kind in ("email", "uk_nino", "us_ssn", "ipv4")] == ["mask", "redact", "block", "allow"]
    assert actions["aws_key"] is Action.REDACT


@pytest.mark.parametrize(
    ("privacy", "said"),
    [
        ("{result: {emial: mask}}", "Did you mean 'email'?"),
        ("{result: {email: hide}}", "privacy.result.email"),
        ("{results: {}}", "no such field"),
        ("{detokenise: {look_up: text}}", "must be a list"),
        ("{result: }", "has no value"),
        ("[]", "mapping"),
    ],
)
def test_a_broken_section_does_not_load(privacy: str, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        gate(privacy)
    assert said in str(caught.value) and ":3" in caught.value.where


def test_the_fingerprint_covers_the_section() -> None:
    one, two = gate().policy, gate("{result: {email: mask}}").policy
    assert one.fingerprint != two.fingerprint  # type: ignore[attr-defined]


def test_a_secret_in_an_argument_is_denied_by_default() -> None:
    decision = gate().decide(call(text=f"use {KEY}"))
    assert isinstance(decision, Deny) and decision.rule == "privacy"
    assert "aws_key" in decision.reason and KEY not in decision.reason
    assert isinstance(gate().decide(call(text=MAIL)), Allow)
    assert isinstance(gate("{arguments: {secret: allow}}").decide(call(text=KEY)), Allow)


def test_a_blocked_kind_is_found_in_nested_values_and_numbers() -> None:
    policy = gate("{arguments: {payment_card: block}}").policy
    spec = gate().tools["look_up"]
    for value in ({"a": [CARD]}, {CARD: 1}, [4_111_111_111_111_111], int(CARD.replace(" ", ""))):
        decision = policy.decide(Call(id="c", name="look_up", args={"text": value}), spec, History())
        assert isinstance(decision, Deny) and "payment_card" in decision.reason


def test_arguments_are_redacted_before_they_are_judged() -> None:
    ready, decision = gate("{arguments: {email: redact}}").rule(call(text=f"to {MAIL}"))
    assert ready.args["text"] == "to [REDACTED:EMAIL]" and isinstance(decision, Allow)


def test_results_lose_their_secrets_before_a_model_reads_them() -> None:
    result = gate().inspect(call(), f"{KEY} of {MAIL}")
    assert (result.success, result.value) == (True, f"[REDACTED:AWS_KEY] of {MAIL}")


def test_a_blocked_result_is_withheld() -> None:
    result = gate("{result: {payment_card: block}}").inspect(call(), f"pay {CARD}")
    assert not result.success and "payment_card" in result.value and "4111" not in result.value


def test_without_a_key_a_result_that_would_be_tokenised_is_withheld() -> None:
    result = gate("{result: {email: tokenise}}").inspect(call(), f"mail {MAIL}")
    assert not result.success and "no privacy key" in result.value and MAIL not in result.value


@pytest.mark.usefixtures("key")
def test_a_token_is_opened_in_the_named_argument_only() -> None:
    lock = gate("{result: {email: tokenise}, detokenise: {look_up: [to]}}")
    token = lock.inspect(call(), MAIL).value
    assert token == vault().token("email", MAIL, "") and MAIL not in token
    ready, decision = lock.rule(call(text=token, to=f"Ann <{token}>"))
    assert isinstance(decision, Allow)
    assert ready.args == {"text": token, "to": f"Ann <{MAIL}>"}


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("thread", ["other", "x"])
def test_a_token_of_another_thread_is_denied(thread: str) -> None:
    token = vault().token("email", MAIL, thread)
    _, decision = gate("{detokenise: {look_up: [to]}}").rule(call(text="", to=token))
    assert isinstance(decision, Deny) and decision.rule == "privacy" and MAIL not in decision.reason


@pytest.mark.usefixtures("key")
def test_a_rule_judges_the_value_behind_the_token() -> None:
    rules = "rules: [{id: ours, tools: [look_up], action: allow, args: {to: {matches: '.*@example[.]org'}}}]"
    policy = Policy.parse(f"version: 1\n{rules}\nprivacy: {{detokenise: {{look_up: [to]}}}}\n")
    for address, kind in ((MAIL, Allow), ("eve@evil.example", Deny)):
        token = vault().token("email", address, "")
        assert isinstance(Gate(policy, [look_up]).decide(call(text="", to=token)), kind)


def test_a_section_that_fails_to_look_lets_nothing_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError(MAIL)

    monkeypatch.setattr(Privacy, "inspect", fail)
    monkeypatch.setattr(Privacy, "prepared", fail)
    lock = Gate(Policy(()), [look_up])
    assert lock.inspect(call(), MAIL).value == "The text was withheld: it could not be inspected (RuntimeError)."
    decision = lock.decide(call(text=MAIL))
    assert isinstance(decision, Deny) and MAIL not in decision.reason
