"""docs/provenance.md does what it says."""

import re
from pathlib import Path

import pytest

from lockgate import Gate, Policy
from lockgate.decision import Call
from lockgate.ports import History

PAGE = (Path(__file__).parents[3] / "docs" / "provenance.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_snippet_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(blocks("python")[0], "provenance.md", "exec"), names)
    assert capsys.readouterr().out == blocks("text")[0]
    gate = Gate(Policy.parse(blocks("yaml")[0], "payments.yaml"), names["gate"].tools)  # type: ignore[attr-defined]
    for words, rule in (("Pay 900 to NL91ABNA0417164300", "known-account"), ("Pay the rent", "other-payments")):
        call = Call(id="1", name="pay", args={"iban": "NL91ABNA0417164300", "amount": 900})
        assert gate.decide(call, History().said(words)).rule.split("+")[0] == rule
