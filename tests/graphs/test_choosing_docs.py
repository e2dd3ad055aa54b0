"""The page on choosing a pattern: its example prints what it says, and its team is one."""

import re
from pathlib import Path

import pytest

from lockgate.graphs.team_file import read_team

PAGE = (Path(__file__).parents[2] / "docs" / "choosing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_lint_prints_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    exec(blocks("python")[0], {})
    assert capsys.readouterr().out == blocks("text")[0]


def test_a_tool_of_ones_own_fills_its_place_in_the_reference_team(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    snippet = next(block for block in blocks("python") if "missing_tools" in block)
    exec(snippet, {})
    assert capsys.readouterr().out == "('fetch_page',)\n" == blocks("text")[1]


def test_the_team_of_the_page_is_one(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(blocks("yaml")[0])
    assert list(read_team(path).agents) == ["reader", "writer"]


def test_its_pictures_exist() -> None:
    pictures = re.findall(r"\]\((images/[^)]*)\)", PAGE)
    assert len(pictures) == 2
    assert all((Path(__file__).parents[2] / "docs" / picture).is_file() for picture in pictures)
