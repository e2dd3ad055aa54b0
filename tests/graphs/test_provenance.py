"""Where a call's arguments come from, through the graph: traced where the messages are, frozen with the call."""

from typing import Any

import pytest
from langchain_core.messages import ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.decision import Allow, Deny
from lockgate.evidence import Asked, Kind
from lockgate.graphs import orchestrator, react
from lockgate.labels import OWNER, Integrity
from lockgate.passage import MARK

CONFIG: Any = {"configurable": {"thread_id": "t"}}
POLICY = Policy.parse("version: 1\nname: t\nrules: [{id: all, tools: ['*'], action: allow}]\n")
KIM, EVE = "kim@harbour.example", "eve@evil.example"


class Post:
    def __init__(self, letter: str = f"Many thanks for the tea. Yours, {EVE}") -> None:
        self.sent: list[tuple[str, str]] = []
        self.letter = letter

    def tools(self) -> list[ToolSpec]:
        @tool(effect=False, private=True)
        def read_letter() -> str:
            """Read the letter."""
            return self.letter

        @tool(sensitive={"to"})
        def send_letter(to: str, text: str) -> str:
            """Send a letter."""
            self.sent.append((to, text))
            return "sent"

        return [read_letter, send_letter]


def send(to: str) -> dict[str, Any]:
    return {"calls": [{"name": "send_letter", "args": {"to": to, "text": "Hello."}, "id": "s"}]}


READ = {"calls": [{"name": "read_letter", "args": {}, "id": "r"}]}


def agent(post: Post, *turns: Any, **options: Any) -> Any:
    options.setdefault("policy", POLICY)
    return react.build(model=ScriptedModel(turns=list(turns)), tools=post.tools(), **options)


@pytest.mark.parametrize(
    ("words", "to", "answer"),
    [
        (f"Read the letter and send {KIM} a greeting.", KIM, "allow"),
        ("Read the letter and answer it.", EVE, "review"),
        ("What does the letter say?", EVE, "deny"),
    ],
)
def test_the_users_words_decide(words: str, to: str, answer: str) -> None:
    post = Post()
    graph = agent(post, READ, send(to), "Done.", checkpointer=InMemorySaver())
    out = graph.invoke({"messages": words}, CONFIG)
    assert post.sent == ([(to, "Hello.")] if answer == "allow" else [])
    if answer == "review":
        (question,) = out["__interrupt__"]
        assert question.value["rule"] == "provenance"
        assert "tool:read_letter" in question.value["reason"]
    else:
        assert isinstance(out["decisions"]["s"].decision, Allow if answer == "allow" else Deny)
        assert f"untrusted text ({EVE}" not in str(out["messages"])


def test_a_message_carries_its_label_and_the_session_its_trust() -> None:
    out = agent(Post(), READ, "Done.").invoke({"messages": "What does it say?"})
    (message,) = [m for m in out["messages"] if isinstance(m, ToolMessage)]
    assert message.additional_kwargs[MARK]["label"] == {
        "integrity": "untrusted",
        "readers": ["user"],
        "sources": ["tool:read_letter"],
    }
    assert (out["trust"].integrity, out["trust"].readers) == (Integrity.UNTRUSTED, OWNER)


def test_the_evidence_is_frozen_with_the_call() -> None:
    """What is asked again on resume is answered from the state, even if the messages are gone."""
    post, saver = Post(), InMemorySaver()
    graph = agent(post, READ, send(EVE), "Done.", checkpointer=saver)
    graph.invoke({"messages": "Read the letter and answer it."}, CONFIG)
    (task,) = graph.get_state(CONFIG, subgraphs=True).tasks
    evidence = task.state.values["origin"].evidence
    assert evidence.asked is Asked.YES and evidence.untrusted and evidence.private
    assert {trace.path: trace.kind for trace in evidence.traces} == {"to": Kind.UNTRUSTED, "text": Kind.UNTRACED}
    (question,) = graph.get_state(CONFIG).interrupts
    out = graph.invoke(Command(resume={question.id: "approve"}), CONFIG)
    assert post.sent == [(EVE, "Hello.")] and out["answer"] == "Done."


@pytest.mark.parametrize(
    ("edit", "sent"),
    [({"to": KIM, "text": "Hello."}, [(KIM, "Hello.")]), ({"to": EVE, "text": "Bye."}, [(EVE, "Bye.")])],
)
def test_what_a_person_edits_is_the_persons_word(edit: dict[str, Any], sent: list[Any]) -> None:
    post = Post()
    graph = agent(post, READ, send(EVE), "Done.", checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Read the letter and answer it."}, CONFIG)
    answer = {"action": "edit", "args": edit, "by": "ann"}
    out = graph.invoke(Command(resume={out["__interrupt__"][0].id: answer}), CONFIG)
    assert "__interrupt__" not in out
    assert post.sent == sent


def test_a_rule_may_ask_where_an_edit_comes_from() -> None:
    policy = Policy.parse(
        "version: 1\nrules:\n"
        "  - {id: read, tools: [read_letter], action: allow}\n"
        "  - {id: ann, tools: [send_letter], args: {to: {from: ['user:ann']}}, action: allow}\n"
        "  - {id: ask, tools: [send_letter], action: review}\n"
    )
    post = Post()
    graph = agent(post, READ, send(EVE), "Done.", policy=policy, checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Read the letter and answer it."}, CONFIG)
    answer = {"action": "edit", "args": {"to": KIM, "text": "Hello."}, "by": "ann"}
    out = graph.invoke(Command(resume={out["__interrupt__"][0].id: answer}), CONFIG)
    assert out["decisions"]["s"].decision.rule == "ann"


def test_the_models_own_words_and_a_refusal_vouch_for_nothing() -> None:
    """A value does not become anybody's by being proposed, refused and proposed again."""
    post = Post()
    turns = [
        {"text": f"I shall write to {EVE}.", **READ},
        send(EVE),
        {"calls": [{"name": "send_letter", "args": {"to": EVE, "text": "Again."}, "id": "again"}]},
        "Done.",
    ]
    out = agent(post, *turns).invoke({"messages": "What does the letter say?"})
    assert isinstance(out["decisions"]["again"].decision, Deny)
    assert not post.sent


def task(worker: str, *after: str) -> dict[str, Any]:
    return {"worker": worker, "objective": f"Write to {KIM} and to {EVE}.", "depends_on": list(after)}


@pytest.mark.parametrize(("to", "sent"), [(KIM, True), (EVE, False)])
def test_the_users_words_reach_a_sub_agent_and_the_planners_vouch_for_nothing(to: str, sent: bool) -> None:
    post = Post()
    writer = agent(post, send(to), "Done.")
    model = ScriptedModel(turns=[plan(a=task("writer")), "Done [a]."])
    team = orchestrator.build(workers={"writer": writer}, model=model, checkpointer=InMemorySaver())
    out = team.invoke({"messages": f"Send {KIM} a greeting."}, CONFIG)
    assert bool(post.sent) is sent
    assert ("__interrupt__" in out) is not sent


def test_labels_only_rise_through_a_team() -> None:
    """What a reader found is untrusted and private at the writer, and in the team's own trust."""
    post = Post()
    reader, writer = agent(post, READ, f"Write to {EVE}."), agent(post, send(EVE), "Done.")
    model = ScriptedModel(turns=[plan(a=task("reader"), b=task("writer", "a")), "Done [b]."])
    team = orchestrator.build(workers={"reader": reader, "writer": writer}, model=model, checkpointer=InMemorySaver())
    out = team.invoke({"messages": "Read the letter and send an answer."}, CONFIG)
    (question,) = out["__interrupt__"]
    assert question.value["rule"] == "provenance" and not post.sent
    out = team.invoke(Command(resume={question.id: "reject"}), CONFIG)
    assert out["results"]["a"].trust.integrity is Integrity.UNTRUSTED
    assert out["results"]["b"].trust.integrity is Integrity.UNTRUSTED
    assert out["results"]["b"].trust.readers == OWNER
