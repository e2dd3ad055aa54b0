"""What becomes of forked children; prints it. A process of its own, because a test process has threads."""

import asyncio
import json
import sys
from pathlib import Path

from lockgate.evals.crash.fork import in_child
from lockgate.evals.crash.strike import Diary, Strike


async def ends(begin):
    begin()


async def says(begin):
    print("on stdout")
    return 7


async def dies(begin):
    raise ValueError("of this")


async def hangs(begin):
    begin()
    await asyncio.Event().wait()


def main(folder: Path) -> None:
    said = folder / "said"
    diary = Diary()
    strike = Strike(diary=diary, point="effect", side="after", number=2)

    async def struck(begin):
        for name in "abc":
            with strike.at("effect", name):
                pass

    found = {
        "ends": in_child(ends)[0],
        "says": in_child(says, stderr=said)[0],
        "dies": in_child(dies, stderr=said)[0],
        "killed": in_child(hangs, kill_after=0.05)[0],
        "too late": in_child(ends, kill_after=30)[0],
        "hangs": in_child(hangs, hangs=0.2, stderr=said)[0],
        "struck": in_child(struck)[0],
        "diary": diary.read(),
        "said": said.read_text(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
