"""What the audit log keeps of arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.audit import AuditEntry, body
from lockgate.guardrails.masking import MASK, MAX_SHOWN, masked

SECRET = ["password", "Password", "db_passwd", "API_KEY", "apikey", "access_token", "client_secret", "Authorization"]
SECRET += ["cookie", "session_id", "pin", "OTP", "cvv", "card_number", "privateKey", "credentials"]
OPEN = ["amount", "account", "pinned", "compass", "author", "path", "keyboard", "passenger", "options"]


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_by_name_is_hidden_at_any_depth(name):
    assert masked({name: "s"}) == {name: MASK}
    assert masked([{"a": {name: {"b": "s"}}}]) == [{"a": {name: MASK}}]


@pytest.mark.parametrize("name", OPEN)
def test_other_names_are_kept(name):
    assert masked({name: "s"}) == {name: "s"}


def test_long_texts_and_numbers_are_cut():
    assert len(masked("x" * 10_000)) < MAX_SHOWN + 40
    assert masked(10**400) == "a number of 1329 bits"
    assert masked((1, None, True, 1.5)) == [1, None, True, 1.5]


def test_no_depth_overflows():
    value = "deep"
    for _ in range(5_000):
        value = [value]
    assert "deep" not in str(masked(value))


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.floats(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_it_is_it_can_be_written(value):
    assert body(AuditEntry(kind="decision", verdict="deny", args=masked(value))).isascii()
