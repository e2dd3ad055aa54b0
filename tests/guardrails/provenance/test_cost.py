"""Tracing takes little CPU and grows linearly, whatever the text is made of."""

import time

import pytest

from lockgate.decision import Call
from lockgate.guardrails.provenance import index
from lockgate.guardrails.provenance.witness import examine
from lockgate.labels import UNTRUSTED
from lockgate.ports import History
from lockgate.result import ToolResult

from .session import tools

SPEC = next(spec for spec in tools() if spec.name == "wire_money")
ARGS = {"iban": "DE89370400440532013000", "amount": 38.5, "note": "for the mug"}
PROSE = "Dear all, the meeting of 12 May is at 10:30; please bring 2 copies and 38.50 EUR. Kind regards, Kim Lee\n"

HOSTILE = {
    "digits": "1" * 1_000,
    "dotted": "1.1,1" * 200,
    "one word": "a" * 1_000,
    "spaced": "a " * 500,
    "base64": "QUFB" * 250,
    "nested base64": "UVVGQg==" * 125,
    "hex": "41" * 500,
    "percent": "%25" * 333,
    "entities": "&amp;" * 200,
    "escapes": "\\u0041" * 166,
    "brackets": "[{" * 500,
    "zero width": "a\u200b" * 500,
    "value again": "DE8937040044053201300 " * 45,
    "short": "38 .50 " * 142,
    "wide": "\uff11" * 1_000,
    "@": "a@a." * 250,
    "json": '{"id": 38},' * 90,
}


def cost(text: str) -> float:
    """Milliseconds of CPU to look at one call for the first time, the least of three."""
    found = []
    for _ in range(3):
        index.index_of.__init__()
        result = ToolResult(success=True, value=text, label=UNTRUSTED, structured=True)
        history = History().said("Pay Kim").returned(Call(id="r", name="read_letter", args={}), result)
        started = time.process_time()
        examine(ARGS, SPEC, history)
        found.append((time.process_time() - started) * 1_000)
    return min(found)


def test_prose():
    assert cost((PROSE * 50)[:4_096]) < 3
    assert cost((PROSE * 1_000)[:100_000]) < 75


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_text_takes_more_than_linear_time(kind):
    small, large = cost(HOSTILE[kind] * 50), cost(HOSTILE[kind] * 400)
    assert large < 8 * 4 * small + 20, (small, large)


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_megabyte_takes_less_than_a_second(kind):
    assert cost(HOSTILE[kind] * 1_000) < 1_000
