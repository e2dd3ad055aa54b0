"""What the ledger costs: CPU of this process for a claim and its settling, beside a whole turn that has no effect.

Both are measured in pairs over one Postgres, so that the machine's moods cancel out.

    python benchmarks/effect_ledger.py [--rounds 30] [--json]
"""

import argparse
import asyncio
import json
import statistics
import time
import uuid
from typing import Any

from lockgate import Policy, ScriptedModel, tool
from lockgate.effect import Effect, EffectStatus, Fence
from lockgate.graphs import react
from lockgate.result import ToolResult
from lockgate.runtime import PostgresSaver, open_checkpointer, thread_lease
from lockgate.runtime.fence import FENCE

POLICY = Policy.parse("""
version: 1
name: benchmark
rules:
  - {id: add, tools: [add], action: allow, reason: harmless}
""")
CALLS = 5
EFFECTS = 20
ARGS = {"a": 1, "b": 2}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def turn(graph: Any) -> float:
    """CPU of one turn with one call, in microseconds; a run has `CALLS` of them."""
    started = time.process_time_ns()
    await graph.ainvoke({"messages": "Add."}, {"configurable": {"thread_id": uuid.uuid4().hex}})
    return (time.process_time_ns() - started) / 1_000 / CALLS


async def effect(saver: PostgresSaver, fence: Fence | None) -> float:
    """CPU of one claim and its settling, in microseconds, measured over `EFFECTS` of them."""
    result = ToolResult(success=True, value="3")
    started = time.process_time_ns()
    for _ in range(EFFECTS):
        key = uuid.uuid4().hex
        wanted = Effect(key=key, thread_id="t", run_id="r", call_id="c", agent="a", tool="add", digest="d", args=ARGS)
        claim = await saver.ledger.claim(wanted, fence=fence)
        await saver.ledger.settle(claim.effect, EffectStatus.DONE, result=result, fence=fence)
        saver.ledger.left(claim.effect)
    return (time.process_time_ns() - started) / 1_000 / EFFECTS


async def lease(saver: PostgresSaver) -> float:
    """CPU of taking a lease and giving it back, in microseconds."""
    started = time.process_time_ns()
    for _ in range(EFFECTS):
        async with thread_lease(saver, uuid.uuid4().hex):
            pass
    return (time.process_time_ns() - started) / 1_000 / EFFECTS


async def measured(rounds: int) -> dict[str, float]:
    saver = await open_checkpointer()
    try:
        turns: list[Any] = [*[{"calls": [{"name": "add", "args": {"a": n, "b": 2}}]} for n in range(CALLS)], "Added."]
        graph = react.build(
            model=ScriptedModel(turns=turns), tools=[tool(effect=False)(add)], policy=POLICY, checkpointer=saver
        )
        await turn(graph)
        await effect(saver, None)
        found = []
        for _ in range(rounds):
            async with thread_lease(saver, "t") as held:
                found.append((await turn(graph), await effect(saver, held[FENCE]), await lease(saver)))
    finally:
        await saver.aclose()
    turns_us, effects_us, leases_us = (statistics.median(column) for column in zip(*found, strict=True))
    ratio = statistics.median(one / whole for whole, one, _ in found)
    return {"turn_us": turns_us, "effect_us": effects_us, "share_of_turn": ratio, "lease_us": leases_us}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="paired measurements (default 30)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    found = asyncio.run(measured(args.rounds))
    if args.json:
        print(json.dumps(found))
        return
    print(f"a turn with a call that has no effect  {found['turn_us']:10,.0f} us of CPU")
    print(f"claim and settle, fenced               {found['effect_us']:10,.0f} us, {found['share_of_turn']:.1%} of it")
    print(f"a lease, taken and given back          {found['lease_us']:10,.0f} us")


if __name__ == "__main__":
    main()
