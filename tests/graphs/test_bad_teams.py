"""Bad input to a team: plans, workers and answers that cannot stand each have an end that a person can see."""

import asyncio
import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool as langchain_tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode
from pydantic import BaseModel
from tests.graphs.desk import POLICY, Desk, assert_valid
from tests.graphs.team import Stage, plain, plan, says, statuses

from lockgate import ScriptedModel
from lockgate.errors import BypassError, ConfigError
from lockgate.graphs import orchestrator, react, verify
from lockgate.handoff import AgentTask, Status
from lockgate.nodes.worker import Worker
from lockgate.runtime.serde import serializer
from lockgate.state import AgentState

GO = {"messages": "Go."}


def test_when_all_fails_the_reasons_are_the_answer() -> None:
    out = Stage().team(plan(a="fail"), max_replans=0).invoke(GO)
    assert out["status"] == Status.FAILED
    assert out["answer"] == "Tasks without a result: a: the worker died of RuntimeError."


class Verdict(BaseModel):
    ok: bool


DEATHS: list[tuple[str, Any, str]] = [
    ("hangs", {"worker": "hang", "timeout_seconds": 0.05}, "no answer within 0.05 s"),
    ("dies", {"worker": "fail"}, "the worker died of RuntimeError"),
    ("says nothing", {"worker": "mute"}, "the worker gave no answer"),
    ("wrong schema", {"worker": "wrong"}, "the answer is no Verdict: ok: Field required"),
    ("no schema at all", {"worker": "prose"}, "the answer is no Verdict"),
    ("never stops", {"worker": "endless"}, "the worker ended as max_iterations"),
    ("refuses", {"worker": "refusing"}, "the worker ended as refused"),
    (
        "is told 1 MB",
        {"worker": "wrong", "context": {"k": "x" * 1_000_000}},
        "the worker ended as refused: The message",
    ),
    ("cancels itself", {"worker": "cancels"}, "the worker died of NodeCancelledError"),
    ("ends strangely", {"worker": "strange"}, "the worker ended as dancing"),
    ("has no state", {"worker": "void"}, "the worker gave no answer"),
]


async def cancels(_: Any) -> Any:
    raise asyncio.CancelledError


@pytest.mark.parametrize(("row", "says_why"), [row[1:] for row in DEATHS], ids=[row[0] for row in DEATHS])
def test_a_worker_that_fails_ends_as_failed_with_the_reason(row: dict[str, Any], says_why: str) -> None:
    desk = Desk()
    look = {"text": "So far.", "calls": [{"name": "look_up", "args": {"order": "1"}}]}
    endless = react.build(model=ScriptedModel(turns=[look] * 3), tools=desk.tools(), policy=POLICY, max_iterations=2)
    workers = {
        **Stage().workers(),
        "wrong": Worker(graph=says('{"no": 1}'), output=Verdict),
        "prose": Worker(graph=says("well"), output=Verdict),
        "endless": endless,
        "refusing": react.build(model=ScriptedModel(turns=["x"]), max_input=1),
        "cancels": plain(cancels),
        "strange": plain(lambda _: {"answer": "x", "status": "dancing"}),
        "void": plain(lambda _: {}),
    }
    turns = [plan(a=row, b="count"), "x"]
    out = orchestrator.build(workers=workers, model=ScriptedModel(turns=turns), max_replans=0).invoke(GO)
    assert statuses(out) == {"a": "failed", "b": "completed"}
    assert says_why in out["results"]["a"].error
    if row["worker"] == "endless":
        assert out["results"]["a"].output == "So far."
        assert out["results"]["a"].usage.model_calls == 2


def test_a_typed_answer_is_data() -> None:
    workers = {"w": Worker(graph=says('```json\n{"ok": true}\n```'), output=Verdict), **Stage().workers()}
    out = orchestrator.build(workers=workers, model=ScriptedModel(turns=[plan(a="w"), "x"])).invoke(GO)
    assert out["results"]["a"].output == {"ok": True}


MEGA = "x" * 1_000_000


def one(**fields: Any) -> Any:
    """A plan of one task."""
    row = {"task_id": "a", "worker": "count", "objective": "x", **fields}
    return {"calls": [{"name": "submit_plan", "args": {"tasks": [row]}}]}


def nested(depth: int) -> Any:
    whole: dict[str, Any] = {}
    inner = whole
    for _ in range(depth):
        inner["k"] = inner = {}
    return whole


BAD_PLANS: list[tuple[str, Any, str]] = [
    ("prose", "I think we should start.", "That is no plan"),
    ("a cycle", plan(a=("count", "b"), b=("count", "a")), "in a circle: a -> b -> a"),
    ("10,000 tasks", plan(**{f"t{n}": "count" for n in range(10_000)}), "10,000 tasks; at most 1,000"),
    ("no such worker", plan(a="wizard"), "there is no worker 'wizard'"),
    ("the same id twice", {"calls": [{"name": "submit_plan", "args": {"tasks": [
        {"task_id": "a", "worker": "count", "objective": "x"}] * 2}}]}, "'a' is given to 2 tasks"),
    ("dangling", plan(a=("count", "z")), "'z', which is not in the plan"),
    ("another tool", {"calls": [{"name": "rm", "args": {}}]}, "That is no plan"),
    ("broken arguments", AIMessage("", invalid_tool_calls=[
        {"name": "submit_plan", "args": "{", "id": "b", "error": "no JSON", "type": "invalid_tool_call"}]),
     "the call cannot be read: no JSON"),
    ("nothing", "", "That is no plan"),
    ("no list", {"calls": [{"name": "submit_plan", "args": {"tasks": "all"}}]}, 'a plan is {"tasks": [...]}'),
    ("a task that is none", {"calls": [{"name": "submit_plan", "args": {"tasks": ["all"]}}]}, "task '0'"),
    ("1 MB in a task", one(objective=MEGA), "objective: String should have at most 8000 characters"),
    ("1 MB of an id", one(task_id=MEGA), f"task '{'x' * 64}': task_id"),
    ("1 MB of a worker", one(worker=MEGA), f"there is no worker '{'x' * 64}'"),
    ("unicode ids", one(task_id="überblick"), "task 'überblick': task_id: String should match pattern"),
    ("an id of two lines", one(task_id="a\n"), "task_id: String should match pattern"),
    ("for ever", one(timeout_seconds=float("inf")), "timeout_seconds: Input should be less than or equal to 86400"),
    ("no number", one(timeout_seconds=float("nan")), "timeout_seconds: Input should be"),
    ("no budget", one(budget={"tokens": -1}), "budget.tokens: Input should be greater than or equal to 0"),
    ("NUL", one(objective="a\0"), "the call cannot be read: it holds NUL"),
    ("too deep", one(context=nested(200)), "the call cannot be read: it is nested deeper than"),
    ("a field too much", one(rank=1), "rank: Extra inputs are not permitted"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "says_why"), [row[1:] for row in BAD_PLANS], ids=[row[0] for row in BAD_PLANS])
def test_a_bad_plan_goes_back_with_the_reasons_and_then_ends_the_run(bad: Any, says_why: str) -> None:
    stage = Stage()
    out = stage.team(bad, plan(a="count"), "Now [a].").invoke(GO)
    assert (out["status"], stage.ran) == (Status.COMPLETED, {"a": 1})
    assert says_why in str(out["planning"][2].content)
    assert_valid(out["planning"])
    out = Stage().team(bad, bad, max_attempts=2).invoke(GO)
    assert out["status"] == Status.FAILED
    assert out["answer"].startswith("No plan after 2 attempts: ") and says_why in out["answer"]
    assert out["notes"][-1].source == "lead"


def test_a_plan_as_plain_json_is_taken() -> None:
    tasks = plan(a="count")["calls"][0]["args"]
    out = Stage().team(f"Here it is:\n```json\n{json.dumps(tasks)}\n```", "Yes [a].").invoke(GO)
    assert out["answer"].startswith("Yes [a].")


def test_an_answer_that_cites_nothing_or_a_failure_says_so() -> None:
    out = Stage().team(plan(a="count", b="fail"), "Trust me [b].", max_replans=0).invoke(GO)
    assert [note.text.split(":")[0] for note in out["notes"]] == [
        "The answer cites tasks that have no result",
        "The answer cites no task; every task with a result is named as its source.",
        "1 of 2 tasks have no result",
    ]
    assert out["answer"].endswith("Sources: [a] count")


def test_a_team_too_deep_refuses() -> None:
    stage = Stage()
    team = stage.team(plan(a="count"), "x", max_depth=2)
    entry = {"messages": "Go.", "task": AgentTask(task_id="x", objective="x", depth=3)}
    out = team.invoke(entry)
    assert (out["status"], stage.ran) == (Status.REFUSED, {})
    assert "depth 3; at most 2" in out["answer"]


@langchain_tool
def pay(amount: int) -> str:
    """Pay."""
    return str(amount)


def test_a_worker_with_a_way_round_is_caught() -> None:
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("tools", ToolNode([pay]))
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    with pytest.raises(BypassError) as caught:
        orchestrator.build(workers={"w": graph.compile()}, model=ScriptedModel(turns=["x"]))
    assert caught.value.path
    verify(Stage().team("x"))


def test_workers_that_cannot_be_workers() -> None:
    model = ScriptedModel(turns=["x"])
    own = react.build(model=model, checkpointer=InMemorySaver())
    strange: StateGraph[Any, Any, Any, Any] = StateGraph(dict)
    strange.add_node("n", lambda state: {})
    strange.add_edge(START, "n")
    for workers, why in [
        ({}, "at least one worker"),
        ({"w": own}, "checkpointer of its own"),
        ({"w": strange.compile()}, "takes no messages"),
        ({"w": lambda: 1}, "no compiled graph"),
    ]:
        with pytest.raises(ConfigError, match=why):
            orchestrator.build(workers=workers, model=model)


def test_a_refused_second_plan_in_one_answer_leaves_a_valid_transcript() -> None:
    both = {"calls": [*plan(a="count")["calls"], *plan(b="count")["calls"]]}
    out = Stage().team(both, "Done [a].").invoke(GO)
    assert list(out["results"]) == ["a"]
    assert_valid(out["planning"])
    assert isinstance(out["planning"][2], ToolMessage)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (object, "<class 'object'>"),
        ({1, 2}, "{1, 2}"),
        (float("nan"), "NaN"),
        ({"a": object}, "<class 'object'>"),
        ("x" * 3_000_000, "2,934,464 more bytes were left out"),
        ({"k": ["x" * 3_000_000]}, "more bytes were left out"),
        ("a\0b\ud800", "a\ufffdb\ufffd"),
    ],
    ids=["object", "set", "NaN", "object inside", "3 MB", "3 MB inside", "NUL"],
)
def test_whatever_a_worker_answers_can_be_kept_and_told(answer: Any, kept: str) -> None:
    workers = {"w": plain(lambda _: {"answer": answer})}
    out = orchestrator.build(workers=workers, model=ScriptedModel(turns=[plan(a="w"), "So [a]."])).invoke(GO)
    assert out["status"] == Status.COMPLETED
    output = out["results"]["a"].output
    json.dumps(output, allow_nan=False)
    assert kept in str(output) and len(str(output)) < 70_000
    assert serializer().loads_typed(serializer().dumps_typed(output)) == output


def test_a_planner_that_plans_for_ever_is_stopped_and_what_there_is_is_told() -> None:
    def again(messages: Any) -> Any:
        return plan(**{f"t{len(messages)}": "count"})

    stage = Stage()
    out = stage.team(*[again] * 9, max_attempts=3).invoke(GO)
    assert (out["status"], stage.ran.total()) == (Status.FAILED, 1)
    assert out["answer"] == (
        "No plan after 3 attempts: no further plan is taken; answer the goal from the results. "
        "What there is: [t2] t2 is done"
    )
    stage = Stage()

    def and_fail(messages: Any) -> Any:
        return plan(**{f"t{len(messages)}": "fail"})

    out = stage.team(*[and_fail] * 9, max_replans=2).invoke(GO)
    assert (out["status"], stage.ran.total()) == (Status.FAILED, 3)
    assert out["answer"].startswith("Tasks without a result: t2: the worker died of RuntimeError; t4")
