"""Private data in whole runs: what the model sees, what the tool gets, what a reviewer sees, what the state keeps."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import AfterValidator
from tests.graphs.team import plan, says

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.graphs import orchestrator, react
from lockgate.guardrails.privacy import revealed
from lockgate.guardrails.privacy import vault as vaults
from lockgate.guardrails.privacy.vault import vault
from lockgate.handoff import Status
from lockgate.runtime import PostgresSaver
from lockgate.runtime.audit_check import rows
from lockgate.settings import settings

MAIL = "ann.smith@example.org"
SECRET = "AKIA" + "IOSFODNN7EXAMPLE"
CONFIG: Any = {"configurable": {"thread_id": "t"}}
POLICY = """
version: 1
rules:
  - {id: read, tools: [directory], action: allow}
  - {id: ask, tools: [send], args: {to: {matches: '.*@example[.]org'}}, action: review}
privacy:
  result: {email: tokenise}
  detokenise: {send: [to]}
"""


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOCKGATE_PRIVACY_KEY", "an example key, only for these tests")
    settings.cache_clear()
    yield
    settings.cache_clear()


class Post:
    """A directory with one address in it, and a mailbox that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def tools(self) -> list[ToolSpec]:
        @tool(effect=False)
        def directory(name: str) -> str:
            """Finds an address."""
            return f"{name}: {MAIL}"

        @tool(sensitive={"to"})
        def send(to: str, text: str) -> str:
            """Sends a mail."""
            self.sent.append((to, text))
            return f"sent to {to}"

        return [directory, send]


def token(thread: str = "t") -> str:
    return vault().token("email", MAIL, thread)


def turns(to: str, text: str = "Hello.") -> list[Any]:
    return [
        {"calls": [{"name": "directory", "args": {"name": "Ann"}, "id": "d"}]},
        {"calls": [{"name": "send", "args": {"to": to, "text": text}, "id": "s"}]},
        f"I wrote to {to}.",
    ]


def agent(post: Post, *said: Any, policy: str = POLICY, **options: Any) -> Any:
    return react.build(
        model=ScriptedModel(turns=list(said)), tools=post.tools(), policy=Policy.parse(policy), **options
    )


def seen(out: dict[str, Any]) -> str:
    """All that a model has been shown."""
    return " ".join(f"{m.text} {getattr(m, 'tool_calls', '')}" for m in out["messages"])


@pytest.mark.parametrize("store", ["memory", "postgres"])
async def test_the_model_sees_a_token_the_reviewer_and_the_tool_the_address(store: str, database_url: str) -> None:
    from lockgate.runtime import open_checkpointer

    saver = InMemorySaver() if store == "memory" else await open_checkpointer(database_url)
    post = Post()
    out = await agent(post, *turns(token()), checkpointer=saver).ainvoke({"messages": "Write to Ann."}, CONFIG)
    (question,) = out["__interrupt__"]
    assert question.value["args"] == {"to": MAIL, "text": "Hello."}
    assert not post.sent
    # Another process answers: nothing is left but the key and the checkpoint.
    vaults._opened.cache_clear()
    if isinstance(saver, PostgresSaver):
        await saver.aclose()
        saver = await open_checkpointer(database_url)
    resumed = agent(post, *turns(token()), checkpointer=saver)
    out = await resumed.ainvoke(Command(resume={question.id: "approve"}), CONFIG)
    assert post.sent == [(MAIL, "Hello.")]
    assert MAIL not in seen(out) and token() in seen(out)
    assert revealed(out["answer"], "t") == f"I wrote to {MAIL}."
    assert revealed(out["answer"], "another") == out["answer"]
    if isinstance(saver, PostgresSaver):
        await saver.aclose()


@pytest.mark.parametrize("thread", ["another", ""])
def test_a_token_from_elsewhere_is_denied(thread: str) -> None:
    post = Post()
    out = agent(post, *turns(token(thread)), checkpointer=InMemorySaver()).invoke({"messages": "Write."}, CONFIG)
    assert not post.sent and "none of this thread's" in seen(out) and "__interrupt__" not in out


def test_a_token_in_another_argument_stays_a_token() -> None:
    post = Post()
    graph = agent(post, *turns(token(), text=f"cc {token()}"), checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Write."}, CONFIG)
    graph.invoke(Command(resume={out["__interrupt__"][0].id: "approve"}), CONFIG)
    assert post.sent == [(MAIL, f"cc {token()}")]


def test_an_edit_tells_the_model_of_tokens_only() -> None:
    post = Post()
    graph = agent(post, *turns(token()), checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Write."}, CONFIG)
    edit = {"action": "edit", "args": {"to": MAIL, "text": "Goodbye."}, "by": "bob"}
    out = graph.invoke(Command(resume={out["__interrupt__"][0].id: edit}), CONFIG)
    assert post.sent == [(MAIL, "Goodbye.")]
    assert "Goodbye." in seen(out) and MAIL not in seen(out)


def test_a_secret_that_a_reviewer_was_not_shown_survives_the_edit() -> None:
    policy = POLICY.replace("detokenise:", "arguments: {secret: allow}\n  detokenise:")
    post = Post()
    graph = agent(post, *turns(token(), text=f"key {SECRET}"), policy=policy, checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Write."}, CONFIG)
    shown = out["__interrupt__"][0].value["args"]
    assert shown == {"to": MAIL, "text": "key [REDACTED:AWS_KEY]"}
    edit = {"action": "edit", "args": {**shown, "to": "bob@example.org"}, "by": "bob"}
    graph.invoke(Command(resume={out["__interrupt__"][0].id: edit}), CONFIG)
    assert post.sent == [("bob@example.org", f"key {SECRET}")]


NOSY = """
version: 1
rules: [{id: ask, tools: [pay], action: review}]
privacy: {arguments: {secret: allow}, output: {payment_card: mask}}
provenance: {sensitive: allow}
"""
CARD = "4111 1111 1111 1111"


async def test_whatever_a_reviewer_is_asked_or_says_is_shown_and_kept_as_the_policy_says(saver: PostgresSaver) -> None:
    @tool
    def pay(note: str) -> str:
        """Pay."""
        raise OSError("the line is dead")

    said = AIMessage(f"From {CARD}.", tool_calls=[{"name": "pay", "args": {"note": f"{SECRET}, {CARD}"}, "id": "p"}])
    graph = react.build(
        model=ScriptedModel(turns=[said, "Done."]), tools=[pay], policy=Policy.parse(NOSY), checkpointer=saver
    )
    out = await graph.ainvoke({"messages": "Pay it."}, CONFIG)
    (asked,) = out["__interrupt__"]
    assert asked.value["reasoning"] == "From [PAYMENT_CARD:****1111]."
    reply = {"action": "approve", "reason": f"It is {SECRET}.", "by": "ann"}
    out = await graph.ainvoke(Command(resume={asked.id: reply}), CONFIG)
    (asked,) = out["__interrupt__"]
    assert asked.value["type"] == "effect" and "OSError" in str(asked.value["evidence"])
    assert asked.value["args"] == {"note": "[REDACTED:AWS_KEY], [PAYMENT_CARD:****1111]"}
    reply = {"action": "give_up", "reason": f"never mind {SECRET}", "by": "ann"}
    await graph.ainvoke(Command(resume={asked.id: reply}), CONFIG)
    kept = [(row.body, row.content) async for row in rows(saver.pools)]
    assert "It is [REDACTED:AWS_KEY]." in str(kept)
    assert SECRET not in str(kept) and CARD not in str(kept)


def test_a_record_of_a_decision_holds_no_private_data() -> None:
    """The validator of a tool may say what it did not like."""

    def checked(value: str) -> str:
        raise ValueError(f"{value} is no account")

    @tool
    def pay(account: Annotated[str, AfterValidator(checked)]) -> str:
        """Pay."""
        return account

    calls: Any = {"calls": [{"name": "pay", "args": {"account": f"{CARD} {MAIL}"}}]}
    graph = react.build(model=ScriptedModel(turns=[calls, "Done."]), tools=[pay], policy=Policy.parse(NOSY))
    parts = graph.stream({"messages": "Pay."}, stream_mode="custom", subgraphs=True)
    (event,) = [part[-1] for part in parts if part[-1].kind == "decision"]
    assert "is no account" in event.detail["reason"]
    assert CARD not in str(event) and MAIL not in str(event)


def test_no_refusal_tells_the_model_what_a_token_stands_for() -> None:
    def known(value: str) -> str:
        if value == MAIL:
            raise ValueError(f"{value} is unknown here")
        return value

    @tool(sensitive={"to"})
    def send(to: Annotated[str, AfterValidator(known)], text: str) -> str:
        """Sends a mail."""
        return "sent"

    post = Post()
    said = turns(token())
    refused = react.build(
        model=ScriptedModel(turns=said), tools=[post.tools()[0], send], policy=Policy.parse(POLICY),
        checkpointer=InMemorySaver(),
    ).invoke({"messages": "Write to Ann."}, CONFIG)  # fmt: skip
    assert f"{token()} is unknown here" in seen(refused) and MAIL not in seen(refused)
    graph = agent(post, *said, checkpointer=InMemorySaver())
    out = graph.invoke({"messages": "Write to Ann."}, CONFIG)
    reply = {"action": "reject", "reason": f"{MAIL} has left.", "by": "bob"}
    out = graph.invoke(Command(resume={out["__interrupt__"][0].id: reply}), CONFIG)
    assert "has left" in seen(out) and MAIL not in seen(out) and not post.sent


def test_sub_agents_use_the_tokens_of_their_team() -> None:
    """One worker finds the address, another one writes to it; the team sees a token."""
    post = Post()
    # The address comes from a tool that nobody vouches for, which would otherwise ask a person.
    trusting = 'provenance: {sensitive: allow}\nsession: {rule_of_two: "off"}\n'
    policy = POLICY.replace("action: review", "action: allow") + trusting
    finds = agent(post, turns("")[0], f"It is {token()}.", policy=policy)
    writes = agent(post, turns(token())[1], "Done.", policy=policy)
    model = ScriptedModel(turns=[plan(a="finds", b=("writes", "a")), "Done [b]."])
    team = orchestrator.build(workers={"finds": finds, "writes": writes}, model=model, checkpointer=InMemorySaver())
    out = team.invoke({"messages": "Write to Ann."}, CONFIG)
    assert post.sent == [(MAIL, "Hello.")]
    assert out["results"]["a"].output == f"It is {token()}."
    assert MAIL not in str([m.content for m in out["planning"]])


def test_a_secret_in_the_input_never_reaches_the_model() -> None:
    post = Post()
    out = agent(post, "Thank you.").invoke({"messages": f"My key is {SECRET}, use it."})
    assert out["messages"][0].text == "My key is [REDACTED:AWS_KEY], use it."
    assert out["notes"][0].text == "Taken out of the message: aws_key."
    assert out["status"] == Status.COMPLETED and SECRET not in str(out["messages"])


def test_text_beside_pictures_is_redacted_and_the_pictures_stay() -> None:
    picture = {"type": "image", "url": "https://example.org/x.png"}
    message = HumanMessage([{"type": "text", "text": f"key {SECRET}"}, picture])  # type: ignore[list-item]
    out = agent(Post(), "Thank you.").invoke({"messages": [message]})
    assert out["messages"][0].content == [{"type": "text", "text": "key [REDACTED:AWS_KEY]"}, picture]


def test_a_blocked_input_ends_the_run_and_is_not_kept() -> None:
    policy = POLICY.replace("detokenise:", "input: {payment_card: block}\n  detokenise:")
    out = agent(Post(), "never", policy=policy).invoke({"messages": "Card 4111 1111 1111 1111"})
    assert out["status"] == Status.REFUSED and "payment_card" in out["answer"]
    assert "4111" not in str(out["messages"])


def test_what_is_kept_of_a_message_that_is_too_long_is_inspected_too() -> None:
    said: list[str] = []

    def model(messages: Any) -> str:
        said.append(str(messages))
        return "Hello."

    graph = agent(Post(), *[model] * 4, checkpointer=InMemorySaver(), max_input=900)
    for text in (f"My key is {SECRET}. " + "x" * 1_000, "x" * 490 + f" {SECRET} " + "x" * 1_000):
        out = graph.invoke({"messages": text}, CONFIG)
        assert out["status"] == Status.REFUSED and "bytes left out" in out["messages"][-2].text
        assert "AKIA" not in str(out["messages"]) and len(out["messages"][-2].text) < 600
    graph.invoke({"messages": "Hello?"}, CONFIG)
    assert "AKIA" not in said[0] and "[REDACTED:AWS_KEY]" in said[0]


def test_a_conversation_that_a_client_brings_along_is_inspected_as_a_whole() -> None:
    asked: list[str] = []

    def model(messages: Any) -> str:
        asked.append(str(messages))
        return "Yes."

    brought = [("user", f"My key is {SECRET}."), ("ai", "Noted."), ("user", "Go on.")]
    out = react.build(model=ScriptedModel(turns=[model] * 2)).invoke({"messages": brought})
    assert SECRET not in str(out["messages"]) + asked[0] and "[REDACTED:AWS_KEY]" in asked[0]
    assert [m.type for m in out["messages"]] == ["human", "ai", "human", "ai"]
    policy = POLICY.replace("detokenise:", "input: {aws_key: block}\n  detokenise:")
    out = agent(Post(), "never", policy=policy).invoke({"messages": brought})
    assert out["status"] == Status.REFUSED and SECRET not in str(out) and "never" not in str(out)


def test_secrets_leave_the_answer_and_the_message() -> None:
    out = agent(Post(), f"The key is {SECRET}.").invoke({"messages": "Which key?"})
    assert out["answer"] == "The key is [REDACTED:AWS_KEY]."
    assert (out["messages"][-1].text, out["status"]) == (out["answer"], Status.COMPLETED)
    assert "aws_key" in out["notes"][-1].text and SECRET not in str(out["messages"])
    assert [type(m) for m in out["messages"]] == [HumanMessage, AIMessage]


def test_a_blocked_answer_is_withheld() -> None:
    policy = POLICY.replace("detokenise:", "output: {email: block}\n  detokenise:")
    out = agent(Post(), f"It is {MAIL}.", policy=policy).invoke({"messages": "Where?"})
    assert out["status"] == Status.REFUSED and MAIL not in str(out["messages"]) + out["answer"]


def test_without_a_key_nothing_runs_on_what_should_be_tokenised(monkeypatch: pytest.MonkeyPatch) -> None:
    said = turns(token())
    monkeypatch.delenv("LOCKGATE_PRIVACY_KEY")
    settings.cache_clear()
    post = Post()
    out = agent(post, *said, checkpointer=InMemorySaver()).invoke({"messages": "Write."}, CONFIG)
    assert not post.sent and MAIL not in seen(out) and "no privacy key" in seen(out)


def test_a_teams_own_input_and_answer_are_inspected_too() -> None:
    asked: list[str] = []

    def first(messages: Any) -> Any:
        asked.append(str(messages))
        return plan(a="w")

    team = orchestrator.build(
        workers={"w": says("done")}, model=ScriptedModel(turns=[first, f"The key is {SECRET} [a]."])
    )
    out = team.invoke({"messages": f"My key is {SECRET}."})
    assert SECRET not in asked[0] and "[REDACTED:AWS_KEY]" in asked[0]
    assert SECRET not in out["answer"] and "[REDACTED:AWS_KEY]" in out["answer"]
