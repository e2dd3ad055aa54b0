"""Numbers in words, and days and hours as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.evidence import Kind
from lockgate.guardrails.provenance import trace
from lockgate.guardrails.provenance.moments import days, hours, moment, timeless
from lockgate.guardrails.provenance.numerals import spelled_numbers

from .session import read, said


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("scale it to twelve replicas", {12}),
        ("two dozen boxes and half a dozen masks", {24, 6}),
        ("twenty-five of these, forty of those", {25, 40}),
        ("three hundred and five or four hundred and ten", {305, 410}),
        ("nine hundred ninety-nine", {999}),
        ("two million three hundred thousand", {2_300_000}),
        ("2.5 thousand, 5k", {2_500, 5_000}),
        ("a dozen and a page", {12}),
        ("five twenty", {5, 20}),
        ("12 and thirteen", {13}),  # figures are read as figures elsewhere
        ("fünfundzwanzig Kisten", {25}),
        ("trente et un jours", {31}),
        ("dieci scatole", {10}),
        ("a page, an hour, the same", set()),
        ("", set()),
    ],
)
def test_numbers_in_words(text, numbers):
    assert spelled_numbers(text) == set(map(Decimal, numbers))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on march 12, 2027", {(2027, 3, 12)}),
        ("on the 12th of march", {(None, 3, 12)}),
        ("am 12.03.2027", {(2027, 3, 12)}),
        ("on 12/03/2027", {(2027, 3, 12), (2027, 12, 3)}),
        ("el 12 de marzo de 2027", {(2027, 3, 12)}),
        ("le 12 mars 2027", {(2027, 3, 12)}),
        ("on 2027-03-12", {(2027, 3, 12)}),
        ("from 3 to 6 may 2027.", {(2027, 5, 3), (2027, 5, 6)}),
        ("3-6 may", {(None, 5, 3), (None, 5, 6)}),
        ("from the 27th to the 30th of may", {(None, 5, 27), (None, 5, 30)}),
        ("3, 4 and 6 may", {(None, 5, 3), (None, 5, 4), (None, 5, 6)}),
        ("may 4 til 8, 2027", {(None, 5, 4), (2027, 5, 8)}),
        ("between march 3 and 10", {(None, 3, 3), (None, 3, 10)}),
        ("vom 3. bis 6. mai", {(None, 5, 3), (None, 5, 6)}),
        ("del 3 al 6 de mayo", {(None, 5, 3), (None, 5, 6)}),
        ("we come on the 6th of june and leave on the 9th.", {(None, 6, 6), (None, 6, 9)}),
        ("not the 5th, we come on the 6th of june", {(None, 6, 5), (None, 6, 6)}),
        # What is no day of that month: guests, floors, another count, and days where there are two months.
        ("march 3 to 10 people", {(None, 3, 3)}),
        ("for 8, 21 may", {(None, 5, 21)}),
        ("on the 5th floor, 6 may", {(None, 5, 6)}),
        ("version 12.5 to 6 may", {(None, 5, 6)}),
        ("2 june or 5 july, on the 9th.", {(None, 6, 2), (None, 7, 5)}),
        ("may 5:30 and version 2.8.1", set()),
    ],
)
def test_days(text, found):
    assert days(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("at 10:45", {(10, 45)}),
        ("at a quarter to eleven", {(10, 45), (22, 45)}),
        ("at half past nine in the evening", {(21, 30)}),
        ("um halb zehn", {(9, 30), (21, 30)}),
        ("9 pm, or noon", {(21, 0), (12, 0)}),
        ("12 am", {(0, 0)}),
        ("nine o'clock", {(9, 0), (21, 0)}),
        ("nine people, 10 chairs, 25%", set()),
    ],
)
def test_hours(text, found):
    assert hours(text) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2027-03-12", ((2027, 3, 12), None)),
        ("10:45", (None, (10, 45))),
        ("2027-03-12t10:45:00z", ((2027, 3, 12), (10, 45))),
        ("2027-03-12 10:45", ((2027, 3, 12), (10, 45))),
        ("march 12", None),
        ("", None),
    ],
)
def test_what_is_a_moment(value, found):
    assert moment(value) == found


@pytest.mark.parametrize(
    ("asked", "value", "argument", "kind"),
    [
        ("Order two dozen boxes", 24, "boxes", Kind.USER),
        ("Order two dozen boxes", 42, "boxes", Kind.UNTRACED),
        ("Plan it on March 12, 2027 at a quarter to eleven", "2027-03-12", "day", Kind.USER),
        ("Plan it on March 12, 2027 at a quarter to eleven", "10:45", "time", Kind.USER),
        ("Plan it on March 12, 2027 at a quarter to eleven", "2027-03-12T10:45:00", "start", Kind.USER),
        ("Plan it on March 12, 2027 at a quarter to eleven", "2037-03-12", "day", Kind.UNTRACED),
        ("Plan it on March 12, 2027 at a quarter to eleven", "2027-03-12T11:45:00", "start", Kind.UNTRACED),
    ],
)
def test_the_users_own_spelling_vouches(asked, value, argument, kind):
    (found,) = trace(value, said(asked).passages, argument=argument)
    assert found.kind is kind


def test_in_a_text_of_others_a_number_counts_as_it_is_written():
    (found,) = trace(24, read(said("Look"), "Two dozen boxes.").passages, argument="boxes")
    assert found.kind is Kind.UNTRACED


@given(st.text(alphabet="atwenyfivo hudrd-0123456789.:,/", max_size=80))
def test_any_text_is_read(text):
    assert all(number >= 0 for number in spelled_numbers(text))
    assert all(1 <= month <= 12 and 1 <= day <= 31 for _, month, day in days(text))
    assert all(0 <= hour < 24 and 0 <= minute < 60 for hour, minute in hours(text))


@given(st.integers(min_value=0, max_value=99))
def test_english_numbers_up_to_a_hundred(number):
    small = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    small += [f"{stem}teen" for stem in ("thir", "four", "fif", "six", "seven", "eigh", "nine")]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    word = small[number] if number < 20 else tens[number // 10 - 2] + (f"-{small[number % 10]}" if number % 10 else "")
    assert spelled_numbers(f"take {word} of them") == {Decimal(number)}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("5 to 8 june at palazzo cartiglia for 2", "at palazzo cartiglia for 2"),
        ("40 eur on 2027-05-04 at 9:30", "40 eur on at"),
        ("40 eur on 12/03/2027, twice", "40 eur on , twice"),
        ("nothing of the kind", "nothing of the kind"),
    ],
)
def test_what_is_left_without_days_and_hours(text: str, left: str) -> None:
    assert " ".join(timeless(text).split()) == left


@pytest.mark.parametrize("unit", ["1 to ", "1 may to ", "may 1 to 1 ", "on the 1st and ", "1, "])
def test_days_in_a_row_without_an_end(unit: str) -> None:
    text = unit * 3_000 + "1 may"
    assert days(text) == {(None, 5, 1)} and "may" not in timeless(text[-4_000:]).split()[-1:]
