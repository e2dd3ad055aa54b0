"""Texts and JSON values after the actions: nothing is left, nothing else is touched, twice is once."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guardrails.privacy.test_scan import CONTEXT, POSITIVES, SCAN, texts

from lockgate.errors import ConfigError
from lockgate.guardrails.privacy import redacted
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.rewrite import WITHHELD, Rewriter
from lockgate.guardrails.privacy.scan import NAMES
from lockgate.guardrails.privacy.vault import TOKEN, Vault, vault
from lockgate.passage import Place
from lockgate.settings import settings

KEY = "an example key, only for these tests"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LOCKGATE_PRIVACY_KEY", KEY)
    settings.cache_clear()
    yield
    settings.cache_clear()


def rewriter(action: Action) -> Rewriter:
    return Rewriter(dict.fromkeys(NAMES, action))


@pytest.mark.parametrize(
    ("action", "stands"),
    [
        (Action.REDACT, r"\[REDACTED:EMAIL\]"),
        (Action.MASK, r"\[EMAIL:\*\*\*\*eorg\]"),
        (Action.HASH, r"\[EMAIL#[0-9a-f]{16}\]"),
        (Action.TOKENISE, r"\[EMAIL~[a-z2-7]+\]"),
        (Action.ALLOW, r"ann\.smith@example\.org"),
    ],
)
def test_what_stands_in_its_place(action: Action, stands: str) -> None:
    done = rewriter(action).text("Ask ann.smith@example.org, not <ann.smith@example.org>.")
    (first, second) = re.fullmatch(f"Ask ({stands}), not <({stands})>\\.", done.text).groups()  # type: ignore[union-attr]
    assert first == second
    if action is not Action.ALLOW:
        assert [done.text[f.start : f.end] for f in done.findings] == [first, second]
        assert {f.kind for f in done.findings} == {"email"}


def test_a_short_value_is_masked_whole() -> None:
    assert rewriter(Action.MASK).text("a@b.cd").text == "[EMAIL:****]"


def test_a_blocked_kind_leaves_nothing_of_the_text() -> None:
    blocked = Rewriter({"email": Action.BLOCK, "ipv4": Action.REDACT}).text("a@b.cd 10.1.2.3 a@b.cd")
    assert (blocked.text, blocked.blocked) == ("", ("email",))


@pytest.mark.parametrize("action", [Action.REDACT, Action.MASK, Action.HASH, Action.TOKENISE])
def test_nothing_is_left_and_twice_is_once(action: Action) -> None:
    apply = rewriter(action)

    @given(texts)
    def holds(text: str) -> None:
        done = apply.text(text)
        again = apply.text(done.text)
        assert again.text == done.text and not again.findings
        if action is not Action.TOKENISE:  # a scanner that knows nothing of tokens may see one as a random string
            assert not SCAN(done.text)
        at = 0
        for finding in done.findings:
            assert at <= finding.start < finding.end <= len(done.text)
            assert done.text[finding.start] == "[" and done.text[finding.end - 1] == "]"
            at = finding.end
        if not SCAN(text):
            assert done.text == text

    holds()


@given(st.text(), st.text())
def test_what_is_around_stays_as_it_is(left: str, right: str) -> None:
    apply = Rewriter({"iban": Action.REDACT})
    if not apply.text(left).findings and not apply.text(right).findings:
        text = f"{left}\nDE89 3704 0044 0532 0130 00\n{right}"
        done = apply.text(text)
        if len(done.findings) == 1:
            assert done.text == f"{left}\n[REDACTED:IBAN]\n{right}"


@given(texts)
def test_tokens_open_to_the_very_text(text: str) -> None:
    done = rewriter(Action.TOKENISE).text(text)
    clean = text.encode("utf-8", "replace").decode()
    if done.text != WITHHELD:
        back = TOKEN.sub(lambda match: vault().value(match, "") or match.group(), done.text)
        # A second round may have put a token into a token's neighbourhood, never into the token itself.
        assert TOKEN.sub(lambda m: vault().value(m, "") or m.group(), back).encode("utf-8", "replace").decode() == clean


def test_tokens_are_of_one_thread_one_kind_one_key() -> None:
    one = Vault(KEY)
    token = TOKEN.fullmatch(one.token("email", "ann@example.org", "t1"))
    assert token and one.value(token, "t1") == "ann@example.org"
    assert Vault(KEY).value(token, "t1") == "ann@example.org"  # another process
    assert one.token("email", "ann@example.org", "t1") == token.group() != one.token("email", "ann@example.org", "t2")
    assert one.value(token, "t2") is None
    assert Vault("another key, long enough").value(token, "t1") is None
    other = TOKEN.fullmatch(token.group().replace("EMAIL", "PHONE"))
    assert other and one.value(other, "t1") is None
    assert "ann" not in token.group()


@given(st.from_regex(TOKEN, fullmatch=True))
def test_nobody_makes_a_token_up(text: str) -> None:
    match = TOKEN.fullmatch(text)
    assert match and Vault(KEY).value(match, "t1") is None


@given(st.data())
def test_a_token_that_was_changed_opens_nothing(data: st.DataObject) -> None:
    one = Vault(KEY)
    token = one.token("email", "ann@example.org", "t1")
    at = data.draw(st.integers(token.index("~") + 1, len(token) - 3))
    changed = TOKEN.fullmatch(token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :])
    assert changed and one.value(changed, "t1") is None


def test_hashes_need_the_key() -> None:
    assert Vault(KEY).digest("email", "a") != Vault("another key, long enough").digest("email", "a")
    assert Vault(KEY).digest("email", "a") != Vault(KEY).digest("phone", "a")
    with pytest.raises(ConfigError, match="too short"):
        Vault("short")


def test_without_a_key_nothing_is_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCKGATE_PRIVACY_KEY")
    settings.cache_clear()
    for action in (Action.TOKENISE, Action.HASH):
        with pytest.raises(ConfigError, match="openssl rand"):
            rewriter(action).text("a@b.cd")
        assert rewriter(action).text("nothing here").text == "nothing here"


def test_json_keeps_its_shape() -> None:
    card = 4_111_111_111_111_111
    value = {"to": ["ann@example.org", 3, None, True], "n": {"card": card, "ann@example.org": 1.5}, "at": "10:33"}
    done = redacted(value)
    assert done == {
        "to": ["[EMAIL:****eorg]", 3, None, True],
        "n": {"card": "[PAYMENT_CARD:****1111]", "[EMAIL:****eorg]": 1.5},
        "at": "10:33",
    }
    assert redacted(done) == done
    assert json.dumps(done)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "userPassword",
        "api_key",
        "API-KEY",
        "client_secret",
        "aws_secret_access_key",
        "Authorization",
        "token",
    ],
)
def test_a_value_under_a_secret_name_is_taken_out_whatever_it_is(name: str) -> None:
    done = redacted({name: "pets", "other": "pets", "deep": [{name: 1234}]})
    assert done == {name: "[REDACTED:NAMED_SECRET]", "other": "pets", "deep": [{name: "[REDACTED:NAMED_SECRET]"}]}
    assert redacted(done) == done


@pytest.mark.parametrize(
    "name", ["author", "secretary", "compass", "page_token", "keyboard", "pwd_hint", "passwordless", "next_token"]
)
def test_names_that_only_resemble_one(name: str) -> None:
    assert redacted({name: "pets"}) == {name: "pets"}


def test_empty_values_under_a_secret_name_stay() -> None:
    assert redacted({"password": "", "token": None, "secret": False}) == {
        "password": "",
        "token": None,
        "secret": False,
    }


def test_data_that_is_too_deep_is_withheld() -> None:
    value: Any = "ann@example.org"
    for _ in range(500):
        value = [value]
    assert "ann" not in json.dumps(redacted(value)) and WITHHELD in json.dumps(redacted(value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from([Place.AUDIT, Place.TRACE, Place.MEMORY]))
def test_any_json_value_is_redacted_once_for_all(value: Any, place: Place) -> None:
    done = redacted(value, place)
    assert redacted(done, place) == done


@pytest.mark.parametrize(("kind", "value"), POSITIVES, ids=lambda text: text[:24])
def test_no_kind_reaches_the_audit_log(kind: str, value: str) -> None:
    assert value not in json.dumps(redacted({"args": {"text": f"see {value} there"}}), ensure_ascii=False)


@pytest.mark.parametrize(("kind", "text", "value"), CONTEXT, ids=lambda text: text[:24])
def test_nor_what_its_neighbour_gives_away(kind: str, text: str, value: str) -> None:
    assert value not in str(redacted(text))
