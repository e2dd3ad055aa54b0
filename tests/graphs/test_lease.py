"""A plain `ainvoke` takes its thread's lease: runs of one thread exclude one another, what runs inside one does not."""

import asyncio
from typing import Any

import pytest
from langgraph.graph import START, MessagesState, StateGraph

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import ThreadBusyError
from lockgate.graphs import react
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver, thread_lease
from lockgate.runtime.fence import FENCE

POLICY = Policy.parse("version: 1\nname: t\nrules:\n  - {id: all, tools: ['*'], action: allow, reason: test}\n")
CALL: Any = {"calls": [{"name": "slow", "args": {}}]}
WHERE: Any = {"configurable": {"thread_id": "t"}}


class Gated:
    """An agent whose tool waits until it may go on."""

    def __init__(self, saver: PostgresSaver) -> None:
        self.entered, self.leave, self.ran = asyncio.Event(), asyncio.Event(), 0

        @tool
        async def slow() -> str:
            """Wait."""
            self.ran += 1
            self.entered.set()
            await self.leave.wait()
            return "waited"

        model = ScriptedModel(turns=[CALL, "Done.", "Again."])
        self.graph: Any = react.build(model=model, tools=[slow], policy=POLICY, checkpointer=saver)


async def test_two_plain_runs_of_a_thread_exclude_one_another(saver: PostgresSaver) -> None:
    agent = Gated(saver)
    first = asyncio.create_task(agent.graph.ainvoke({"messages": "Go."}, WHERE))
    await agent.entered.wait()
    with pytest.raises(ThreadBusyError, match="'t'"):
        await agent.graph.ainvoke({"messages": "Me too."}, WHERE)
    with pytest.raises(ThreadBusyError, match="'t'"):
        [part async for part in agent.graph.astream(None, WHERE)]
    with pytest.raises(ThreadBusyError, match="'t'"):
        await asyncio.to_thread(agent.graph.invoke, None, WHERE)
    with pytest.raises(ThreadBusyError, match="'t'"):
        [part async for part in Session(agent.graph, "t").start("And me.")]
    agent.leave.set()
    assert ((await first)["answer"], agent.ran) == ("Done.", 1)
    assert (await agent.graph.ainvoke({"messages": "Now."}, WHERE))["answer"] == "Again."
    messages = (await agent.graph.aget_state(WHERE)).values["messages"]
    assert [message.text for message in messages if message.type == "human"] == ["Go.", "Now."]


async def test_a_run_that_is_left_or_fails_gives_the_thread_back(saver: PostgresSaver) -> None:
    agent = Gated(saver)
    parts = agent.graph.astream({"messages": "Go."}, WHERE, stream_mode="updates")
    assert await anext(parts)
    await parts.aclose()
    running = asyncio.create_task(agent.graph.ainvoke(None, WHERE))
    await agent.entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with thread_lease(saver, "t"):
        pass


def test_the_synchronous_face_is_leased_and_gives_back(saver: PostgresSaver) -> None:
    graph = react.build(model=ScriptedModel(turns=["Hello."] * 4), checkpointer=saver)
    for _ in range(2):
        assert graph.invoke({"messages": "Hi."}, WHERE)["answer"] == "Hello."
    parts = graph.stream({"messages": "Hi."}, WHERE)
    assert next(parts)
    with pytest.raises(ThreadBusyError):
        graph.invoke({"messages": "Hi."}, WHERE)
    parts.close()  # type: ignore[attr-defined]
    assert graph.invoke(None, WHERE)["answer"] == "Hello."


async def test_who_was_handed_a_lease_runs_under_it(saver: PostgresSaver) -> None:
    graph = react.build(model=ScriptedModel(turns=["Hello."] * 4), checkpointer=saver)
    async with thread_lease(saver, "t") as lease:
        out = await graph.ainvoke({"messages": "Hi."}, {"configurable": {"thread_id": "t", **lease}})
        with pytest.raises(ThreadBusyError):
            await graph.ainvoke({"messages": "Hi."}, WHERE)
    assert out["answer"] == "Hello."


async def test_agents_inside_a_run_of_the_same_thread_run_at_once(saver: PostgresSaver) -> None:
    """In parallel nodes of a graph of one's own, each with its own place in the thread."""
    inner = react.build(model=ScriptedModel(turns=["Hello."] * 4), checkpointer=saver)
    met = asyncio.Barrier(2)

    async def work(state: Any) -> Any:
        await met.wait()
        return {"messages": (await inner.ainvoke({"messages": "Hi."}))["messages"]}

    outer = StateGraph(MessagesState).add_node("a", work).add_node("b", work)
    graph = outer.add_edge(START, "a").add_edge(START, "b").compile(checkpointer=saver)
    async with asyncio.timeout(30):
        out = await graph.ainvoke({"messages": "Go."}, WHERE)
    assert [message.text for message in out["messages"]].count("Hello.") == 2


async def test_a_graph_that_a_tool_runs_in_its_own_thread_goes_on_under_the_same_lease(saver: PostgresSaver) -> None:
    inner = react.build(model=ScriptedModel(turns=["Hello."] * 4), checkpointer=saver)
    seen: list[Any] = []
    aput = PostgresSaver.aput

    async def spy(self: PostgresSaver, config: Any, *rest: Any) -> Any:
        seen.append(config["configurable"].get(FENCE))
        return await aput(self, config, *rest)

    @tool
    async def slow() -> str:
        """Ask another agent, in the same thread."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PostgresSaver, "aput", spy)
            return str((await inner.ainvoke({"messages": "Hi."}, WHERE))["answer"])

    graph = react.build(model=ScriptedModel(turns=[CALL, "Done."]), tools=[slow], policy=POLICY, checkpointer=saver)
    async with thread_lease(saver, "t") as lease, asyncio.timeout(30):
        await graph.ainvoke({"messages": "Go."}, {"configurable": {"thread_id": "t", **lease}})
        assert set(seen) == {lease[FENCE]}
