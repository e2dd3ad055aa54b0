"""A folder and a database for each test of the command line."""

from pathlib import Path

import pytest

from .bench import ALLOW, MODULE, Bench


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Bench:
    (tmp_path / "agents.py").write_text(MODULE)
    (tmp_path / "allow.yaml").write_text(ALLOW)
    more = {"EFFECTS": str(tmp_path / "effects"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return Bench(folder=tmp_path, url=database_url, more=more)
