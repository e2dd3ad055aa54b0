"""From messages to labelled passages, and the faces of a history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from lockgate.decision import Call
from lockgate.guardrails.provenance import passages
from lockgate.labels import OWNER, TRUSTED, UNTRUSTED, Integrity, Label, join, join_all
from lockgate.passage import MARK, Finding, marking
from lockgate.ports import History
from lockgate.result import ErrorKind, ToolResult

from .session import GATE, read, said

INTERNAL = Label(integrity=Integrity.INTERNAL)


def result(text, mark=None, name="find_supplier", error=None):
    extra = ({MARK: mark} if mark is not None else {}) | ({"error": error} if error else {})
    return ToolMessage(text, tool_call_id="c", name=name, additional_kwargs=extra)


def of(*messages, **options):
    return passages(messages, GATE.tools, **options)


def test_sources_and_labels():
    finding = Finding(kind="k", start=0, end=1, score=0.9)
    call = AIMessage("Let me see.", tool_calls=[{"name": "find_supplier", "args": {"name": "Kim"}, "id": "c"}])
    found = of(
        SystemMessage("Rules."),
        HumanMessage("Pay Kim."),
        call,
        result("Kim", marking(INTERNAL, [finding], structured=True)),
        system="Prompt.",
    )
    assert [passage.source for passage in found] == ["operator", "operator", "user", "model", "tool:find_supplier"]
    assert [passage.label.integrity for passage in found] == [0, 0, 0, 1, 1]
    tool = found[-1]
    assert (tool.findings, tool.structured, tool.given) == ((finding,), True, '{"name":"Kim"}')
    assert (tool.label.readers, tool.label.sources) == (OWNER, {"tool:find_supplier"})


@pytest.mark.parametrize(
    ("message", "integrity"),
    [
        (result("x"), Integrity.TRUSTED),  # what the tool's facts say
        (result("x", name="read_letter"), Integrity.UNTRUSTED),
        (result("x", marking(TRUSTED), name="read_letter"), Integrity.UNTRUSTED),  # a mark never lowers a label
        (result("x", name="gone"), Integrity.UNTRUSTED),
        (result("x", {"label": {"integrity": "best"}}), Integrity.UNTRUSTED),
        (result("x", "odd"), Integrity.UNTRUSTED),
        (HumanMessage("x", additional_kwargs={MARK: marking(UNTRUSTED)}), Integrity.UNTRUSTED),
    ],
)
def test_a_label_is_only_ever_raised(message, integrity):
    (found,) = of(message)
    assert found.label.integrity is integrity


@pytest.mark.parametrize("error", [kind for kind in ErrorKind if not kind.ran])
def test_the_locks_own_answers_are_no_texts_of_the_session(error):
    assert of(result("Error: the iban DE1 is refused", error=error.value)) == ()
    refused = ToolResult.failed(error, "the iban DE1 is refused")
    assert History().returned(Call(id="c", name="x", args={}), refused) == History()


def test_what_another_agent_hands_down_is_not_the_users_word():
    (found,) = of(HumanMessage("Pay 5"), task=UNTRUSTED)
    assert (found.source, found.label.integrity) == ("agent", Integrity.UNTRUSTED)
    (found,) = of(HumanMessage("Pay 5", additional_kwargs={MARK: marking(TRUSTED)}), task=UNTRUSTED)
    assert found.label.integrity is Integrity.INTERNAL


def test_a_history_is_built_text_by_text():
    history = read(said("Pay Kim.").configured("Prompt.").answered("Well."), "A letter.")
    assert [passage.source for passage in history.passages] == ["user", "operator", "model", "tool:read_letter"]
    assert history.trust == join_all(p.label for p in history.passages if p.source != "model")
    assert history.trust.integrity is Integrity.UNTRUSTED and history.trust.readers == OWNER


LABELS = st.builds(
    Label,
    integrity=st.sampled_from(Integrity),
    readers=st.none() | st.frozensets(st.sampled_from("abc")),
    sources=st.frozensets(st.sampled_from("xyz")),
)


def below(low: Label, high: Label) -> bool:
    return join(low, high) == high


@given(LABELS, LABELS, LABELS)
def test_joins_are_a_lattice(a, b, c):
    assert join(a, a) == a
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)
    assert join(TRUSTED, a) == a
    assert below(a, join(a, b)) and below(b, join(a, b))
    # The least of the upper bounds.
    if below(a, c) and below(b, c):
        assert below(join(a, b), c)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["said", "configured", "answered"]), st.text(max_size=20)),
        st.tuples(st.sampled_from(["read_letter", "find_supplier", "directory"]), st.text(max_size=20)),
    ),
    max_size=6,
)


@given(STEPS)
def test_no_sequence_of_steps_lowers_a_label(steps):
    history = History()
    for step, text in steps:
        before = history.trust
        history = getattr(history, step)(text) if hasattr(history, step) else read(history, text, step)
        assert below(before, history.trust)
    marked = [
        result(p.text, marking(p.label), name=p.source.removeprefix("tool:"))
        for p in history.passages
        if p.source.startswith("tool:")
    ]
    for passage, again in zip([p for p in history.passages if p.source.startswith("tool:")], of(*marked), strict=True):
        assert below(passage.label, again.label)
