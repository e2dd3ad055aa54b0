"""The lint of God agents: each finding has an agent that earns it, and a good agent earns none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from lockgate.guardrails import lint_agent
from lockgate.guardrails.god_agent import MANY_EFFECTS, MANY_TOOLS, MAX_FINDINGS
from lockgate.spec import ToolSpec

GOOD = "You look orders up for clerks. Answer from what the tools return, and stop when the order was found."


class NoArguments(BaseModel):
    pass


def spec(name: str, description: str = "", *, effect: bool = False) -> ToolSpec:
    return ToolSpec(
        name=name, description=description, args_model=NoArguments, run=print, is_async=False, effect=effect
    )


def word(n: int) -> str:
    return "".join(chr(ord("a") + int(digit)) * 3 for digit in f"{n:04}")


DESK = [
    spec("look_up_order", "Look an order up by its number."),
    spec("search_manual", "Search the manual of a product for a passage."),
    spec("refund", "Pay an order back to the customer.", effect=True),
]


def problems(tools: list[ToolSpec], prompt: str = GOOD) -> list[str]:
    return [finding.problem for finding in lint_agent(tools, prompt)]


def test_a_narrow_agent_earns_no_finding() -> None:
    assert problems(DESK) == []


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "no prompt"),
        ("  \n", "no prompt"),
        ("You are a helpful assistant.", "stock phrase"),
        ("You are a very helpful AI assistant!", "stock phrase"),
        ("Help the user.", "3 words"),
        ("You work for the sales team and can do anything that they may ask you for.", "'anything'"),
    ],
)
def test_vague_prompts(prompt: str, said: str) -> None:
    (finding,) = lint_agent(DESK, prompt, name="clerk")
    assert finding.problem == "vague prompt"
    assert said in str(finding)
    assert str(finding).startswith("clerk: ")


def test_the_bounds_are_the_last_good_numbers() -> None:
    many = [spec(word(n)) for n in range(MANY_TOOLS + 1)]
    assert problems(many[:-1]) == []
    assert problems(many) == ["too many tools"]
    acting = [spec(word(n), effect=True) for n in range(MANY_EFFECTS + 1)]
    assert problems(acting[:-1]) == []
    assert problems(acting) == ["too many effects"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (spec("search_docs", "Search documents."), spec("doc_search", "Searches the document."), True),
        (spec("getUser", "Get a user."), spec("get_users", "Gets the users."), True),
        (spec("send_mail", "Send a mail to a customer."), spec("send_refund", "Pay an order back."), False),
        (spec("read_file", "Read a file."), spec("write_file", "Write a file."), False),
    ],
)
def test_overlap(one: ToolSpec, other: ToolSpec, alike: bool) -> None:
    found = lint_agent([one, other], GOOD)
    assert [finding.tools for finding in found] == ([(one.name, other.name)] if alike else [])


def test_a_thousand_equal_tools_make_a_list_that_can_be_read() -> None:
    found = lint_agent([spec(f"tool{n}", "Does the same thing.") for n in range(1_000)], GOOD)
    assert len(found) <= MAX_FINDINGS


@given(st.lists(st.builds(spec, st.text(max_size=20), st.text(max_size=60)), max_size=5), st.text(max_size=200))
def test_any_text_is_taken_and_none_reaches_the_terminal_raw(tools: list[ToolSpec], prompt: str) -> None:
    for finding in lint_agent(tools, prompt):
        assert str(finding).replace("\u2028", "").replace("\u2029", "").replace("\x85", "")
        assert "\x1b" not in str(finding)
