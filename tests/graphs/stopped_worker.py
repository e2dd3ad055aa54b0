"""Runs a thread that pays, and waits where it is told to: in the model, or in the tool after the payment.

python stopped_worker.py DATABASE_URL FOLDER model|tool LIFE
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import LeaseLostError
from lockgate.graphs import react
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver, open_checkpointer, vigil

POLICY = "version: 1\nrules:\n  - {id: all, tools: [pay], action: allow, reason: a test}\n"


def graph(saver: PostgresSaver, folder: Path, waits_in: str) -> Any:
    """The agent; a call of it waits until there is a file `go`."""

    async def waited() -> None:
        (folder / "here").touch()
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)

    class Model(ScriptedModel):
        disable_streaming: bool = True

        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            if waits_in == "model":
                await waited()
            return await super()._agenerate(*args, **kwargs)

    @tool(idempotent=False)
    async def pay() -> str:
        """Pay."""
        with (folder / "world").open("a") as world:
            world.write(f"paid by {waits_in or 'the next'}\n")
        if waits_in == "tool":
            await waited()
        return "paid"

    model = Model(turns=[{"calls": [{"name": "pay", "args": {}}]}, "Done."])
    return react.build(model=model, tools=[pay], policy=Policy.parse(POLICY), checkpointer=saver)


async def main(url: str, folder: Path, waits_in: str) -> str:
    saver = await open_checkpointer(url)
    try:
        async for _ in Session(graph(saver, folder, waits_in), "t").start("Pay."):
            pass
    except LeaseLostError as error:
        return error.message
    finally:
        await saver.aclose()
    return "finished"


if __name__ == "__main__":
    vigil.LIFE = float(sys.argv[4])
    print(asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
