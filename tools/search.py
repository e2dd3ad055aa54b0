"""Full-text search over the files of a folder, ranked by BM25 (Robertson and Zaragoza 2009)."""

import math
import re
from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from lockgate.errors import ToolError
from lockgate.spec import ToolSpec
from lockgate.tools.decorator import tool
from lockgate.tools.folder import Folder

MAX_FILES = 2_000
"""Files that are indexed; the rest are left out."""
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"\w+")


class Found(BaseModel):
    """One file and the line in it that speaks most of the query."""

    path: str
    score: float
    line: str


class Index:
    """The words of the text files below a folder. A file is read again when its time or size has changed."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, int], str, Counter[str]]] = {}

    def search(self, query: str, limit: int) -> list[Found]:
        """The files that hold a word of `query`, best first."""
        self._refresh()
        words = set(_WORD.findall(query.lower()))
        mean = sum(counts.total() for _, _, counts in self._read.values()) / max(1, len(self._read))
        rarity = {word: self._rarity(word) for word in words}
        scored = []
        for path, (_, text, counts) in self._read.items():
            length = 1 - _B + _B * counts.total() / max(1.0, mean)
            score = sum(rarity[w] * counts[w] * (_K1 + 1) / (counts[w] + _K1 * length) for w in words if w in counts)
            if score:
                scored.append((score, path, text))
        best = sorted(scored, key=lambda row: (-row[0], row[1]))[:limit]
        return [Found(path=path, score=round(score, 3), line=_line(text, words)) for score, path, text in best]

    def _rarity(self, word: str) -> float:
        holding = sum(word in counts for _, _, counts in self._read.values())
        return math.log(1 + (len(self._read) - holding + 0.5) / (holding + 0.5))

    def _refresh(self) -> None:
        there: dict[str, tuple[tuple[int, int], str, Counter[str]]] = {}
        for path in sorted(self.folder.root.rglob("*"))[: MAX_FILES * 4]:
            name = path.relative_to(self.folder.root).as_posix()
            if len(there) >= MAX_FILES or not path.is_file():
                continue
            stamp = _stamp(path)
            known = self._read.get(name)
            if known is not None and known[0] == stamp:
                there[name] = known
                continue
            try:
                text = self.folder.read(name)
            except ToolError:  # hidden, too large or no text: out of reach here as it is for read_file
                continue
            there[name] = (stamp, text, Counter(_WORD.findall(text.lower())))
        self._read = there


def search_tool(folder: str | Path = ".") -> ToolSpec:
    """`search_files` over the text files below `folder`."""
    index = Index(Folder(folder))

    @tool(effect=False, private=True, output="untrusted", timeout=30)
    def search_files(
        query: Annotated[str, Field(min_length=1, max_length=500)], limit: Annotated[int, Field(ge=1, le=50)] = 10
    ) -> list[Found]:
        """Search the text files of the working folder for words; the best files come first, each with a line."""
        return index.search(query, limit)

    return search_files


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _line(text: str, words: set[str]) -> str:
    lines = text.splitlines() or [""]
    return max(lines, key=lambda line: len(words.intersection(_WORD.findall(line.lower())))).strip()[:300]
