"""Events as they are packed into a row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.events import Event
from lockgate.runtime.filed import Filed, left_without, packed, unpacked

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(TEXT, deeper, max_size=3),
    max_leaves=6,
)
MICROS = st.integers(0, 4_000_000_000_000_000)


@st.composite
def filed(draw: st.DrawFn) -> Filed:
    started = draw(MICROS)
    event = Event(
        kind="call",
        node=draw(TEXT),
        name=draw(TEXT),
        agent=draw(TEXT),
        run_id=draw(st.sampled_from(["r1", "r2"])),
        call_id=draw(TEXT),
        status=draw(TEXT),
        started=started / 1e6,
        ended=(started + draw(st.integers(-5, 10**12))) / 1e6,
        detail=draw(st.dictionaries(TEXT, JSON, max_size=3)),
    )
    return Filed(draw(TEXT), draw(TEXT), draw(st.sampled_from(["a", "b"])), draw(st.integers(0, 9)), event)


@given(st.lists(filed(), max_size=6))
def test_events_come_back_as_they_were(events: list[Filed]) -> None:
    assert unpacked(packed(events)) == events


def test_what_msgpack_or_json_cannot_hold_is_mended() -> None:
    odd: Any = {"text": "a\0b\ud800", "set": {1}, "nan": float("nan"), "huge": 2**70, 3: "x"}
    (back,) = unpacked(packed([Filed("", "1", "t", 0, Event(kind="node", node="n", started=1, ended=2, detail=odd))]))
    assert back.event.detail == {"text": "a\ufffdb\ufffd", "set": [1], "nan": None, "huge": str(2**70), "3": "x"}


@pytest.mark.parametrize("noise", [b"", b"x", b"\x92\x00\x91\x01"])
def test_noise_is_no_record(noise: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        unpacked(noise)


def test_the_events_of_a_run_can_go() -> None:
    made = [Filed("", "1", "t", n, Event(kind="node", node="n", started=1, ended=2, run_id=f"r{n}")) for n in range(3)]
    assert left_without(made, frozenset({"r1"})) == [made[0], made[2]]
