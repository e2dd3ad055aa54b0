"""The search is linear: eight times the text takes about eight times the CPU, whatever the text."""

import importlib.util
import time
from pathlib import Path
from typing import Any

import pytest

from lockgate.guardrails.privacy.action import Action
from lockgate.guardrails.privacy.rewrite import MAX_VALUES, WITHHELD, Rewriter
from lockgate.guardrails.privacy.scan import NAMES, scanner

_FILE = Path(__file__).parents[3] / "benchmarks" / "privacy.py"
_SPEC = importlib.util.spec_from_file_location("privacy_benchmark", _FILE)
assert _SPEC and _SPEC.loader
BENCHMARK: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(BENCHMARK)
SCAN = scanner(frozenset(NAMES))
SMALL = 8_000


def cpu(text: str) -> float:
    samples = []
    for _ in range(3):
        started = time.process_time_ns()
        SCAN(text)
        samples.append(time.process_time_ns() - started)
    return min(samples) / 1e6


@pytest.mark.parametrize("name", BENCHMARK.HOSTILE, ids=ascii)
def test_growth(name: str) -> None:
    text = BENCHMARK.HOSTILE[name]
    # A quadratic search would take 64 times as long. The constant is for what costs next to nothing.
    assert cpu(text[: 8 * SMALL]) < 24 * cpu(text[:SMALL]) + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", BENCHMARK.HOSTILE, ids=ascii)
def test_a_megabyte(name: str) -> None:
    started = time.process_time()
    Rewriter(dict.fromkeys(NAMES, Action.REDACT)).text(BENCHMARK.HOSTILE[name])
    assert time.process_time() - started < 2.5  # half of it on the slowest machine this is meant for


def test_a_text_of_nothing_but_values_is_withheld() -> None:
    rewriter = Rewriter({"email": Action.MASK})
    assert rewriter.text("a@b.co " * MAX_VALUES).text.count("****") == MAX_VALUES
    full = rewriter.text("a@b.co " * (MAX_VALUES + 1))
    assert full.text == WITHHELD and full.findings
