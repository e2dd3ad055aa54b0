"""Hierarchies: authority only narrows; three levels down interrupts, streams, usage, labels, time travel are whole."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel
from lockgate.decision import Allow, Call, Decision, Deny, Review, verb
from lockgate.errors import AuthorityError, ConfigError
from lockgate.graphs import hierarchy, verify
from lockgate.graphs.hierarchy import Agent, Authority, Member, Team, narrowed
from lockgate.guardrails import Narrowed
from lockgate.guardrails.narrowing import stricter
from lockgate.handoff import Budget, Status
from lockgate.ports import History
from lockgate.runtime import PostgresSaver
from lockgate.runtime.records import Records
from lockgate.tools import ToolRegistry

CONFIG: Any = {"configurable": {"thread_id": "t"}}
GO: Any = {"messages": "Go."}


def script(*turns: Any) -> ScriptedModel:
    return ScriptedModel(turns=list(turns))


def three_levels() -> Team:
    """top -> money -> refunds -> (clerk, teller), and top -> scout."""
    clerk = Agent(name="clerk", tools=("refund",), model=script({"calls": [refund_call(100)]}, "paid 100"))
    teller = Agent(name="teller", tools=("refund",), model=script({"calls": [refund_call(200)]}, "paid 200"))
    refunds = Team(
        name="refunds",
        members=(clerk, teller),
        model=script(plan(x="clerk", y="teller"), "Both paid [x] [y]."),
        budget=Budget(model_calls=20),
    )
    money = Team(name="money", members=(refunds,), tools=("refund",), model=script(plan(m="refunds"), "Done [m]."))
    scout = Agent(
        name="scout",
        tools=("look_up",),
        model=script({"calls": [{"name": "look_up", "args": {"order": "1"}}]}, "found"),
    )
    return Team(name="top", members=(money, scout), model=script(plan(a="money", b="scout"), "All [a] [b]."))


async def test_three_levels_keep_interrupts_streams_usage_and_labels_whole(saver: PostgresSaver) -> None:
    desk = Desk()
    graph = hierarchy.build(team=three_levels(), tools=desk.tools(), policy=POLICY, checkpointer=saver)
    verify(graph)
    parts = [part async for part in graph.astream(GO, CONFIG, stream_mode=["custom", "updates"], subgraphs=True)]
    streamed = {event.agent for _, mode, event in parts if mode == "custom"}
    assert streamed >= {"top", "money", "refunds", "clerk", "teller", "scout"}
    assert max(len(space) for space, _, _ in parts) >= 5
    assert desk.ran == {"look_up": 1}

    snapshot = await graph.aget_state(CONFIG)
    questions = {item.value["args"]["amount"]: item.id for item in snapshot.interrupts}
    assert questions.keys() == {100.0, 200.0}
    records = Records(saver)
    assert {row.agent for row in await records.approvals()} == {"clerk", "teller"}
    assert (await records.runs("t"))[0].status == "waiting"
    answer = {"action": "approve", **BOSS}
    out = await graph.ainvoke(Command(resume={questions[200.0]: answer}), CONFIG)
    assert [item.id for item in out["__interrupt__"]] == [questions[100.0]]
    assert desk.ran == {"look_up": 1, "refund 1 a 200": 1}
    out = await graph.ainvoke(Command(resume={questions[100.0]: answer}), CONFIG)
    assert desk.ran == {"look_up": 1, "refund 1 a 200": 1, "refund 1 a 100": 1}
    assert out["answer"] == "All [a] [b].\n\nSources: [a] money; [b] scout"
    # Three orchestrators and three agents with two model calls each; three tool calls.
    assert (out["usage"].model_calls, out["usage"].tool_calls) == (12, 3)
    assert out["results"]["a"].usage.model_calls == 8
    assert out["trust"].sources == {"tool:look_up", "tool:refund"}
    assert out["results"]["b"].trust.sources == {"tool:look_up"}
    (run,) = await records.runs("t")
    assert {event.run_id for event in await records.events("t")} == {run.run_id}
    assert run.status == "completed"

    planned = [s async for s in graph.aget_state_history(CONFIG) if s.next == ("dispatch",)]
    again = await graph.ainvoke(None, planned[0].config)
    assert {item.value["args"]["amount"] for item in again["__interrupt__"]} == {100.0, 200.0}
    for item in again["__interrupt__"]:
        again = await graph.ainvoke(Command(resume={item.id: {"action": "reject", **BOSS}}), CONFIG)
    assert again["status"] == Status.COMPLETED
    assert desk.ran["refund 1 a 100"] == desk.ran["refund 1 a 200"] == 1


def test_the_synchronous_face() -> None:
    desk = Desk()
    team = Team(
        name="top",
        members=(Team(name="sub", members=(three_levels().members[1],), model=script(plan(q="scout"), "s [q]")),),
        model=script(plan(a="sub"), "Yes [a]."),
    )
    out = hierarchy.build(team=team, tools=desk.tools(), policy=POLICY).invoke(GO)
    assert out["answer"] == "Yes [a].\n\nSources: [a] sub"


TOP = Authority(
    tools=ToolRegistry(Desk().tools()).narrow("look_up", "refund"),
    judges=(POLICY,),
    budget=Budget(tokens=100),
    seconds=60,
    readers=frozenset({"hr"}),
)
TOO_MUCH: list[tuple[str, dict[str, Any], str]] = [
    ("tool", {"tools": ("delete",)}, "'x' asks for the tool 'delete', but team 'top' has look_up, refund"),
    ("pattern", {"tools": ("del*",)}, "asks for the tool 'del*'"),
    ("budget", {"budget": Budget(tokens=101)}, "a budget of 101 tokens, but team 'top' has 100"),
    ("time", {"seconds": 61}, "asks for 61 s, but team 'top' has 60 s"),
    ("data", {"readers": frozenset({"hr", "ceo"})}, "data of ceo, but team 'top' reads for hr"),
]


@pytest.mark.parametrize(("asks", "says"), [row[1:] for row in TOO_MUCH], ids=[row[0] for row in TOO_MUCH])
def test_whoever_asks_for_more_than_the_team_has_is_refused(asks: dict[str, Any], says: str) -> None:
    for kind in (Agent, Team):
        with pytest.raises(AuthorityError) as caught:
            narrowed(TOP, kind(name="x", **asks), ("top",))
        assert says in str(caught.value)


def test_what_is_left_out_is_as_above_and_an_agent_has_no_tool_unasked() -> None:
    got = narrowed(TOP, Team(name="x"), ("top",))
    assert (got.tools, got.budget, got.seconds, got.readers) == (TOP.tools, TOP.budget, TOP.seconds, TOP.readers)
    assert not narrowed(TOP, Agent(name="x"), ("top",)).tools


bounds = st.none() | st.integers(0, 9)
members = st.builds(
    Member,
    name=st.just("x"),
    tools=st.none() | st.sets(st.sampled_from(["look_up", "refund", "note", "delete"])).map(tuple),
    budget=st.none() | st.builds(Budget, tokens=bounds, model_calls=bounds),
    seconds=st.none() | st.integers(1, 9),
    readers=st.none() | st.frozensets(st.sampled_from(["a", "b", "c"])),
)


@given(members, members)
def test_authority_only_narrows(one: Member, other: Member) -> None:
    above = Authority(tools=ToolRegistry(Desk().tools()), judges=(POLICY,))
    for member in (one, other):
        try:
            below = narrowed(above, member, ("top",))
        except AuthorityError:
            return
        assert set(below.tools) <= set(above.tools)
        for name, bound in (above.budget.bounds() if above.budget else {}).items():
            assert below.budget is not None and below.budget.bounds()[name] <= bound
        assert above.seconds is None or (below.seconds is not None and below.seconds <= above.seconds)
        assert above.readers is None or (below.readers is not None and below.readers <= above.readers)
        assert below.judges[: len(above.judges)] == above.judges
        above = below


REVIEW = Review(rule="r", reason="r")
BOSSES = Review(rule="b", reason="b", approvers=frozenset({"boss", "cfo"}), expires_after=10)
CLERKS = Review(rule="c", reason="c", approvers=frozenset({"clerk"}))
CFO = Review(rule="f", reason="f", approvers=frozenset({"cfo"}), expires_after=5)
DECISIONS: list[Decision] = [Allow(rule="a", reason=""), Deny(rule="d", reason=""), REVIEW, BOSSES, CLERKS, CFO]


@pytest.mark.parametrize(("left", "right"), list(product(DECISIONS, DECISIONS)))
def test_the_stricter_decision_is_never_more_generous_than_either(left: Decision, right: Decision) -> None:
    order = {"allow": 0, "review": 1, "deny": 2}
    found = stricter(left, right)
    assert order[verb(found)] >= max(order[verb(left)], order[verb(right)])
    if isinstance(found, Review):
        for side in (left, right):
            if isinstance(side, Review):
                assert found.expires_after <= side.expires_after
                assert not side.approvers or (found.approvers and found.approvers <= side.approvers)
    assert verb(stricter(right, left)) == verb(found)


def test_nobody_may_approve_what_two_policies_give_to_different_people() -> None:
    assert isinstance(stricter(BOSSES, CLERKS), Deny)
    assert stricter(BOSSES, CFO) == Review(rule="b+f", reason="b f", approvers=frozenset({"cfo"}), expires_after=5)


def test_a_narrowed_judge_denies_a_tool_that_was_not_given() -> None:
    spec = Desk().tools()[0]
    call = Call(id="1", name="look_up", args={"order": "1"})
    assert isinstance(Narrowed([POLICY], tools=["look_up"]).decide(call, spec, History()), Allow)
    assert Narrowed([POLICY], tools=["refund"]).decide(call, spec, History()).rule == "authority"
    assert isinstance(Narrowed([], tools=["look_up"]).decide(call, spec, History()), Deny)


def test_a_policy_below_cannot_allow_what_the_one_above_denies() -> None:
    desk = Desk()
    generous = Policy.parse(
        "version: 1\nname: all\nrules:\n  - {id: all, tools: ['*'], action: allow, reason: Everything goes.}"
    )
    wish = {"calls": [{"name": "delete", "args": {"order": "1"}}, {"name": "look_up", "args": {"order": "1"}}]}
    agent = Agent(name="a", tools=("*",), policy=generous, model=script(wish, "Tried."))
    team = Team(name="top", members=(agent,), model=script(plan(t="a"), "So [t]."))
    hierarchy.build(team=team, tools=desk.tools(), policy=POLICY).invoke(GO)
    assert desk.ran == {"look_up": 1}


def test_a_budget_holds_three_levels_down() -> None:
    desk = Desk()
    look = {"calls": [{"name": "look_up", "args": {"order": "1"}}]}
    greedy = Agent(name="greedy", tools=("look_up",), model=script(*[look] * 15, "x"))
    low = Team(name="low", members=(greedy,), model=script(plan(t="greedy"), "low"), max_replans=0)
    mid = Team(name="mid", members=(low,), model=script(plan(t="low"), "mid"), max_replans=0)
    top = Team(
        name="top", members=(mid,), model=script(plan(t="mid"), "top"), budget=Budget(model_calls=9), max_replans=0
    )
    out = hierarchy.build(team=top, tools=desk.tools(), policy=POLICY).invoke(GO)
    assert out["usage"].model_calls <= 9
    assert desk.ran["look_up"] == 3  # 9, less two for each of the three teams
    assert out["status"] == Status.FAILED


def test_depth_is_bounded_and_names_are_unique() -> None:
    deep: Member = Agent(name="a")
    for _ in range(5):
        deep = Team(name="t", members=(deep,))
    assert isinstance(deep, Team)
    with pytest.raises(AuthorityError, match="5 teams deep; at most 4"):
        hierarchy.build(team=deep)
    hierarchy.build(team=deep, max_depth=5)
    with pytest.raises(ConfigError, match="several members called 'a'"):
        hierarchy.build(team=Team(name="t", members=(Agent(name="a"), Agent(name="a"))))
