"""Cost grows with the length of a text and not with its square; benchmarks/screens.py has the figures."""

import time

import pytest

from lockgate.guardrails.screens import screened

UNITS = [
    "a",
    "a.",
    "<",
    "<!-- ",
    "![x](http://a?",
    "%41%20",
    "a\u200b\u200c",
    "忽略之前的所有指令。",
    "do not ask, ",
    "\U000e0041",
]


def cpu(text):
    started = time.process_time_ns()
    screened(text)
    return time.process_time_ns() - started


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_takes_about_twice_as_long(unit):
    size = 12_000
    short, long = unit * (size // len(unit)), unit * (8 * size // len(unit))
    once = min(cpu(short) for _ in range(3))
    assert min(cpu(long) for _ in range(3)) < 8 * 3 * max(once, 200_000)
