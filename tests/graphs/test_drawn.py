"""Drawings of teams: everybody who is in it, and every lock that the proof has looked at."""

from collections.abc import Callable
from typing import Any

import pytest
from langgraph.graph import END, START, StateGraph
from tests.graphs.desk import POLICY, Desk
from tests.graphs.items import Number, double, parse, refunds
from tests.graphs.team import plain

from lockgate import ScriptedModel, tool
from lockgate.errors import BypassError
from lockgate.graphs import debate, hierarchy, majority, orchestrator, pipeline, react, verify
from lockgate.graphs.debate import Debater
from lockgate.graphs.hierarchy import Agent, Team
from lockgate.graphs.wiring import wiring
from lockgate.state import AgentState

Build = Callable[[], Any]


def clerk(name: str = "clerk") -> Any:
    return react.build(model=ScriptedModel(turns=["x"]), tools=Desk().tools(), policy=POLICY, name=name)


def team() -> Any:
    workers = {"clerk": clerk(), "teller": clerk("teller"), "lead": clerk("lead"), "plain": plain(lambda _: {})}
    return orchestrator.build(workers=workers, model=ScriptedModel(turns=["x"]))


def three_levels() -> Any:
    low = Team(name="low", members=(Agent(name="clerk", tools=("refund",)), Agent(name="teller")))
    top = Team(name="top", members=(Team(name="mid", members=(low, Agent(name="scout"))),))
    return hierarchy.build(team=top, tools=Desk().tools(), policy=POLICY, model=ScriptedModel(turns=["x"]))


def stages() -> Any:
    asks = pipeline.agent(clerk(), name="ask", objective="Ask.", takes=Number, gives=Number)
    return pipeline.build(stages=[pipeline.function(parse), asks, pipeline.function(double)])


def debaters() -> tuple[Debater, ...]:
    model = ScriptedModel(turns=["x"])
    return tuple(Debater(name=name, brief="b", model=model, tools=tuple(Desk().tools())) for name in ("Ann", "Ben"))


TEAMS: list[tuple[Build, set[str]]] = [
    (team, {"clerk:call_model", "teller:action_guard", "dispatch.lead:execute_tool",
            "plain:body"}),
    (three_levels, {"mid:lead", "mid:mid.low:dispatch", "mid:mid.scout:call_model",
                    "mid:mid.low:mid.low.clerk:action_guard"}),
    (stages, {"batch:batch.item:parse", "batch:batch.item:ask", "batch:batch.item:batch.item.clerk:call_model"}),
    (lambda: refunds(Desk()), {"batch:batch.item:batch.item.refund.lock:action_guard"}),
    (lambda: debate.build(debaters=debaters()), {"Ann:call_model", "Ben:execute_tool",
                                                 "judge.judge:call_model"}),
    (lambda: majority.build(debaters=debaters()), {"Ann:call_model", "Ben:execute_tool"}),
]  # fmt: skip


def locks(graph: Any) -> int:
    """How many nodes that can run a tool the proof meets, in the graph and in all that its nodes call."""
    wired = wiring(graph)
    own = sum(power.role == "execute_tool" for power in wired.powers.values())
    return own + sum(locks(inner) for power in wired.powers.values() for inner in power.graphs)


@pytest.mark.parametrize(("build", "members"), TEAMS)
async def test_a_drawing_shows_who_is_in_the_team_and_every_lock(build: Build, members: set[str]) -> None:
    graph = build()
    drawn = graph.get_graph(xray=True)
    assert members <= drawn.nodes.keys()
    assert sum(name.endswith(":execute_tool") for name in drawn.nodes) == locks(graph) > 0
    for edge in drawn.edges:
        assert {edge.source, edge.target} <= drawn.nodes.keys()
    linked = {end for edge in drawn.edges for end in (edge.source, edge.target)}
    assert linked == drawn.nodes.keys(), "a node hangs in the air"
    assert (await graph.aget_graph(xray=True)).to_json() == drawn.to_json()
    text = drawn.draw_mermaid()
    for name in drawn.nodes:
        assert f"({name.rpartition(':')[2]})" in text or f"<p>{name.rpartition(':')[2]}</p>" in text
    groups = {name.rpartition(":")[0].rpartition(":")[2] for name in drawn.nodes if ":" in name}
    assert {line.removeprefix("\tsubgraph ") for line in text.splitlines() if "subgraph" in line} == groups


def test_a_drawing_goes_as_deep_as_asked() -> None:
    graph = three_levels()
    assert not any(":" in name for name in graph.get_graph().nodes)
    assert {name.count(":") for name in graph.get_graph(xray=1).nodes} == {0, 1}
    assert max(name.count(":") for name in graph.get_graph(xray=2).nodes) == 2
    assert max(name.count(":") for name in graph.get_graph(xray=True).nodes) == 4


def test_a_team_in_a_graph_of_ones_own_is_drawn_too() -> None:
    outer: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    outer.add_node("team", team())
    outer.add_edge(START, "team")
    outer.add_edge("team", END)
    drawn = outer.compile().get_graph(xray=True)
    assert "team:clerk:action_guard" in drawn.nodes
    assert "action_guard" in drawn.draw_mermaid()


@tool
def delete(order: str) -> str:
    """Delete."""
    return order


def sly(state: Any) -> Any:
    return {"answer": delete.run(order="1")}


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (team, "clerk"),
        (team, "teller"),
        (three_levels, "clerk"),
        (three_levels, "scout"),
        (stages, "clerk"),
        (lambda: debate.build(debaters=debaters()), "Ben"),
        (lambda: debate.build(debaters=debaters()), "judge"),
        (lambda: majority.build(debaters=debaters()), "Ann"),
    ],
)
def test_a_way_round_is_found_wherever_in_a_team_it_is(
    monkeypatch: pytest.MonkeyPatch, build: Build, name: str
) -> None:
    verify(build())
    made = react.build
    monkeypatch.setattr(react, "build", lambda **o: plain(sly) if o.get("name") == name else made(**o))
    with pytest.raises(BypassError, match="body"):
        build()
