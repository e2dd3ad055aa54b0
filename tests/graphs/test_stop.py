"""A run that is asked to stop ends what is under way, stops before the next step, and goes on from there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel
from tests.graphs.desk import POLICY, Desk
from tests.graphs.team import Stage, plan

from lockgate import ScriptedModel, tool
from lockgate.errors import RunStoppedError
from lockgate.graphs import debate, orchestrator, pipeline, react
from lockgate.graphs.session import Part, Session
from lockgate.handoff import Status
from lockgate.runtime import PostgresSaver

LOOK = {"calls": [{"name": "look_up", "args": {"order": "7"}}]}


async def drain(parts: AsyncIterator[Part]) -> None:
    async for _ in parts:
        pass


def stopping(session: list[Session], then: Any) -> Any:
    """A turn of a model in the middle of which somebody asks the run to stop."""

    def turn(_: Any) -> Any:
        if session:
            session.pop().stop("deploy")
        return then

    return turn


async def test_an_agent_stops_before_its_next_step_and_goes_on(saver: PostgresSaver) -> None:
    desk, who = Desk(), []
    model = ScriptedModel(turns=[stopping(who, LOOK), "Done."])
    graph = react.build(model=model, tools=desk.tools(), policy=POLICY, checkpointer=saver)
    who.append(session := Session(graph, "t"))
    with pytest.raises(RunStoppedError, match="deploy") as caught:
        await drain(session.start("Look."))
    assert "lockgate resume t" in caught.value.hint
    state = await session.state()
    assert (state.next, len(state.values["messages"]), desk.ran["look_up"]) == (("action_guard",), 2, 0)
    await drain(session.resume())
    assert ((await session.state()).values["answer"], desk.ran["look_up"]) == ("Done.", 1)


async def test_a_tool_under_way_ends_and_runs_once(saver: PostgresSaver) -> None:
    who: list[Session] = []
    ran = []

    @tool(effect=True)
    async def pay(amount: int) -> str:
        """Pay."""
        who[0].stop()
        await asyncio.sleep(0)
        ran.append(amount)
        return "paid"

    calls = {"calls": [{"name": "pay", "args": {"amount": 5}}]}
    policy = POLICY.parse("version: 1\nrules:\n  - {id: p, tools: [pay], action: allow, reason: r}")
    graph = react.build(model=ScriptedModel(turns=[calls, "Paid."]), tools=[pay], policy=policy, checkpointer=saver)
    who.append(session := Session(graph, "t"))
    with pytest.raises(RunStoppedError):
        await drain(session.start("Pay 5."))
    await drain(session.resume())
    assert ((await session.state()).values["answer"], ran) == ("Paid.", [5])


async def test_a_team_stops_with_what_is_done_kept(saver: PostgresSaver) -> None:
    stage, who = Stage(), []
    desk = Desk()
    clerk = react.build(
        model=ScriptedModel(turns=[stopping(who, LOOK), "Looked."]), tools=desk.tools(), policy=POLICY, name="clerk"
    )
    graph = orchestrator.build(
        workers={**stage.workers(), "clerk": clerk},
        model=ScriptedModel(turns=[plan(a="count", b=("clerk", "a"), c=("count", "b"), d="count"), "All [a, b, c]."]),
        parallel=1,
        checkpointer=saver,
    )
    who.append(session := Session(graph, "t"))
    with pytest.raises(RunStoppedError):
        await drain(session.start("Go."))
    assert stage.ran["c"] == 0
    await drain(session.resume())
    values = (await session.state()).values
    assert values["status"] == Status.COMPLETED
    assert {name: str(result.status) for name, result in values["results"].items()} == dict.fromkeys(
        "abcd", "completed"
    )
    assert stage.ran == dict.fromkeys("acd", 1) and desk.ran["look_up"] == 1


class Number(BaseModel):
    number: int


async def test_a_pipeline_stops_and_goes_on_with_each_item_once(saver: PostgresSaver) -> None:
    who: list[Session] = []
    seen: list[int] = []

    async def count(item: Number) -> Number:
        seen.append(item.number)
        if item.number == 2 and who:
            who.pop().stop()
        return item

    agent = react.build(model=ScriptedModel(turns=[lambda m: f'{{"number": {m[-1].text.count("x") or 1}}}']))
    graph = pipeline.build(
        stages=[
            pipeline.function(count),
            pipeline.agent(agent, name="second", takes=Number, gives=Number, objective="Count."),
        ],
        checkpointer=saver,
    )
    who.append(session := Session(graph, "t"))
    config: Any = {"configurable": {"thread_id": "t"}}
    with pytest.raises(RunStoppedError):
        await drain(session._stream({"items": [{"number": n} for n in range(5)]}, ("updates",)))
    await drain(session.resume())
    values = (await graph.aget_state(config)).values
    assert [result.status for result in values["results"]] == [Status.COMPLETED] * 5
    assert sorted(seen) == [0, 1, 2, 3, 4]


async def test_a_debate_stops_and_goes_on(saver: PostgresSaver) -> None:
    who: list[Session] = []
    said = '{"answer": "7", "reasons": "because"}'
    graph = debate.build(
        model=ScriptedModel(turns=[stopping(who, said)]),
        checkpointer=saver,
    )
    who.append(session := Session(graph, "t"))
    with pytest.raises(RunStoppedError):
        await drain(session.start("Which?"))
    await drain(session.resume())
    assert (await session.state()).values["verdict"].answer == "7"
