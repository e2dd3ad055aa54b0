"""When a gathered run is written, what of it, and that a crash costs only steps that come to the same."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from langgraph.errors import GraphRecursionError

from lockgate import Policy, ScriptedModel, tool
from lockgate.errors import StoreError
from lockgate.graphs import orchestrator, react
from lockgate.runtime import PostgresSaver, open_checkpointer, writing
from lockgate.runtime.segment import unpack
from lockgate.state import Usage

POLICY = "version: 1\nname: t\nrules:\n  - {id: all, tools: ['*'], action: allow, reason: test}\n"
TURNS: list[Any] = [{"calls": [{"name": "pay", "args": {"amount": 1}, "id": "c1"}]}, "Paid."]


def agent(saver: PostgresSaver, pay: Callable[..., Any], turns: list[Any] = TURNS, **options: Any) -> Any:
    return react.build(
        model=ScriptedModel(turns=turns),
        tools=[tool(effect=True, name="pay", description="Pay.")(pay)],
        policy=Policy.parse(POLICY),
        checkpointer=saver,
        **options,
    )


def pays(amount: int) -> str:
    """Pay."""
    return "ok"


def config() -> Any:
    return {"configurable": {"thread_id": uuid.uuid4().hex}}


def rows(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM steps").fetchone()
    assert row
    return int(row[0])


async def test_a_run_is_written_before_its_effect_and_at_its_end(
    saver: PostgresSaver, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LINGER", 60.0)  # a slow machine would write sooner than the checkpoint comes
    seen: list[Any] = []
    where = config()

    async def pay(amount: int) -> str:
        """Pay."""
        other = await open_checkpointer(database_url)  # what another process would find if this one died now
        state = await react.build(checkpointer=other).aget_state(where, subgraphs=True)
        await other.aclose()
        seen.append(state)
        return "ok"

    built = agent(saver, pay)
    out = await built.ainvoke({"messages": "Pay 1."}, where)
    (before,) = seen
    assert [message.type for message in before.values["messages"]] == ["human", "ai"]
    assert before.next == ("execute_tool",)
    # Two writes of twelve steps: the answer with the decision on its call, and the rest at the end.
    assert rows(database_url) == 2
    other = await open_checkpointer(database_url)
    assert (await agent(other, pay).aget_state(where)).values == (await built.aget_state(where)).values
    assert out["answer"] == "Paid."
    await other.aclose()


async def test_every_step_writes_them_all(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LINGER", 60.0)
    steps = {}
    for every_step in (False, True):
        saver = await open_checkpointer(database_url, every_step=every_step)
        where = config()
        built = agent(saver, pays)
        await built.ainvoke({"messages": "Pay."}, where)
        history = [state async for state in built.aget_state_history(where)]
        steps[every_step] = [state.next for state in history]
        # Whatever is in the history can be gone on from.
        first = next(state for state in history if state.next == ("execute_tool",))
        assert (await built.ainvoke(None, first.config))["answer"] == "Paid."
        await saver.aclose()
    assert set(steps[False]) < set(steps[True])
    assert steps[True] == [
        (),
        ("output_guard",),
        ("call_model",),
        ("result_guard",),
        ("execute_tool",),
        ("action_guard",),
        ("call_model",),
        ("input_guard",),
        ("__start__",),
    ]
    assert steps[False] == [(), ("execute_tool",)]


async def test_an_answer_without_a_call_is_durable_before_the_run_ends(
    saver: PostgresSaver, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step beside the model's goes on long after the answer: the answer is not lost with it."""
    monkeypatch.setattr(writing, "LINGER", 0.0)
    where = {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1", "__lockgate_gather": {}}
    await saver.aput_writes({"configurable": where}, [("notes", ["pure"])], "task-a")
    await asyncio.sleep(0.01)
    assert rows(database_url) == 0
    await saver.aput_writes({"configurable": where}, [("usage", Usage(model_calls=1))], "task-b")
    deadline = asyncio.get_running_loop().time() + 5
    while not rows(database_url) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0)
    assert rows(database_url) == 1


@pytest.mark.parametrize("how", ["interrupt", "limit", "error", "cancel", "closed"])
async def test_however_a_run_ends_it_is_on_disk(saver: PostgresSaver, database_url: str, how: str) -> None:
    where = config()
    started = asyncio.Event()

    async def pay(amount: int) -> str:
        """Pay."""
        started.set()
        if how == "cancel":
            await asyncio.Event().wait()
        return "ok"

    built = agent(saver, pay, TURNS if how != "error" else TURNS[:1])
    if how == "interrupt":
        await built.ainvoke({"messages": "Pay."}, where, interrupt_before=["output_guard"])
        expected = ("output_guard",)
    elif how == "limit":
        with pytest.raises(GraphRecursionError):
            await built.ainvoke({"messages": "Pay."}, {**where, "recursion_limit": 3})
        expected = ("execute_tool",)
    elif how == "error":
        with pytest.raises(Exception, match="turn"):
            await built.ainvoke({"messages": "Pay."}, where)
        expected = ("call_model",)
    elif how == "cancel":
        task = asyncio.create_task(built.ainvoke({"messages": "Pay."}, where))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        expected = ("execute_tool",)
    else:
        stream = built.astream({"messages": "Pay."}, where, stream_mode="updates")
        await anext(stream)
        await stream.aclose()
        expected = ("call_model",)
    assert not saver._writer.thread(where["configurable"]["thread_id"]).pending
    other = await open_checkpointer(database_url)
    assert (await agent(other, pay).aget_state(where)).next == expected
    await other.aclose()


def test_the_synchronous_face_ends_on_disk_too(database_url: str) -> None:
    from lockgate.bridge import run_sync

    saver, where = run_sync(open_checkpointer(database_url)), config()
    assert agent(saver, pays).invoke({"messages": "Pay."}, where)["answer"] == "Paid."
    for _ in agent(saver, pays).stream({"messages": "Again."}, where):
        break
    assert not saver._writer.thread(where["configurable"]["thread_id"]).pending
    run_sync(saver.aclose())


async def test_what_cannot_be_written_stops_the_effect_and_the_run(saver: PostgresSaver, database_url: str) -> None:
    paid: list[int] = []

    async def note(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return "ok"

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'disk full'; END$$")
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON steps EXECUTE FUNCTION no()")
        where = config()
        with pytest.raises(StoreError, match="disk full"):
            await agent(saver, note).ainvoke({"messages": "Pay."}, where)
        assert paid == []
        connection.execute("DROP TRIGGER no ON steps")
    assert (await saver.aget_tuple(where)) is None
    assert (await agent(saver, note).ainvoke({"messages": "Pay."}, where))["answer"] == "Paid."
    assert paid == [1]


async def test_a_team_is_gathered_with_its_workers(saver: PostgresSaver, database_url: str) -> None:
    plan = [{"task_id": f"t{n}", "worker": "w", "objective": "x"} for n in range(40)]
    worker = react.build(model=ScriptedModel(turns=["done"]), policy=Policy.parse(POLICY), name="w")
    team = orchestrator.build(
        workers={"w": worker},
        model=ScriptedModel(turns=[{"calls": [{"name": "submit_plan", "args": {"tasks": plan}}]}, "Done [t0]."]),
        checkpointer=saver,
        max_tasks=40,
    )
    where = config()
    out = await team.ainvoke({"messages": "Go."}, where)
    assert {result.output for result in out["results"].values()} == {"done"}
    assert rows(database_url) <= 45  # five steps of each worker, and only its answer is worth a write
    other = await open_checkpointer(database_url)
    again = orchestrator.build(workers={"w": worker}, model=ScriptedModel(turns=["x"]), checkpointer=other)
    assert (await again.aget_state(where)).values["results"] == out["results"]
    await other.aclose()


async def test_two_processes_see_each_others_turns(saver: PostgresSaver, database_url: str) -> None:
    other = await open_checkpointer(database_url)
    where = config()
    for number in range(6):
        built = agent((saver, other)[number % 2], pays, ["a", "b", "c", "d", "e", "f"])
        out = await built.ainvoke({"messages": f"{number}"}, where)
        assert [m.text for m in out["messages"]][-2:] == [str(number), "abcdef"[number]]
        assert len(out["messages"]) == 2 * number + 2
    await other.aclose()


async def test_a_fork_of_a_fork_keeps_to_its_own_line(saver: PostgresSaver) -> None:
    built, where = agent(saver, pays, ["one", "two", "three", "four"]), config()
    await built.ainvoke({"messages": "1"}, where)
    first = (await built.aget_state(where)).config
    await built.ainvoke({"messages": "2"}, where)
    fork = await built.ainvoke({"messages": "2b"}, first)
    second = (await built.aget_state(where)).config
    await built.ainvoke({"messages": "3b"}, second)
    again = await built.ainvoke({"messages": "3c"}, second)
    assert [m.text for m in fork["messages"]] == ["1", "one", "2b", "two"]
    assert [m.text for m in again["messages"]] == ["1", "one", "2b", "two", "3c", "three"]
    assert (await built.aget_state(where)).values["messages"] == again["messages"]


async def test_rows_that_spell_out_what_they_are_found_by_are_read(saver: PostgresSaver, database_url: str) -> None:
    turns = [*TURNS, *TURNS]
    run, where = agent(saver, pays, turns), config()
    await run.ainvoke({"messages": "a"}, where)
    await run.ainvoke({"messages": "b"}, where)
    before = [state async for state in run.aget_state_history(where)]
    thread_id = where["configurable"]["thread_id"]
    with psycopg.connect(database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT seq, spine, body FROM steps").fetchall()
        for seq, spine, body in rows:
            held = unpack(spine, body, thread_id, saver.seal)
            assert held.marks
            connection.execute(
                "UPDATE steps SET marks = NULL, namespaces = %s, touched = %s WHERE seq = %s",
                (held.namespaces, held.touched, seq),
            )
    other = await open_checkpointer(database_url)
    again = agent(other, pays, turns)
    assert [state async for state in again.aget_state_history(where)] == before
    for state in before:
        assert (await again.aget_state(state.config)).values == state.values
    await other.aprune([thread_id])
    assert (await again.aget_state(where)).values == before[0].values
    await other.aclose()
