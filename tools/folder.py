"""`Folder`: the files below one folder, and no way out of it."""

import os
import stat
import tempfile
from pathlib import Path

from lockgate.errors import ConfigError, ToolError
from lockgate.settings import FILE as SETTINGS_FILE

MAX_FILE = 1_000_000
"""Bytes of a file that is read or written."""
MAX_ENTRIES = 500
"""Entries of one listing."""


class Folder:
    """Reads and writes text files below `root`.

    A path is relative to `root`; `..`, absolute paths and symbolic links may lead about, but not out of it.
    Names that begin with a dot and the settings file are out of reach: they hold keys, hooks and passwords.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).resolve()
        if not self.root.is_dir():
            raise ConfigError(f"{self.root} is not a folder.")

    def entries(self, folder: str) -> list[str]:
        """What lies in `folder`, sorted: `name/` for a folder, `name (n bytes)` for a file."""
        path = self._inside(folder)
        try:
            with os.scandir(path) as found:
                listed = sorted(entry.name for entry in found if not _hidden(entry.name))
            lines = [line for name in listed[:MAX_ENTRIES] if (line := _line(path / name))]
        except OSError as error:
            raise _failed(folder, error) from None
        more = len(listed) - MAX_ENTRIES
        return [*lines, f"({more} more are not shown)"] if more > 0 else lines

    def read(self, path: str) -> str:
        """The text of a file."""
        try:
            # A pipe would block the open, a link put there meanwhile would lead out.
            descriptor = os.open(self._inside(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode):
                    raise ToolError(f"{path!r} is not a file.")
                data = file.read(MAX_FILE + 1)
        except OSError as error:
            raise _failed(path, error) from None
        if len(data) > MAX_FILE:
            raise ToolError(f"{path!r} has more than {MAX_FILE:,} bytes, the limit.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise ToolError(f"{path!r} is a binary file, not UTF-8 text.")
        return text

    def write(self, path: str, text: str) -> str:
        """Writes the file whole or not at all; missing folders on the way are made."""
        data = text.encode("utf-8", "replace")
        if len(data) > MAX_FILE:
            raise ToolError(f"The text has {len(data):,} bytes; the limit is {MAX_FILE:,}.")
        target = self._inside(path)
        if target == self.root or target.is_dir():
            raise ToolError(f"{path!r} is a folder.")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
            descriptor, aside = tempfile.mkstemp(dir=target.parent, prefix=".lockgate-")
            try:
                with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
                    file.write(data)
                    os.fchmod(descriptor, mode)
                Path(aside).replace(target)
            except BaseException:
                Path(aside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _failed(path, error) from None
        return f"Wrote {len(data):,} bytes to {target.relative_to(self.root)}."

    def _inside(self, path: str) -> Path:
        try:
            resolved = (self.root / path).resolve()
            inside = resolved.relative_to(self.root)
        except (ValueError, OSError, RuntimeError):
            # ValueError also for NUL, RuntimeError for a loop of links.
            raise ToolError(
                f"{path!r} is outside the working folder.", "Use a path inside it, such as a/b.txt."
            ) from None
        if any(_hidden(part) for part in inside.parts):
            raise ToolError(f"{path!r} is hidden or holds settings; such files are out of reach.")
        return resolved


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == SETTINGS_FILE


def _line(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:  # a link that leads nowhere, or gone since
        return ""
    return f"{path.name}/" if stat.S_ISDIR(found.st_mode) else f"{path.name} ({found.st_size:,} bytes)"


def _umask() -> int:
    # There is no way to read it without setting it, except on Linux.
    try:
        status = Path("/proc/self/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("Umask:")).split()[1], 8)
    except (OSError, StopIteration, ValueError):
        return 0o022


def _failed(path: str, error: OSError) -> ToolError:
    return ToolError(f"{path!r}: {error.strerror or type(error).__name__}.")
