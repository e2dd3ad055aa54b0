"""`ScriptedModel`: turns from code, position, branching, streaming, and what it refuses."""

import asyncio
import pickle

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from lockgate.errors import ConfigError, ScriptError
from lockgate.models import Branch, ScriptedModel, When

ASK = [HumanMessage("Refund order 1042")]
CALL = {"calls": [{"name": "lookup", "args": {"order": "1042"}}]}


@tool
def lookup(order: str) -> str:
    """Look an order up."""
    return order


class TestStandard(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ScriptedModel

    @property
    def chat_model_params(self) -> dict:
        return {"turns": ["Hello."]}


def play(model, messages, count):
    """The conversation after `count` more turns, each answered by one result for each call."""
    messages = list(messages)
    for _ in range(count):
        said = model.invoke(messages)
        messages.append(said)
        messages += [ToolMessage("paid", tool_call_id=call["id"], name=call["name"]) for call in said.tool_calls]
    return messages


@pytest.mark.parametrize(
    ("turn", "text", "calls"),
    [
        ("Done.", "Done.", []),
        (AIMessage("Done."), "Done.", []),
        ({"text": "Done."}, "Done.", []),
        (CALL, "", [("lookup", {"order": "1042"}, "call-0-0")]),
        (
            {"text": "Both.", "calls": [{"name": "a"}, {"name": "b", "id": "mine"}]},
            "Both.",
            [("a", {}, "call-0-0"), ("b", {}, "mine")],
        ),
        (AIMessage("", tool_calls=[{"name": "a", "args": {}, "id": None}]), "", [("a", {}, "call-0-0")]),
        (lambda messages: messages[-1].text, "Refund order 1042", []),
        (lambda messages, tools: f"{len(messages)} {tools[0]['function']['name']}", "1 lookup", []),
        (lambda messages: CALL, "", [("lookup", {"order": "1042"}, "call-0-0")]),
        (Branch(When(last_contains="cancel", then="No."), When(last_contains="REFUND", then="Yes.")), "Yes.", []),
    ],
)
def test_every_form_of_a_turn(turn, text, calls):
    model = ScriptedModel([turn]).bind_tools([lookup])
    streamed = None
    for chunk in model.stream(ASK):
        streamed = chunk if streamed is None else streamed + chunk
    for said in (model.invoke(ASK), asyncio.run(model.ainvoke(ASK)), streamed):
        assert said.text == text
        assert [(call["name"], call["args"], call["id"]) for call in said.tool_calls] == calls
        assert said.usage_metadata["input_tokens"] > 0 and said.usage_metadata["output_tokens"] > 0


def test_the_position_is_read_from_the_conversation():
    first, second = ScriptedModel(["one", CALL, "three"]), ScriptedModel(["one", CALL, "three"])
    messages = play(first, ASK, 2)
    assert second.invoke(messages).text == "three"  # as in a new process after a kill
    assert first.invoke(ASK).text == "one"  # another thread
    assert first.invoke(messages).text == "three"


def test_ids_of_calls_are_the_same_each_time_and_differ_between_turns():
    model = ScriptedModel([CALL, CALL])
    ids = [call["id"] for m in play(model, ASK, 2) if isinstance(m, AIMessage) for call in m.tool_calls]
    assert ids == ["call-0-0", "call-1-0"]


def test_a_message_is_fresh_each_time():
    said = AIMessage("Done.")
    model = ScriptedModel([said])
    model.invoke(ASK)
    assert said.id is None
    assert model.invoke(ASK).id != model.invoke(ASK).id


def test_running_out_names_the_turn_and_the_last_message():
    with pytest.raises(ScriptError, match=r"ends after 1 turns, and turn 1 .* tool 'paid'"):
        ScriptedModel([CALL]).invoke(play(ScriptedModel([CALL]), ASK, 1))
    with pytest.raises(ScriptError, match="ends after 0 turns"):
        ScriptedModel().invoke(ASK)


BRANCH = Branch(
    When(tool_result="lookup", contains="paid", then=[{"calls": [{"name": "refund"}]}, "The money is on its way."]),
    When(then="I cannot find that order."),
)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("Paid on Monday", ["", "The money is on its way.", "Anything else?"]),
        ("no such order", ["I cannot find that order.", "Anything else?"]),
    ],
)
@pytest.mark.parametrize("name", ["lookup", None])
def test_a_branch_plays_all_its_turns_and_then_the_rest(result, expected, name):
    model = ScriptedModel([CALL, BRANCH, "Anything else?"])
    messages = [*ASK, model.invoke(ASK)]
    messages.append(ToolMessage(result, tool_call_id="call-0-0", name=name))
    said = []
    for _ in expected:
        messages.append(model.invoke(messages))
        said.append(messages[-1].text)
        # A result that would now choose otherwise: a branch is decided once, when it is reached.
        messages.append(ToolMessage("other", tool_call_id="call-0-0", name="lookup"))
    assert said == expected
    with pytest.raises(ScriptError, match=f"after {len(expected) + 1} turns"):
        model.invoke(messages)


def test_a_branch_in_a_branch():
    inner = Branch(When(last_contains="b", then="inner"), When(then="not b"))
    model = ScriptedModel([Branch(When(last_contains="a", then=[inner, "after"])), "end"])
    said = [m.text for m in play(model, [HumanMessage("a b")], 3)]
    assert said == ["a b", "inner", "after", "end"]


def test_a_branch_where_nothing_fits_fails():
    with pytest.raises(ScriptError, match=r"No case .* human 'Refund order 1042'"):
        ScriptedModel([Branch(When(last_contains="cancel", then="No."))]).invoke(ASK)


def test_strict_refuses_a_call_to_a_tool_that_is_not_bound():
    turns = [{"calls": [{"name": "drop_table"}]}]
    assert ScriptedModel(turns).bind_tools([lookup]).invoke(ASK).tool_calls[0]["name"] == "drop_table"
    with pytest.raises(ScriptError, match=r"'drop_table', which is not bound. Bound: lookup"):
        ScriptedModel(turns, strict=True).bind_tools([lookup]).invoke(ASK)
    assert ScriptedModel([CALL], strict=True).bind_tools([lookup]).invoke(ASK).tool_calls


@pytest.mark.parametrize(
    ("turns", "text"),
    [
        ("Done.", "list of turns"),
        (None, "list of turns"),
        ([3], r"turns\[0\]: a turn is text"),
        (["a", {}], r"turns\[1\]: a turn needs"),
        ([{"txt": "a"}], "'txt' means nothing"),
        ([{"text": 3}], "'text' is text, not int"),
        ([{"calls": {"name": "a"}}], "'calls' is a list"),
        ([{"calls": [{"args": {}}]}], "needs a 'name'"),
        ([{"calls": [{"name": "a", "args": [1]}]}], "'args' maps"),
        ([{"text": "a", "usage": {"input": -1, "output": 2}}], "'usage' is"),
        ([Branch(When(then=3))], "a turn is text"),
        ([{"branch": [{"when": {}, "then": "a"}]}], "a case is"),
        ([{"branch": [{"when": {"contains": "x"}, "then": "a"}]}], "needs the 'tool_result'"),
        ([{"branch": [{"when": {"last": "x"}, "then": "a"}]}], "'last' means nothing"),
        ([{"branch": "a"}], "'branch' is a list"),
    ],
)
def test_a_wrong_script_is_refused_when_it_is_made(turns, text):
    with pytest.raises(ConfigError, match=text):
        ScriptedModel(turns)


@pytest.mark.parametrize("made", [3, None, Branch(When(then="a")), lambda messages: "a", {}])
def test_a_function_that_makes_no_turn_fails_at_its_turn(made):
    with pytest.raises(ScriptError, match="Turn 0"):
        ScriptedModel([lambda messages: made]).invoke(ASK)


def test_usage_is_as_scripted_or_estimated():
    told = ScriptedModel([{"text": "a", "usage": {"input": 7, "output": 3}}]).invoke(ASK).usage_metadata
    assert told == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    guessed = ScriptedModel(["b" * 400]).invoke([HumanMessage("a" * 4000)]).usage_metadata
    assert guessed == {"input_tokens": 1001, "output_tokens": 101, "total_tokens": 1102}


def test_streaming_gives_words():
    words = [chunk.content for chunk in ScriptedModel(["two  little words"]).stream(ASK)]
    assert words == ["two  ", "little ", "words", ""]


async def test_async_streaming_gives_words():
    words = [chunk.content async for chunk in ScriptedModel(["two  little words"]).astream(ASK)]
    assert words == ["two  ", "little ", "words", ""]


async def test_one_model_serves_many_threads_at_once():
    model = ScriptedModel([lambda messages: f"for {messages[0].text}", lambda messages: f"again {messages[0].text}"])

    async def run(name):
        messages = [HumanMessage(name)]
        for _ in range(2):
            messages.append(await model.ainvoke(messages))
        return [m.text for m in messages[1:]]

    answers = await asyncio.gather(*(run(str(n)) for n in range(50)))
    assert answers == [[f"for {n}", f"again {n}"] for n in range(50)]


def test_structured_output():
    class City(BaseModel):
        name: str

    model = ScriptedModel([{"calls": [{"name": "City", "args": {"name": "Ghent"}}]}])
    assert model.with_structured_output(City).invoke(ASK) == City(name="Ghent")


def test_it_survives_pickling():
    model = pickle.loads(pickle.dumps(ScriptedModel(["one", "two"])))
    assert model.invoke(ASK).text == "one"
