"""What looking back costs: what was said is decoded once for a list of moments, an id is found without any."""

from typing import Annotated, Any, TypedDict

import pytest
from langgraph.channels import DeltaChannel
from langgraph.graph import END, START, StateGraph

from lockgate.errors import ThreadNotFoundError, UnknownNameError
from lockgate.graphs.compiling import attached
from lockgate.graphs.travel import history, moment_ids, state_at
from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.runtime.lineage import Lineage

TURNS = 60


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many writes each look at a channel's lineage has decoded."""
    counts: list[int] = []
    known = Lineage._at

    def counted(self: Lineage, written: Any) -> Any:
        counts.append(len(written))
        return known(self, written)

    monkeypatch.setattr(Lineage, "_at", counted)
    return counts


def joined(state: list[str], writes: Any) -> list[str]:
    return [*state, *(item for write in writes for item in write)]


class State(TypedDict, total=False):
    said: Annotated[list[str], DeltaChannel(joined, snapshot_frequency=1_000)]


def counting(saver: PostgresSaver) -> Any:
    graph = StateGraph(State)
    graph.add_node("say", lambda state: {"said": [f"answer {len(state['said'])}"]})
    graph.add_edge(START, "say")
    graph.add_edge("say", END)
    return attached(graph.compile(), saver)


async def test_what_was_said_before_the_listed_moments_is_decoded_once(
    saver: PostgresSaver, database_url: str, decoded: list[int]
) -> None:
    for turn in range(TURNS):
        await counting(saver).ainvoke({"said": [f"question {turn}"]}, {"configurable": {"thread_id": "t"}})
    other = await open_checkpointer(database_url)
    graph = counting(other)
    decoded.clear()
    found = [one async for one in history(graph, "t", limit=20)]
    assert len(found) == 20 and 0 < sum(decoded) <= 2 * TURNS
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)
    decoded.clear()
    ids = await moment_ids(graph, "t")
    chosen = await state_at(graph, "t", ids[-3][-8:])
    assert chosen.config["configurable"]["checkpoint_id"] == ids[-3]
    assert (
        chosen.values["said"] == ["question 0", "answer 1", "question 1", "answer 3", "question 2", "answer 5"]
        and sum(decoded) < TURNS
    )
    await other.aclose()


async def test_there_is_no_history_of_what_is_not_there(saver: PostgresSaver) -> None:
    graph = counting(saver)
    await graph.ainvoke({"said": ["x"]}, {"configurable": {"thread_id": "t"}})
    for thread in ("other", "", "a\0b", "\ud800", "x" * 10_000):
        with pytest.raises(ThreadNotFoundError, match="There is no thread"):
            _ = [one async for one in history(graph, thread)]
        with pytest.raises(ThreadNotFoundError):
            await state_at(graph, thread, "zz")
    with pytest.raises(UnknownNameError, match="Nothing ran as 'say:1'"):
        _ = [one async for one in history(graph, "t", namespace="say:1")]
    for at in ("a\0b", "\ud800", "x" * 10_000):
        with pytest.raises(UnknownNameError, match="has no moment"):
            await state_at(graph, "t", at)
