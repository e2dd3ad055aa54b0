"""The README's Python runs as it stands there, and prints what the README says it prints."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lockgate.settings import settings

PAGE = (Path(__file__).parents[1] / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_snippets_print_what_the_page_says(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    names: dict[str, Any] = {"__name__": "readme"}
    blocks = BLOCK.findall(PAGE)
    shown = 0
    for (language, code), (_, after) in pairwise(blocks):
        if language == "python":
            exec(compile(code, "README.md", "exec"), names)
            assert capsys.readouterr().out == after
            shown += 1
    assert shown == 4
    settings.cache_clear()


def test_the_policy_on_the_page_is_sound(tmp_path: Path) -> None:
    from lockgate import Policy

    (pack,) = re.findall(r"cat > mine.yaml <<'END'\n(.*?)END", PAGE, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(pack)
    policy = Policy.load(tmp_path / "mine.yaml")
    assert f"Fingerprint {policy.fingerprint[:12]}" in PAGE
    assert [rule.id for rule in policy.rules] == ["sums", "notes"]


@pytest.mark.parametrize("target", ["demo", "test", "local", "bench", "check", "lock"])
def test_every_make_target_on_the_pages_exists(target: str) -> None:
    root = Path(__file__).parents[1]
    assert re.search(rf"^{target}:", (root / "Makefile").read_text(), re.MULTILINE)


def test_every_link_leads_somewhere() -> None:
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(((?!http)[^)#]+)", PAGE):
        assert (root / target).exists(), target
