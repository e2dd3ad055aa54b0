"""One case: processes one after the other, the first ones struck, until the run has ended; then what came of it."""

import json
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lockgate.evals.crash.fork import in_child
from lockgate.evals.crash.life import LEFT, STOPPED, Prepared
from lockgate.evals.crash.place import Place
from lockgate.evals.crash.strike import Diary, Strike
from lockgate.evals.crash.ways import WAYS, Act, Case, Point, Then

MAX_LIVES = 16
"""Processes that a run is given to come to its end."""
_KINDS = ("decision", "outcome")
_AUDITED = {("decision", "allow"), ("decision", "review"), ("outcome", "executed"), ("outcome", "settled")}
_TOLD = 1_500  # characters of a process's stderr that are told
_EXPECTED: dict[Act, tuple[int, ...]] = {
    "kill": (-signal.SIGKILL,), "stop": (STOPPED, 0), "raise": (1, 0), "cut": (1, 0), "sever": (1, 0), "crash": (1, 0),
    "fill": (1, 0),
}  # fmt: skip
"""Exit statuses of a process that was struck. 0 is its end: a database that comes back, an error in a tool and a stop
in the last step do not keep it from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The undisturbed run: how far each kind of point counts, how long it took (seconds), and what came of it."""

    counts: dict[Point, int]
    seconds: float
    end: list[Any]
    effects: list[str]
    modules: list[str]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a case. `struck` says where each blow fell; `faults` are sentences, none when all was well.

    `kills` counts kill -9. `unknown` counts effects that were in doubt and honestly settled, `lost` and `doubled` those
    that are missing or there twice; a run that did not end, or ended otherwise, lost too.
    """

    seed: int
    pattern: str
    way: str
    struck: list[str] = field(default_factory=list)
    kills: int = 0
    resumed: bool = False
    same_answer: bool = False
    effects_once: bool = False
    audit_whole: bool = False
    unknown: int = 0
    lost: int = 0
    doubled: int = 0
    faults: list[str] = field(default_factory=list)


def measured(prepared: Prepared, thread: str, folder: Path, place: Place, then: Then = "") -> Reference:
    """The undisturbed run in a process of its own. Raises RuntimeError with what it said if it does not end."""
    diary = Diary()
    status, _ = _lived(prepared, thread, folder, place, Strike(diary=diary, depth=prepared.scene.depth), then=then)
    if status:
        raise RuntimeError(f"The undisturbed run {thread} ended with status {status}:\n{_said(folder)}")
    end = json.loads((folder / "end.json").read_text())
    found = Reference(
        counts=diary.read()[0],
        seconds=end["seconds"],
        end=end["end"],
        effects=_effects(prepared, folder),
        modules=end["modules"],
    )
    shutil.rmtree(folder)
    return found


def played(prepared: Prepared, case: Case, reference: Reference, folder: Path, place: Place) -> Outcome:
    """Plays the case; its folder stays only when something was wrong."""
    way, outcome, passed = WAYS[case.way], Outcome(seed=case.seed, pattern=case.pattern, way=case.way), 0
    blows = list(case.at)
    for life in range(MAX_LIVES):
        blow = blows[0] if blows else None
        strike, kill_after = _aimed(case, reference, blow, passed)
        strike.acts = partial(place.do, thread=case.thread)
        strike.depth = prepared.scene.depth
        status, seconds = _lived(
            prepared, case.thread, folder, place, strike, kill_after,
            mend=way.act == "fill", then=case.then, leaves=case.leaves,
        )  # fmt: skip
        counts, hit, label = strike.diary.read()
        outcome.kills += status == -signal.SIGKILL
        passed += counts[way.point] if way.point else 0
        if hit or (kill_after is not None and status == -signal.SIGKILL):
            blows = blows[1:]
            outcome.struck.append(f"{label} ({seconds * 1000:.0f} ms)" if kill_after is not None else label)
            if status not in (*_EXPECTED[way.act], LEFT):
                outcome.faults.append(f"Struck at {label!r}, it ended with status {status}. {_said(folder)}")
        elif status not in (0, LEFT):
            outcome.faults.append(f"Process {life + 1} ended by itself with status {status}. {_said(folder)}")
        if not status:
            break
    outcome.resumed = not outcome.faults
    _judge(outcome, reference, prepared, folder)
    if not outcome.faults:
        shutil.rmtree(folder)
    return outcome


def _aimed(case: Case, reference: Reference, blow: float | None, passed: int) -> tuple[Strike, float | None]:
    """The strike on the next process, or the seconds after which it is killed. `passed` points are behind it."""
    way, diary = WAYS[case.way], Diary()
    if blow is None:
        return Strike(diary=diary), None
    if way.point is None:
        return Strike(diary=diary), blow * reference.seconds
    # A resume repeats a little; nobody knows beforehand how many statements it takes.
    least = 8 if way.point == "statement" else 1
    left = max(least, reference.counts[way.point] - passed) if passed else reference.counts[way.point]
    return Strike(diary=diary, point=way.point, side=case.side, number=1 + int(blow * left), act=way.act), None


def _lived(
    prepared: Prepared,
    thread: str,
    folder: Path,
    place: Place,
    strike: Strike,
    kill_after: float | None = None,
    *,
    mend: bool = False,
    then: Then = "",
    leaves: bool = False,
) -> tuple[int, float]:
    folder.mkdir(parents=True, exist_ok=True)

    async def run(begin: Any) -> int | None:
        if mend:
            place.mend(thread)
        return await prepared.live(thread, folder, place, strike, begin, then, leaves=leaves)

    return in_child(run, kill_after=kill_after, stderr=folder / "stderr")


def _judge(outcome: Outcome, reference: Reference, prepared: Prepared, folder: Path) -> None:
    """Compares what came of it with the undisturbed run."""
    happened, wanted = Counter(_effects(prepared, folder)), Counter(reference.effects)
    if extra := happened - wanted:
        outcome.doubled = extra.total()
        outcome.faults.append(f"Happened too often: {_listed(extra)}.")
    if missing := wanted - happened:
        outcome.lost = missing.total()
        outcome.faults.append(f"Never happened: {_listed(missing)}.")
    outcome.effects_once = happened == wanted
    file = folder / "end.json"
    if not file.exists():
        outcome.lost += 1
        outcome.faults.append(f"It did not come to its end in {MAX_LIVES} processes. {_said(folder)}")
        return
    end = json.loads(file.read_text())
    outcome.same_answer = end["end"] == reference.end
    if not outcome.same_answer:
        outcome.lost += 1
        outcome.faults.append(f"It ended with {end['end']}, undisturbed with {reference.end}.")
    outcome.unknown = sum(doubt for *_, doubt in end["ledger"])
    known = Counter(f"{tool} {ref}" for tool, ref, _, status, _ in end["ledger"] if status == "done")
    if known != happened:
        outcome.lost += 1
        outcome.faults.append(f"The ledger says {_listed(known)}, the world {_listed(happened)}.")
    audit = {(kind, digest) for kind, verdict, digest in end["audit"] if (kind, verdict) in _AUDITED}
    gaps = [f"{tool} {ref}" for tool, ref, digest, *_ in end["ledger"] if any((k, digest) not in audit for k in _KINDS)]
    outcome.audit_whole = not gaps and all(kind != "lost" for kind, *_ in end["audit"])
    if not outcome.audit_whole:
        outcome.faults.append(f"The audit log does not say who allowed and what came of {', '.join(gaps) or 'it all'}.")


def _effects(prepared: Prepared, folder: Path) -> list[str]:
    prepared.world.path = folder / "world"
    return prepared.world.effects()


def _listed(effects: Counter[str]) -> str:
    return ", ".join(sorted(effects.elements())) or "nothing"


def _said(folder: Path) -> str:
    file = folder / "stderr"
    return file.read_text(errors="replace")[-_TOLD:].strip() if file.exists() else ""
