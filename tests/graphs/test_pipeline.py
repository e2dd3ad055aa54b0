"""The pipeline: every item ends once, by itself, whatever the others do."""

import asyncio
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from tests.graphs.items import Number, build, double, ends, parse, reads, small

from lockgate import tool
from lockgate.errors import BypassError, ConfigError
from lockgate.graphs import pipeline
from lockgate.handoff import AgentTask, Status
from lockgate.state import AgentState

NO_ID = "The item's id is no text of 1 to 120 characters."
CONFIG: Any = {"configurable": {"thread_id": "t"}}


@pytest.mark.parametrize("face", ["sync", "async"])
async def test_each_item_goes_its_own_way(face: str) -> None:
    graph = build(parse, pipeline.function(double, checks=[small]))
    entry = {"items": ["1", "x", "99", "3"]}
    out = graph.invoke(entry) if face == "sync" else await graph.ainvoke(entry)
    assert ends(out) == [
        {"n": 2},
        "parse: ValueError: invalid literal for int() with base 10: 'x'",
        "double: too large",
        {"n": 6},
    ]
    assert [(d.item_id, d.stage, d.value, d.attempts) for d in out["dead_letters"]] == [
        ("1", "parse", "x", 1),
        ("2", "double", {"n": 99}, 1),
    ]
    assert out["status"] == Status.COMPLETED
    assert out["answer"] == "2 of 4 items went through; 2 given up: 1 at parse, 1 at double."
    assert [note.source for note in out["notes"]] == ["collect"]
    # A dead letter is whole: mended, it goes through.
    again = graph.invoke({"items": ["7", "x"]})
    assert again["dead_letters"][0].value == "x"


@pytest.mark.parametrize(
    ("entry", "outputs", "status", "words"),
    [
        ({"items": []}, [], Status.COMPLETED, "There were no items."),
        ({}, [], Status.COMPLETED, "There were no items."),
        ({"items": ["x"]}, ["parse: ValueError: invalid literal for int() with base 10: 'x'"], Status.FAILED, "0 of 1"),
        ({"messages": "1\n\n2"}, [{"n": 1}, {"n": 2}], Status.COMPLETED, "2 of 2"),
        ({"messages": '["3"]'}, [{"n": 3}], Status.COMPLETED, "1 of 1"),
        ({"items": [7]}, ["parse: Not an input of this stage: value: Input should be a valid string"],
         Status.FAILED, "0 of 1"),
        ({"items": ["a\0"]}, ["intake: The item holds NUL or lone surrogate characters."], Status.FAILED, "0 of 1"),
        ({"items": [object()]}, None, Status.FAILED, "1 at intake"),
        ({"items": ["1"] * 11}, [], Status.REFUSED, "11 items; the limit is 10"),
    ],
)  # fmt: skip
def test_what_comes_in(entry: Any, outputs: list[Any] | None, status: Status, words: str) -> None:
    out = build(parse, max_items=10).invoke(entry)
    assert (out["status"], words in out["answer"]) == (status, True)
    assert outputs is None or ends(out) == outputs


def test_a_second_run_of_a_thread_starts_anew() -> None:
    graph = build(parse, checkpointer=InMemorySaver())
    assert len(graph.invoke({"items": ["1", "x"]}, CONFIG)["results"]) == 2
    out = graph.invoke({"messages": "5"}, CONFIG)
    assert (ends(out), out["dead_letters"]) == ([{"n": 5}], [])


@pytest.mark.parametrize(
    ("key", "items", "faults"),
    [
        ("id", [{"id": "a"}, {"id": "b"}, {"id": "a"}], {2: "The id 'a' is taken by the item at place 0."}),
        ("id", [{"id": 1}, {"id": "1"}], {1: "The id '1' is taken by the item at place 0."}),
        ("id", [{"id": "a"}, {"no": 1}, "text"], {1: "The item has no id in 'id'.", 2: "The item has no id in 'id'."}),
        ("id", [{"id": True}, {"id": ""}, {"id": "x" * 121}], dict.fromkeys(range(3), NO_ID)),
        (lambda value: value["a"]["b"], [{"a": {"b": "z"}}, {"a": 1}], {1: "The item has no id."}),
    ],
)  # fmt: skip
def test_ids(key: Any, items: list[Any], faults: dict[int, str]) -> None:
    def same(value: Any) -> Any:
        return value

    out = build(pipeline.function(same), key=key).invoke({"items": items})
    assert {d.index: d.errors[0] for d in out["dead_letters"]} == faults
    assert len(out["results"]) == len(items)


def broken(number: Number) -> Any:
    if number.n == 2:
        raise ZeroDivisionError("by two")
    return 7 if number.n == 3 else (text for text in ["odd"] * (number.n % 2))


def test_a_check_that_breaks_costs_its_item_and_no_other() -> None:
    out = build(pipeline.function(parse, checks=[broken])).invoke({"items": ["1", "2", "3", "4"]})
    assert ends(out) == [
        "parse: odd",
        "parse: The check broken failed: ZeroDivisionError: by two",
        "parse: The check broken failed: TypeError: 'int' object is not iterable",
        {"n": 4},
    ]
    assert [letter.attempts for letter in out["dead_letters"]] == [1, 1, 1]


def test_a_check_that_breaks_is_not_mended_by_asking_again() -> None:
    worker = reads('{"n": 2}', '{"n": 4}')
    stage = pipeline.agent(worker, name="ask", objective="Guess.", takes=str, gives=Number, checks=[broken])
    out = build(stage).invoke({"items": ["x"]})
    assert ends(out) == ["ask: The check broken failed: ZeroDivisionError: by two"]
    assert out["usage"].model_calls == 1


def test_a_stage_cannot_take_over_the_place_of_another_item() -> None:
    def steal(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "id": "b"}

    out = build(pipeline.function(steal), pipeline.function(steal, name="again"), key="id").invoke(
        {"items": [{"id": "a", "n": 1}, {"id": "b", "n": 2}]}
    )
    assert [(r.task_id, r.output) for r in out["results"]] == [("a", {"id": "b", "n": 1}), ("b", {"id": "b", "n": 2})]


def test_a_function_sees_what_was_wrong_and_mends_it() -> None:
    seen: list[tuple[int, list[str], Any]] = []

    def guess(number: Number, attempt: pipeline.Attempt) -> Number:
        seen.append((attempt.number, attempt.faults, attempt.previous))
        return Number(n=number.n // attempt.number)

    graph = build(pipeline.function(guess, checks=[small], attempts=3))
    out = graph.invoke({"items": [{"n": 300}, {"n": 1000}]})
    assert ends(out) == [{"n": 100}, "guess: too large"]
    assert out["dead_letters"][0].attempts == 3
    assert min(seen[:3]) == (1, [], None)
    assert (2, ["too large"], {"n": 300}) in seen


async def test_one_that_hangs_or_dies_stops_nobody() -> None:
    never = asyncio.Event()

    async def wait(text: str) -> str:
        if text == "hang":
            await never.wait()
        if text == "exit":
            raise SystemExit
        if text == "break":
            raise RuntimeError("boom")
        return text

    graph = build(pipeline.function(wait, timeout=0.05), parallel=1)
    out = await graph.ainvoke({"items": ["hang", "exit", "break", "fine"]})
    assert ends(out) == [
        "wait: It gave no answer in time and was abandoned.",
        "wait: RuntimeError: SystemExit",
        "wait: RuntimeError: boom",
        "fine",
    ]


async def test_no_item_waits_for_an_unrelated_one_and_the_bound_holds() -> None:
    first_may_go = asyncio.Event()
    under_way, most = Counter[str](), 0

    async def one(text: str) -> str:
        nonlocal most
        under_way["now"] += 1
        most = max(most, under_way["now"])
        if text == "0":
            # The first item sits in its first stage until the last one is through all of its stages.
            await first_may_go.wait()
        return text

    async def two(text: str) -> str:
        under_way["now"] -= 1
        under_way["done"] += 1
        if under_way["done"] == 199:
            first_may_go.set()
        return text

    graph = build(pipeline.function(one), pipeline.function(two), parallel=3)
    out = await asyncio.wait_for(graph.ainvoke({"items": [str(i) for i in range(200)]}), 60)
    assert ends(out) == [str(i) for i in range(200)]
    assert most == 3
    unordered = build(pipeline.function(one), pipeline.function(two), parallel=3, ordered=False)
    under_way.clear()
    first_may_go.clear()
    out = await asyncio.wait_for(unordered.ainvoke({"items": [str(i) for i in range(200)]}), 60)
    assert ends(out)[-1] == "0"


async def test_the_record_tells_of_each_stage() -> None:
    events = [
        part async for part in build(parse, double).astream({"items": ["1"]}, stream_mode="custom", subgraphs=True)
    ]
    tasks = [(e.name, e.status, e.detail["depends_on"]) for _, e in events if e.kind == "task"]
    assert tasks == [("0/parse", "completed", []), ("0/double", "completed", ["0/parse"])]
    assert {e.run_id for _, e in events if e.kind == "task"} != {""}


def bare(text):
    return text


def nothing() -> str:
    return ""


def number_of(value: int) -> str:
    return str(value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: build(), "needs a stage"),
        (lambda: build(parse, parse), "Two stages"),
        (lambda: build(parse, number_of), "takes <class 'int'>, but 'parse' gives"),
        (lambda: build(bare), "needs a typed parameter"),
        (lambda: build(nothing), "needs a typed parameter"),
        (lambda: build(lambda x: x), "needs a typed parameter"),
        (lambda: build(pipeline.function(parse, name="a b")), "cannot name a stage"),
        (lambda: build(pipeline.function(parse, name="stage")), "cannot be called 'stage'"),
        (lambda: build(pipeline.agent(reads("1"), name="x", objective="o", takes=str, gives=str, attempts=0)), "0 att"),
        (lambda: build(parse, parallel=0), "make no progress"),
    ],
)
def test_what_cannot_be_built(make: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        make()


def test_a_function_that_calls_a_tool_is_found_out() -> None:
    @tool
    def delete(order: str) -> str:
        """Delete."""
        return order

    def sly(text: str) -> str:
        return str(delete.run(order=text))

    with pytest.raises(BypassError, match="action_guard"):
        build(sly)
    bad = StateGraph(AgentState)
    bad.add_node("sly", lambda state: {"answer": sly("x")})
    bad.add_edge(START, "sly")
    bad.add_edge("sly", END)
    with pytest.raises(BypassError, match="sly"):
        build(pipeline.agent(bad.compile(), name="a", objective="o", takes=str, gives=str))


@settings(max_examples=20, deadline=None)
@given(
    items=st.lists(st.one_of(st.integers(-5, 150), st.text(max_size=3), st.none()), max_size=80),
    parallel=st.integers(1, 5),
)
def test_every_item_has_one_end(items: list[Any], parallel: int) -> None:
    out = build(pipeline.function(double, checks=[small], name="d"), parallel=parallel, key=None).invoke(
        {"items": [{"n": item} for item in items]}
    )
    assert [r.task_id for r in out["results"]] == [str(i) for i in range(len(items))]
    good = [r for r in out["results"] if r.status == Status.COMPLETED]
    assert len(good) + len(out["dead_letters"]) == len(items)
    assert {r.status for r in out["results"]} <= {Status.COMPLETED, Status.FAILED}


def test_a_pipeline_is_a_worker_like_any_other() -> None:
    task = AgentTask(task_id="t", objective="Double these.", context={"items": ["1", "x"]})
    out = build(parse, double).invoke({"messages": "Double these.", "task": task})
    assert (ends(out)[0], out["status"]) == ({"n": 2}, Status.COMPLETED)
    assert out["answer"] == out["messages"][-1].text == "1 of 2 items went through; 1 given up: 1 at parse."


def test_the_synchronous_face_runs_as_many_in_parallel() -> None:
    barrier = asyncio.Barrier(40)

    async def together(text: str) -> str:
        await barrier.wait()
        return text

    out = build(pipeline.function(together, timeout=20), parallel=40).invoke({"items": ["x"] * 40})
    assert ends(out) == ["x"] * 40
