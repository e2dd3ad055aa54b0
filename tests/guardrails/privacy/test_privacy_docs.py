"""docs/privacy.md: its pack loads and does what the page says, its tables are those of the code."""

import re
from pathlib import Path

import pytest

from lockgate.decision import Allow, Call, Deny
from lockgate.guardrails import Gate, Policy
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.scan import NAMES
from lockgate.guardrails.privacy.section import GROUPS, Privacy
from lockgate.guardrails.privacy.vault import vault
from lockgate.passage import Place
from lockgate.settings import settings
from lockgate.tools import tool

PAGE = (Path(__file__).parents[3] / "docs" / "privacy.md").read_text("utf-8")


@tool
def send(to: str) -> str:
    """Sends."""
    return to


def test_the_pack_does_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKGATE_PRIVACY_KEY", "an example key, only for these tests")
    settings.cache_clear()
    gate = Gate(Policy.parse(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0], "mail-desk.yaml"), [send])
    assert "payment_card" in gate.look("4111 1111 1111 1111", Place.INPUT).refused
    assert gate.look("4111 1111 1111 1111", Place.OUTPUT).text == "[PAYMENT_CARD:****1111]"
    result = gate.look("ann@example.org 536-90-4399", Place.RESULT).text
    token = vault().token("email", "ann@example.org", "")
    assert result == f"{token} [REDACTED:US_SSN]"
    ready, decision = gate.rule(Call(id="c", name="send", args={"to": token}))
    assert ready.args == {"to": "ann@example.org"} and isinstance(decision, Allow)
    assert isinstance(gate.decide(Call(id="c", name="send", args={"to": "[EMAIL~" + "a" * 58 + "]"})), Deny)
    settings.cache_clear()


def test_the_snippet_prints_what_the_page_says() -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    scope: dict[str, object] = {}
    call, said = re.findall(r"^(redacted.*)\n# (.*)$", code, re.MULTILINE)[0]
    exec(code, scope)
    assert str(eval(call, scope)) == said


def test_the_table_of_defaults() -> None:
    for place in Place:
        (row,) = re.findall(rf"^\| `{place.value}` \| .*? \| (\w+) \| (\w+) \| (\w+) \|$", PAGE, re.MULTILINE)
        actions = Privacy().actions(place)
        assert row == (actions["aws_key"], actions["email"], actions["ipv4"]), place


def test_every_kind_the_page_names_is_one_and_every_group_and_action_is_named() -> None:
    rows = PAGE.partition("## Kinds")[2].partition("## Tokens")[0]
    named = {name for cell in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
    assert named <= set(GROUPS)
    assert {kind for kind in NAMES if "personal" in GROUPS[kind] or "machine" in GROUPS[kind]} <= named
    assert all(f"`{action.value}`" in PAGE for action in Action)
