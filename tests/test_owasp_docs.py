"""The OWASP page: all twenty items, each with a guard whose test is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "owasp.md").read_text()
ITEMS = re.findall(r"^\| (LLM\d\d|ASI\d\d) .*$", PAGE, re.MULTILINE)
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)


def test_every_item_is_there_once() -> None:
    assert [*(f"LLM{n:02}" for n in range(1, 11)), *(f"ASI{n:02}" for n in range(1, 11))] == ITEMS


def test_every_item_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| (LLM|ASI)\d\d", line)]
    assert all("::" in row for row in rows)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_the_test_is_there(file: str, name: str) -> None:
    tree = ast.parse((TESTS / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
