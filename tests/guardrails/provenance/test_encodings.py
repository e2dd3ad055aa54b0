"""A text is looked through for a code only where the letters of one stand in a row: nothing is missed by that."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lockgate.guardrails.provenance import encodings
from lockgate.guardrails.provenance.folding import fold

PATTERNS = {
    "hex": encodings._HEX,
    "base64": encodings._BASE64,
    "base32": encodings._BASE32,
    "spaced": encodings._SPACED,
    "punycode": encodings._PUNY,
}
PIECES = "ab|6B|696d|MFRG|GEZD|a2lt|LmxlZQ|=|-|_|xn--|k|x |e  |y   | |\n|\r\n|:|ü|\u2013|\u3000|\xa0|word|1"
PARTS = PIECES.split("|")
TEXTS = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


@given(TEXTS)
@example("k i m . l e e s")
@example("k   i   m   .   l   e   e   s")
@example("6b696d2e6c65")
@example("6b 69 6d 2e 6c 65")
@example("GEZDGNBVGY")
@example("xn--mller-kva")
@example("a2ltLmxl\r\nZUBoYXJi")
@example("ü a2ltLmxl \u2013 a2ltLmxlZQ")
def test_a_rough_look_misses_nothing(text: str) -> None:
    letters = text.encode("ascii", "replace")
    for name, pieces, decode in encodings._CODES:
        every = [found.group() for found in PATTERNS[name].finditer(text)]
        assert list(filter(decode, pieces(text, letters))) == list(filter(decode, every)), name


@given(st.text(st.sampled_from("aB \t\n\x1c\x0b.é")))
def test_one_step_over_bytes_folds_as_many_steps_over_letters(text: str) -> None:
    assert fold(text) == " ".join(text.casefold().split())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ann\u2019s \u201cplan\u201d \u2013 now\u2026", 'ann\'s "plan" - now...'),
        ("a\ufe58b", "a-b"),  # a small dash, which is a dash only once its compatibility form is taken
        ("\uff21\uff4e\uff4e\u00a0Lee", "ann lee"),
        ("Stra\u00dfe \u2014 K\u00f6ln", "strasse - k\u00f6ln"),
    ],
)
def test_typographic_marks_are_one_with_plain_ones(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(
    st.lists(
        st.lists(st.sampled_from(["pay ann", "40 eur", "now", "&amp;", "%20"]), max_size=4).map(" ".join), max_size=4
    ),
    st.sampled_from(["\n", "\n\n", "\r\n\r\n", " "]),
    st.data(),
)
def test_what_escapes_have_not_changed_is_not_read_again(parts: list[str], between: str, data: st.DataObject) -> None:
    codes = [str, lambda text: base64.b64encode(text.encode()).decode(), lambda text: text.encode().hex(), quote]
    coded = [data.draw(st.sampled_from(codes))(data.draw(st.sampled_from(codes))(part)) for part in parts]
    text = between.join(coded)
    whole = encodings._changed
    try:
        encodings._changed = lambda plain, _: plain
        before = {plain for _, plain in encodings.decoded(text)}
    finally:
        encodings._changed = whole
    seen = "\0".join([text, *(plain for _, plain in encodings.decoded(text))])
    assert all(paragraph in seen for plain in before for paragraph in plain.split("\n\n"))
