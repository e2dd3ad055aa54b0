"""Ids of checkpoints go on from those of the thread, whatever this machine's clock says."""

import time

import pytest
from langgraph.checkpoint.base import id as made

from lockgate.runtime.ids import ahead, follow

HOUR = 3_600.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(made, "_last_v6_timestamp", None)
    return monkeypatch


def by_a_clock(patch: pytest.MonkeyPatch, hours: float) -> str:
    """An id of another process, whose clock is set so many hours from this one's."""
    real = time.time_ns
    with patch.context() as inner:
        inner.setattr(made, "_last_v6_timestamp", None)
        inner.setattr("time.time_ns", lambda: real() + int(hours * 3_600e9))
        return str(made.uuid6())


@pytest.mark.parametrize("hours", [0.001, 24, 365 * 24])
def test_an_id_from_ahead_is_followed(clock: pytest.MonkeyPatch, hours: float) -> None:
    theirs = by_a_clock(clock, hours)
    assert str(made.uuid6()) < theirs and ahead(theirs) == pytest.approx(hours * HOUR, abs=5)
    follow(theirs, "t")
    assert ahead(theirs) == 0
    assert theirs < str(made.uuid6()) < str(made.uuid6())


@pytest.mark.parametrize(
    "other", ["", "x", "0b4e2a6e-5d0c-4c1e-9a53-6f2f5b0f7c11", "ffffffff-ffff-6fff-bfff-ffffffffffff", None]
)
def test_an_id_from_before_or_of_no_clock_moves_nothing(clock: pytest.MonkeyPatch, other: str | None) -> None:
    theirs = by_a_clock(clock, -24) if other is None else other
    first = str(made.uuid6())
    follow(theirs, "t")
    assert ahead(theirs) == 0
    assert first < str(made.uuid6()) < by_a_clock(clock, 0.1)
