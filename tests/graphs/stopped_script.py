"""A script that pays and waits in the middle of it: python stopped_script.py URL FOLDER PATTERN sync|async [resume]"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.bridge import run_sync
from lockgate.graphs import debate, orchestrator, pipeline, react
from lockgate.graphs.stopping import stopped_by_signals
from lockgate.runtime import open_checkpointer

POLICY = Policy.parse("version: 1\nrules:\n  - {id: all, tools: [pay], action: allow, reason: a test}\n")
ANSWER = '{"answer": "paid", "reasons": "r"}'


def graph(url: str, folder: Path, pattern: str) -> Any:
    """The agent that pays, alone or in a team; its tool says that it is at it, and waits to be let go."""

    @tool(idempotent=False)
    def pay(amount: int) -> str:
        """Pay."""
        with (folder / "world").open("a") as world:
            world.write(f"{amount}\n")
        if (folder / "in").exists():
            (folder / "in").write_text("here")
            (folder / "out").read_text()
        return "paid"

    def model(*turns: Any) -> ScriptedModel:
        return ScriptedModel(turns=list(turns))

    saver = run_sync(open_checkpointer(url))
    calls = {"calls": [{"name": "pay", "args": {"amount": 5}}]}
    own = {"tools": [pay], "policy": POLICY}
    match pattern:
        case "react":
            return react.build(model=model(calls, ANSWER), checkpointer=saver, **own)
        case "orchestrator":
            clerk = react.build(model=model(calls, ANSWER), **own)
            lead = model(plan(a="clerk", b=("quiet", "a")), "Paid [a, b].")
            workers = {"clerk": clerk, "quiet": react.build(model=model("Quiet."))}
            return orchestrator.build(workers=workers, model=lead, checkpointer=saver)
        case "pipeline":
            worker = react.build(model=model(calls, '"paid"'), **own)
            stages = [pipeline.agent(worker, name=n, takes=str, gives=str, objective="Pay.") for n in ("first",)]
            return pipeline.build(stages=stages, checkpointer=saver)
    bench = [
        debate.Debater(name="anna", brief="", model=model(calls, ANSWER), **own),
        debate.Debater(name="bob", brief="", model=model(ANSWER)),
    ]
    return debate.build(debaters=bench, judge_model=model("none"), checkpointer=saver)


def main(url: str, folder: str, pattern: str, face: str, *resume: str) -> None:
    """Runs or resumes thread `t` and prints the answer."""
    agent, config = graph(url, Path(folder), pattern), {"configurable": {"thread_id": "t"}}
    entry: Any = None if resume else {"messages": "Pay 5."}
    with stopped_by_signals():
        done = agent.invoke(entry, config) if face == "sync" else asyncio.run(agent.ainvoke(entry, config))
    print(done.get("answer"))


if __name__ == "__main__":
    main(*sys.argv[1:])
