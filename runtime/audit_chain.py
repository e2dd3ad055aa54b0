"""The hash chain of the audit log: what a row must be, and what is wrong with the rows there are.

Pure functions and one pass: `Chain.row` for each row in order, then `Chain.flaws`. After Schneier and Kelsey, "Secure
Audit Logs to Support Computer Forensics" (1999): each row covers the one before it, so nobody changes one row alone,
and signed heads, kept where the writer cannot reach, hold the end in place.
"""

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lockgate.audit import canonical, commitment

START = bytes(32)
"""What the first row follows."""
MAX_FLAWS = 1_000
"""Flaws that are named; more only raise `Verdict.count`."""
_MAX_MOVED = 200
"""Broken rows that are tried in each other's places."""

What: TypeAlias = Literal["changed", "missing", "reordered", "added", "unlinked", "head", "signature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row as it is stored, with the words that are kept apart; None when there are none, or none any more.

    `lives` says that the thread was not deleted, so that its words must be there.
    """

    seq: int
    thread_id: str
    run_id: str
    call_id: str
    body: str
    prev: bytes
    hash: bytes
    content: str | None = None
    lives: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Number and hash of the last row at some moment."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something that was touched. `seq` is the row's number; `last` ends a run of missing rows."""

    what: What
    seq: int
    message: str
    last: int | None = None


def link(prev: bytes, seq: int, body: str) -> bytes:
    """The hash of row `seq`: SHA-256 of the hash before, the number as 8 bytes (big-endian) and the text."""
    number = struct.pack(">q", seq)
    return hashlib.sha256(prev + number + body.encode("utf-8", "surrogatepass")).digest()


class Chain:
    """Takes rows in order of their numbers and collects what is wrong. Memory does not grow with the log.

    `heads` are those the rows are held against: the log's own counter and the signed ones.
    """

    def __init__(self, heads: Iterable[Head] = (), *, start: Head | None = None) -> None:
        """`start` is a head that is known to be good; the rows that follow it come next."""
        self.rows = 0
        self.count = 0
        self._heads: dict[int, list[bytes]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head.hash)
        self._last = start or Head(seq=0, hash=START)
        self._sound = True  # the row before
        self._found: list[Flaw] = []
        self._broken: list[AuditRow] = []

    def row(self, row: AuditRow, *, told: str | None = None) -> None:
        """The next row. `told` is the line of an export that it was read from, which must be its very line."""
        self.rows += 1
        before = self._last
        if row.seq <= before.seq:
            self._flaw("added", row.seq, "is there twice")
            return
        if row.seq > before.seq + 1:
            self._missing(before.seq + 1, row.seq - 1)
        own = self._own(row) or ("" if told in (None, line(row)) else "does not stand here as it was exported")
        if not own and (touched := _words(row)):
            self._flaw("changed", row.seq, touched)
        if own:
            self._flaw("changed", row.seq, own)
            self._broken = [*self._broken, row] if len(self._broken) < _MAX_MOVED else self._broken
        elif row.seq == before.seq + 1 and row.prev != before.hash and self._sound:
            # Each is whole in itself: one of them was written anew together with its hash.
            where = f"row {before.seq}" if before.seq else "the beginning"
            self._flaw("unlinked", row.seq, f"does not follow {where}: one of the two was written anew")
        for known in self._heads.pop(row.seq, ()):
            if known != row.hash:
                self._flaw("head", row.seq, "is not the row that the recorded head names")
        self._last, self._sound = Head(seq=row.seq, hash=row.hash), not own

    def flaws(self, *, end: Head | None = None) -> list[Flaw]:
        """All flaws, by row. `end` is the log's own counter: what should be there, and nothing beyond."""
        last = self._last.seq
        known = max([*self._heads, end.seq if end else 0], default=0)
        if known > last:
            self._missing(last + 1, known)
        elif end is not None and end.seq < last:
            self._flaw("added", end.seq + 1, f"and all up to row {last} are beyond the log's counter")
        elif end is not None and end.hash != self._last.hash:
            self._flaw("head", last, "is not the row that the log's counter names")
        return sorted(self._reordered(), key=lambda flaw: flaw.seq)

    def _own(self, row: AuditRow) -> str:
        """What is wrong with the row by itself."""
        if link(row.prev, row.seq, row.body) != row.hash:
            return "is not what was written: its text, number or hash was changed"
        if (said := _ids(row.body)) is None:
            return "holds no entry"
        if said != (row.thread_id, row.run_id, row.call_id):
            return "stands under another thread, run or call than its text says"
        return ""

    def _reordered(self) -> list[Flaw]:
        """The flaws, with rows that are whole at another place called by that."""
        places = [row.seq for row in self._broken]
        home = {
            row.seq: place
            for row in self._broken
            for place in places
            if place != row.seq and link(row.prev, place, row.body) == row.hash
        }
        return [
            Flaw(what="reordered", seq=flaw.seq, message=f"row {flaw.seq} is row {home[flaw.seq]}, moved")
            if flaw.what == "changed" and flaw.seq in home
            else flaw
            for flaw in self._found
        ]

    def _missing(self, first: int, last: int) -> None:
        rows = f"row {first} is" if first == last else f"rows {first} to {last} are"
        self._add(Flaw(what="missing", seq=first, last=last, message=f"{rows} missing"))

    def _flaw(self, what: What, seq: int, said: str) -> None:
        self._add(Flaw(what=what, seq=seq, message=f"row {seq} {said}"))

    def _add(self, flaw: Flaw) -> None:
        self.count += 1
        if len(self._found) < MAX_FLAWS:
            self._found.append(flaw)


def _words(row: AuditRow) -> str:
    """What is wrong with the words of a row that is whole."""
    held = json.loads(row.body).get("content", "")
    if row.content is not None and commitment(row.content) != held:
        return "has other words (arguments, reason) than were written"
    if row.content is None and held and row.lives:
        return "has lost its words (arguments, reason), though its thread was not deleted"
    return ""


def _ids(body: str) -> tuple[str, str, str] | None:
    try:
        said = json.loads(body)
        return said.get("thread_id", ""), said.get("run_id", ""), said.get("call_id", "")
    except (ValueError, AttributeError, RecursionError):
        return None


def line(row: AuditRow) -> str:
    """The row as one line of JSON, from which `parsed` makes it again. A text that is no entry stands as `body`."""
    place: dict[str, Any] = {"seq": row.seq, "prev": row.prev.hex(), "hash": row.hash.hex()}
    if row.content is not None:
        place["content"] = row.content
    try:
        entry = json.loads(row.body)
    except (ValueError, RecursionError):
        entry = None
    if _ids(row.body) == (row.thread_id, row.run_id, row.call_id) and canonical(entry) == row.body:
        return canonical({**place, "entry": entry})
    ids = {"thread_id": row.thread_id, "run_id": row.run_id, "call_id": row.call_id}
    return canonical({**place, **ids, "body": row.body})


def parsed(text: str) -> AuditRow:
    """The row of an exported line. Raises ValueError."""
    try:
        data: dict[str, Any] = json.loads(text)
        body = data["body"] if "body" in data else canonical(data["entry"])
        ids = data if "body" in data else data["entry"]
        names = (str(ids.get(name, "")) for name in ("thread_id", "run_id", "call_id"))
        thread_id, run_id, call_id = names
        seq = int(data["seq"])
        if not 0 < seq < 2**63:
            raise ValueError(f"no exported row: the number {seq}")
        return AuditRow(
            seq=seq, thread_id=thread_id, run_id=run_id, call_id=call_id, body=str(body),
            prev=bytes.fromhex(data["prev"]), hash=bytes.fromhex(data["hash"]),
            content=str(data["content"]) if "content" in data else None,
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"no exported row: {type(error).__name__}") from None
