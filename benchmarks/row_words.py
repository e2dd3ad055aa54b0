"""Makes `runtime/words.bin`: what most rows of a thread hold, which none then has to store.

It takes what is about to be compressed in a few runs, a session with an effect, a review and a team, and keeps each
passage between two ids once, those that occur most last, for there zstd finds them most cheaply. The file is part of
the format: stored rows need it as it was, so a new one needs a new version of `lockgate.runtime.seal`.

    python benchmarks/row_words.py FILE
"""

import argparse
import asyncio
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import zstandard

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import orchestrator, react
from lockgate.runtime import embedded_url, open_checkpointer
from lockgate.runtime.seal import Seal
from lockgate.settings import settings

SIZE = 8_192
SHORTEST = 5
"""Bytes of a passage that is worth a place."""
NEW = 0.5
"""Share of a passage that must not be there yet."""
FRAME = 9
"""Bytes around what zstd compresses."""
OWN = re.compile(rb"[0-9a-f]{8}[0-9a-f-]{8,}|[0-9a-f]{16,}|Pay [0-9]\.|paid [0-9]|Paid [0-9]\.|2026-[0-9T:.+-]+")
"""What is a run's own."""
RULES = "rules:\n  - {id: pay, tools: [pay], action: allow, reason: x}\n  - {id: ask, tools: [ask], action: review}\n"


def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


def ask(amount: int) -> str:
    """Ask for an amount."""
    return f"paid {amount}"


async def runs(saver: Any) -> None:
    """One of each kind."""
    turns: list[Any] = []
    for number in range(4):
        name = "ask" if number == 2 else "pay"
        turns += [{"calls": [{"name": name, "args": {"amount": number}}]}, f"Paid {number}."]
    tools = [tool(effect=True, idempotent=True)(pay), tool(effect=True, idempotent=True)(ask)]
    agent = react.build(
        model=ScriptedModel(turns=turns), tools=tools, policy=Policy.parse(f"version: 1\n{RULES}"), checkpointer=saver
    )
    where: Any = {"configurable": {"thread_id": uuid.uuid4().hex}}
    for number in range(3):
        await agent.ainvoke({"messages": f"Pay {number}."}, where)
    worker = react.build(model=ScriptedModel(turns=["Paid 1.", "Paid 2."]))
    plan = [{"task_id": n, "worker": "w", "objective": "Pay 1.", "depends_on": []} for n in ("a", "b")]
    said = [{"calls": [{"name": "submit_plan", "args": {"tasks": plan}}]}, "Paid 3."]
    team = orchestrator.build(workers={"w": worker}, model=ScriptedModel(turns=said), checkpointer=saver)
    await team.ainvoke({"messages": "Pay 3."}, {"configurable": {"thread_id": uuid.uuid4().hex}})


async def taken() -> list[bytes]:
    """What the runs had compressed."""
    pieces: list[bytes] = []
    closing = Seal.close

    def close(self: Seal, data: bytes, about: bytes, prefix: bytes = b"") -> bytes:
        pieces.append(data)
        return closing(self, data, about, prefix)

    Seal.close = close  # type: ignore[method-assign]
    saver = await open_checkpointer(embedded_url(settings().data_dir))
    await runs(saver)
    await saver.aclose()
    return pieces


def words(pieces: list[bytes]) -> bytes:
    """The passages, each once."""
    found = Counter(part for piece in pieces for part in OWN.split(piece) if len(part) >= SHORTEST)
    kept: list[bytes] = []
    size = 0
    for part, _ in sorted(found.items(), key=lambda item: (-item[1] * len(item[0]), item[0])):
        if size + len(part) <= SIZE and _left(part, b"".join(kept)) > NEW * len(part):
            kept.append(part)
            size += len(part)
    return b"".join(reversed(kept))


def _left(part: bytes, known: bytes) -> int:
    """Bytes of `part` that are left when what it has in common with `known` is not stored."""
    words = zstandard.ZstdCompressionDict(known, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if known else None
    options = {"write_checksum": False, "write_content_size": False}
    return len(zstandard.ZstdCompressor(level=19, dict_data=words, **options).compress(part)) - FRAME


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    made = words(asyncio.run(taken()))
    args.file.write_bytes(made)
    print(f"{len(made)} bytes")


if __name__ == "__main__":
    main()
