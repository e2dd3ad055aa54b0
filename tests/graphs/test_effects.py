"""Effects over a real Postgres: once, or honestly unknown; answered from the ledger, probed, repeated, asked about."""

import asyncio
import json
from typing import Any

import pytest
from langgraph.types import Command
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.effect import EffectStatus
from lockgate.errors import ToolError
from lockgate.graphs import orchestrator, react
from lockgate.graphs.session import Session
from lockgate.nodes import effects
from lockgate.nodes.worker import Worker
from lockgate.runtime import PostgresSaver, Records
from lockgate.runtime.audit_check import rows
from lockgate.tools import DidNotHappen, Happened, idempotency_key

OPEN = """
version: 1
name: open
rules:
  - {id: all, tools: [pay, read, cancel], action: allow, reason: test}
"""
ASKS = """
version: 1
name: asks
rules:
  - {id: all, tools: [pay], action: review, reason: test, approvers: [boss]}
"""
PAY: dict[str, Any] = {"name": "pay", "args": {"amount": 1}}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "RETRY_PAUSES", (0.0, 0.0))


class Till:
    """A tool that pays, and does what `acts` say on each attempt in turn: an exception to raise, else it returns."""

    def __init__(self, *acts: Any) -> None:
        self.acts = list(acts)
        self.paid: list[str] = []

    def tool(self, **facts: Any) -> ToolSpec:
        @tool(name="pay", timeout=0.2, **facts)
        async def pay(amount: int) -> str:
            """Pay."""
            self.paid.append(idempotency_key())
            act = self.acts.pop(0) if self.acts else None
            if isinstance(act, BaseException) or (isinstance(act, type) and issubclass(act, BaseException)):
                raise act
            if act == "hang":
                await asyncio.sleep(60)
            return "paid"

        return pay


def session(saver: PostgresSaver, spec: ToolSpec, *turns: Any, policy: str = OPEN, thread: str = "t") -> Session:
    script = list(turns) or [{"calls": [PAY]}, "Done."]
    graph = react.build(
        model=ScriptedModel(turns=script), tools=[spec], policy=Policy.parse(policy), checkpointer=saver
    )
    return Session(graph, thread)


async def drain(parts: Any) -> None:
    async for _ in parts:
        pass


async def answer_of(run: Session) -> tuple[str, str]:
    """What the model was told of the last call, and how that message is marked."""
    messages = (await run.state()).values["messages"]
    told = next(m for m in reversed(messages) if m.type == "tool")
    return told.text, told.status


async def statuses(saver: PostgresSaver) -> list[EffectStatus]:
    return [effect.status for effect in await saver.ledger.of_thread("t")]


async def test_an_effect_is_recorded_with_its_key(saver: PostgresSaver) -> None:
    till = Till()
    await drain(session(saver, till.tool()).start("Pay."))
    (effect,) = await saver.ledger.of_thread("t")
    assert (effect.status, effect.tool, effect.args, effect.attempt) == ("done", "pay", {"amount": 1}, 1)
    assert effect.result is not None and effect.result.value == "paid"
    assert till.paid == [effect.key]
    assert not effect.running


async def test_a_tool_without_an_effect_leaves_no_trace(saver: PostgresSaver) -> None:
    till = Till()
    await drain(session(saver, till.tool(effect=False)).start("Pay."))
    assert len(till.paid) == 1 and len(till.paid[0]) == 64
    assert await saver.ledger.of_thread("t") == []


@pytest.mark.parametrize(
    ("act", "facts", "status", "told"),
    [
        (ToolError("Closed."), {}, "failed", "Closed."),
        (ValueError("no such order"), {"safe_errors": [ValueError]}, "failed", "pay failed: ValueError."),
        (KeyError("x"), {"safe_errors": [LookupError]}, "failed", "pay failed: KeyError."),
    ],
)
async def test_a_clean_failure_is_told_to_the_model(
    saver: PostgresSaver, act: Any, facts: Any, status: str, told: str
) -> None:
    till = Till(act)
    run = session(saver, till.tool(**facts))
    await drain(run.start("Pay."))
    assert await statuses(saver) == [status]
    assert (await answer_of(run)) == (f"Error: {told}", "error")
    assert len(till.paid) == 1


@pytest.mark.parametrize("act", ["hang", ConnectionError("lost")])
async def test_an_idempotent_tool_runs_again_with_the_same_key(saver: PostgresSaver, act: Any) -> None:
    till = Till(act, act)
    run = session(saver, till.tool(idempotent=True))
    await drain(run.start("Pay."))
    (effect,) = await saver.ledger.of_thread("t")
    assert (effect.status, effect.attempt) == ("done", 3)
    assert till.paid == [effect.key] * 3
    assert (await answer_of(run))[0] == "paid"


async def test_an_idempotent_tool_that_never_succeeds_ends_with_a_person(saver: PostgresSaver) -> None:
    till = Till(*["hang"] * 9)
    run = session(saver, till.tool(idempotent=True))
    await drain(run.start("Pay."))
    (question,) = await run.waiting()
    assert len(till.paid) == 3
    assert [line.split(":")[0] for line in question.request["evidence"]] == ["Attempt 1", "Attempt 2", "Attempt 3"]
    await drain(run.resume({question.id: {"action": "give_up"}}))
    assert await statuses(saver) == ["given_up"]


@pytest.mark.parametrize("act", ["hang", ConnectionError("lost")])
async def test_any_other_tool_asks_a_person(saver: PostgresSaver, act: Any) -> None:
    till = Till(act)
    run = session(saver, till.tool())
    await drain(run.start("Pay."))
    (question,) = await run.waiting()
    assert (question.request["type"], question.request["tool"], question.request["attempt"]) == ("effect", "pay", 1)
    assert await statuses(saver) == ["unknown"]
    (approval,) = await Records(saver).approvals()
    assert approval.interrupt_id == question.id and approval.tool == "pay"
    assert len(till.paid) == 1


@pytest.mark.parametrize(
    ("word", "status", "told", "paid"),
    [
        ({"action": "happened", "result": {"id": 7}}, "done", '{"id":7}', 1),
        ({"action": "happened"}, "done", "", 1),
        ({"action": "run", "reason": "the bank says no"}, "done", "paid", 2),
        ({"action": "give_up"}, "given_up", "Error: Nobody knows whether pay took effect. Do not call it again", 1),
    ],
)
async def test_what_a_person_says_settles_it(
    saver: PostgresSaver, word: dict[str, Any], status: str, told: str, paid: int
) -> None:
    till = Till("hang")
    run = session(saver, till.tool())
    await drain(run.start("Pay."))
    (question,) = await run.waiting()
    await drain(run.resume({question.id: {**word, "by": "ann"}}))
    (effect,) = await saver.ledger.of_thread("t")
    assert (effect.status, effect.settled_by, len(till.paid)) == (status, "ann", paid)
    entries = [json.loads(row.body) async for row in rows(saver.pools)]
    assert [(e["kind"], e["by"], e["detail"]["effect"]) for e in entries if e["kind"] == "outcome"] == [
        ("outcome", "ann", status)
    ]
    assert (await answer_of(run))[0].startswith(told)
    assert (await run.state()).values["answer"] == "Done."
    assert await Records(saver).approvals() == []


async def test_the_word_holds_for_one_attempt_only(saver: PostgresSaver) -> None:
    """The node starts over for each answer; what was said of the first attempt must not run a third."""
    till = Till("hang", "hang")
    run = session(saver, till.tool())
    await drain(run.start("Pay."))
    (first,) = await run.waiting()
    await drain(run.resume({first.id: {"action": "run"}}))
    (second,) = await run.waiting()
    assert second.request["attempt"] == 2 and len(till.paid) == 2
    await drain(run.resume({second.id: "nonsense"}))
    (third,) = await run.waiting()
    assert third.request["problem"] and len(till.paid) == 2
    await drain(run.resume({third.id: {"action": "happened", "result": "seen"}}))
    assert (await answer_of(run))[0] == "seen"
    assert len(till.paid) == 2


async def test_who_had_to_approve_is_asked_again(saver: PostgresSaver) -> None:
    till = Till("hang")
    run = session(saver, till.tool(), policy=ASKS)
    await drain(run.start("Pay."))
    (review,) = await run.waiting()
    await drain(run.resume({review.id: {"action": "approve", "by": "ann", "roles": ["boss"]}}))
    (question,) = await run.waiting()
    assert question.request["approvers"] == ["boss"]
    await drain(run.resume({question.id: {"action": "run", "by": "bob", "roles": ["clerk"]}}))
    (again,) = await run.waiting()
    assert "Only boss may answer" in again.request["problem"]
    assert len(till.paid) == 1
    await drain(run.resume({again.id: {"action": "run", "by": "ann", "roles": ["boss"]}}))
    assert len(till.paid) == 2


@pytest.mark.parametrize(
    ("found", "facts", "status", "told", "paid", "asked"),
    [
        (Happened(value="seen"), {}, "done", "seen", 1, False),
        (DidNotHappen(), {}, "failed", "Error: pay gave no answer within 0.2 s and was abandoned.", 1, False),
        (DidNotHappen(), {"idempotent": True}, "done", "paid", 2, False),
        (None, {}, "unknown", "", 1, True),
        ("nonsense", {}, "unknown", "", 1, True),
        (RuntimeError("down"), {}, "unknown", "", 1, True),
    ],
)
async def test_a_probe_finds_out(  # noqa: PLR0917 - a table
    saver: PostgresSaver, found: Any, facts: Any, status: str, told: str, paid: int, asked: bool
) -> None:
    keys: list[str] = []

    async def probe(key: str) -> Any:
        keys.append(key)
        if isinstance(found, Exception):
            raise found
        return found

    till = Till("hang")
    run = session(saver, till.tool(probe=probe, **facts))
    await drain(run.start("Pay."))
    assert await statuses(saver) == [status]
    assert keys == till.paid[:1]
    assert len(till.paid) == paid
    assert bool(await run.waiting()) == asked
    if not asked:
        assert (await answer_of(run))[0] == told


@pytest.mark.parametrize(("once_per", "paid"), [("call", 2), ("run", 1)])
async def test_equal_arguments_again(saver: PostgresSaver, once_per: Any, paid: int) -> None:
    """A new answer of the model is a new effect, unless the tool acts once a run; also side by side."""
    for thread, turns in (
        ("t", [{"calls": [PAY]}, {"calls": [PAY]}, "Done."]),
        ("u", [{"calls": [PAY, PAY]}, "Done."]),
    ):
        till = Till()
        run = session(saver, till.tool(once_per=once_per, output="internal"), *turns, thread=thread)
        await drain(run.start("Pay."))
        assert len(till.paid) == len(set(till.paid)) == paid
        texts = [m.text for m in (await run.state()).values["messages"] if m.type == "tool"]
        assert texts == ["paid", "paid"]


async def test_forks_do_not_repeat_what_their_parent_did(saver: PostgresSaver) -> None:
    saver.every_step = True
    till = Till()
    run = session(saver, till.tool())
    await drain(run.start("Pay."))
    history = [state async for state in run.graph.aget_state_history({"configurable": {"thread_id": "t"}})]
    behind_the_answer = next(state for state in history if state.next == ("action_guard",))
    replayed = await run.graph.ainvoke(None, behind_the_answer.config)
    assert replayed["answer"] == "Done."
    forked = await run.graph.aupdate_state(behind_the_answer.config, {"notes": []}, as_node="call_model")
    fork = await run.graph.aget_state(forked)
    assert fork.values["messages"][-1].tool_calls
    again = next(state for state in history if state.next == ("action_guard",))
    await run.graph.ainvoke(None, again.config)
    assert len(till.paid) == 1
    # In front of the answer the model speaks anew, and its new call is a new effect.
    before = next(state for state in history if state.next == ("call_model",) and len(state.values["messages"]) == 1)
    run.graph.nodes["call_model"]
    await run.graph.ainvoke(None, before.config)
    assert len(till.paid) == 2 and len(set(till.paid)) == 2


async def test_a_cancelled_call_is_in_doubt(saver: PostgresSaver) -> None:
    entered = asyncio.Event()
    acts = [True]

    @tool
    async def pay(amount: int) -> str:
        """Pay."""
        entered.set()
        if acts:
            acts.pop()
            await asyncio.sleep(60)
        return "paid"

    run = session(saver, pay)
    running = asyncio.create_task(drain(run.start("Pay.")))
    await entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await drain(run.resume())
    (question,) = await run.waiting()
    assert question.request["evidence"] == ["Attempt 1 was begun and never settled: its runner is gone."]
    await drain(run.resume({question.id: {"action": "run"}}))
    assert (await answer_of(run))[0] == "paid"


async def test_sub_agents_with_equal_calls_have_effects_of_their_own(saver: PostgresSaver) -> None:
    """Both workers make a call of the same id with the same arguments in the same run; one payment is in doubt."""
    till = Till("hang")
    pay = till.tool()
    worker = Worker(
        graph=react.build(
            model=ScriptedModel(turns=[{"calls": [PAY]}, "Paid."]), tools=[pay], policy=Policy.parse(OPEN), name="payer"
        ),
        description="Pays.",
    )
    turns = [plan(a="payer", b="payer"), "All paid."]
    graph = orchestrator.build(model=ScriptedModel(turns=turns), workers={"payer": worker}, checkpointer=saver)
    run = Session(graph, "t")
    await drain(run.start("Pay twice."))
    (question,) = await run.waiting()
    await drain(run.resume({question.id: {"action": "happened", "result": "seen"}}))
    assert (await run.state()).values["answer"].startswith("All paid.")
    first, second = await saver.ledger.of_thread("t")
    assert first.key != second.key and len(till.paid) == 2
    assert (first.run_id, first.call_id, first.status) == (second.run_id, second.call_id, second.status)


async def test_a_plain_graph_has_the_ledger_too(saver: PostgresSaver) -> None:
    till = Till("hang")
    run = session(saver, till.tool())
    config: Any = {"configurable": {"thread_id": "t"}}
    out = await asyncio.to_thread(run.graph.invoke, {"messages": "Pay."}, config)
    (question,) = out["__interrupt__"]
    word = {question.id: {"action": "happened", "result": "seen"}}
    out = await asyncio.to_thread(run.graph.invoke, Command(resume=word), config)
    assert out["answer"] == "Done."
    assert len(till.paid) == 1
