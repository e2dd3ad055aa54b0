"""Labels never fall: not through a sub-agent, a stage, a debate, a report on it, a later turn or a checkpoint.

Whatever a tool's facts say of its output, all that was made from it bears at least that label.
"""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from tests.graphs.team import plan, says

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.evidence import Asked, Evidence, Kind, Trace
from lockgate.graphs import debate, hierarchy, orchestrator, pipeline, react
from lockgate.graphs.debate import Debater
from lockgate.graphs.hierarchy import Agent, Team
from lockgate.handoff import AgentResult, Status
from lockgate.labels import OWNER, TRUSTED, Integrity, Label, join
from lockgate.passage import Passage
from lockgate.result import ToolResult
from lockgate.runtime import serializer

POLICY = Policy.parse("version: 1\nname: t\nrules: [{id: all, tools: ['*'], action: allow}]\n")
LOOK: Any = {"calls": [{"name": "look", "args": {}, "id": "r"}]}
STATED = st.builds(
    lambda integrity, private: Label(
        integrity=integrity, readers=OWNER if private else None, sources=frozenset({"tool:look"})
    ),
    st.sampled_from(Integrity),
    st.booleans(),
)
LABELS = st.builds(
    Label,
    integrity=st.sampled_from(Integrity),
    readers=st.none() | st.frozensets(st.sampled_from(["user", "ann", "bo"])),
    sources=st.frozensets(st.sampled_from(["user", "tool:look", "agent:x"])),
)
few = settings(max_examples=6, deadline=None)


def reaches(low: Label, high: Label) -> bool:
    """Whether nothing of `low`'s suspicion is lost in `high`."""
    return join(low, high) == high


def looking(stated: Label) -> ToolSpec:
    @tool(effect=False, private=stated.readers is not None, output=str(stated.integrity))
    def look() -> str:
        """Look something up."""
        return "It is 42."

    return look


def reader(stated: Label, *answers: Any) -> Any:
    turns = [LOOK, *(answers or ("It is 42.",))]
    return react.build(model=ScriptedModel(turns=turns), tools=[looking(stated)], policy=POLICY, name="reader")


@few
@given(STATED)
def test_an_agent_and_its_later_turns(stated: Label) -> None:
    config: Any = {"configurable": {"thread_id": "t"}}
    saver = InMemorySaver(serde=serializer())
    model = ScriptedModel(turns=[LOOK, "It is 42.", "As I said."])
    graph = react.build(model=model, tools=[looking(stated)], policy=POLICY, checkpointer=saver)
    assert reaches(stated, graph.invoke({"messages": "What is it?"}, config)["trust"])
    assert reaches(stated, graph.get_state(config).values["trust"])
    # What is said of it later is no better than what was read.
    assert reaches(stated, graph.invoke({"messages": "Sum that up."}, config)["trust"])


@few
@given(STATED)
def test_workers_and_those_who_build_on_them(stated: Label) -> None:
    model = ScriptedModel(turns=[plan(a="reader", b=("teller", "a"), c=("teller", "b")), "In sum: 42 [c]."])
    team = orchestrator.build(workers={"reader": reader(stated), "teller": says("It is 42.")}, model=model)
    out = team.invoke({"messages": "Find it and sum it up."})
    assert all(reaches(stated, out["results"][name].trust) for name in "abc")
    assert reaches(stated, out["trust"])


@few
@given(STATED)
def test_a_member_of_a_team_in_a_team(stated: Label) -> None:
    look = looking(stated)
    clerk = Agent(name="clerk", tools=("look",), model=ScriptedModel(turns=[LOOK, "It is 42."]))
    inner = Team(name="inner", members=(clerk,), tools=("look",), model=ScriptedModel(turns=[plan(m="clerk"), "[m]"]))
    teller = Agent(name="teller", tools=(), model=ScriptedModel(turns=["It is 42."]))
    lead = ScriptedModel(turns=[plan(a="inner", b=("teller", "a")), "In sum: [b]."])
    top = Team(name="top", members=(inner, teller), model=lead)
    out = hierarchy.build(team=top, tools=[look], policy=POLICY).invoke({"messages": "Find it."})
    assert {name: result.status for name, result in out["results"].items()} == dict.fromkeys("ab", Status.COMPLETED)
    assert all(reaches(stated, result.trust) for result in out["results"].values())
    assert reaches(stated, out["trust"])


@few
@given(STATED, LABELS)
def test_the_stages_of_a_pipeline(stated: Label, source: Label) -> None:
    def double(number: int) -> int:
        return 2 * number

    first = pipeline.agent(reader(stated, "42"), name="read", objective="Read.", takes=str, gives=int)
    out = pipeline.build(stages=[first, pipeline.function(double)], source=source).invoke({"items": ["x"]})
    (made,) = out["results"]
    assert made.output == 84
    assert all(reaches(low, high) for low in (stated, source) for high in (made.trust, out["trust"]))


@few
@given(STATED)
def test_positions_and_the_ruling_of_a_debate(stated: Label) -> None:
    def said(answer: str) -> str:
        return json.dumps({"answer": answer, "reasons": "so", "confidence": 0.5})

    ruling = json.dumps({"answer": "A", "reasons": "It holds.", "confidence": 0.8})
    members = [
        Debater(
            name="Ann",
            brief="a",
            model=ScriptedModel(turns=[LOOK, said("42"), said("42")]),
            tools=(looking(stated),),
            policy=POLICY,
        ),
        Debater(name="Ben", brief="b", model=ScriptedModel(turns=[said("41"), said("40")])),
    ]
    graph = debate.build(debaters=members, judge_model=ScriptedModel(turns=[ruling]), rounds=1)
    out = graph.invoke({"messages": "What is it?"})
    # Ben has heard nobody in his first round, and Ann in the second.
    labels = {(position.debater, position.round): position.trust for position in out["positions"]}
    assert all(reaches(stated, label) for place, label in labels.items() if place != ("Ben", 0))
    assert reaches(stated, out["trust"])


@given(LABELS)
def test_a_checkpoint_gives_back_what_it_was_given(label: Label) -> None:
    serde = serializer()
    passage = Passage(source="tool:look", text="x", label=label, given="{}")
    trace = Trace(path="to", kind=Kind.UNTRUSTED, how="displaced", sources=("tool:look",), suspect="imitating")
    for value in (
        label,
        passage,
        ToolResult(success=True, value="x", label=label),
        AgentResult(task_id="a", status=Status.COMPLETED, output="x", trust=label),
        Evidence(traces=(trace,), asked=Asked.NO, untrusted=True, private=True, dictated=("to",), repeated=True),
    ):
        assert serde.loads_typed(serde.dumps_typed(value)) == value


@given(st.lists(LABELS, max_size=5))
def test_no_order_of_joins_loses_anything(labels: list[Label]) -> None:
    trust = TRUSTED
    for label in labels:
        trust = join(trust, label)
        assert reaches(label, trust)
    assert all(reaches(label, trust) for label in labels)
