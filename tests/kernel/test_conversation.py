"""What is made of a conversation is made once of each message, and anew of what has changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from lockgate.conversation import Unfolded


class Made:
    """Counts what it makes."""

    def __init__(self, most: int = 64) -> None:
        self.unfolded: Unfolded[str] = Unfolded(most)
        self.count = 0

    def of(self, messages: list[BaseMessage], key: str = "") -> list[str]:
        def make(index: int) -> str:
            self.count += 1
            return f"{key}{messages[index].text}"

        return self.unfolded.of(messages, key, make)


def test_only_the_end_is_made_anew() -> None:
    made, said = Made(), [HumanMessage("a"), AIMessage("b")]
    assert (made.of(said), made.count) == (["a", "b"], 2)
    assert (made.of([*said, HumanMessage("c")]), made.count) == (["a", "b", "c"], 3)
    same = [said[0], AIMessage("b"), HumanMessage("c"), AIMessage("d")]
    assert (made.of(same), made.count) == (["a", "b", "c", "d"], 4), "other objects that say the same"
    assert (made.of(said, "k"), made.count) == (["ka", "kb"], 6), "what it depends on has changed"
    assert made.of([]) == []


def test_a_message_that_says_otherwise_now_is_made_anew() -> None:
    made, said = Made(), [HumanMessage("a"), AIMessage("b")]
    made.of(said)
    assert (made.of([said[0], AIMessage("c")]), made.count) == (["a", "c"], 3)


def test_the_messages_of_all_conversations_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lockgate.conversation.MESSAGES", 5)
    made, long = Made(), [HumanMessage(text) for text in "abcd"]
    made.of([HumanMessage("x")])
    made.of(long)
    assert len(made.unfolded._known) == 2
    made.of([*long, AIMessage("e"), AIMessage("f")])
    assert len(made.unfolded._known) == 1, "the last one stays, however long it is"


def test_what_was_given_is_ones_own_and_few_conversations_are_kept() -> None:
    made, said = Made(most=2), [HumanMessage("a")]
    made.of(said).clear()
    assert made.of(said) == ["a"]
    for text in "xyz":
        made.of([HumanMessage(text)])
    assert len(made.unfolded._known) == 2


@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab")), max_size=8), max_size=12))
def test_it_is_what_it_would_be_without_remembering(conversations: list[list[tuple[int, str]]]) -> None:
    messages = [HumanMessage(str(number)) for number in range(6)]
    unfolded: Unfolded[str] = Unfolded(most=3)
    for conversation in conversations:
        said: list[BaseMessage] = [messages[number] for number, _ in conversation]
        key = conversation[0][1] if conversation else ""
        wanted = [f"{key}{message.text}" for message in said]
        assert unfolded.of(said, key, lambda index, said=said, key=key: f"{key}{said[index].text}") == wanted
