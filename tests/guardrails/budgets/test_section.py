"""The section `budgets`: what loads, what does not, prices, and circles."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from lockgate import Policy
from lockgate.errors import PolicyError
from lockgate.guardrails import Narrowed
from lockgate.guardrails.budgets.progress import stuck
from lockgate.guardrails.budgets.section import Price, cost, named
from lockgate.guardrails.sections import Sections, spoken
from lockgate.handoff import Budget, Usage, spent, tightest, units
from lockgate.plan import granted
from lockgate.ports import Judge


def parsed(text: str) -> Policy:
    return Policy.parse(f"version: 1\nrules: []\n{text}", "p.yaml")


def test_what_a_pack_says() -> None:
    section = parsed("""
budgets:
  run: {tokens: 1000, usd: 0.5, seconds: 1.5}
  agents: {"clerk*": {model_calls: 3}}
  tools: {"send_*": 2}
  prices: {"gpt-*": {input: 2.5, output: 10}, "*": {input: 1, output: 1}}
  rates:
    - {by: user, tool_calls: 5, per: hour, tools: [refund]}
    - {by: tenant, usd: 50, tokens: 9, per: 90}
""").sections.budgets
    assert tightest(*section.of_run("clerk-1")) == Budget(tokens=1000, usd=0.5, seconds=1.5, model_calls=3)
    assert tightest(*section.of_run("boss")) == Budget(tokens=1000, usd=0.5, seconds=1.5)
    assert section.price("gpt-9") == Price(input=2.5, output=10)
    assert [rate.window for rate in section.rates] == [3600.0, 90.0]
    assert dict(section.rates[1].bounds()) == {"tokens": 9, "usd": 50}
    assert section.rates[0].covers("refund") and not section.rates[0].covers("look")


@pytest.mark.parametrize(
    ("pack", "where", "what"),
    [
        ("budgets: {run: {token: 1}}", "p.yaml:3: field 'budgets.run.token'", "Did you mean 'tokens'"),
        ("budgets: {run: {tokens: -1}}", "field 'budgets.run.tokens'", "0 or more"),
        ("budgets: {run: {usd: 1}}", "p.yaml:3: field 'budgets'", "no prices"),
        ("budgets: {rates: [{by: user, per: hour}]}", "field 'budgets.rates[0]'", "bounds nothing"),
        ("budgets: {rates: [{by: users, per: hour, tokens: 1}]}", "field 'budgets.rates[0].by'", "'tenant'"),
        ("budgets: {rates: [{by: user, tokens: 1}]}", "field 'budgets.rates[0].per'", "required"),
        ("budgets: {rates: [{by: user, per: 0, tokens: 1}]}", "field 'budgets.rates[0].per'", "seconds above 0"),
        ("budgets: {rates: [{by: tool, per: hour, tokens: 1}]}", "field 'budgets.rates[0]'", "cannot bound tokens"),
        ("budgets: {rates: [{by: tool, per: day, usd: 1, seconds: 1}]}", "budgets.rates[0]'", "cannot bound usd"),
        (
            "budgets: {rates: [{by: user, per: hour, model_calls: 1, tools: [send]}]}",
            "field 'budgets.rates[0]'",
            "cannot bound model_calls: a tool uses no model; give tool_calls or seconds",
        ),
        ("budgets: {reply_seconds: -1}", "field 'budgets.reply_seconds'", "0"),
        ("budgets: {no_progress: {repeats: 1}}", "field 'budgets.no_progress.repeats'", "2"),
        ("budgets: {tool_seconds: {send: -1}}", "field 'budgets.tool_seconds.send'", "0"),
        ("budgets: {tools: {send: many}}", "field 'budgets.tools.send'", "whole number"),
    ],
)
def test_a_broken_section_never_loads(pack: str, where: str, what: str) -> None:
    with pytest.raises(PolicyError) as error:
        parsed(pack)
    assert where in error.value.where
    assert what in str(error.value)


def test_the_sections_of_every_pack_behind_a_judge_count() -> None:
    class Mine:
        decide = Policy.deny_all().decide

    mine: Judge = Mine()
    one, other = parsed("budgets: {run: {tokens: 1}}"), parsed("budgets: {run: {tokens: 2}}")
    judge = Narrowed([one, Narrowed([other, mine], tools=())], tools=())
    assert [said.budgets.run.tokens for said in spoken(judge)] == [1, 2]
    assert spoken(mine) == (Sections(),)


@pytest.mark.parametrize(
    ("tokens", "micro"), [((1_000_000, 0), 2_500_000), ((1, 0), 3), ((0, 1), 10), ((0, 0), 0), ((3, 1), 18)]
)
def test_cost_is_rounded_up_to_a_millionth(tokens: tuple[int, int], micro: int) -> None:
    assert cost(Price(input=2.5, output=10), *tokens) == micro
    assert cost(None, *tokens) == 0


def test_a_name_that_cannot_be_read_is_bounded_too() -> None:
    assert named("send_*", "send_mail") and not named("send_*", "read") and not named("send", "send_mail")
    assert named("send_*", "\ud800")


amounts = st.none() | st.floats(0, 1_000, allow_nan=False)
counts = st.none() | st.integers(0, 60)
budgets = st.builds(Budget, tokens=counts, model_calls=counts, tool_calls=counts, usd=amounts, seconds=amounts)
usages = st.builds(
    Usage,
    input_tokens=st.integers(0, 60),
    model_calls=st.integers(0, 60),
    micro_usd=st.integers(0, 10**9),
    milliseconds=st.integers(0, 10**6),
    tools=st.dictionaries(st.sampled_from("ab"), st.integers(1, 5)),
)


@given(budgets, st.lists(budgets, max_size=3), usages)
def test_budgets_only_narrow(top: Budget, below: list[Budget], used: Usage) -> None:
    both = tightest(top, *below)
    assert both is not None
    for budget in (top, *below):
        assert all(both.bounds()[name] <= bound for name, bound in budget.bounds().items())
    for name, rest in both.left(used).bounds().items():
        assert 0 <= units(name, rest) == max(0, units(name, both.bounds()[name]) - spent(used, name))
    assert tightest(top, None) == tightest(None, top) == top


@given(st.lists(st.none() | budgets, min_size=1, max_size=6), budgets)
def test_the_shares_of_children_never_exceed_the_parents(asked: list[Budget | None], parent: Budget) -> None:
    from lockgate.handoff import AgentTask

    tasks = [AgentTask(task_id=str(n), objective="o", budget=budget) for n, budget in enumerate(asked)]
    for name, bound in parent.bounds().items():
        own = [b.bounds().get(name) if b else None for b in asked]
        demanded = sum(units(name, amount) for amount in own if amount is not None)
        shares = [units(name, t.budget.bounds()[name]) for t in granted(tasks, parent) if t.budget]
        assert sum(shares) <= max(demanded, units(name, bound))


@given(usages, usages, usages)
def test_usage_is_a_sum(one: Usage, two: Usage, three: Usage) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert (one + two) - two == one


def rounds(*steps: tuple[Any, str], text: str = "") -> list[AnyMessage]:
    """A run: each step is the arguments of one call of `t` (or the name of another tool) and its result."""
    messages: list[AnyMessage] = [HumanMessage("go")]
    for n, (args, result) in enumerate(steps):
        name, given = (args, {}) if isinstance(args, str) else ("t", {"x": args})
        call = {"name": name, "args": given, "id": str(n)}
        messages += [AIMessage(text, tool_calls=[call]), ToolMessage(result, tool_call_id=str(n), name=name)]
    return messages


def test_a_round_with_one_new_call_is_not_stale() -> None:
    messages: list[AnyMessage] = [HumanMessage("go")]
    for n in range(6):
        made = [{"name": "t", "args": {"x": x}, "id": f"{n}-{x}"} for x in (0, n + 1)]
        messages.append(AIMessage("", tool_calls=made))
        messages += [ToolMessage("same", tool_call_id=str(call["id"])) for call in made]
    assert stuck(messages, (), repeats=3, answers=5) == ""


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (rounds((1, "a"), (1, "a"), (1, "a")), "3 rounds"),
        (rounds((1, "a"), (2, "b"), (1, "a"), (2, "b")), "3 rounds"),
        (rounds((0, "z"), (1, "a"), (1, "a"), (1, "a")), "3 rounds"),
        (rounds(*[("next", str(n)) for n in range(5)]), "same answer 5 times"),
        # Near-misses: something is new in each row of three.
        (rounds((1, "a"), (1, "a")), ""),
        (rounds((1, "a"), (1, "b"), (1, "c")), ""),
        (rounds((1, "a"), (1, "a"), (2, "a"), (1, "a")), ""),
        (rounds((1, "fail"), ("edit", "1"), (1, "fail"), ("edit", "2"), (1, "fail"), ("edit", "3")), ""),
        (rounds(*[("next", str(n)) for n in range(4)]), ""),
        (rounds(*[("poll", "wait")] * 9), ""),
        (rounds((1, "a"), ("poll", "wait"), (1, "a"), ("poll", "wait"), (1, "a")), "3 rounds"),
        ([*rounds((1, "a"), (1, "a")), HumanMessage("again"), *rounds((1, "a"), (1, "a"))[1:]], ""),
        ([], ""),
    ],
)
def test_circles(run: list[AnyMessage], why: str) -> None:
    found = stuck(run, {"poll"}, repeats=3, answers=5)
    assert (why in found) if why else (found == "")
