"""The snippet of docs/audit.md runs, and the page names every kind and verdict there is."""

import re
from pathlib import Path
from typing import get_args

from lockgate.audit import Kind
from lockgate.settings import settings

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")


async def test_the_snippet_runs(database_url, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    space = {}
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], space)
    try:
        await space["check"]()
    finally:
        settings.cache_clear()
    assert capsys.readouterr().out == "True 0 []\n"


def test_every_kind_is_told():
    assert all(f"`{kind}`" in PAGE for kind in get_args(Kind))
