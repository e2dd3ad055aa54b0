"""Events, waits and runs, filed by real graphs."""

import asyncio
import operator
from collections import Counter
from typing import Annotated, Any, TypedDict

import psycopg
import pytest
from langgraph.channels import EphemeralValue
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, Interrupt, Send, interrupt

from lockgate.errors import ApprovalError, StoreError
from lockgate.events import Event
from lockgate.handoff import Status, Usage
from lockgate.runtime import PostgresSaver, Records
from lockgate.state import add_usage
from lockgate.text import MAX_DEPTH


class State(TypedDict, total=False):
    out: Annotated[list[Any], operator.add]
    run_id: str
    status: Status
    usage: Annotated[Usage, add_usage]
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]
    calls: list[str]
    call: str


class Call(TypedDict, total=False):
    call: str
    out: Annotated[list[Any], operator.add]
    events: Annotated[list[Event], EphemeralValue(list, guard=False)]


class Out(TypedDict):
    out: Annotated[list[Any], operator.add]


def event(node: str, **extra: Any) -> Event:
    return Event(**{"kind": "node", "node": node, "started": 100.0, "ended": 101.5, "run_id": "r1", **extra})


def graph(saver: PostgresSaver, questions: int = 1) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A root that fans out into a lock for each call; a lock asks `questions` times."""

    def model(state: State) -> dict[str, Any]:
        return {"events": [event("model", detail={"tokens": 3})], "usage": Usage(model_calls=1), "status": "running"}

    def guard(state: Call) -> dict[str, Any]:
        return {
            "events": [event("guard", call_id=state["call"]), event("guard", call_id=state["call"], kind="decision")]
        }

    def human_review(state: Call) -> dict[str, Any]:
        call = state["call"]
        asked = {"type": "approval", "call_id": call, "tool": "refund", "agent": "desk", "run_id": "r1"}
        answers = [interrupt({**asked, "expires_at": 2e9, "n": n}) for n in range(questions)]
        return {"out": [(call, *answers)], "events": [event("human_review", call_id=call)]}

    def finish(state: State) -> dict[str, Any]:
        return {"status": Status.COMPLETED, "usage": Usage(tool_calls=1), "events": [event("finish")]}

    lock = (
        StateGraph(Call, output_schema=Out)
        .add_node("guard", guard)
        .add_node("human_review", human_review)
        .add_edge(START, "guard")
        .add_edge("guard", "human_review")
        .compile()
    )
    return (
        StateGraph(State)
        .add_node("model", model)
        .add_node("lock", lock)
        .add_node("finish", finish)
        .add_edge(START, "model")
        .add_conditional_edges(
            "model", lambda s: [Send("lock", {"call": c}) for c in s["calls"]] or "finish", ["lock", "finish"]
        )
        .add_edge("lock", "finish")
        .add_edge("finish", END)
        .compile(checkpointer=saver)
    )


def config(thread: str = "t", **metadata: Any) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread}, "metadata": metadata}


@pytest.mark.parametrize("durability", ["sync", "async"])
async def test_a_run_with_two_waits_is_recorded_whole(saver: PostgresSaver, durability: Any) -> None:
    records, agent = Records(saver), graph(saver)
    spec = config(lockgate='{"graph": "react", "model": "m"}')
    result = await agent.ainvoke({"run_id": "r1", "calls": ["a", "b"]}, spec, durability=durability)
    assert len(result["__interrupt__"]) == 2

    waiting = {approval.call_id: approval for approval in await records.approvals()}
    assert set(waiting) == {"a", "b"}
    asked = waiting["a"]
    assert (asked.tool, asked.agent, asked.run_id, asked.status) == ("refund", "desk", "r1", "pending")
    assert asked.interrupt_id in {i.id for i in result["__interrupt__"]}
    assert asked.expires_at and asked.expires_at.timestamp() == 2e9
    (run,) = await records.runs("t")
    assert (run.status, run.graph, run.spec, run.ended) == ("waiting", "react", {"model": "m"}, None)
    waits = [e for e in await records.events("t") if e.kind == "wait"]
    assert {(w.node, w.name, w.call_id, w.status, w.ended) for w in waits} == {
        ("human_review", "refund", c, "waiting", None) for c in "ab"
    }

    await agent.ainvoke(Command(resume={waiting["a"].interrupt_id: {"ok": 1}}), spec, durability=durability)
    (left,) = await records.approvals()
    assert left.call_id == "b"
    done = await records.approval(waiting["a"].interrupt_id)
    assert (done.status, done.answer) == ("answered", {"ok": 1})
    assert done.answered_at and done.answered_at >= done.asked_at
    assert (await records.runs("t"))[0].status == "waiting"

    # One interrupt is left, so the answer needs no id: LangGraph files it under its null task first.
    final = await agent.ainvoke(Command(resume="no"), spec, durability=durability)
    assert sorted(map(tuple, final["out"])) == [("a", {"ok": 1}), ("b", "no")]
    assert await records.approvals() == []
    assert (await records.approval(left.interrupt_id)).answer == "no"
    (run,) = await records.runs("t")
    assert run.status == "completed"
    assert run.ended
    assert run.usage == Usage(model_calls=1, tool_calls=1)
    assert run.spec == {"model": "m"}

    events = await records.events("t")
    kinds = sorted((e.kind, e.node, e.call_id, e.status) for e in events)
    assert kinds == sorted(
        [("node", "model", "", "ok"), ("node", "finish", "", "ok")]
        + [(kind, "guard", c, "ok") for kind in ("node", "decision") for c in "ab"]
        + [("node", "human_review", c, "ok") for c in "ab"]
        + [("wait", "human_review", c, "answered") for c in "ab"]
    )
    assert all(e.ended for e in events)
    (model,) = [e for e in events if e.node == "model"]
    assert (model.started.timestamp(), model.ended.timestamp(), model.detail) == (100.0, 101.5, {"tokens": 3})
    (thread,) = await records.threads()
    assert (thread.thread_id, thread.run_id, thread.status, thread.pending) == ("t", "r1", "completed", 0)


async def test_events_are_stored_apart_from_the_state(saver: PostgresSaver, database_url: str) -> None:
    await graph(saver).ainvoke({"run_id": "r1", "calls": []}, config())
    tuples = [item async for item in saver.alist(config())]
    assert all("events" not in item.checkpoint["channel_values"] for item in tuples)
    writes = [write for item in tuples for write in item.pending_writes or () if write[1] == "events"]
    assert writes
    assert {value == [] for _, _, value in writes} == {True}
    assert len(await Records(saver).events("t")) == 2


async def test_one_task_that_asks_twice_has_two_approvals(saver: PostgresSaver) -> None:
    records, agent = Records(saver), graph(saver, questions=2)
    await agent.ainvoke({"run_id": "r1", "calls": ["a", "b"]}, config())
    first = {a.call_id: a for a in await records.approvals()}
    await agent.ainvoke(Command(resume={first["a"].interrupt_id: "one"}), config())
    second = {(a.call_id, a.value["n"]): a for a in await records.approvals()}
    assert set(second) == {("a", 1), ("b", 0)}
    # b is answered while a, which has one answer already, still waits for its second.
    await agent.ainvoke(Command(resume={second["b", 0].interrupt_id: "uno"}), config())
    assert {(a.call_id, a.value["n"]) for a in await records.approvals()} == {("a", 1), ("b", 1)}
    third = {a.call_id: a.interrupt_id for a in await records.approvals()}
    final = await agent.ainvoke(Command(resume={third["a"]: "two", third["b"]: "due"}), config())
    assert sorted(final["out"]) == [("a", "one", "two"), ("b", "uno", "due")]
    answered = await records.approvals("answered")
    assert {(a.call_id, a.value["n"], a.answer) for a in answered} == {
        ("a", 0, "one"), ("a", 1, "two"), ("b", 0, "uno"), ("b", 1, "due"),
    }  # fmt: skip


async def test_a_new_message_supersedes_what_waits_and_a_replay_asks_again(saver: PostgresSaver) -> None:
    records, agent = Records(saver), graph(saver)
    await agent.ainvoke({"run_id": "r1", "calls": ["a"]}, config())
    (old,) = await records.approvals()
    before = await agent.aget_state(config())
    await agent.ainvoke({"run_id": "r2", "calls": []}, config())
    assert await records.approvals() == []
    assert (await records.approval(old.interrupt_id)).status == "superseded"
    assert [e.status for e in await records.events("t") if e.kind == "wait"] == ["superseded"]
    assert [(r.run_id, r.status) for r in await records.runs("t")] == [("r1", "running"), ("r2", "completed")]

    await agent.ainvoke(None, before.config)
    (again,) = await records.approvals()
    assert again.value == old.value


async def test_a_late_supersede_spares_the_new_question(saver: PostgresSaver, database_url: str) -> None:
    """Writes are saved in the background, so a question may be filed before the checkpoint of its own input."""
    records = Records(saver)
    await graph(saver).ainvoke({"run_id": "r1", "calls": ["a"]}, config())
    history = [item async for item in saver.alist(config())]
    first = history[-1]
    assert first.metadata["source"] == "input"
    await saver.aput(config_of(first.config), first.checkpoint, first.metadata, {})
    assert len(await records.approvals()) == 1


@pytest.mark.parametrize("inner_first", [True, False])
async def test_the_innermost_of_the_tasks_that_wait_is_filed(saver: PostgresSaver, inner_first: bool) -> None:
    """The tasks around an interrupt write it too, in any order; answers arrive at the innermost one."""
    records = Records(saver)

    def at(ns: str) -> Any:
        return {"configurable": {"thread_id": "t", "checkpoint_ns": ns, "checkpoint_id": f"of {ns}"}}

    async def ask(question: Interrupt, *answers: Any) -> None:
        inner = [("__interrupt__", (question,)), *([("__resume__", [*answers])] if answers else [])]
        writes = [(at("lock:1"), inner, "inner"), (at(""), [("__interrupt__", (question,))], "outer")]
        for where, write, task in writes if inner_first else reversed(writes):
            await saver.aput_writes(where, write, task)

    await ask(Interrupt(value="one?", id="1"))
    await ask(Interrupt(value="two?", id="2"), "yes")
    assert [(a.interrupt_id, a.status, a.answer) for a in await records.approvals(None)] == [
        ("1", "answered", "yes"),
        ("2", "pending", None),
    ]
    before = await records.approval("2")
    # Answering something else makes the task ask its open question again, with the answers it has.
    await ask(Interrupt(value="two?", id="2"), "yes")
    assert await records.approval("2") == before
    await saver.aput_writes(at("lock:1"), [("__resume__", ["yes"]), ("__resume__", ["yes", "no"])], "inner")
    assert (await records.approval("2")).answer == "no"
    assert [(e.interrupt_id, e.status) for e in await records.events("t")] == [("1", "answered"), ("2", "answered")]


def config_of(stored: Any) -> Any:
    return {"configurable": {**stored["configurable"], "checkpoint_id": None}}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("only text", "only text"),
        (None, None),
        ([1, {"a": (2, 3)}], [1, {"a": [2, 3]}]),
        (
            {"args": "a\0b\ud800c", "run_id": 7, "expires_at": ""},
            {"args": "a\ufffdb\ufffdc", "run_id": 7, "expires_at": ""},
        ),
        ({"expires_at": float("inf"), "x": float("nan")}, {"expires_at": None, "x": None}),
        ({"expires_at": 1e17}, {"expires_at": 1e17}),
        ({1: b"\xff"}, {"1": "b'\\xff'"}),
    ],
)
async def test_any_interrupt_of_a_user_is_filed(saver: PostgresSaver, value: Any, shown: Any) -> None:
    def ask(state: Out) -> dict[str, Any]:
        return {"out": [interrupt(value)]}

    agent = StateGraph(Out).add_node("ask", ask).add_edge(START, "ask").compile(checkpointer=saver)
    await agent.ainvoke({"out": []}, config())
    records = Records(saver)
    (asked,) = await records.approvals()
    assert asked.value == shown
    (thread,) = await records.threads()
    assert (thread.status, thread.run_id) == ("waiting", "")
    assert await records.runs("t") == []
    await agent.ainvoke(Command(resume={"odd": {1, 2}}), config())
    assert (await records.approval(asked.interrupt_id)).answer == {"odd": [1, 2]}


async def test_bad_text_and_odd_events_do_not_stop_a_thread(saver: PostgresSaver) -> None:
    bad = "a\0b\ud800c"
    deep: Any = "end"
    for _ in range(MAX_DEPTH + 20):
        deep = [deep]

    def node(state: State) -> dict[str, Any]:
        odd = event(bad, detail={"text": bad, bad: {1, 2}, "nan": float("nan"), "deep": deep})
        return {"events": [odd], "run_id": bad, "out": [bad, {bad: bad}]}

    class Inline(State):
        text: str
        number: float

    agent = StateGraph(Inline).add_node("node", node).add_edge(START, "node").compile(checkpointer=saver)
    spec = config(note=bad, lockgate={"graph": bad, "model": bad})
    for _ in range(2):  # a poisoned thread would fail when it is loaded again
        await agent.ainvoke({"text": bad, "number": float("inf"), "out": []}, spec)
    state = await agent.aget_state(spec)
    assert state.values["text"] == "a\ufffdb\ufffdc"
    records = Records(saver)
    (run,) = await records.runs("t")
    assert run.graph == "a\ufffdb\ufffdc"
    events = await records.events("t")
    assert [e.node for e in events] == ["a\ufffdb\ufffdc"] * 2
    assert events[0].detail["nan"] is None
    assert events[0].detail["a\ufffdb\ufffdc"] == [1, 2]


async def test_the_record_and_the_writes_are_one_transaction(saver: PostgresSaver, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE approvals ADD CHECK (tool <> 'bad')")
        where = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
        writes = [("out", [1]), ("__interrupt__", [Interrupt({"tool": "bad"}, id="i")]), ("events", [event("good")])]
        with pytest.raises(StoreError, match="check constraint"):
            await saver.aput_writes(where, writes, "task")
        for table in ("steps", "approvals", "events"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        await saver.aput_writes(where, [("out", [1]), ("events", [event("good")])], "task")
        await saver.aput_writes(where, [("out", [1]), ("events", [event("good")])], "task")
        assert connection.execute("SELECT count(*) FROM steps").fetchone() == (2,)
        assert len(await Records(saver).events("t")) == 1


async def test_events_from_before_they_were_packed_are_read(saver: PostgresSaver, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO events (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, kind, node, status, started, "
            "ended, detail) VALUES ('t', '', '1', 'a', 0, 'node', 'old', 'ok', to_timestamp(50), to_timestamp(51), "
            """'{"a": 1}')"""
        )
    where = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "2"}}
    await saver.aput_writes(where, [("events", [event("new")])], "b")
    old, new = await Records(saver).events("t")
    assert (old.node, old.detail, old.started.timestamp()) == ("old", {"a": 1}, 50.0)
    assert (new.node, new.checkpoint_id, new.task_id, new.started.timestamp()) == ("new", "2", "b", 100.0)


async def test_many_tasks_write_beside_checkpoints(saver: PostgresSaver) -> None:
    calls = [f"c{n}" for n in range(30)]
    agent = graph(saver)
    await asyncio.gather(
        *(agent.ainvoke({"run_id": f"r{t}", "calls": calls}, config(t), durability="async") for t in ("x", "y"))
    )
    records = Records(saver)
    approvals = await records.approvals()
    assert len(approvals) == 60
    for t in ("x", "y"):
        mine = {a.interrupt_id: "yes" for a in approvals if a.thread_id == t}
        final = await agent.ainvoke(Command(resume=mine), config(t), durability="async")
        assert len(final["out"]) == 30
        assert len(await records.events(t)) == 2 + 30 * 4
    assert await records.approvals() == []


async def test_a_deleted_thread_leaves_nothing(saver: PostgresSaver, database_url: str) -> None:
    agent = graph(saver)
    for thread in ("t", "u", "kept"):
        await agent.ainvoke({"run_id": f"r-{thread}", "calls": ["a"]}, config(thread))
    await saver.adelete_thread("t")
    await saver.aprune(["u"], strategy="delete")
    tables = ("steps", "runs", "events", "approvals")
    with psycopg.connect(database_url) as connection:
        for table in tables:
            assert connection.execute(f"SELECT DISTINCT thread_id FROM {table}").fetchall() == [("kept",)], table


async def test_approvals_are_found_by_prefix(saver: PostgresSaver) -> None:
    agent, records = graph(saver), Records(saver)
    await agent.ainvoke({"run_id": "r1", "calls": ["a", "b"]}, config())
    one, two = await records.approvals()
    assert await records.approval(one.interrupt_id[:8]) == one
    assert await records.approval(two.interrupt_id) == two
    for wrong in ("zz", "", "%", "a'b", "_" * 8):
        with pytest.raises(ApprovalError):
            await records.approval(wrong)
    await saver.adelete_thread("t")
    await agent.ainvoke({"run_id": "r1", "calls": [str(n) for n in range(17)]}, config())
    first = Counter(approval.interrupt_id[0] for approval in await records.approvals())
    digit, many = first.most_common(1)[0]  # 17 ids, 16 digits: two share their first
    with pytest.raises(ApprovalError, match=f"begins {many} ids"):
        await records.approval(digit)
