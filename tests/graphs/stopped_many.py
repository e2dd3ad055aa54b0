"""A crowd that pays, each once: graphs for `lockgate run`, and a script of its own.

python stopped_many.py URL FOLDER GRAPH sync|async|session [resume]
"""

import asyncio
import fcntl
import os
import sys
from pathlib import Path
from typing import Any

from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.bridge import run_sync
from lockgate.graphs import hierarchy, orchestrator, pipeline, react
from lockgate.graphs.session import Session
from lockgate.graphs.stopping import stopped_by_signals
from lockgate.runtime import open_checkpointer

POLICY = Policy.parse("version: 1\nrules:\n  - {id: all, tools: [pay], action: allow, reason: a test}\n")
FREE = 12
"""Calls that go through at once; each further one says that it is here, and waits for the lock on the file `gate`."""
SIZE = {"fanout": 50, "stages": 100, "levels": 27}


def held(folder: Path, number: int, free: int = FREE) -> None:
    """Says that it is here and waits to be let go, unless there were no more than `free` payments."""
    if (folder / "gate").exists() and len((folder / "world").read_text().split()) >= free:
        os.write(1, f"here {number}\n".encode())
        with (folder / "gate").open() as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)


@tool(idempotent=False)
def pay(amount: int) -> str:
    """Pay."""
    folder = Path(os.environ["WORLD"])
    with (folder / "world").open("a") as world:
        world.write(f"{amount}\n")
    held(folder, amount)
    return f"paid {amount}"


def paying(messages: Any) -> Any:
    """The turns of whoever is told `do t7`."""
    if messages[-1].type == "tool":
        return '"paid"'
    number = int("".join(c for c in messages[-1].text.split("do ")[-1].split()[0] if c.isdigit()))
    return {"calls": [{"name": "pay", "args": {"amount": number}}]}


class Slow(ScriptedModel):
    """Its answers take until they are let go."""

    disable_streaming: bool = True

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.to_thread(held, Path(os.environ["WORLD"]), 0, 0)
        return await super()._agenerate(*args, **kwargs)


def fanout(checkpointer: Any = None) -> Any:
    """A team of one worker with 50 tasks at once."""
    clerk = react.build(model=ScriptedModel(turns=[paying, paying]), tools=[pay], policy=POLICY)
    tasks = {f"t{n}": "clerk" for n in range(SIZE["fanout"])}
    lead = ScriptedModel(turns=[plan(**tasks), "All: " + " ".join(f"[{name}]" for name in tasks)])
    return orchestrator.build(workers={"clerk": clerk}, model=lead, parallel=8, checkpointer=checkpointer)


def stages(checkpointer: Any = None) -> Any:
    """A pipeline of two stages."""

    def ready(text: str) -> str:
        return f"do {text}"

    clerk = react.build(model=ScriptedModel(turns=[paying, paying]), tools=[pay], policy=POLICY)
    paid = pipeline.agent(clerk, name="paid", takes=str, gives=str, objective="Pay.")
    return pipeline.build(stages=[pipeline.function(ready), paid], parallel=8, checkpointer=checkpointer)


def levels(checkpointer: Any = None) -> Any:
    """Teams of teams: three groups of three, with three tasks each."""
    clerk = hierarchy.Agent(name="clerk", model=ScriptedModel(turns=[paying, paying]), tools=("pay",))

    def crew(first: int) -> Any:
        tasks = {f"t{n}": "clerk" for n in range(first, first + 9)}
        lead = ScriptedModel(turns=[plan(**tasks), " ".join(f"[{name}]" for name in tasks)])
        return hierarchy.Team(name=f"crew{first}", model=lead, members=(clerk,))

    crews = {f"c{n}": crew(9 * n) for n in range(3)}
    lead = ScriptedModel(turns=[plan(**{n: team.name for n, team in crews.items()}), "All: [c0] [c1] [c2]"])
    middle = hierarchy.Team(name="middle", model=lead, members=tuple(crews.values()))
    top = hierarchy.Team(name="top", members=(middle,), model=ScriptedModel(turns=[plan(m="middle"), "Of all: [m]"]))
    return hierarchy.build(team=top, tools=[pay], policy=POLICY, checkpointer=checkpointer)


def model(checkpointer: Any = None) -> Any:
    """An agent whose model takes its time."""
    return react.build(model=Slow(turns=[paying, paying]), tools=[pay], policy=POLICY, checkpointer=checkpointer)


async def played(agent: Any, entry: Any) -> Any:
    """Thread `t` by a session."""
    session = Session(agent, "t", wait=30)
    async for _ in session.start(entry["messages"]) if entry else session.resume():
        pass
    return (await session.state()).values


def main(url: str, name: str, face: str, *resume: str) -> None:
    """Runs or resumes thread `t` and prints the answer."""
    agent = globals()[name](run_sync(open_checkpointer(url)))
    entry, config = None if resume else {"messages": message(name)}, {"configurable": {"thread_id": "t"}}
    with stopped_by_signals():
        match face:
            case "sync":
                done = agent.invoke(entry, config)
            case "async":
                done = asyncio.run(agent.ainvoke(entry, config))
            case _:
                done = run_sync(played(agent, entry))
    print(done.get("answer"))


def message(name: str) -> str:
    """What the graph of that name is sent."""
    return "\n".join(f"t{n}" for n in range(SIZE["stages"])) if name == "stages" else "do t7"


if __name__ == "__main__":
    main(*sys.argv[1:])
