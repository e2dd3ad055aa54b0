"""The review of a call: it waits, it is answered once, and only a sound answer of the right person lets it run."""

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, assert_valid, refund_call
from tests.graphs.react_desk import CONFIG, agent, answer, ask, results

from lockgate import ScriptedModel
from lockgate.graphs import react


def test_review_waits_and_runs_nothing_before_the_answer() -> None:
    desk = Desk()
    graph = agent(desk, {"text": "A big one.", "calls": [refund_call(100)]}, "Paid.")
    out = ask(graph)
    (question,) = out["__interrupt__"]
    assert not desk.ran
    assert question.value["tool"] == "refund"
    assert question.value["args"] == {"order": "1", "account": "a", "amount": 100.0}
    assert question.value["rule"] == "large"
    assert question.value["reasoning"] == "A big one."
    assert question.value["approvers"] == ["supervisor"]
    assert question.value["consequences"] == {
        "effect": True, "reversible": False, "idempotent": False, "risk": "high",
    }  # fmt: skip
    out = answer(graph, out, action="approve", **BOSS)
    assert desk.ran == {"refund 1 a 100": 1}
    assert out["answer"] == "Paid."
    ruling = out["decisions"]["call-0-0"]
    assert (ruling.by, ruling.decision.rule) == ("ann", "large")


def test_rejected_call_never_runs() -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Sorry.")
    out = answer(graph, ask(graph), action="reject", reason="too much", **BOSS)
    assert not desk.ran
    assert results(out) == {"call-0-0": "Error: rejected by ann: too much"}
    assert out["answer"] == "Sorry."


@pytest.mark.parametrize(
    ("amount", "ran", "text"),
    [
        (20, {"refund 1 b 20": 1}, '"paid":20'),  # allowed by another rule
        (80, {"refund 1 b 80": 1}, '"paid":80'),  # asked by the rule the editor has just answered
        (900, {}, "less than or equal to 500"),  # denied by the schema
    ],
)
def test_an_edited_call_is_judged_again(amount: float, ran: dict[str, int], text: str) -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Done.")
    edited = {"order": "1", "account": "b", "amount": amount}
    out = answer(graph, ask(graph), action="edit", args=edited, **BOSS)
    assert desk.ran == ran
    assert text in results(out)["call-0-0"]
    assert "ann changed the arguments" in results(out)["call-0-0"]
    assert_valid(out["messages"])


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ({"action": "approve", "by": "bob", "roles": ["clerk"]}, "supervisor"),
        ({"action": "approve"}, "supervisor"),
        ({"action": "yes"}, "approve"),
        ({"action": "edit", **BOSS}, "comes with args"),
        ({"action": "approve", "args": {}, **BOSS}, "comes with args"),
        ({"action": "edit", "args": {"order": "\0"}, **BOSS}, "NUL"),
        ({"action": "approve", "extra": 1, **BOSS}, "extra"),
        ({}, "action"),
    ],
)
def test_an_answer_that_cannot_stand_approves_nothing_and_is_asked_again(reply: dict[str, Any], problem: str) -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Done.")
    out = answer(graph, ask(graph), **reply)
    assert not desk.ran
    assert problem in out["__interrupt__"][0].value["problem"]
    assert answer(graph, out, action="approve", **BOSS)["answer"] == "Done."
    assert desk.ran == {"refund 1 a 100": 1}


@pytest.mark.parametrize("word", [True, "yes", 1, ["approve"], None.__class__])
def test_only_the_plain_words_stand_for_themselves(word: Any) -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [{"name": "note", "args": {"text": "x"}}]}, "Done.")
    out = ask(graph)
    out = graph.invoke(
        Command(resume={out["__interrupt__"][0].id: str(word) if isinstance(word, type) else word}), CONFIG
    )
    assert not desk.ran
    assert out["__interrupt__"]
    out = graph.invoke(Command(resume="approve"), CONFIG)
    assert desk.ran == {"note x": 1}


def test_a_tool_that_is_gone_when_the_answer_comes_does_not_poison_the_thread() -> None:
    desk, saver = Desk(), InMemorySaver()
    turns: list[Any] = [{"calls": [refund_call(100)]}, "It is gone."]
    out = ask(agent(desk, *turns, checkpointer=saver))
    smaller = react.build(model=ScriptedModel(turns=turns), tools=desk.tools()[:1], policy=POLICY, checkpointer=saver)
    out = answer(smaller, out, action="approve", **BOSS)
    assert not desk.ran
    assert "not there any more" in results(out)["call-0-0"]
    assert out["answer"] == "It is gone."


def test_an_answer_after_the_expiry_approves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Too late.")
    out = ask(graph)
    later = out["__interrupt__"][0].value["expires_at"] + 1
    monkeypatch.setattr("time.time", lambda: later)
    out = answer(graph, out, action="approve", **BOSS)
    assert not desk.ran
    assert results(out)["call-0-0"].startswith("Error: nobody answered in time: that was until 20")


@pytest.mark.parametrize(("back", "ran"), [(3_600, False), (5, True)])
def test_an_answer_by_a_clock_that_was_set_back_approves_nothing(
    monkeypatch: pytest.MonkeyPatch, back: float, ran: bool
) -> None:
    """It would lengthen every expiry. A few seconds are those between two machines."""
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(100)]}, "Done.")
    out = ask(graph)
    earlier = out["__interrupt__"][0].value["asked_at"] - back
    monkeypatch.setattr("time.time", lambda: earlier)
    out = answer(graph, out, action="approve", **BOSS)
    assert bool(desk.ran) == ran
    assert ran or "is before the question was put" in results(out)["call-0-0"]


def test_siblings_and_finished_guards_do_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    judged: list[str] = []
    decide = POLICY.decide
    monkeypatch.setattr(
        type(POLICY),
        "decide",
        lambda _self, call, spec, history: (judged.append(call.id), decide(call, spec, history))[1],
    )
    calls = [refund_call(5), refund_call(100, "2"), {"name": "look_up", "args": {"order": "9"}}, refund_call(200, "3")]
    graph = agent(desk, {"calls": calls}, "All done.")
    out = ask(graph)
    assert desk.ran == {"refund 1 a 5": 1, "look_up": 1}
    assert len(out["__interrupt__"]) == 2
    out = answer(graph, out, 1, action="approve", **BOSS)
    assert len(out["__interrupt__"]) == 1
    out = answer(graph, out, 0, action="approve", **BOSS)
    assert desk.ran == {"refund 1 a 5": 1, "look_up": 1, "refund 2 a 100": 1, "refund 3 a 200": 1}
    assert sorted(judged) == ["call-0-0", "call-0-1", "call-0-2", "call-0-3"]
    assert out["answer"] == "All done."
    assert_valid(out["messages"])


def test_a_new_message_while_an_approval_waits_leaves_a_valid_transcript() -> None:
    desk = Desk()
    graph = agent(desk, {"calls": [refund_call(5), refund_call(100, "2")]}, "As you wish.")
    ask(graph)
    out = ask(graph, "Never mind.")
    assert "__interrupt__" not in out
    assert out["answer"] == "As you wish."
    assert "Do not assume" in results(out)["call-0-1"]
    assert [m.type for m in out["messages"]] == ["human", "ai", "tool", "tool", "human", "ai"]
    assert_valid(out["messages"])
    assert out["notes"][0].source == "input_guard"
    assert desk.ran == {"refund 1 a 5": 1}
