"""The deadline itself: clocks that jump, who inherits it, and that it only ever narrows."""

import asyncio
import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.clocks import Clocks

from lockgate import deadline as module
from lockgate.deadline import MOST, SECONDS, Deadline, begun, capped, deadline, held_to, overdue
from lockgate.errors import ConfigError
from lockgate.recording import Recording, playing


class Frozen(Clocks):
    """Clocks that only a test moves: `wall` and `ticks` are what they show."""

    def __post_init__(self) -> None:
        self.wall, self.ticks = 1_800_000_000.0, 500.0
        self.patch.setattr(module, "time", SimpleNamespace(time=lambda: self.wall))
        self.patch.setattr(module, "ticks", lambda: self.ticks)
        self.start()


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Frozen(monkeypatch)


def test_time_goes_by_and_then_it_has_passed(clocks: Clocks) -> None:
    until = Deadline.after(60)
    clocks.go(59)
    assert until.left == 1 and not until.passed
    clocks.go(1)
    assert until.passed and "was 2027-01-15 08:01:00 UTC, and it is 2027-01-15 08:01:00 UTC" in str(until)
    assert "clock" not in str(until)


@pytest.mark.parametrize(("jump", "told"), [(3_600, "set forward by 3,600 s"), (-3_600, "set back by 3,600 s")])
def test_a_jump_within_a_process_neither_ends_nor_lengthens_a_run_and_is_named(
    clocks: Clocks, jump: float, told: str
) -> None:
    until = Deadline.after(60)
    clocks.go(10)
    clocks.wall += jump
    assert until.left == 50
    clocks.go(50)
    assert until.passed and told in str(until)


def test_across_processes_the_wall_clock_counts_and_time_apart_is_not_lost(clocks: Clocks) -> None:
    until = Deadline.after(60)
    clocks.start()
    clocks.wall, clocks.ticks = clocks.wall + 20, 3.0
    assert until.left == 40
    clocks.start()
    clocks.wall += 86_400
    assert until.passed and "and it is 2027-01-16" in str(until)


@given(back=st.floats(3, 1e9), span=st.floats(1, 1e6), waits=st.lists(st.floats(0, 1e5), max_size=4))
def test_a_clock_set_back_gives_no_process_more_than_the_run_was_given(
    back: float, span: float, waits: list[float]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        clocks = Frozen(patch)
        until = Deadline.after(span)
        clocks.start()
        clocks.wall -= back
        assert until.left <= span + 1e-6
        assert f"stood {back:,.0f} s before the run's beginning" in str(until)
        for wait in waits:
            clocks.go(wait)
        assert until.left <= span - sum(waits) + 1e-3


def test_a_time_server_that_mends_a_second_is_no_jump(clocks: Clocks) -> None:
    until = Deadline.after(60)
    clocks.wall += 1.5
    assert "clock" not in str(until) and until.left == 60


def test_what_is_inside_is_held_to_the_narrower(clocks: Clocks) -> None:
    wide, narrow = Deadline.after(60), Deadline.after(5)
    assert deadline() is None and capped(9) == 9 and not overdue()
    with held_to(wide), held_to(narrow):
        assert deadline() == narrow
        with held_to(wide):
            assert deadline() == narrow and capped(9) == 5 and capped(9, grace=1) == 6
        clocks.go(5)
        assert capped(9) == 0 and "2027-01-15 08:00:05" in overdue()
    assert deadline() is None
    with held_to(wide), playing(Recording()):
        assert deadline() is None and begun({SECONDS: 1}, None) is None


async def test_tasks_inherit_it(clocks: Clocks) -> None:
    until = Deadline.after(5)

    async def inside() -> Deadline | None:
        return deadline()

    with held_to(until):
        task = asyncio.create_task(inside())
    assert await task == until


def test_a_run_that_begins_takes_the_least_of_all_that_bounds_it(clocks: Clocks) -> None:
    assert begun({}, None) is None
    for configurable, default, least in (({SECONDS: 9}, 5, 5), ({SECONDS: 9, MOST: 7}, None, 7), ({}, 3, 3)):
        made = begun(configurable, default)
        assert made is not None and made.left == least
    with held_to(Deadline.after(4)):
        assert begun({SECONDS: 9}, 4) is None
        narrower = begun({SECONDS: 2}, None)
        assert narrower is not None and narrower.left == 2


@pytest.mark.parametrize("bad", [0, -1, math.inf, math.nan, "60", True, 10**10])
def test_what_is_no_span_of_time_is_refused(bad: object) -> None:
    with pytest.raises(ConfigError, match="no deadline"):
        begun({SECONDS: bad}, None)
