"""Private data in strange signs: what a reader takes for a number or a key is one, and spans stay right."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate import Gate, Policy, tool
from lockgate.decision import Call, Deny
from lockgate.guardrails.privacy import redacted
from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.plain import plain
from lockgate.guardrails.privacy.rewrite import Rewriter
from lockgate.guardrails.privacy.scan import NAMES, scanner
from lockgate.passage import Place
from lockgate.result import ToolResult

SCAN = scanner(frozenset(NAMES))
KEY = "AKIA" + "IOSFODNN7EXAMPLE"
VALUES = {
    "payment_card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "phone": "+49 30 901820",
    "us_ssn": "536-90-4399",
    "email": "ann.smith@example.org",
    "aws_key": KEY,
}
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
DISGUISES = {
    "no-break spaces": lambda text: text.replace(" ", "\xa0"),
    "narrow no-break spaces": lambda text: text.replace(" ", "\u202f"),
    "ideographic spaces": lambda text: text.replace(" ", "\u3000"),
    "no-break hyphens": lambda text: text.replace("-", "\u2011"),
    "dashes": lambda text: text.replace("-", "\u2013"),
    "wide signs": lambda text: text.translate(WIDE),
    "arabic digits": lambda text: text.translate({48 + digit: 0x660 + digit for digit in range(10)}),
    "spaces of no width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "joiners of graphemes": "\u034f".join,
    "turned about": lambda text: f"\u202d{text}\u202c",
    "tags": "\U000e0041".join,
}


@pytest.mark.parametrize("how", DISGUISES)
@pytest.mark.parametrize("kind", VALUES)
def test_a_disguise_hides_nothing(kind: str, how: str) -> None:
    if how == "arabic digits" and kind == "aws_key":
        return  # it is another key then
    value = DISGUISES[how](VALUES[kind])
    text = f"Ünd das 🙂: {value} \u200bfür sie"
    (found,) = SCAN(text)
    bare = value.strip("\u202d\u202c")
    assert (found.kind, text[found.start : found.end]) == (kind, bare)
    assert bare not in Rewriter({kind: Action.REDACT}).text(text).text


def test_a_key_cut_in_two_does_not_come_together_again_behind_the_screens() -> None:
    @tool(effect=False)
    def read() -> str:
        """Read."""
        return ""

    gate = Gate(Policy.parse("version: 1\nrules: [{id: all, tools: ['*'], action: allow}]\n"), [read])
    call = Call(id="r", name="read", args={})
    seen = gate.inspect(call, ToolResult(success=True, value=f"the key is {KEY[:9]}\u200b{KEY[9:]}"))
    assert seen.value == "the key is [REDACTED:AWS_KEY]"
    assert gate.look("\u2060".join(KEY), Place.OUTPUT).text == "[REDACTED:AWS_KEY]"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("payment_card", "4111.1111.1111.1111"),
        ("payment_card", "4111  1111  1111  1111"),
        ("payment_card", "4111\t1111\t1111\t1111"),
        ("payment_card", "2200 0000 0000 0004"),  # Mir
        ("payment_card", "3782.822463.10005"),
        ("iban", "DE89  3704 0044  0532 0130 00"),
        ("iban", "DE 89 3704 0044 0532 0130 00"),
        ("iban", "DE89.3704.0044.0532.0130.00"),
        ("iban", "HN88CABF00000000000250005469"),
        ("phone", "+49) 30 1234567"),
        ("email", "ion@primaria.md"),
        ("email", "juan@empresa.com.py"),
        ("email", "x@y.xn--p1ai"),
    ],
)
def test_ways_of_writing_them(kind: str, text: str) -> None:
    (found,) = SCAN(f"It is ({text}).")
    assert (found.kind, found.start, found.end) == (kind, 7, 7 + len(text))


@pytest.mark.parametrize("number", [4111111111111111, 4111111111111111.0, Decimal(4111111111111111)])
def test_a_card_is_a_card_as_a_number_of_any_type(number: float | Decimal) -> None:
    @tool(effect=False)
    def pay(card: Decimal, more: list[float] | None = None) -> str:
        """Pay."""
        return ""

    policy = Policy.parse(
        "version: 1\nrules: [{id: all, tools: ['*'], action: allow}]\nprivacy: {arguments: {payment_card: block}}\n"
    )
    for args in ({"card": number}, {"card": 1, "more": [float(number)]}):
        decision = Gate(policy, [pay]).decide(Call(id="p", name="pay", args=args))
        assert isinstance(decision, Deny) and "payment_card" in decision.reason
    assert redacted({"n": [number]}) == {"n": ["[PAYMENT_CARD:****1111]"]}


def test_numbers_that_are_none_pass() -> None:
    odd = [10**5_000, -(10**5_000), float("inf"), float("-inf"), Decimal("sNaN"), Decimal("1e999999")]
    assert redacted(odd) == odd
    assert redacted({"password": 10**5_000}) == {"password": "[REDACTED:NAMED_SECRET]"}
    assert str(redacted([float("nan")])) == "[nan]"


@given(st.text(st.sampled_from("a1 \u200b\u00ad\xa0\uff11\u202e\U000e0041é😀\ud800"), max_size=60), st.data())
def test_spans_are_those_of_the_text_that_was_given(text: str, data: st.DataObject) -> None:
    seen = plain(text)
    if not seen.text:
        return
    start = data.draw(st.integers(0, len(seen.text) - 1))
    end = data.draw(st.integers(start + 1, len(seen.text)))
    first, last = seen.span(start, end)
    assert plain(text[first:last]).text == seen.text[start:end]
    assert plain(text[first:][:1]).text and plain(text[:last][-1:]).text
