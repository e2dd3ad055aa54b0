"""Delta channels over rows: a channel that changes its kind, and folding in parts."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage, RemoveMessage
from langgraph.channels import DeltaChannel
from langgraph.graph import START, StateGraph
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from lockgate.runtime import PostgresSaver, open_checkpointer
from lockgate.runtime.lineage import Lineage
from lockgate.runtime.segment import Link, Segment, Write
from lockgate.runtime.serde import serializer
from lockgate.state import reduce_messages

SERDE = serializer()
CONFIG: Any = {"configurable": {"thread_id": "t"}}


def extend(state: list[int], writes: Sequence[list[int]]) -> list[int]:
    return [*state, *(item for write in writes for item in write)]


class Plain(TypedDict):
    seen: Annotated[list[int], operator.add]


class Delta(TypedDict):
    seen: Annotated[list[int], DeltaChannel(extend)]


def graph(state: Any, saver: PostgresSaver) -> Any:
    return StateGraph(state).add_node("one", lambda s: {"seen": [0]}).add_edge(START, "one").compile(checkpointer=saver)


async def test_a_channel_may_become_a_delta_channel_and_plain_again(saver: PostgresSaver, database_url: str) -> None:
    expected: list[int] = []
    for number, state in enumerate((Plain, Delta, Delta, Plain, Delta), start=1):
        expected += [number, 0]
        other = await open_checkpointer(database_url)  # one that remembers nothing
        for one in (other, saver) if number % 2 else (saver,):
            assert (await graph(state, one).aget_state(CONFIG)).values.get("seen", []) == expected[:-2]
        assert (await graph(state, saver).ainvoke({"seen": [number]}, CONFIG))["seen"] == expected
        assert (await graph(state, other).aget_state(CONFIG)).values["seen"] == expected
        await other.aclose()


MESSAGE = st.one_of(
    st.builds(lambda n: HumanMessage(f"m{n}", id=str(n)), st.integers(0, 6)),
    st.builds(lambda n: RemoveMessage(id=str(n)), st.integers(0, 6)),
    st.just(RemoveMessage(id=REMOVE_ALL_MESSAGES)),
)


@given(st.lists(st.lists(MESSAGE, max_size=4), max_size=10), st.data())
def test_what_is_folded_in_parts_is_what_is_folded_at_once(turns: list[list[Any]], data: Any) -> None:
    spec = DeltaChannel(reduce_messages)
    lineage, whole = Lineage("t", "", SERDE), []
    for number, messages in enumerate(turns):
        parent = str(number - 1) if number else None
        write = Write("", str(number), "task", "", 0, False, "messages", *SERDE.dumps_typed(messages))
        deltas = {"": ["messages"]}
        lineage.add(Segment(links=[Link("", str(number), parent)], delta_writes=[write], deltas=deltas))
        whole.append(messages)
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, number))
            history = lineage.history(str(at), ["messages"], {"messages": spec})["messages"]
            seed: Any = history.get("seed")
            assert history["writes"] == []
            assert list(seed.value) == reduce_messages([], whole[:at])
