"""Views of a real team's record in Postgres: while it waits for a person, and after."""

from typing import Any

from tests.graphs.desk import BOSS, POLICY, Desk, refund_call

from lockgate import ScriptedModel
from lockgate.graphs import orchestrator, react
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver, Records
from lockgate.telemetry import flow, gantt, states

PLAN = {
    "calls": [
        {
            "name": "submit_plan",
            "args": {
                "tasks": [
                    {"task_id": "t1", "worker": "look", "objective": "Look order 7 up."},
                    {"task_id": "t2", "worker": "pay", "objective": "Pay it back.", "depends_on": ["t1"]},
                ]
            },
        }
    ]
}


def worker(name: str, *turns: Any) -> Any:
    return react.build(model=ScriptedModel(turns=list(turns)), tools=Desk().tools(), policy=POLICY, name=name)


async def test_a_team_that_waits_and_goes_on(saver: PostgresSaver) -> None:
    look = worker("look", {"calls": [{"name": "look_up", "args": {"order": "7"}}]}, "It is there.")
    pay = worker("pay", {"calls": [refund_call(100)]}, "Paid.")
    team = orchestrator.build(
        model=ScriptedModel(turns=[PLAN, "Done (t2)."]), workers={"look": look, "pay": pay}, checkpointer=saver
    )
    session = Session(team, "t")
    async for _ in session.start("Pay order 7 back."):
        pass
    events = await Records(saver).events("t")
    now = events[-1].started.timestamp() + 60
    lanes = {(lane.agent, lane.task): lane for lane in gantt(events, now=now).lanes}
    assert set(lanes) == {("orchestrator", ""), ("look", "t1"), ("pay", "t2")}
    assert lanes["look", "t1"].status == "completed"
    waits = [span for span in lanes["pay", "t2"].spans if span.state == "waiting"]
    assert [(span.whom, span.going, round(now - span.end)) for span in waits] == [(("supervisor",), True, 0)]
    assert flow(events).asked == {"supervisor"}

    (question,) = await session.waiting()
    async for _ in session.resume({question.id: {"action": "approve", **BOSS}}):
        pass
    events = await Records(saver).events("t")
    lanes = {(lane.agent, lane.task): lane for lane in gantt(events).lanes}
    assert [lane.status for lane in lanes.values()] == ["", "completed", "completed"]
    assert not any(span.going for lane in lanes.values() for span in lane.spans)
    arrows = [(arrow.sender, arrow.receiver, arrow.kind) for arrow in flow(events).arrows]
    assert ("orchestrator", "pay", "AgentTask") in arrows
    assert ("pay", "orchestrator", "AgentResult") in arrows
    assert arrows.index(("pay", "supervisor", "question: refund")) < arrows.index(("supervisor", "pay", "answered"))
    machines = {machine.agent: machine for machine in states(events).machines}
    assert machines["pay"].moves["human_review", "execute_tool"] == 1
    assert not any(machine.now for machine in machines.values())
