"""Every bound that a pack can set, and every place where an agent can stand under it.

    python bounded.py DATABASE_URL begin|resume CASE...

runs the cases until each ends or waits for a person, or lets the person say yes; prints what came of each as JSON.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from langgraph.types import Command
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, tool
from lockgate.graphs import debate, hierarchy, orchestrator, pipeline, react
from lockgate.graphs.debate import Debater
from lockgate.nodes import effects
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.settings import Settings
from lockgate.tools.execute import attempt

MEASURES = ("tokens", "usd", "model_calls", "tool_calls", "seconds")
TOKENS = 1_000
"""Of each model call of the agents."""
SECONDS = 40.0
"""That each tool call takes, and at most may take."""
ROUNDS = 9
"""Tool calls that an agent makes when nothing bounds it; the second waits for a person."""
ROOM = {"tokens": 4_900, "usd": 0.0049, "model_calls": 4, "tool_calls": 3, "seconds": 100}
"""What is enough for four model calls of one agent, or for three calls of its tools."""
UNITS = {"tokens": TOKENS, "usd": TOKENS / 1e6, "model_calls": 1, "tool_calls": 1, "seconds": SECONDS}
"""What one model call, or one tool call, takes of each."""
PLACES = ("alone", "orchestrator", "hierarchy", "pipeline", "debate")

RULES = """
version: 1
rules:
  - {id: ask, tools: [send], priority: 1, action: review}
  - {id: all, tools: ["*"], action: allow}
"""
PRICES = "  prices: {'*': {input: 1, output: 1}}\n  reply: 1000\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A bound: `by` whom, of what, for an agent in this place."""

    by: str
    measure: str
    place: str

    @property
    def name(self) -> str:
        return f"{self.by}-{self.measure}-{self.place}"

    @property
    def of_tools(self) -> bool:
        return self.measure in ("tool_calls", "seconds")

    @property
    def room(self) -> float:
        """The bound: what an agent needs for a few of its calls, and where all share the run's, for theirs."""
        room: float = ROOM[self.measure]
        if self.by == "tool":
            return room - UNITS[self.measure]  # of each of the tools
        if self.by != "run":
            return room
        if self.place in ("orchestrator", "hierarchy") and not self.of_tools:
            return room + 3 * UNITS[self.measure]  # plans, and an answer that is kept free
        return room * 2 if self.place == "debate" else room  # one share for the debater, one for the judge

    def section(self, number: int, times: float = 1) -> str:
        """The section of the pack. Each case counts its rates apart: by a stretch of time that is its own."""
        room = self.room * times
        bound = f"{self.measure}: {room:g}"
        match self.by:
            case "run":
                said = f"run: {{{bound}}}"
            case "agents":
                said = f"agents: {{'w*': {{{bound}}}}}"
            case "tools":
                said = f"{'tools' if self.measure == 'tool_calls' else 'tool_seconds'}: {{'*': {room:g}}}"
            case "rate-tools":
                said = f"rates: [{{by: user, per: {10_000 + number}, {bound}, tools: ['*']}}]"
            case rate:
                said = f"rates: [{{by: {rate}, per: {10_000 + number}, {bound}}}]"
        return f"budgets:\n  {said}\n{PRICES}"


def combinations() -> Iterator[tuple[str, str]]:
    """Each scope and measure that a pack can name together."""
    yield from (
        (by, measure) for by in ("run", "agents", "user", "tenant", "agent", "everyone") for measure in MEASURES
    )
    yield from ((by, measure) for by in ("tools", "tool", "rate-tools") for measure in ("tool_calls", "seconds"))


CASES = [Case(by=by, measure=measure, place=place) for by, measure in combinations() for place in PLACES]
NUMBER = {case.name: number for number, case in enumerate(CASES)}
ran: Counter[str] = Counter()
asked: Counter[str] = Counter()


async def timed(*args: Any) -> Any:
    """An attempt that says it took as long as it might."""
    result, status = await attempt(*args)
    return replace(result, seconds=SECONDS), status


def agent(case: Case, policy: str, name: str = "w") -> dict[str, Any]:
    """Model and tools of an agent that looks, sends when a person lets it, looks on, and then answers."""

    @tool(effect=False, timeout=SECONDS)
    def look(x: int) -> str:
        """Look."""
        ran[case.name] += 1
        return f"seen {x}"

    @tool(timeout=SECONDS)
    def send(x: int) -> str:
        """Send."""
        ran[case.name] += 1
        return f"sent {x}"

    def turn(messages: Any) -> Any:
        number = sum(message.type == "ai" for message in messages)
        asked[case.name] += 1
        usage = {"input": 1, "output": TOKENS - 1}
        if number >= ROUNDS:
            return {"text": json.dumps({"answer": name, "reasons": "r", "confidence": 0.5}), "usage": usage}
        call = {"name": "send" if number == 1 else "look", "args": {"x": number}, "id": f"{name}-{number}"}
        return {"calls": [call], "usage": usage}

    return {"model": ScriptedModel(turns=[turn] * 40), "tools": (look, send), "policy": Policy.parse(RULES + policy)}


def graph(case: Case, saver: Any, *, times: float = 1, own: str = "") -> Any:
    """The agent in its place, under a pack with `times` the bound; `own` is what its own pack says besides."""
    section = case.section(NUMBER[case.name], times)
    if case.place == "alone":
        return react.build(**agent(case, section), name="w", checkpointer=saver)
    policy, parts = Policy.parse(RULES + section), agent(case, own)
    lead = ScriptedModel(turns=[plan(a="w"), "Done [a]."])
    match case.place:
        case "orchestrator":
            workers = {"w": react.build(**parts, name="w")}
            return orchestrator.build(
                workers=workers, model=lead, policy=policy, max_replans=0, checkpointer=saver, name="team"
            )
        case "hierarchy":
            tools = parts.pop("tools")
            member = hierarchy.Agent(name="w", tools=("*",), **parts)
            inner = hierarchy.Team(name="inner", members=(member,), model=lead, max_replans=0)
            outer = ScriptedModel(turns=[plan(a="inner"), "Done [a]."])
            team = hierarchy.Team(name="team", members=(inner,), model=outer, max_replans=0)
            return hierarchy.build(team=team, tools=tools, policy=policy, checkpointer=saver)
        case "pipeline":
            stage = pipeline.agent(
                react.build(**parts, name="w"), name="w", objective="Read.", takes=str, gives=dict, attempts=1
            )
            return pipeline.build(stages=[stage], policy=policy, checkpointer=saver, name="team")
        case _:
            quiet = ScriptedModel(turns=[json.dumps({"answer": "q", "reasons": "", "confidence": 0.1})] * 9)
            bench = [Debater(name="w", brief="b", **parts), Debater(name="quiet", brief="b", model=quiet)]
            rule = json.dumps({"answer": "A", "reasons": "It holds.", "confidence": 0.8})
            return debate.build(
                debaters=bench,
                judge_model=ScriptedModel(turns=[rule] * 9),
                rounds=0,
                policy=policy,
                checkpointer=saver,
                name="team",
            )


async def run(case: Case, saver: Any, *, resume: bool = False, thread: str = "", **options: Any) -> dict[str, Any]:
    """Runs the case to its end or to the question, or from the question on, and says what came of it."""
    ran[case.name] = asked[case.name] = 0
    config: Any = {"configurable": {"thread_id": thread or case.name}, "recursion_limit": 100}
    begin: Any = {"items": ["one"]} if case.place == "pipeline" else {"messages": "go"}
    entry = Command(resume="approve") if resume else begin
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects, "attempt", timed)
        out = await graph(case, saver, **options).ainvoke(entry, config, context=Caller(user="ann", tenant="a"))
    return {
        "waits": "__interrupt__" in out,
        "ran": ran[case.name],
        "asked": asked[case.name],
        "status": str(out.get("status", "")),
        "usage": out["usage"].model_dump() if out.get("usage") else {},
        "said": said(out),
    }


def said(out: dict[str, Any]) -> str:
    """All that the outcome says of how it came about."""
    results = out.get("results") or {}
    parts = [note.text for note in out.get("notes") or ()]
    parts += [result.error or "" for result in (results.values() if isinstance(results, dict) else results)]
    parts += [position.error or "" for position in out.get("positions") or ()]
    parts += [message.text for message in out.get("messages") or () if message.type == "tool"]
    return "\n".join(parts)


async def main(url: str, phase: str, names: list[str]) -> dict[str, Any]:
    saver: PostgresSaver = await open_checkpointer(url, settings=Settings(pool_size=4))
    cases = [CASES[NUMBER[name]] for name in names]
    try:
        return {case.name: await run(case, saver, resume=phase == "resume") for case in cases}
    finally:
        await saver.aclose()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))))
