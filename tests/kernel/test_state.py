"""Reducers: deterministic, and the same however the writes are batched."""

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, RemoveMessage
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from lockgate.decision import Allow, Ruling
from lockgate.handoff import Usage
from lockgate.labels import Integrity, Label, join, join_all
from lockgate.state import Note, add_usage, append_notes, join_trust, merge_rulings, reduce_messages

ids = st.sampled_from(["a", "b", "c", "d"])
messages = st.one_of(
    st.builds(lambda i, t: HumanMessage(t, id=i), ids, st.text(max_size=4)),
    st.builds(lambda i, t: AIMessage(t, id=i), ids, st.text(max_size=4)),
    st.builds(lambda t: HumanMessage(t), st.text(max_size=4)),
    st.builds(lambda i: RemoveMessage(id=i), ids),
    st.just(RemoveMessage(id=REMOVE_ALL_MESSAGES)),
)
writes = st.lists(st.one_of(messages, st.lists(messages, max_size=3)), max_size=6)
labels = st.builds(
    lambda i, r, s: Label(integrity=i, readers=r, sources=s),
    st.sampled_from(Integrity),
    st.none() | st.frozensets(st.sampled_from("xyz")),
    st.frozensets(st.sampled_from("uvw")),
)
usages = st.builds(
    lambda a, b, c, d: Usage(input_tokens=a, output_tokens=b, model_calls=c, tool_calls=d),
    *[st.integers(0, 1_000)] * 4,
)


@given(writes, st.integers(0, 6))
def test_messages_fold_the_same_in_any_batches(all_writes: list[object], at: int) -> None:
    head, tail = all_writes[:at], all_writes[at:]
    at_once = reduce_messages([], all_writes)
    assert reduce_messages(reduce_messages([], head), tail) == at_once
    assert reduce_messages([], all_writes) == at_once
    assert len({message.id for message in at_once}) == len(at_once)


@given(writes)
def test_messages_never_change_the_state_they_were_given(all_writes: list[object]) -> None:
    before: list[AnyMessage] = [HumanMessage("x", id="a"), AIMessage("y", id="b")]
    kept = list(before)
    reduce_messages(before, all_writes)
    assert before == kept


def test_removal() -> None:
    state: list[AnyMessage] = [HumanMessage("1", id="a"), AIMessage("2", id="b"), HumanMessage("3", id="c")]
    assert [m.id for m in reduce_messages(state, [RemoveMessage(id="b")])] == ["a", "c"]
    assert reduce_messages(state, [[RemoveMessage(id="unknown")]]) == state
    wiped = reduce_messages(state, [[RemoveMessage(id=REMOVE_ALL_MESSAGES), AIMessage("new", id="d")]])
    assert [m.id for m in wiped] == ["d"]
    moved = reduce_messages(state, [[RemoveMessage(id="a"), HumanMessage("1", id="a")]])
    assert [m.id for m in moved] == ["b", "c", "a"]


def test_messages_come_in_every_form_a_user_would_write() -> None:
    forms: list[object] = ["hi", ("user", "hi"), {"role": "user", "content": "hi"}, [("user", "hi")], ["hi"]]
    for form in forms:
        (message,) = reduce_messages([], [form])
        assert isinstance(message, HumanMessage)
        assert message.content == "hi"
        assert message.id


@given(labels, labels, labels)
def test_join_is_a_lattice(a: Label, b: Label, c: Label) -> None:
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)
    assert join(a, a) == a
    assert join(Label(), a) == a
    assert join(a, b).integrity >= max(a.integrity, b.integrity)
    assert join_all([a, b, c]) == join_trust(join_trust(a, b), c)
    readers = join(a, b).readers
    assert a.readers is None or (readers is not None and readers <= a.readers)


@given(usages, usages, usages)
def test_usage_adds_up(a: Usage, b: Usage, c: Usage) -> None:
    assert add_usage(a, b) == add_usage(b, a)
    assert add_usage(add_usage(a, b), c) == add_usage(a, add_usage(b, c))
    assert add_usage(None, a) == a == add_usage(a, None)


rulings = st.dictionaries(
    ids,
    st.builds(
        lambda at: Ruling(call_id="x", tool="t", digest="d", decision=Allow(rule="r", reason=""), at=at),
        st.floats(0, 9),
    ),
    max_size=3,
)
notes = st.lists(st.builds(lambda t: Note(source="s", text=t, at=0.0), st.text(max_size=3)), max_size=3)


@given(st.lists(rulings, max_size=5), st.lists(notes, max_size=5), st.integers(0, 5))
def test_the_other_delta_reducers_fold_the_same_in_any_batches(
    all_rulings: list[dict[str, Ruling]], all_notes: list[list[Note]], at: int
) -> None:
    assert merge_rulings(merge_rulings({}, all_rulings[:at]), all_rulings[at:]) == merge_rulings({}, all_rulings)
    assert append_notes(append_notes([], all_notes[:at]), all_notes[at:]) == append_notes([], all_notes)
