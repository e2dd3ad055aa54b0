"""What state may hold, and what never comes to life."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from langgraph.types import Send, TimeoutPolicy
from ormsgpack import MsgpackEncodeError

from lockgate.argument import Position, Verdict
from lockgate.blackboard import Entry
from lockgate.deadline import Deadline
from lockgate.decision import Allow, Call, Deny, Review, Ruling
from lockgate.events import Event
from lockgate.evidence import Asked, Evidence, Kind, Trace
from lockgate.handoff import AgentResult, AgentTask, Budget, Status, Usage
from lockgate.items import DeadLetter, Ended, Item
from lockgate.labels import Integrity, Label
from lockgate.passage import Finding, Passage
from lockgate.ports import Caller, History
from lockgate.result import ErrorKind, ToolResult
from lockgate.runtime import serializer
from lockgate.runtime.serde import KERNEL_TYPES
from lockgate.spec import Risk
from lockgate.state import Note, Origin

LABEL = Label(integrity=Integrity.UNTRUSTED, readers=frozenset({"a", "b"}), sources=frozenset({"tool:x"}))
REVIEW = Review(rule="r", reason="why", approvers=frozenset({"boss"}), expires_after=5.0, blocking=True)
DEAD = DeadLetter(item_id="i", index=3, stage="s", value={"a": None}, errors=["e"], attempts=2)
CALL = Call(id="1", name="refund", args={"amount": 3, "deep": [{"x": None}]}, edited_by="ann")
FINDING = Finding(kind="k", start=1, end=2, score=0.5, note="n")
PASSAGE = Passage(source="tool:x", text="t", label=LABEL, findings=(FINDING,), given="{}", structured=True)
TRACE = Trace(path="to[0]", kind=Kind.UNTRUSTED, how="encoded:hex", sources=("tool:x",), suspect="encoded")
EVIDENCE = Evidence(
    traces=(TRACE,),
    asked=Asked.NO,
    untrusted=True,
    private=True,
    attacks=("k",),
    secrets=("to[0]",),
    carried=(TRACE,),
    dictated=("to[0]",),
)

DEADLINE = Deadline(at=1_800_000_000.25, begun=1_799_999_400.125)
SAMPLES: list[Any] = [
    LABEL,
    Entry(value={"k": [1]}, label=LABEL, by="w", version=2),
    Integrity.INTERNAL,
    Risk.HIGH,
    Status.WAITING,
    Allow(rule="r", reason="why", notice="n"),
    Deny(rule="r", reason="why"),
    REVIEW,
    CALL,
    Ruling(call_id="1", tool="refund", digest="d", decision=REVIEW, at=1.5, by="ann"),
    Usage(
        input_tokens=1,
        output_tokens=2,
        model_calls=3,
        tool_calls=4,
        micro_usd=5,
        milliseconds=6,
        tools={"t": 4},
        tool_milliseconds={"t": 5},
    ),
    AgentTask(task_id="t", objective="o", context={"k": [1]}, constraints=["c"], depends_on=["s"]),
    Budget(tokens=1, tool_calls=2, usd=0.5, seconds=1.5),
    AgentTask(task_id="t", objective="o", budget=Budget(model_calls=3), depth=2),
    AgentResult(task_id="t", status=Status.FAILED, output={"a": 1}, error="e", usage=Usage(model_calls=1), trust=LABEL),
    Event(kind="call", node="n", started=1.0, ended=2.0, detail={"a": [1, None]}),
    Note(source="s", text="t", at=1.0),
    DEADLINE,
    Origin(
        run_id="r", trust=LABEL, reasoning="because", evidence=EVIDENCE, confidence=0.5, over="o", deadline=DEADLINE
    ),
    EVIDENCE,
    TRACE,
    Kind.UNTRACED,
    Asked.UNCLEAR,
    ErrorKind.TIMEOUT,
    ToolResult(success=False, value="v", error=ErrorKind.DENIED, seconds=0.5, cut=3, label=LABEL),
    Caller(user="u", roles=frozenset({"admin"}), tenant="t"),
    Item(id="i", index=3, value={"a": [1]}),
    DEAD,
    Ended(index=3, at=1.5, result=AgentResult(task_id="i", status=Status.FAILED, error="e"), dead=DEAD),
    Position(
        debater="d",
        round=1,
        answer="A",
        key="a",
        reasons="r",
        confidence=0.5,
        repeated=True,
        error="e",
        trust=Label(integrity=Integrity.UNTRUSTED),
    ),
    Verdict(answer="A", by="vote", reasons="r", confidence=1.0, dissent="d", votes={"a": 2}, debaters=["d"]),
    FINDING,
    PASSAGE,
    History(
        agent="a",
        caller=Caller(user="u"),
        trust=LABEL,
        passages=(PASSAGE,),
        evidence=EVIDENCE,
        confidence=0.5,
    ),
]


def through(value: Any) -> Any:
    serde = serializer()
    return serde.loads_typed(serde.dumps_typed(value))


def test_there_is_a_sample_of_each_type() -> None:
    assert {type(sample) for sample in SAMPLES} == set(KERNEL_TYPES)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_kernel_types_come_back_whole(value: Any) -> None:
    back = through({"value": value})["value"]
    assert back == value
    assert type(back) is type(value)
    for name in ("trust", "decision", "status"):
        assert type(getattr(back, name, None)) is type(getattr(value, name, None))


OTHERS: list[Any] = [
    *(HumanMessage("x", id="1"), SystemMessage("s"), RemoveMessage(id="1")),
    AIMessage([{"type": "text", "text": "t"}], id="2", tool_calls=[{"name": "n", "args": {"a": 1}, "id": "c"}], more=1),
    AIMessage("", usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, name="n"),
    ToolMessage("x", tool_call_id="c", artifact={"a": LABEL, "at": datetime(2026, 1, 2, tzinfo=UTC)}, status="error"),
    Send("node", {"call": CALL, "origin": SAMPLES[0]}),
    Send("node", 1, timeout=TimeoutPolicy(run_timeout=timedelta(seconds=1))),
    _DeltaSnapshot([HumanMessage("x", id="1"), CALL]),
    *(frozenset(), {1}, set(), Path("/x"), UUID(int=3), HumanMessageChunk("x"), (1, (2,)), {1: "x", None: 2.5}),
]


@pytest.mark.parametrize("value", [*SAMPLES, *OTHERS], ids=lambda value: type(value).__name__)
def test_the_bytes_are_those_of_langgraph(value: Any) -> None:
    theirs = JsonPlusSerializer(allowed_msgpack_modules=KERNEL_TYPES).dumps_typed({"value": [value, value]})
    assert serializer().dumps_typed({"value": [value, value]}) == theirs


class Foreign:
    made = 0

    def __init__(self, **fields: Any) -> None:
        type(self).made += 1

    def model_dump(self) -> dict[str, Any]:
        return {"a": 1}


def test_a_foreign_class_is_never_constructed(caplog: pytest.LogCaptureFixture) -> None:
    stored = JsonPlusSerializer().dumps_typed(Foreign())
    before = Foreign.made
    with caplog.at_level(logging.ERROR):
        assert serializer().loads_typed(stored) == {"a": 1}
        assert Foreign.made == before
        assert isinstance(serializer(Foreign).loads_typed(stored), Foreign)


def test_pickle_is_neither_written_nor_read() -> None:
    with pytest.raises((MsgpackEncodeError, TypeError)):
        serializer().dumps_typed(object())
    with pytest.raises(NotImplementedError):
        serializer().loads_typed(("pickle", b"cos\nsystem\n(S'true'\ntR."))


def test_tuples_come_back_as_lists() -> None:
    assert through((1, (2, 3))) == [1, [2, 3]]


def test_what_msgpack_cannot_hold_is_mended_wherever_it_stands() -> None:
    bad, good = "x\ud800", "x\ufffd"
    huge = 2**70
    value = {
        bad: [bad, (bad,), {bad}],
        "message": HumanMessage(bad, id="1"),
        "ai": AIMessage("", id="2", tool_calls=[{"name": "n", "args": {bad: huge}, "id": "c"}]),
        "call": Call(id="1", name=bad, args={"a": bad}),
        "task": AgentTask(task_id="1", objective="o", context={"a": bad}),
    }
    back = through(value)
    assert back[good] == [good, [good], {good}]
    assert back["message"] == HumanMessage(good, id="1")
    assert back["ai"].tool_calls[0]["args"] == {good: str(huge)}
    assert back["call"] == Call(id="1", name=good, args={"a": good})
    assert back["task"] == AgentTask(task_id="1", objective="o", context={"a": good})
    assert through(Send("node", {bad: [huge, 2**64 - 1, -(2**63)]})) == Send(
        "node", {good: [str(huge), 2**64 - 1, -(2**63)]}
    )
    assert through(HumanMessage(bad, id="1")).content == "x?"  # LangGraph's own way
    assert type(through({"ai": value["ai"]})["ai"]) is AIMessage
    assert through("nul\0stays") == "nul\0stays"
