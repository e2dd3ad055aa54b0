"""Each action at each place: what stands there then, for texts, for the JSON that is kept, and for a call."""

import re

import pytest
from tests.guardrails.privacy.test_section import MAIL, call, gate, key

from lockgate.decision import Allow, Deny
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.vault import TOKEN, vault
from lockgate.passage import Place
from lockgate.ports import History

__all__ = ["key"]
TEXT = f"Write to {MAIL} today."
STANDS: dict[Action, str] = {
    Action.ALLOW: r"Write to ann@example\.org today\.",
    Action.MASK: r"Write to \[EMAIL:\*\*\*\*eorg\] today\.",
    Action.TOKENISE: r"Write to \[EMAIL~[^\]]+\] today\.",
    Action.HASH: r"Write to \[EMAIL#[0-9a-f]{16}\] today\.",
    Action.REDACT: r"Write to \[REDACTED:EMAIL\] today\.",
}
TEXTS = [place for place in Place if place is not Place.ARGUMENTS]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("place", TEXTS)
def test_a_text(place: Place, action: Action) -> None:
    policy = gate(f"{{{place}: {{email: {action}}}}}").policy
    seen = policy.inspect(TEXT, place)
    if action is Action.BLOCK:
        assert seen.refused and MAIL not in seen.refused + seen.text
        return
    assert not seen.refused
    assert_stands(seen.text, action)
    elsewhere = next(other for other in (Place.INPUT, Place.RESULT) if other is not place)
    assert policy.inspect(TEXT, elsewhere).text == TEXT


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("place", TEXTS)
def test_what_is_kept_as_json_holds_the_same(place: Place, action: Action) -> None:
    kept = gate(f"{{{place}: {{email: {action}}}}}").shown({"a": [TEXT]}, place)["a"][0]
    if action is Action.BLOCK:
        assert kept == "[REDACTED:TEXT]"
    else:
        assert_stands(kept, action)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("action", Action)
def test_an_argument(action: Action) -> None:
    asked, decision = gate(f"{{arguments: {{email: {action}}}}}").rule(call(text=TEXT), History())
    if action is Action.BLOCK:
        assert isinstance(decision, Deny) and decision.rule == "privacy" and MAIL not in decision.reason
        return
    assert isinstance(decision, Allow)
    assert_stands(asked.args["text"], action)


def assert_stands(text: str, action: Action) -> None:
    assert re.fullmatch(STANDS[action], text), text
    if action is Action.TOKENISE:
        assert (token := TOKEN.search(text)) and vault().value(token, "") == MAIL
