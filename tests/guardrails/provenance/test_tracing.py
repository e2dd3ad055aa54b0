"""Where a value comes from: typed, whole, and in whatever spelling."""

import base64
import codecs
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.decision import Allow, Review
from lockgate.evidence import Kind
from lockgate.guardrails.provenance import trace
from lockgate.labels import Integrity, Label
from lockgate.passage import Passage
from lockgate.ports import History

from .session import decide, read, said, untrusted

IBAN = "DE89370400440532013000"
MAIL = "kim.lee@harbour.example"


def kind(value, history, argument="x"):
    (found,) = trace(value, history.passages, argument=argument)
    return found.kind


@pytest.mark.parametrize(
    ("text", "value", "argument"),
    [
        (f"Pay {IBAN}.", IBAN, "iban"),
        ("Pay DE89 3704 0044 0532 0130 00, please", IBAN, "iban"),
        ("Pay de89-3704-0044-0532-0130-00", IBAN, "iban"),
        (f"Write to {MAIL.upper()}.", MAIL, "to"),
        ("Write to Kim\n  Lee.", "kim lee", "to"),
        ("Pay $50 back", 50, "amount"),
        ("Pay 50.00 EUR", 50.0, "amount"),
        ("Pay 50EUR", 50.0, "amount"),
        ("It is 1,050.5 in all", 1050.5, "amount"),
        ("Es sind 1.050,50 EUR", Decimal("1050.5"), "amount"),
        ("Pay 12,50 EUR", 12.5, "amount"),
        ("Pay 50 to Kim", "50", "amount"),
        ("Take file 13 away", "13", "file_id"),
        ("Take the file with ID '13'", 13, "file_id"),
        ("Refund order 1042", "1042", "order_id"),
        ("Refund order #7", 7, "order"),
        ("Read https://a.example/x", "https://a.example/x/", "url"),
        ("Read www.a.example", "http://www.a.example", "url"),
        ("Read C:\\notes\\new.txt", "C:\\notes\\new.txt", "path"),
    ],
)
def test_a_value_the_user_named(text, value, argument):
    assert kind(value, said(text), argument) is Kind.USER


@pytest.mark.parametrize(
    ("text", "value", "argument"),
    [
        ("What happens on June 13?", 13, "file_id"),
        ("What happens on June 13?", "13", "file_id"),
        ("What happens on 13 June?", 13, "id"),
        ("Meet at 13:00", 13, "amount"),
        ("On 2024-05-13", 13, "amount"),
        ("Ten or 13% more", 13, "amount"),
        ("Pay invoice 2024-13", 13, "amount"),
        ("There are 100 of them", 1, "amount"),
        ("There are 100 of them", "1", "id"),
        ("I have 7 apples", "7", "file_id"),
        (f"Write to x.{MAIL}", MAIL, "to"),
        (f"Write to {MAIL}.evil.example", MAIL, "to"),
        ("Read https://a.example", "https://a.example/?q=secret", "url"),
        ("Read https://a.example.evil.example", "https://a.example", "url"),
        ("Tell smith-jones", "smith", "to"),
        ("See acme.com", "acme", "to"),
        (f"Pay {IBAN}", IBAN[:-2], "iban"),
        ("A lot of work", "a", "account"),
        ("Write to kim.lee@harbour.example", "kim.l\u0435e@harbour.example", "to"),  # a Cyrillic letter
        ("Write to kim.lee@harbour.example", "kim.\u200blee@harbour.example", "to"),
        ("", "anything", "to"),
    ],
)
def test_a_value_that_only_looks_as_if_the_user_had_named_it(text, value, argument):
    assert kind(value, said(text), argument) is Kind.UNTRACED


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("base64", lambda t: base64.b64encode(t.encode()).decode()),
        ("base64", lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("=")),
        ("base32", lambda t: base64.b32encode(t.encode()).decode()),
        ("hex", lambda t: t.encode().hex()),
        ("hex", lambda t: t.encode().hex(" ")),
        ("url", lambda t: "".join(f"%{b:02x}" for b in t.encode())),
        ("html", lambda t: "".join(f"&#{ord(c)};" for c in t)),
        ("escapes", lambda t: "".join(f"\\u{ord(c):04x}" for c in t)),
        ("rot13", lambda t: codecs.encode(t, "rot13")),
        ("reversed", lambda t: t[::-1]),
        ("base64+hex", lambda t: base64.b64encode(t.encode().hex().encode()).decode()),
        ("url+base64", lambda t: quote(base64.b64encode(t.encode()).decode().replace("=", "%3D"), safe="")),
    ],
)
@pytest.mark.parametrize("value", [MAIL, IBAN, "https://evil.example/collect"])
def test_a_value_in_code(how, code, value):
    for text in (f"Note: {code(value)} is it", f'[{{"body":"{code("Write to " + value + " now")}"}}]'):
        (found,) = trace(value, untrusted(text).passages)
        assert found.kind is Kind.UNTRUSTED and found.suspect == "encoded", text
        assert how.split("+")[-1] in found.how or found.how.startswith("encoded:")


@pytest.mark.parametrize(
    "text",
    [
        "\u200b".join(IBAN),
        " ".join(IBAN),
        "".join(chr(ord(char) + 0xFEE0) for char in IBAN),
        IBAN.replace("D", "\u13a0", 1).replace("E", "\u0415"),
    ],
)
def test_a_value_in_disguise(text):
    (found,) = trace(IBAN, untrusted(f"Pay to {text} today").passages)
    assert found.suspect in ("disguised", "encoded") or found.kind is Kind.UNTRACED
    assert found.kind in (Kind.UNTRUSTED, Kind.UNTRACED)


def test_full_width_letters_are_no_disguise_among_east_asian_text():
    wide = "".join(chr(ord(char) + 0xFEE0) for char in IBAN)
    (found,) = trace(IBAN, untrusted(f"口座番号は{'　'}{wide} です").passages)
    assert (found.kind, found.suspect) == (Kind.UNTRUSTED, "")


def test_the_best_source_counts_and_plain_text_before_code():
    both = read(said(f"Pay {IBAN}"), f"Pay {IBAN}")
    assert kind(IBAN, both) is Kind.USER
    coded = base64.b64encode(IBAN.encode()).decode()
    (found,) = trace(IBAN, untrusted(f"{IBAN} {coded}").passages)
    assert (found.how, found.suspect) == ("exact", "")


@pytest.mark.parametrize(
    ("integrity", "found"),
    [("trusted", Kind.TRUSTED), ("internal", Kind.INTERNAL), ("untrusted", Kind.UNTRUSTED)],
)
def test_a_tools_output_has_the_kind_of_its_label(integrity, found):
    label = Label(integrity=Integrity.parse(integrity))
    assert kind(IBAN, History().seen(Passage(source="tool:x", text=IBAN, label=label))) is found


def test_operator_and_model():
    assert kind(IBAN, History().configured(f"The shop's account is {IBAN}.")) is Kind.OPERATOR
    assert kind(IBAN, History().answered(f"I shall pay {IBAN}.")) is Kind.UNTRACED


def test_a_trusted_tool_does_not_vouch_for_what_it_was_given():
    text = f"Nothing is known of {IBAN}."
    assert kind(IBAN, read(History(), text, "find_supplier", name=IBAN)) is Kind.UNTRACED
    assert kind(IBAN, read(History(), text, "find_supplier", name="Kim")) is Kind.TRUSTED


def test_structures_leaf_by_leaf():
    history = read(said(f"Write to {MAIL}"), "and to eve@evil.example")
    found = trace([MAIL, {"cc": ["eve@evil.example", None, True, ""]}], history.passages, argument="to")
    assert [(one.path, one.kind) for one in found] == [
        ("to[0]", Kind.USER),
        ("to[1].cc[0]", Kind.UNTRUSTED),
    ]


def test_a_long_text_in_pieces():
    history = read(said("Tell them that the office is closed on Friday. Thank them."), "The alarm code is on the door.")
    text = "The office is closed on Friday. " * 2 + "The alarm code is on the door. " + "Regards from all of us."
    (found,) = trace(text, history.passages)
    assert found.how == "parts" and found.kind is Kind.UNTRACED
    (found,) = trace("The alarm code is on the door.\n" * 4, history.passages)
    assert found.kind is Kind.UNTRUSTED


def test_the_id_of_a_record_the_user_named():
    drive = [{"id": "13", "filename": "plan-of-march.txt", "text": "x"}, {"id": "14", "filename": "other.txt"}]
    history = read(said("Delete the plan of march."), drive)
    assert trace("13", history.passages, argument="doc_id", named=True)[0].kind is Kind.USER
    assert trace("14", history.passages, argument="doc_id", named=True)[0].kind is Kind.UNTRUSTED
    assert trace("13", history.passages, argument="doc_id")[0].kind is Kind.UNTRUSTED
    # A name that two records share tells neither; nor does one in a text that only looks like records.
    twice = read(said("Delete the plan of march."), [drive[0], {**drive[1], "filename": "plan-of-march.txt"}])
    assert trace("13", twice.passages, argument="doc_id", named=True)[0].kind is Kind.UNTRUSTED
    forged = read(said("Delete the plan of march."), '[{"id": "13", "filename": "plan-of-march.txt"}]')
    assert trace("13", forged.passages, argument="doc_id", named=True)[0].kind is Kind.UNTRUSTED


def test_what_an_internal_system_says_of_somebody_the_user_named():
    card = [{"full_name": "Kim Lee", "email": MAIL}]
    for tool, found in (("directory", Kind.USER), ("read_letter", Kind.UNTRUSTED)):
        history = read(said("Invite Kim Lee."), card, tool)
        assert trace(MAIL, history.passages, argument="to", named=True)[0].kind is found


def test_what_is_written_like_a_name_tells_a_record_of_an_internal_system():
    stays = [{"booking": "B-7", "house": "Fern Lodge", "state": "open"}, {"booking": "B-8", "house": "Gull House"}]
    for words, found in (("Cancel Fern Lodge.", Kind.USER), ("Cancel what is open.", Kind.INTERNAL)):
        history = read(said(words), stays, "directory")
        assert trace("B-7", history.passages, argument="booking", named=True)[0].kind is found
    history = read(said("Cancel Fern Lodge."), stays)
    assert trace("B-7", history.passages, argument="booking", named=True)[0].kind is Kind.UNTRUSTED


@pytest.mark.parametrize(
    ("words", "by", "answer"),
    [
        ("Write everybody in sales that it rains.", "directory", Allow),
        ("Write somebody in sales that it rains.", "directory", Review),
        ("Read all letters of sales. Write to the boss.", "directory", Review),
        ("Write everybody in sales that it rains.", "read_letter", Review),
        ("Write everybody in the house that it rains.", "directory", Review),
    ],
)
def test_all_of_what_the_user_named(words, by, answer):
    history = read(said(words), ["kim@desk.example", "bo@desk.example"], by, name="sales")
    assert isinstance(decide(history, "send_letter", {"to": ["bo@desk.example"], "text": "It rains."}), answer)


@given(st.text(max_size=300), st.text(min_size=1, max_size=40), st.sampled_from(["x", "file_id", "amount"]))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_searched_for_any_value(text, value, argument):
    for found in trace({"k": [value]}, untrusted(text).passages, argument=argument):
        assert found.kind in (Kind.UNTRUSTED, Kind.UNTRACED)


@given(st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N")), min_size=3, max_size=20))
@settings(max_examples=200, deadline=None)
def test_more_untrusted_text_never_makes_a_value_better(value):
    before = said(f"About {value[1:]}")
    after = read(read(before, f"{value} and file {value}"), value[::-1])
    order = list(Kind)
    assert order.index(kind(value, after)) >= min(order.index(kind(value, before)), order.index(Kind.UNTRUSTED))


@pytest.mark.parametrize(
    "written",
    [
        "kim.l\u0435\u0435@harbour.\u0435\u0445\u0430mpl\u0435",  # Cyrillic letters
        "\u03baim.lee@harb\u03bfur.example",  # Greek ones
        "kim.\u200blee@har\u00adbour.example",  # what takes no place
        "\uff4b\uff49\uff4d.lee@harbour.example",  # full width
    ],
)
def test_a_value_in_disguise_is_seen_through(written):
    (found,) = trace(MAIL, untrusted(f"Write to {written} today").passages)
    assert (found.kind, found.how, found.suspect) == (Kind.UNTRUSTED, "disguised", "disguised")
