"""A tool that blocks in a process of its own; a worker process has to find it in a module it can import."""

import os
import time
from pathlib import Path

from lockgate import tool


@tool(effect=False, process=True, timeout=60)
def burn(note: str) -> str:
    """Say where it runs; then, unless it is the first call, block where no exception reaches it."""
    file = Path(note)
    first = not file.exists()
    file.write_text(str(os.getpid()))
    while not first:
        time.sleep(3_600)
    return "warm"
