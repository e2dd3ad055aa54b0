"""Budgets hold whatever a provider says of tokens: nothing, too much to be true, or what no database can hold."""

import time
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import Field
from tests.graphs.test_budgets import RULES, tools

from lockgate import Policy
from lockgate.graphs import react
from lockgate.handoff import Status
from lockgate.models import ScriptedModel
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver


class Provider(BaseChatModel):
    """Looks at something new `rounds` times, and says of tokens what it is given to say."""

    rounds: int = 20
    counts: tuple[int, int] | None = None
    told: dict[str, Any] = Field(default_factory=dict)

    @property
    def _llm_type(self) -> str:
        return "provider"

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        at = sum(isinstance(message, AIMessage) for message in messages)
        calls = [{"name": "look", "args": {"x": at}, "id": f"c{at}"}] if at < self.rounds else []
        answer = AIMessage("Well.", tool_calls=calls, response_metadata=self.told)
        if self.counts:
            read, wrote = self.counts
            answer.usage_metadata = {"input_tokens": read, "output_tokens": wrote, "total_tokens": 0}
        return ChatResult(generations=[ChatGeneration(message=answer)])


def agent(pack: str, provider: Provider, saver: Any = None) -> Any:
    return react.build(model=provider, tools=tools(), policy=Policy.parse(RULES + pack), checkpointer=saver)


BOUNDS = {
    "tokens": "run: {tokens: 3000}, reply: 500",
    "usd": "run: {usd: 0.003}, reply: 500, prices: {'*': {input: 1, output: 1}}",
}


@pytest.mark.parametrize("counts", [None, (0, 0), (-900, -900)])
@pytest.mark.parametrize("bound", BOUNDS)
def test_of_a_provider_that_counts_nothing_what_was_set_aside_counts(
    bound: str, counts: tuple[int, int] | None
) -> None:
    out = agent(f"budgets: {{{BOUNDS[bound]}}}", Provider(counts=counts)).invoke({"messages": "go"})
    used = out["usage"]
    assert out["status"] == Status.BUDGET and used.output_tokens == 500 * used.model_calls
    assert 1_500 < used.input_tokens + used.output_tokens <= 3_000
    assert used.micro_usd in (0, used.input_tokens + used.output_tokens)


def test_what_is_not_bounded_is_not_made_up() -> None:
    used = agent("", Provider(rounds=2)).invoke({"messages": "go"})["usage"]
    assert (used.model_calls, used.input_tokens, used.output_tokens) == (3, 0, 0)


async def test_a_rate_fills_up_though_the_provider_counts_nothing(saver: PostgresSaver) -> None:
    graph = agent("budgets: {reply: 100, rates: [{by: user, per: day, tokens: 1500}]}", Provider(rounds=0), saver)
    statuses = []
    for thread in "abcdef":
        out = await graph.ainvoke(
            {"messages": "go " * 500}, {"configurable": {"thread_id": thread}}, context=Caller(user="ann")
        )
        statuses.append(out["status"])
    assert statuses == [Status.COMPLETED] * 2 + [Status.BUDGET] * 4


@pytest.mark.parametrize("count", [10**15, 2**63, 2**64 - 1, 10**30])
@pytest.mark.parametrize("price", [None, 1, 10**12])
async def test_a_count_beyond_every_bound_ends_no_run_in_an_error(
    saver: PostgresSaver, count: int, price: int | None
) -> None:
    rates = f"rates: [{{by: user, per: day, usd: 1}}], prices: {{'*': {{input: {price}, output: 0}}}}"
    graph = agent(f"budgets: {{{rates}}}" if price else "", Provider(rounds=0, counts=(count, 1)), saver)
    statuses = []
    for thread in "tu":
        out = await graph.ainvoke({"messages": "go"}, {"configurable": {"thread_id": thread}})
        assert out["usage"].input_tokens <= 10**15
        statuses.append(out["status"])
    # What no state can hold counts as not counted, and what is said to be dear is not begun.
    room = 2 if not price or (price == 1 and count > 2**64) else 1 if price == 1 else 0
    assert statuses == [Status.COMPLETED] * room + [Status.BUDGET] * (2 - room)


def test_what_the_model_wrote_into_its_calls_is_read_again_and_set_aside() -> None:
    long = {"calls": [{"name": "look", "args": {"x": 1, "why": "w" * 40_000}}]}
    pack = Policy.parse(f"{RULES}budgets: {{run: {{tokens: 12000}}, reply: 100}}")
    out = react.build(model=ScriptedModel([long, "done"]), tools=tools(), policy=pack).invoke({"messages": "go"})
    assert (out["status"], out["usage"].model_calls) == (Status.BUDGET, 1)


def test_a_log_probability_that_nothing_can_hold_ends_no_run_in_an_error() -> None:
    told = {"logprobs": {"content": [{"logprob": -(10**400)}]}, "model_name": "m"}
    out = agent("", Provider(rounds=1, told=told), InMemorySaver()).invoke(
        {"messages": "go"}, {"configurable": {"thread_id": "t"}}
    )
    assert out["status"] == Status.COMPLETED
    assert {m.response_metadata.get("model_name") for m in out["messages"] if m.type == "ai"} == {"m"}


def test_time_is_told_by_a_clock_that_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model call takes 0.4 s by the clock of the machine, whose time of day is set back by an hour meanwhile."""
    ticks, day, of_the_machine = [0.0], [1e9], time.monotonic()
    monkeypatch.setattr("lockgate.nodes.metering.time.time", lambda: day[0])
    monkeypatch.setattr("lockgate.nodes.metering.time.monotonic", lambda: of_the_machine + ticks[0])

    def slow(messages: list[BaseMessage]) -> Any:
        ticks[0] += 0.4
        day[0] -= 3_600
        return {"calls": [{"name": "look", "args": {"x": len(messages)}}]}

    pack = Policy.parse(f"{RULES}budgets: {{run: {{seconds: 1}}}}")
    out = react.build(model=ScriptedModel([slow] * 9), tools=tools(), policy=pack).invoke({"messages": "go"})
    assert (out["status"], out["usage"].model_calls) == (Status.BUDGET, 3)
