"""The react agent: what passes the lock, what waits for a person, and that every end leaves a valid transcript."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from tests.graphs.desk import BOSS, Desk, assert_valid, refund_call
from tests.graphs.react_desk import CONFIG, agent, answer, ask, results

from lockgate import ScriptedModel, tool
from lockgate.decision import Allow, Deny
from lockgate.graphs import react
from lockgate.handoff import Status
from lockgate.labels import Integrity
from lockgate.ports import Caller


def test_an_allowed_call_runs_once_and_the_run_ends() -> None:
    desk = Desk()
    out = ask(agent(desk, {"calls": [{"name": "look_up", "args": {"order": "7"}, "id": "c"}]}, "It is there."))
    assert (out["status"], out["answer"]) == (Status.COMPLETED, "It is there.")
    assert desk.ran == {"look_up": 1}
    assert results(out) == {"c": "order 7"}
    assert (out["usage"].model_calls, out["usage"].tool_calls, out["iterations"]) == (2, 1, 2)
    assert out["decisions"]["c"].decision == Allow(rule="look", reason="Reading is harmless.")
    assert out["trust"].sources == {"tool:look_up"}
    assert_valid(out["messages"])


async def test_both_faces_do_the_same() -> None:
    for desk in (Desk(), Desk()):
        graph = agent(desk, {"calls": [refund_call(5), refund_call(6)]}, "Done.")
        out = await graph.ainvoke({"messages": "x"}, CONFIG) if desk.ran is None else ask(graph)
        assert desk.ran == {"refund 1 a 5": 1, "refund 1 a 6": 1}
        assert out["answer"] == "Done."
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(5)]}, "Done.")
    assert (await graph.ainvoke({"messages": "x"}, CONFIG))["answer"] == "Done."
    assert desk.ran == {"refund 1 a 5": 1}


def test_without_a_policy_everything_is_denied() -> None:
    desk = Desk()
    turns: list[Any] = [{"calls": [{"name": t.name, "args": {"order": "1"}} for t in desk.tools()[:1]]}, "No."]
    out = react.build(model=ScriptedModel(turns=turns), tools=desk.tools()).invoke({"messages": "x"})
    assert not desk.ran
    assert isinstance(out["decisions"]["call-0-0"].decision, Deny)
    assert_valid(out["messages"])


def test_refusals_leave_a_valid_transcript() -> None:
    desk = Desk()
    broken = AIMessage(
        "",
        invalid_tool_calls=[
            {"name": "refund", "args": "{oops", "id": "b", "error": "no JSON", "type": "invalid_tool_call"}
        ],
        tool_calls=[
            {"name": "delete", "args": {"order": "1"}, "id": "d"},
            {"name": "nonsense", "args": {}, "id": "n"},
            {"name": "refund", "args": {"order": "1", "account": "a", "amount": "lots"}, "id": "t"},
            {"name": "refund", "args": {"order": "1", "account": "a", "amount": 501}, "id": "r"},
            {"name": "refund", "args": {"order": "1\0", "account": "\ud800", "amount": 1}, "id": "s"},
        ],
    )
    deep: Any = "x"
    for _ in range(1_000):
        deep = {"a": deep}
    broken.tool_calls.append({"name": "refund", "args": deep, "id": "deep", "type": "tool_call"})
    out = ask(agent(desk, broken, "I could not."))
    assert not desk.ran
    assert out["answer"] == "I could not."
    expected = {
        "d": "No rule",
        "n": "no tool",
        "t": "valid number",
        "r": "less than",
        "s": "NUL",
        "b": "no JSON",
        "deep": "deeper",
    }
    got = results(out)
    assert got.keys() == expected.keys()
    for call_id, text in expected.items():
        assert text in got[call_id], (call_id, got[call_id])
    assert_valid(out["messages"])


def test_calls_without_or_with_used_ids_get_new_ones() -> None:
    desk = Desk()
    turn = lambda *ids: AIMessage("", tool_calls=[{"name": "look_up", "args": {"order": "1"}, "id": i} for i in ids])  # noqa: E731
    out = ask(agent(desk, turn("same", "same", None), turn("same"), "Done."))
    assert desk.ran == {"look_up": 4}
    assert len(results(out)) == 4
    assert_valid(out["messages"])


def test_the_iteration_bound_ends_with_the_work_so_far() -> None:
    desk = Desk()
    turn = {"text": "Still looking.", "calls": [{"name": "look_up", "args": {"order": "1"}}]}
    out = ask(agent(desk, *[turn] * 9, max_iterations=3))
    assert out["status"] == Status.MAX_ITERATIONS
    assert out["answer"] == "Still looking."
    assert out["usage"].model_calls == 3
    assert desk.ran == {"look_up": 2}
    assert "Stopped after 3" in out["notes"][0].text
    assert_valid(out["messages"])


def test_the_bound_counts_anew_for_each_message() -> None:
    desk = Desk()
    look = {"calls": [{"name": "look_up", "args": {"order": "1"}}]}
    graph = agent(desk, look, "One.", look, "Two.", max_iterations=2)
    assert ask(graph)["status"] == Status.COMPLETED
    out = ask(graph, "Again.")
    assert (out["status"], out["answer"], out["iterations"]) == (Status.COMPLETED, "Two.", 2)


@pytest.mark.parametrize(
    ("message", "text"),
    [("", "no message"), ("   ", "no message"), ([], "no message"), ("x" * 10_000_000, "10,000,000 bytes")],
)
def test_an_input_that_is_refused_never_reaches_the_model(message: Any, text: str) -> None:
    graph = agent(Desk(), "unused", "Hello.")
    out = ask(graph, message)
    assert out["status"] == Status.REFUSED
    assert text in out["answer"]
    assert out["usage"].model_calls == 0
    assert sum(len(str(m.content)) for m in out["messages"]) < 2_000
    assert ask(graph, "Hello?")["status"] == Status.COMPLETED


def test_text_that_cannot_be_stored_is_replaced_and_said_so() -> None:
    out = ask(agent(Desk(), AIMessage("b\ud800")), "a\0")
    assert [m.content for m in out["messages"]] == ["a\ufffd", "b\ufffd"]
    assert "NUL" in out["notes"][0].text


def test_trust_only_rises() -> None:
    desk = Desk()
    look, pay = {"calls": [{"name": "look_up", "args": {"order": "1"}}]}, {"calls": [refund_call(5)]}
    graph = agent(desk, look, "One.", pay, "Two.", look, "Three.")
    levels = [ask(graph, f"m{n}")["trust"].integrity for n in range(3)]
    assert levels == [Integrity.TRUSTED, Integrity.UNTRUSTED, Integrity.UNTRUSTED]


def test_too_many_calls_in_one_answer_are_refused() -> None:
    desk = Desk()
    out = ask(agent(desk, {"calls": [{"name": "look_up", "args": {"order": str(n)}} for n in range(70)]}, "Done."))
    assert desk.ran == {"look_up": 64}
    assert_valid(out["messages"])


def test_the_caller_reaches_the_policy() -> None:
    seen: list[Any] = []

    class Witness:
        def decide(self, call: Any, spec: Any, history: Any) -> Deny:
            seen.append(history)
            return Deny(rule="r", reason="no")

    turns: list[Any] = [{"calls": [{"name": "look_up", "args": {"order": "1"}}]}, "Done."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=Desk().tools(), policy=Witness(), name="clerk")
    graph.invoke({"messages": "x"}, context=Caller(user="ann", roles=frozenset({"agent"}), tenant="t"))
    graph.invoke({"messages": "x"}, context={"user": "bob", "roles": ["agent"]})  # type: ignore[arg-type]
    graph.invoke({"messages": "x"})
    assert [(h.agent, h.caller.user, h.caller.roles) for h in seen] == [
        ("clerk", "ann", frozenset({"agent"})),
        ("clerk", "bob", frozenset({"agent"})),
        ("clerk", "", frozenset()),
    ]


def test_a_policy_that_fails_denies() -> None:
    class Broken:
        def decide(self, call: Any, spec: Any, history: Any) -> Allow:
            raise RuntimeError("secret")

    desk = Desk()
    turns: list[Any] = [{"calls": [{"name": "look_up", "args": {"order": "1"}}]}, "Done."]
    out = react.build(model=ScriptedModel(turns=turns), tools=desk.tools(), policy=Broken()).invoke({"messages": "x"})
    assert not desk.ran
    assert "RuntimeError" in results(out)["call-0-0"]
    assert "secret" not in results(out)["call-0-0"]


async def test_a_tool_that_fails_or_hangs_does_not_end_the_run() -> None:
    @tool(effect=False, timeout=0.05)
    async def hang() -> None:
        """Hang."""
        await asyncio.Event().wait()

    @tool(effect=False)
    def fail() -> None:
        """Fail."""
        raise RuntimeError("hunter2")

    class Open:
        def decide(self, call: Any, spec: Any, history: Any) -> Allow:
            return Allow(rule="r", reason="")

    turns: list[Any] = [{"calls": [{"name": "hang", "args": {}}, {"name": "fail", "args": {}}]}, "Neither worked."]
    graph = react.build(model=ScriptedModel(turns=turns), tools=[hang, fail], policy=Open())
    out = await graph.ainvoke({"messages": "x"})
    assert out["answer"] == "Neither worked."
    assert "abandoned" in results(out)["call-0-0"]
    assert results(out)["call-0-1"] == "Error: fail failed: RuntimeError."


def test_events_tell_the_run() -> None:
    graph = agent(Desk(), {"calls": [refund_call(5), {"name": "delete", "args": {"order": "1"}}]}, "Done.")
    events: list[Any] = [e for _, e in graph.stream({"messages": "x"}, CONFIG, stream_mode="custom", subgraphs=True)]
    told = {(e.kind, e.node, e.name, e.status) for e in events}
    assert ("decision", "action_guard", "refund", "allow") in told
    assert ("decision", "action_guard", "delete", "deny") in told
    assert ("call", "execute_tool", "refund", "ok") in told
    assert ("node", "output_guard", "", "ok") in told
    assert sum(e.kind == "model" for e in events) == 2
    assert len({e.run_id for e in events}) == 1
    assert all(e.ended >= e.started > 0 and e.agent == "react" for e in events)


def test_history_and_fork() -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Done.")
    out = answer(graph, ask(graph), action="reject", **BOSS)
    history = list(graph.get_state_history(CONFIG))
    assert history[0].values["answer"] == "Done."
    waiting = next(s for s in history if s.next == ("action_guard",))
    assert [m.type for m in waiting.values["messages"]] == ["human", "ai"]
    assert isinstance(waiting.values["messages"][0], HumanMessage)
    again = graph.invoke(None, waiting.config)
    assert again["__interrupt__"][0].value["call_id"] == "call-0-0"
    assert out["status"] == Status.COMPLETED


def test_the_model_is_asked_again_when_the_last_of_its_calls_has_passed() -> None:
    """A refusal is one step shorter than a tool."""
    desk = Desk()
    seen: list[int] = []

    def last(messages: Any) -> str:
        seen.append(sum(isinstance(message, ToolMessage) for message in messages))
        return "Done."

    graph = agent(desk, {"calls": [{"name": "delete", "args": {"order": "1"}}, refund_call(5)]}, last)
    out = ask(graph)
    assert (out["answer"], seen, out["usage"].model_calls) == ("Done.", [2], 2)
    assert_valid(out["messages"])


def test_a_call_that_was_approved_runs_though_another_still_waits() -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100), refund_call(200), refund_call(5)]}, "Done.")
    out = ask(graph)
    assert desk.ran == {"refund 1 a 5": 1}
    large = next(i for i, one in enumerate(out["__interrupt__"]) if one.value["args"]["amount"] == 200)
    out = answer(graph, out, large, action="approve", **BOSS)
    assert desk.ran == {"refund 1 a 5": 1, "refund 1 a 200": 1}
    out = answer(graph, out, action="approve", **BOSS)
    assert (out["answer"], desk.ran["refund 1 a 100"], sum(desk.ran.values())) == ("Done.", 1, 3)
