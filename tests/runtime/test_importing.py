"""Threads that LangGraph's own saver stored go on here, with their whole history, however often they are imported."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import psycopg
import pytest
from langchain_core.messages import AIMessage
from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, Send, interrupt
from typing_extensions import TypedDict

from lockgate.errors import StoreError
from lockgate.runtime import PostgresSaver, Records
from lockgate.runtime.importing import Imported, Stock, import_threads, stock_saver

TURNS = 3


def said(old: list[str], new: list[list[str]]) -> list[str]:
    return [*old, *(text for texts in new for text in texts)]


class Spoken(TypedDict):
    said: Annotated[list[str], DeltaChannel(said)]
    number: int


def asking(saver: Any) -> Any:
    """Asks a person in a subgraph, beside a parallel step that ends."""

    async def ask(state: Any) -> Any:
        return {"messages": [AIMessage(f"{interrupt({'question': 'Pay?'})} paid")]}

    async def note(state: Any) -> Any:
        return {"messages": [AIMessage("noted")]}

    inner = StateGraph(MessagesState).add_node("ask", ask).add_edge(START, "ask").compile()
    outer = StateGraph(MessagesState).add_node("inner", inner).add_node("note", note)
    return outer.add_edge(START, "inner").add_edge(START, "note").compile(checkpointer=saver)


def speaking(saver: Any) -> Any:
    """A delta channel that two parallel tasks write to in each turn."""

    async def speak(state: Any) -> Any:
        return {"said": [f"word {state['number']}"]}

    graph = StateGraph(Spoken).add_node("speak", speak)
    graph.add_conditional_edges(START, lambda state: [Send("speak", {"number": state["number"] + n}) for n in (0, 100)])
    return graph.compile(checkpointer=saver)


def where(thread: str) -> Any:
    return {"configurable": {"thread_id": thread}}


@pytest.fixture
async def stock(saver: PostgresSaver, database_url: str) -> AsyncIterator[Stock]:
    """LangGraph's saver in the same database, with three threads."""
    async with AsyncPostgresSaver.from_conn_string(database_url) as writing:
        await writing.setup()
        graph = asking(writing)
        for turn in range(TURNS):
            await graph.ainvoke({"messages": f"Turn {turn}."}, where("ended"))
            await graph.ainvoke(Command(resume="ann"), where("ended"))
        await graph.ainvoke({"messages": "Pay."}, where("waits"))
        for turn in range(TURNS):
            await speaking(writing).ainvoke({"said": [f"turn {turn}"], "number": turn}, where("deltas"))
    async with stock_saver(saver) as opened:
        yield opened


async def taken(saver: PostgresSaver, stock: Stock, **options: Any) -> dict[str, Imported]:
    return {item.thread_id: item async for item in import_threads(saver, stock, **options)}


async def history(graph: Any, thread: str) -> list[Any]:
    return [
        (state.values, state.next, state.created_at, [task.interrupts for task in state.tasks])
        async for state in graph.aget_state_history(where(thread))
    ]


async def test_whole_histories_are_taken_over_and_gone_on_with(saver: PostgresSaver, stock: Stock) -> None:
    steps: list[tuple[str, int, int]] = []
    planned = await taken(saver, stock, dry_run=True)
    assert await saver.aget_tuple(where("ended")) is None
    found = await taken(saver, stock, progress=lambda *step: steps.append(step))
    assert found == planned
    assert {item.outcome for item in found.values()} == {"imported"} and len(found) == 3
    assert steps[-1] == ("waits", found["waits"].checkpoints, found["waits"].added)
    for thread, graph in (("ended", asking), ("waits", asking), ("deltas", speaking)):
        ours, theirs = [await history(graph(one), thread) for one in (saver, stock.saver)]
        assert ours == theirs and len(ours) >= 2
        count = len([item async for item in saver.alist(where(thread))])
        assert count == found[thread].checkpoints >= len(theirs)
    out = await asking(saver).ainvoke(Command(resume="bob"), where("waits"))
    assert [message.text for message in out["messages"]][-2:] == ["bob paid", "noted"]
    more = await speaking(saver).ainvoke({"said": ["more"], "number": 9}, where("deltas"))
    assert more["said"][:3] == ["turn 0", "word 0", "word 100"] and more["said"][-3:] == ["more", "word 9", "word 109"]


async def test_only_what_waits_is_asked_again(saver: PostgresSaver, stock: Stock) -> None:
    await taken(saver, stock)
    assert [item.thread_id for item in await Records(saver).approvals()] == ["waits"]


async def test_it_may_be_run_again_and_goes_on_where_it_was_cut_off(
    saver: PostgresSaver, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    aput_writes, left = PostgresSaver.aput_writes, [7]

    async def cut(self: PostgresSaver, *args: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        await aput_writes(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresSaver, "aput_writes", cut)
        with pytest.raises(KeyboardInterrupt):
            await taken(saver, stock, threads=["ended"])
    (first,) = (await taken(saver, stock, threads=["ended"])).values()
    assert first.outcome == "imported" and 0 < first.added < first.checkpoints
    assert await history(asking(saver), "ended") == await history(asking(stock.saver), "ended")
    await taken(saver, stock)
    again = await taken(saver, stock)
    assert {(item.outcome, item.added) for item in again.values()} == {("present", 0)}


async def test_a_thread_that_went_on_is_never_written_to(saver: PostgresSaver, stock: Stock, database_url: str) -> None:
    await taken(saver, stock)
    await asking(saver).ainvoke(Command(resume="bob"), where("waits"))
    before = await history(asking(saver), "waits")
    assert (await taken(saver, stock))["waits"].outcome == "present"
    async with AsyncPostgresSaver.from_conn_string(database_url) as writing:
        await asking(writing).ainvoke(Command(resume="eve"), where("waits"))
        await asking(writing).ainvoke({"messages": "And more."}, where("ended"))
    found = await taken(saver, stock, threads=["waits", "ended", "none"])
    assert {name: item.outcome for name, item in found.items()} == {
        "waits": "refused",
        "ended": "imported",
        "none": "refused",
    }
    assert "gone on" in found["waits"].reason
    assert await history(asking(saver), "waits") == before


async def test_a_database_without_stock_tables(saver: PostgresSaver, database_url: str) -> None:
    with pytest.raises(StoreError, match="no tables of LangGraph"):
        async with stock_saver(saver):
            pass


async def test_the_stock_tables_are_only_read(stock: Stock) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await stock.connection.execute("DELETE FROM checkpoints")
