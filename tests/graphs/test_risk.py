"""The risk matrix in a running agent: confidence reaches the gate, log lines are written, blocking reviews block."""

import logging
from collections import Counter
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from tests.graphs.desk import assert_valid
from tests.graphs.team import Stage, plain, plan

from lockgate import Policy, ToolSpec, tool
from lockgate.errors import ApprovalError
from lockgate.graphs import orchestrator, react
from lockgate.graphs.session import Session
from lockgate.handoff import Status
from lockgate.models import ScriptedModel

RULES = 'version: 1\nrules:\n  - {id: all, tools: ["*"], action: allow, reason: fine}\n'
CONFIG: Any = {"configurable": {"thread_id": "t"}}


class Bench:
    """Tools of two tiers that count how often they ran."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()

    def tools(self) -> list[ToolSpec]:
        @tool(risk="critical", reversible=False, output="trusted")
        def wipe(x: int) -> str:
            """Wipe."""
            self.ran[f"wipe {x}"] += 1
            return "wiped"

        @tool(risk="high", reversible=False, output="trusted")
        def send(x: int) -> str:
            """Send."""
            self.ran[f"send {x}"] += 1
            return "sent"

        @tool(risk="low", reversible=True, tags={"production"}, output="trusted")
        def deploy(x: int) -> str:
            """Deploy."""
            self.ran[f"deploy {x}"] += 1
            return "deployed"

        return [wipe, send, deploy]

    def agent(self, *turns: Any, pack: str = "", **options: Any) -> Any:
        model = ScriptedModel(turns=list(turns))
        policy = Policy.parse(RULES + pack)
        return react.build(model=model, tools=self.tools(), policy=policy, **options)


def says(text: str, *calls: tuple[str, int], logprob: float | None = None) -> AIMessage:
    made = [{"name": name, "args": {"x": x}, "id": f"{name}-{x}"} for name, x in calls]
    told = {} if logprob is None else {"logprobs": {"content": [{"token": "a", "logprob": logprob}]}}
    return AIMessage(text, tool_calls=made, response_metadata=told)


def questions(out: Any) -> list[Any]:
    return list(out.get("__interrupt__", ()))


@pytest.mark.parametrize(
    ("text", "logprob", "asked"),
    [
        ("Sending.", None, False),
        ("I'm not sure this is the right one.", None, True),
        ("Confidence: 30%", None, True),
        ("Sending.", -3.0, True),
        ("Sending. Confidence: 95%", -0.01, False),
    ],
)
def test_what_the_model_says_of_itself_reaches_the_gate(text: str, logprob: float | None, asked: bool) -> None:
    bench = Bench()
    graph = bench.agent(says(text, ("send", 1), logprob=logprob), "done", checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "go"}, CONFIG)
    assert [q.value["rule"] for q in questions(out)] == (["risk"] if asked else [])
    assert bench.ran["send 1"] == (not asked)
    if asked:
        assert "counts as low" in questions(out)[0].value["reason"]
        out = graph.invoke(Command(resume="approve"), CONFIG)
    assert (out["status"], bench.ran["send 1"]) == (Status.COMPLETED, 1)


def test_a_low_confidence_write_to_production_goes_to_review() -> None:
    bench = Bench()
    graph = bench.agent(says("Probably, maybe this.", ("deploy", 0)), "done", checkpointer=InMemorySaver())
    (question,) = questions(graph.invoke({"messages": "go"}, CONFIG))
    assert "a write to production" in question.value["reason"]
    assert not bench.ran


def test_an_autonomous_call_can_leave_a_line(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    with caplog.at_level(logging.INFO, logger="lockgate.nodes.action_guard"):
        parts = list(
            bench.agent(says("", ("send", 1)), "done").stream({"messages": "go"}, stream_mode="custom", subgraphs=True)
        )
    assert "send (high risk, irreversible, confidence unknown" in caplog.text
    (event,) = [event for _, event in parts if event.kind == "decision"]
    assert "runs without a person" in event.detail["notice"]
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="lockgate.nodes.action_guard"):
        bench.agent(says("Confidence: 90%", ("send", 2)), "done").invoke({"messages": "go"})
    assert caplog.text == ""


@pytest.mark.parametrize(("others", "asked"), [([1, 1], False), ([2, 3], True)])
def test_samples_that_disagree_send_a_call_to_review(others: list[int], asked: bool) -> None:
    bench = Bench()
    answers = iter([says("", ("send", x)) for x in (1, *others)])
    # A turn that is a function is played anew for each sample of the same question.
    graph = bench.agent(lambda _: next(answers), "done", pack="risk: {samples: 2}", checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "go"}, CONFIG)
    assert bool(questions(out)) == asked
    assert out["usage"].model_calls == 3 + (not asked)
    assert bench.ran["send 1"] == (not asked)


def blocking(bench: Bench) -> Any:
    turn = says("I'm not sure.", ("send", 1), ("wipe", 1), ("wipe", 2), ("deploy", 1))
    pack = "risk: {table: {high: {irreversible: {low: logged}}, low: {reversible: {low: review}}}}"
    return bench.agent(turn, "done", pack=pack, checkpointer=InMemorySaver())


def test_nothing_of_the_answer_starts_before_a_blocking_review_is_decided() -> None:
    bench = Bench()
    graph = blocking(bench)
    out = graph.invoke({"messages": "go"}, CONFIG)
    (first,) = questions(out)
    assert (first.value["call_id"], first.value["blocking"], dict(bench.ran)) == ("wipe-1", True, {})
    out = graph.invoke(Command(resume={first.id: "approve"}), CONFIG)
    (second,) = questions(out)
    assert (second.value["call_id"], dict(bench.ran)) == ("wipe-2", {"wipe 1": 1})
    out = graph.invoke(Command(resume={second.id: "approve"}), CONFIG)
    (third,) = questions(out)
    assert (third.value["call_id"], third.value["blocking"]) == ("deploy-1", False)
    assert dict(bench.ran) == {"wipe 1": 1, "wipe 2": 1, "send 1": 1}  # other work goes on beside an open review
    out = graph.invoke(Command(resume={third.id: "approve"}), CONFIG)
    assert (out["status"], len(bench.ran), set(bench.ran.values())) == (Status.COMPLETED, 4, {1})
    assert_valid(out["messages"])
    assert out["held"] == []


@pytest.mark.parametrize(("said", "blocks"), [("true", True), ("false", False)])
def test_a_rule_can_ask_and_hold_up_the_rest(said: str, blocks: bool) -> None:
    bench = Bench()
    rules = f"""version: 1
rules:
  - {{id: hold, tools: [deploy], action: review, blocking: {said}, priority: 1}}
  - {{id: all, tools: ["*"], action: allow}}
"""
    graph = react.build(
        model=ScriptedModel(turns=[says("Sure.", ("send", 1), ("deploy", 1)), "done"]),
        tools=bench.tools(),
        policy=Policy.parse(rules),
        checkpointer=InMemorySaver(),
    )
    out = graph.invoke({"messages": "go"}, CONFIG)
    (asked,) = questions(out)
    assert (asked.value["call_id"], asked.value["blocking"]) == ("deploy-1", blocks)
    assert dict(bench.ran) == ({} if blocks else {"send 1": 1})
    out = graph.invoke(Command(resume={asked.id: "approve"}), CONFIG)
    assert (out["status"], set(bench.ran)) == (Status.COMPLETED, {"send 1", "deploy 1"})


def test_what_a_refused_blocking_call_held_up_does_not_run() -> None:
    bench = Bench()
    graph = blocking(bench)
    graph.invoke({"messages": "go"}, CONFIG)
    out = graph.invoke(Command(resume="reject"), CONFIG)
    assert (out["status"], dict(bench.ran), out["held"]) == (Status.COMPLETED, {}, [])
    assert_valid(out["messages"])
    told = [m.text for m in out["messages"] if isinstance(m, ToolMessage) and "decided first" in m.text]
    assert len(told) == 3


def test_a_new_message_closes_what_was_held() -> None:
    bench = Bench()
    graph = blocking(bench)
    graph.invoke({"messages": "go"}, CONFIG)
    out = graph.invoke({"messages": "never mind"}, CONFIG)
    assert (out["status"], dict(bench.ran), out["held"]) == (Status.COMPLETED, {}, [])
    assert_valid(out["messages"])


async def test_a_blocking_review_of_one_worker_stops_the_tasks_that_have_not_started(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage, asked = Stage(), []

    async def ask(state: Any) -> Any:
        name = state["task"].task_id
        asked.append(name)
        return {"answer": interrupt({"question": name, "blocking": name == "a"})}

    # What others wait for starts first: a, then q or b.
    tasks = plan(a="ask", q="ask", b="count", y=("count", "a"), z=("count", "y"))
    team = orchestrator.build(
        workers={"ask": plain(ask), "count": plain(stage._count)},
        model=ScriptedModel(turns=[tasks, "x [b]."]),
        parallel=1,
        checkpointer=InMemorySaver(),
    )
    session = Session(team, "t")
    [part async for part in session.start("go")]
    (first,) = await session.waiting()
    assert (first.request["blocking"], asked, dict(stage.ran)) == (True, ["a"], {})
    [part async for part in session.resume({first.id: "yes"})]
    assert stage.ran == {"b": 1, "y": 1, "z": 1}
    (last,) = await session.waiting()
    assert last.request == {"question": "q", "blocking": False}
    assert "Exception in callback" not in caplog.text
    [part async for part in session.resume({last.id: "yes"})]
    assert (await session.state()).values["status"] == Status.COMPLETED


async def test_an_answer_to_another_question_does_not_pass_a_blocking_one_over() -> None:
    async def ask(state: Any) -> Any:
        name = state["task"].task_id
        return {"answer": interrupt({"question": name, "blocking": name == "b"})}

    team = orchestrator.build(
        workers={"ask": plain(ask)},
        model=ScriptedModel(turns=[plan(a="ask", b="ask"), "x [b]."]),
        checkpointer=InMemorySaver(),
    )
    session = Session(team, "t")
    [part async for part in session.start("go")]
    blocks, other = await session.waiting()
    assert (blocks.request["question"], other.request["question"]) == ("b", "a")
    with pytest.raises(ApprovalError, match="blocks it"):
        [part async for part in session.resume({other.id: "yes"})]
    [part async for part in session.resume({other.id: "yes", blocks.id: "yes"})]
    assert (await session.state()).values["status"] == Status.COMPLETED
