"""The reports of the workers that kill runs and resume them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import lockgate

SOURCE = Path(lockgate.__file__).parents[1]


def reports(worker: str, *arguments: object, seconds: float = 300, **environment: str) -> list[Any]:
    """What the script `worker` beside this file prints, a JSON value a line. What its runs write to stderr is shown."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name(worker), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=seconds,
        env={"PYTHONPATH": str(SOURCE), **environment},
    )
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]
