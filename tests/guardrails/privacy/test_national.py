"""Ids of further countries: the check digits agree with python-stdnum, and the ids are found where they stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.fi import hetu
from stdnum.mx import curp
from stdnum.no import fodselsnummer
from stdnum.pt import nif
from stdnum.ro import cnp
from stdnum.tr import tckimlik

from lockgate.guardrails.privacy import checksums as ours
from lockgate.guardrails.privacy.scan import NAMES, scanner

SCAN = scanner(frozenset(NAMES))
NATIONAL = [
    ("cn_ric", "身份证 11010519491231002X。", "11010519491231002X"),
    ("fi_hetu", "HETU 131052-308T", "131052-308T"),
    ("fi_hetu", "131052A308T", "131052A308T"),
    ("no_fodselsnummer", "født 151086 95088", "151086 95088"),
    ("be_nn", "85.07.30-033.28", "85.07.30-033.28"),
    ("mx_curp", "CURP BOXW310820HNERXN09", "BOXW310820HNERXN09"),
    ("cl_rut", "RUT 12.531.909-2", "12.531.909-2"),
    ("sg_nric", "NRIC S1234567D", "S1234567D"),
    ("za_idnr", "ID 7503305044089", "7503305044089"),
    ("cz_rc", "r.č. 710319/2745", "710319/2745"),
    ("kr_rrn", "971013-9019902 and 971013-1019902", "971013-1019902"),
    ("tr_tckimlik", "T.C. Kimlik No: 17291716060", "17291716060"),
    ("ro_cnp", "CNP 1630615123457", "1630615123457"),
    ("pt_nif", "NIF 501 964 843", "501 964 843"),
    ("dk_cpr", "CPR 211062-5629", "211062-5629"),
    ("au_tfn", "TFN 123 456 782", "123 456 782"),
    ("in_pan", "PAN: ABCPE1234F", "ABCPE1234F"),
]


@pytest.mark.parametrize(
    ("check", "digit", "pattern"),
    [
        (ours.cn_ric, lambda body: ric.calc_check_digit(f"{body}0"), r"[1-9][0-9]{5}19[0-9]{2}0[1-9]2[0-8][0-9]{3}"),
        (ours.mx_curp, curp.calc_check_digit, r"[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z]"),
        (ours.cl_rut, rut.calc_check_digit, r"[1-9][0-9]{6,7}"),
        (ours.tr_tckimlik, tckimlik.calc_check_digits, "[1-9][0-9]{8}"),
        (ours.ro_cnp, cnp.calc_check_digit, r"[12][0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{5}"),
        (ours.pt_nif, nif.calc_check_digit, r"[1-9][0-9]{7}"),
        (ours.za_idnr, luhn.calc_check_digit, r"[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[0-9]{4}[01]8"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_check_digits(check: Any, digit: Any, pattern: str) -> None:
    text = check.__annotations__.get("text") is not None

    @given(st.from_regex(pattern, fullmatch=True).filter(str.isascii))
    def agree(body: str) -> None:
        number = body + digit(body)
        assert check(number if text else number.encode()), number
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        assert not check(wrong if text else wrong.encode()), wrong

    agree()


@given(st.text("0123456789", min_size=11, max_size=11))
def test_eleven_digits(number: str) -> None:
    if fodselsnummer.is_valid(number):
        assert ours.no_fodselsnummer(number.encode())
    if nn.is_valid(number):
        assert ours.be_nn(number.encode())


@given(st.text("0123456789", min_size=9, max_size=9))
def test_tfn(number: str) -> None:
    assert ours.au_tfn(number.encode()) == tfn.is_valid(number)


@pytest.mark.parametrize(("kind", "text", "value"), NATIONAL)
def test_found(kind: str, text: str, value: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in SCAN(text)] == [(kind, value)]


def test_oracles_know_the_examples() -> None:
    assert hetu.is_valid("131052-308T") and rc.is_valid("7103192745") and ours.cz_rc(b"7103192745")


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002Y and 110105194912310021",
        "131052-308U",
        "151086 95089",
        "85.07.30-033.29",
        "BOXW310820HNERXN08",
        "12.531.909-3",
        "S1234567A",
        "7503305044088",
        "710319/2746 and 711319/2745",
        "501964843 and 1630615123457 and 17291716060",
        "PAN: ABCXE1234F",
        "DK 211062-5629",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in SCAN(text)] == []
