"""The deadline of a whole run: in every pattern, before and within each call, over crashes and people's answers."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.burning import burn
from tests.graphs.desk import BOSS
from tests.graphs.team import plain, plan
from tests.kernel.clocks import Clocks

from lockgate import Policy, ScriptedModel, tool
from lockgate.deadline import SECONDS
from lockgate.errors import ConfigError
from lockgate.graphs import debate, hierarchy, majority, orchestrator, pipeline, react
from lockgate.graphs.compiling import within
from lockgate.graphs.replay import replay
from lockgate.graphs.session import Session
from lockgate.graphs.travel import fork
from lockgate.handoff import Status
from lockgate.nodes.worker import Worker
from lockgate.result import ErrorKind
from lockgate.runtime import PostgresSaver
from lockgate.settings import settings

RULES = """
version: 1
rules:
  - {id: ask, tools: [pay], args: {amount: {min: 50}}, action: review, reason: much}
  - {id: all, tools: ["*"], action: allow, reason: fine}
"""


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


class Hanging(ScriptedModel):
    """Never answers."""

    disable_streaming: bool = True

    async def _agenerate(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()


class Till:
    """Tools; `skip` lets ten minutes go by before it answers."""

    def __init__(self, clocks: Clocks | None = None) -> None:
        self.paid: list[int] = []
        self.clocks = clocks

    def tools(self) -> list[Any]:
        @tool(idempotent=False)
        def pay(amount: int) -> str:
            """Pay."""
            self.paid.append(amount)
            return "paid"

        @tool(effect=False)
        def skip() -> str:
            """Let time go by."""
            assert self.clocks is not None
            self.clocks.go(600)
            return "later"

        @tool(effect=False, timeout=60)
        async def hang() -> str:
            """Never answer."""
            await asyncio.Event().wait()
            return ""

        return [pay, skip, hang, burn]

    def agent(self, *turns: Any, **options: Any) -> Any:
        model = ScriptedModel(turns=list(turns))
        return react.build(model=model, tools=self.tools(), policy=Policy.parse(RULES), **options)


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"calls": [{"name": name, "args": args}]}


def given(seconds: float, thread: str = "t") -> Any:
    return {"configurable": {"thread_id": thread, SECONDS: seconds}}


GO: Any = {"messages": "go"}


def results(out: Any) -> list[ToolMessage]:
    return [message for message in out["messages"] if isinstance(message, ToolMessage)]


async def test_no_model_is_asked_after_it_and_the_work_so_far_is_kept(clocks: Clocks) -> None:
    out = await Till(clocks).agent(call("pay", amount=1), call("skip"), "never said").ainvoke(GO, given(60))
    assert out["status"] == Status.DEADLINE
    assert [message.content for message in results(out)] == ["paid", "later"]
    said = out["notes"][-1].text
    assert said.startswith("Stopped before a model call: the run's deadline was ") and said.endswith(" UTC.")


async def test_a_call_of_the_same_answer_does_not_run_after_it(clocks: Clocks) -> None:
    both = {"calls": [{"name": "pay", "args": {"amount": 60}}, {"name": "skip", "args": {}}]}
    till = Till(clocks)
    agent = till.agent(both, "never said", checkpointer=InMemorySaver())
    out = await agent.ainvoke(GO, given(60))
    (question,) = out["__interrupt__"]
    out = await agent.ainvoke(Command(resume={question.id: {"action": "approve", **BOSS}}), given(900))
    assert out["status"] == Status.DEADLINE and till.paid == []
    (unpaid,) = [message for message in results(out) if message.name == "pay"]
    assert "pay did not run: the run's deadline was" in unpaid.text
    assert unpaid.additional_kwargs["error"] == ErrorKind.DEADLINE


async def test_a_model_call_is_cut() -> None:
    agent = react.build(model=Hanging(), policy=Policy.parse(RULES))
    out = await agent.ainvoke(GO, given(0.2))
    assert out["status"] == Status.DEADLINE and out["usage"].model_calls == 1
    assert out["notes"][-1].text.startswith("Stopped a model call: the run's deadline was ")


async def test_the_narrower_of_deadline_and_budget_names_the_end() -> None:
    rules = RULES + "budgets: {run: {seconds: SECONDS}}\n"
    for seconds, status in (("0.05", Status.BUDGET), ("900", Status.DEADLINE)):
        policy = Policy.parse(rules.replace("SECONDS", seconds))
        out = await react.build(model=Hanging(), policy=policy).ainvoke(GO, given(0.3))
        assert out["status"] == status


async def test_a_tool_is_cut_and_its_result_says_so() -> None:
    out = await Till().agent(call("hang"), "never said").ainvoke(GO, given(0.3))
    assert out["status"] == Status.DEADLINE
    assert results(out)[0].text.endswith("hang gave no answer by the run's deadline and was abandoned.")


async def test_blocking_code_in_a_process_really_ends(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    agent = Till().agent(call("burn", note=str(note)), "never said")
    await agent.ainvoke(GO)  # the process is warm
    out = await agent.ainvoke(GO, given(1.5))
    assert results(out)[0].text.endswith("burn gave no answer by the run's deadline and was killed.")
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


async def test_it_is_kept_over_a_crash_and_a_wait_whoever_resumes(saver: PostgresSaver, clocks: Clocks) -> None:
    till = Till()
    agent = till.agent(call("pay", amount=60), "never said", checkpointer=saver)
    out = await agent.ainvoke(GO, given(60))
    (question,) = out["__interrupt__"]
    begun = out["deadline"]
    clocks.start()
    clocks.wall += 61  # in another process, where nothing but the wall clock tells
    plain_config: Any = {"configurable": {"thread_id": "t"}}
    out = await agent.ainvoke(Command(resume={question.id: {"action": "approve", **BOSS}}), plain_config)
    assert out["deadline"] == begun
    assert out["status"] == Status.DEADLINE and till.paid == []
    (effect,) = await saver.ledger.of_thread("t")
    assert effect.status == "failed"
    again = await agent.ainvoke(GO, plain_config)  # the next message begins another run, here without any
    assert again["deadline"] is None and again["status"] == Status.COMPLETED


async def test_an_effect_that_happened_is_answered_from_the_ledger_after_it(
    saver: PostgresSaver, clocks: Clocks
) -> None:
    till, saver.every_step = Till(), True
    agent = till.agent(call("pay", amount=1), "never said", checkpointer=saver)
    await agent.ainvoke(GO, {**given(60), "recursion_limit": 100})
    made = await saver.ledger.of_thread("t")
    state = [moment async for moment in agent.aget_state_history({"configurable": {"thread_id": "t"}})]
    before = next(moment for moment in reversed(state) if "execute_tool" in moment.next)
    clocks.go(61)
    out = await agent.ainvoke(None, before.config)
    assert (out["status"], till.paid) == (Status.DEADLINE, [1])
    assert results(out)[0].content == "paid" and await saver.ledger.of_thread("t") == made


async def test_it_does_not_hide_a_doubt(saver: PostgresSaver) -> None:
    @tool(idempotent=False, timeout=60)
    async def wire(amount: int) -> str:
        """Never say."""
        await asyncio.Event().wait()
        return ""

    turns = [call("wire", amount=1), "never said"]
    agent = react.build(model=ScriptedModel(turns=turns), tools=[wire], policy=Policy.parse(RULES), checkpointer=saver)
    out = await agent.ainvoke(GO, given(0.5))
    (question,) = out["__interrupt__"]
    assert "by the run's deadline" in question.value["evidence"][0]
    answer = {"action": "run", "by": "ann"}
    out = await agent.ainvoke(Command(resume={question.id: answer}), {"configurable": {"thread_id": "t"}})
    assert out["status"] == Status.DEADLINE and "wire did not run" in results(out)[0].text


async def test_a_session_gives_it_and_refuses_nonsense(saver: PostgresSaver) -> None:
    run = Session(react.build(model=Hanging(), checkpointer=saver), "t")
    async for _ in run.start("go", deadline=0.2):
        pass
    assert (await run.state()).values["status"] == Status.DEADLINE
    with pytest.raises(ConfigError, match="no deadline"):
        async for _ in run.start("go", deadline=-1):
            pass


def test_a_graph_bounds_each_of_its_runs() -> None:
    agent = within(within(Till().agent("Done.", checkpointer=InMemorySaver()), 60), 900)
    for asked, least in ((None, 60), (900, 60), (5, 5)):
        config: Any = {"configurable": {"thread_id": f"{asked}", **({SECONDS: asked} if asked else {})}}
        out = agent.invoke(GO, config)
        assert out["deadline"].at - out["deadline"].begun == pytest.approx(least)
    with pytest.raises(ConfigError, match="no deadline"):
        agent.invoke(GO, given(0))


@pytest.fixture
def seven_seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOCKGATE_DEADLINE", "7")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("seven_seconds")
def test_the_settings_bound_every_run() -> None:
    for seconds, least in ((60, 7), (5, 5)):
        until = Till().agent("Done.").invoke(GO, given(seconds))["deadline"]
        assert until.at - until.begun == pytest.approx(least)


def team(worker: Any, *turns: Any, seconds: float | None = None) -> Any:
    return orchestrator.build(
        model=ScriptedModel(turns=[plan(a="worker"), *turns]), workers={"worker": Worker(graph=worker, seconds=seconds)}
    )


async def test_a_worker_inherits_it_and_the_team_ends_with_it() -> None:
    worker = react.build(model=Hanging(), policy=Policy.parse(RULES))
    out = await team(worker, "never said").ainvoke(GO, given(0.3))
    assert out["status"] == Status.DEADLINE
    assert out["results"]["a"].error.startswith("the worker ended as deadline: Stopped a model call")
    assert "never said" not in out["answer"] and "deadline" in out["answer"]


async def test_a_worker_of_another_make_is_cut_a_moment_later() -> None:
    async def body(state: Any) -> Any:
        await asyncio.Event().wait()

    out = await team(plain(body), "never said").ainvoke(GO, given(0.1))
    assert out["status"] == Status.DEADLINE
    assert out["results"]["a"].error.startswith("the run's deadline was ")


async def test_a_planner_is_cut() -> None:
    graph = orchestrator.build(model=Hanging(), workers={"worker": Worker(graph=react.graph)})
    out = await graph.ainvoke(GO, given(0.2))
    assert out["status"] == Status.DEADLINE and out["usage"].model_calls == 1


async def test_two_teams_down_a_tool_is_held_to_it(clocks: Clocks) -> None:
    till = Till(clocks)
    leaf = ScriptedModel(turns=[call("skip"), call("pay", amount=1), "never said"])
    inner = hierarchy.Team(
        name="inner", model=ScriptedModel(turns=[plan(b="leaf"), "never"]),
        members=(hierarchy.Agent(name="leaf", model=leaf, tools=("skip", "pay")),),
    )  # fmt: skip
    top = hierarchy.Team(name="top", members=(inner,))
    graph = hierarchy.build(
        team=top, tools=till.tools(), policy=Policy.parse(RULES), model=ScriptedModel(turns=[plan(a="inner"), "never"])
    )
    out = await graph.ainvoke(GO, given(60))
    assert (out["status"], till.paid) == (Status.DEADLINE, [])
    assert "ended as deadline" in out["results"]["a"].error


async def test_a_resumed_worker_is_held_to_it(saver: PostgresSaver, clocks: Clocks) -> None:
    till = Till()
    worker = till.agent(call("pay", amount=60), "never said")
    graph = orchestrator.build(
        model=ScriptedModel(turns=[plan(a="worker"), "never"]), workers={"worker": worker}, checkpointer=saver
    )
    (question,) = (await graph.ainvoke(GO, given(60)))["__interrupt__"]
    clocks.start()
    clocks.wall += 61
    answer = Command(resume={question.id: {"action": "approve", **BOSS}})
    out = await graph.ainvoke(answer, {"configurable": {"thread_id": "t"}})
    assert (out["status"], till.paid) == (Status.DEADLINE, [])


async def test_items_that_come_too_late_are_named(clocks: Clocks) -> None:
    def slow(n: int) -> int:
        if n == 2:
            clocks.go(600)
        return n

    graph = pipeline.build(stages=[pipeline.function(slow)], parallel=1)
    out = await graph.ainvoke({"items": [1, 2, 3]}, given(60))
    assert out["status"] == Status.DEADLINE
    assert [letter.item_id for letter in out["dead_letters"]] == ["2"]
    assert out["dead_letters"][0].errors[0].startswith("Not begun: the run's deadline was ")


async def test_a_stage_is_cut_and_a_tool_stage_is_not_begun(clocks: Clocks) -> None:
    async def hang(n: int) -> int:
        await asyncio.Event().wait()
        return n

    out = await pipeline.build(stages=[pipeline.function(hang)]).ainvoke({"items": [1]}, given(0.2))
    assert out["status"] == Status.DEADLINE
    assert out["dead_letters"][0].errors == ["It gave no answer in time and was abandoned."]


@pytest.mark.parametrize("pattern", [debate, majority])
async def test_debaters_are_cut_and_what_was_said_stands(pattern: Any) -> None:
    quick = ScriptedModel(turns=[json.dumps({"answer": "42"})] * 3)
    seats = [debate.Debater(name="Ann", brief="", model=quick), debate.Debater(name="Ben", brief="", model=Hanging())]
    out = await pattern.build(debaters=seats).ainvoke(GO, given(2))
    assert (out["status"], out["answer"]) == (Status.DEADLINE, "42")


async def test_a_replay_knows_no_deadline_and_a_fork_may_lift_it(saver: PostgresSaver, clocks: Clocks) -> None:
    saver.every_step = True
    till = Till(clocks)
    agent = till.agent(call("pay", amount=1), "Done.", checkpointer=saver)
    await agent.ainvoke(GO, given(60))
    clocks.go(600)
    assert (await replay(agent, "t")).same
    moments = [one async for one in agent.aget_state_history({"configurable": {"thread_id": "t"}})]
    at = next(one for one in moments if one.next == ("call_model",) and len(one.values["messages"]) == 3)
    for change, status in (({}, Status.DEADLINE), ({"deadline": None}, Status.COMPLETED)):
        await fork(agent, "t", at.config["configurable"]["checkpoint_id"], change)
        out = await agent.ainvoke(None, {"configurable": {"thread_id": "t"}})
        assert out["status"] == status
