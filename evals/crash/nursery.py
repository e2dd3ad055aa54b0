"""The process that loads everything once and forks a process for each part of a run: `python -m` this module.

It reads a job a line from stdin and prints an outcome a line, both as JSON. It opens nothing itself, see `fork`.
"""

import gc
import json
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from lockgate.evals.crash.case import Reference, measured, played
from lockgate.evals.crash.life import Prepared
from lockgate.evals.crash.place import Place
from lockgate.evals.crash.ways import Case, Pattern

RUNS = 3
"""Undisturbed runs of each pattern; the quickest is what others are aimed by."""


@cache
def _prepared(pattern: Pattern, *, sealed: bool = False) -> Prepared:
    made = Prepared(pattern, sealed=sealed)
    gc.collect()
    gc.freeze()  # a collection in a child would copy pages that it only looks at
    return made


def done(job: dict[str, Any]) -> dict[str, Any]:
    """Does a job: measures the undisturbed run of a pattern, or plays a case."""
    folder, place = Path(job["folder"]), Place(**job["place"])
    if job["kind"] == "measure":
        prepared = _prepared(job["pattern"])
        found = []
        for turn in range(RUNS):  # the first one loads what a run loads late
            thread = f"{job['pattern']}-undisturbed-{job['then']}-{turn}"
            found.append(measured(prepared, thread, folder / thread, place, job["then"]))
            _load(found[-1].modules)
        return asdict(min(found, key=lambda one: one.seconds))
    case = Case(**{**job["case"], "at": tuple(job["case"]["at"])})
    reference = Reference(**job["reference"])
    _load(reference.modules)
    return asdict(played(_prepared(case.pattern, sealed=case.sealed), case, reference, folder / case.thread, place))


def _load(modules: list[str]) -> None:
    for name in modules:
        if name not in sys.modules:
            with suppress(ImportError):
                import_module(name)


def main() -> None:
    """Serves until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for line in sys.stdin:
        answer: dict[str, Any]
        try:
            answer = {"done": done(json.loads(line))}
        except Exception as error:  # noqa: BLE001 - it goes to the process that asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
