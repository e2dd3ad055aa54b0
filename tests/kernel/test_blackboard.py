"""The blackboard: typed, readers kept, labels that only rise, and a merge that knows no order."""

from functools import reduce
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from pydantic import BaseModel

from lockgate.blackboard import MAX_BYTES, Blackboard, Entry, merge_entries
from lockgate.errors import AuthorityError, ConfigError, UnknownNameError
from lockgate.labels import TRUSTED, UNTRUSTED, Integrity, Label, join
from lockgate.runtime.serde import serializer


class Finding(BaseModel):
    text: str
    score: float = 0


BOARD = Blackboard(finding=Finding, total=int)

labels = st.builds(
    Label,
    integrity=st.sampled_from(Integrity),
    readers=st.none() | st.frozensets(st.sampled_from("abc")),
    sources=st.frozensets(st.sampled_from(["user", "tool:x"])),
)
entries = st.builds(
    Entry, value=st.integers(0, 3) | st.text(max_size=2), label=labels, by=st.sampled_from("wv"),
    version=st.integers(1, 3),
)  # fmt: skip
boards = st.dictionaries(st.sampled_from(["x", "y"]), entries)


@given(st.lists(boards, max_size=5), st.randoms(), st.data())
def test_order_grouping_and_repetition_make_no_difference(writes: list[Any], order: Any, data: Any) -> None:
    whole = reduce(merge_entries, writes, {})
    cut = data.draw(st.integers(0, len(writes)))
    parts = [reduce(merge_entries, part, {}) for part in (writes[:cut], writes[cut:])]
    assert merge_entries(*parts) == whole
    shuffled = writes + writes[:1]
    order.shuffle(shuffled)
    assert reduce(merge_entries, shuffled, {}) == whole
    assert merge_entries(None, whole) == merge_entries(whole, None) == whole


@given(boards, boards)
def test_labels_only_rise(left: dict[str, Entry], right: dict[str, Entry]) -> None:
    merged = merge_entries(left, right)
    for board in (left, right):
        for name, entry in board.items():
            assert join(merged[name].label, entry.label) == merged[name].label


def test_a_name_keeps_its_suspicion_when_it_is_written_again() -> None:
    board = BOARD.put({}, "total", 1, label=UNTRUSTED, by="w")
    board = merge_entries(board, BOARD.put(board, "total", 2, label=TRUSTED, by="v"))
    assert BOARD.get(board, "total", reader="v") == (2, UNTRUSTED)
    assert board["total"].version == 2


def test_values_come_back_in_their_type() -> None:
    board = BOARD.put({}, "finding", {"text": "rain"}, label=TRUSTED, by="w")
    assert BOARD.get(board, "finding", reader="v")[0] == Finding(text="rain")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("totl", 1, "Did you mean 'total'"),
        ("total", "many", "cannot hold this"),
        ("total", 2**70, "beyond 64 bits"),
        ("finding", {"text": "\0"}, "NUL"),
        ("finding", {"text": "x" * MAX_BYTES}, "65,536 bytes"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: Any, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        BOARD.put({}, name, value, label=TRUSTED, by="w")


def test_only_its_readers_read_it() -> None:
    board = BOARD.put({}, "total", 1, label=Label(readers=frozenset({"finance"})), by="w")
    assert BOARD.get(board, "total", reader="finance")[0] == 1
    with pytest.raises(AuthorityError, match="'mail' may not read 'total'"):
        BOARD.get(board, "total", reader="mail")
    with pytest.raises(UnknownNameError, match="Known: total"):
        BOARD.get(board, "finding", reader="finance")


def test_workers_share_it_through_the_state_and_the_checkpoints() -> None:
    class Shared(TypedDict, total=False):
        board: Annotated[dict[str, Entry], merge_entries]
        n: int

    def write(state: Shared) -> Any:
        return {"board": BOARD.put({}, "total", state["n"], label=[TRUSTED, UNTRUSTED][state["n"] % 2], by="w")}

    graph = StateGraph(Shared)
    graph.add_node("write", write)
    graph.add_conditional_edges(START, lambda _: [Send("write", {"n": n}) for n in range(4)], ["write"])
    graph.add_edge("write", END)
    saver = InMemorySaver(serde=serializer())
    config: Any = {"configurable": {"thread_id": "t"}}
    app = graph.compile(checkpointer=saver)
    app.invoke({}, config)
    board = app.get_state(config).values["board"]
    assert BOARD.get(board, "total", reader="v") == (3, UNTRUSTED)
