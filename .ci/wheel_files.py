"""Builds sdist -> wheel and compares the wheel's files with git's: none missing, none besides."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def expected() -> set[str]:
    """The package's files as git knows them, symlinked rooms unfolded."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    package = ROOT / "src" / "lockgate"
    rooms = {entry.resolve().name: f"lockgate/{entry.name}" for entry in package.iterdir() if entry.is_symlink()}
    files = set()
    for name in filter(None, listed):
        first, _, rest = name.partition("/")
        if name.startswith("src/lockgate/") and not (ROOT / name).is_symlink():
            files.add(name.removeprefix("src/"))
        elif rest and first in rooms:
            files.add(f"{rooms[first]}/{rest}")
    return files


def built(folder: Path) -> set[str]:
    """The files of the wheel that is built from the sdist."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "-o", folder, ROOT], check=True, stdout=subprocess.DEVNULL
    )
    (wheel,) = folder.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if not name.partition("/")[0].endswith(".dist-info")}


def main() -> int:
    """0 when they agree; prints the differences otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        git, wheel = expected(), built(Path(folder))
    for name in sorted(git - wheel):
        print(f"missing in the wheel: {name}")
    for name in sorted(wheel - git):
        print(f"not in git: {name}")
    print(f"{len(git & wheel)} files agree")
    return int(git != wheel)


if __name__ == "__main__":
    sys.exit(main())
