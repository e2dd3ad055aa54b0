"""The debate and the vote: who reads what, when it ends, what the judge may know, and every way it can go wrong."""

import asyncio
import json
import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call

from lockgate import ScriptedModel, tool
from lockgate.argument import Position
from lockgate.errors import BypassError, ConfigError
from lockgate.graphs import debate, majority, verify
from lockgate.graphs.debate import Debater, plain_form
from lockgate.handoff import Status
from lockgate.nodes.moderator import anonymous, shuffled
from lockgate.nodes.tally import vote
from lockgate.state import AgentState

Say = Callable[[str], Any]
QUESTION = {"messages": "What is 6 x 7?"}


def said(answer: str, reasons: str = "", confidence: float = 0.5) -> str:
    return json.dumps({"answer": answer, "reasons": reasons, "confidence": confidence})


def ruling(letter: str, confidence: float = 0.8) -> str:
    return json.dumps({"answer": letter, "reasons": "It holds.", "confidence": confidence, "dissent": "41 was close."})


def model(say: Say, heard: list[str] | None = None) -> ScriptedModel:
    def turn(messages: list[BaseMessage]) -> Any:
        if heard is not None:
            heard.append(messages[-1].text)
        return say(messages[-1].text)

    return ScriptedModel(turns=[turn] * 3)


def bench(*sayings: Say | str) -> list[Debater]:
    names = ["Ann", "Ben", "Cleo", "Dan", "Eve"]
    return [
        Debater(name=name, brief=f"You are {name}.", model=model(say if callable(say) else lambda _, s=say: s))
        for name, say in zip(names, sayings, strict=False)
    ]


def stood(text: str) -> list[tuple[str, str]]:
    """(name, answer) of the positions that stand in blocks of the run."""
    blocks = re.findall(r'Answer (\w+):\n<(untrusted-\w{16}) source="answer:\w+">\n(.*)\n.*\n</(\S+)>', text)
    assert all(fence == end for _, fence, _, end in blocks)
    return [(name, said) for name, _, said, _ in blocks]


def letter_of(text: str, answer: str) -> str:
    return next((name for name, said in stood(text) if said == answer), "?")


def for_42(text: str) -> str:
    return ruling(letter_of(text, "42"))


def run(
    debaters: list[Debater], judge: Say = for_42, entry: Any = None, heard: list[str] | None = None, **options: Any
):
    graph = debate.build(debaters=debaters, judge_model=model(judge, heard), **options)
    return graph.invoke(entry or QUESTION)


def test_agreement_ends_it_without_a_judge() -> None:
    out = run(bench(said("42", "six sevens", 0.9), said(" 42. ", "", 0.7)), judge=lambda _: 1 / 0)
    assert (out["stopped"], out["answer"], out["status"]) == ("agreement", "42", Status.COMPLETED)
    assert (out["verdict"].by, out["verdict"].reasons, out["verdict"].debaters) == (
        "agreement", "six sevens", ["Ann", "Ben"]
    )  # fmt: skip
    assert out["verdict"].confidence == pytest.approx(0.8)
    assert out["usage"].model_calls == 2


def test_all_answer_alone_then_read_one_another() -> None:
    times = count()

    def stubborn(text: str) -> str:
        return said("41", f"because {next(times)}")

    def open_minded(text: str) -> str:
        return said("42" if "41" not in text else "43", f"I, Ben, say so at {next(times)}")

    seen: list[str] = []
    ann = Debater(name="Ann", brief="b", model=model(stubborn, seen))
    out = run([ann, *bench("", open_minded)[1:]], judge=lambda text: ruling(letter_of(text, "43")), rounds=2)
    said_by = [(p.debater, p.round, p.answer) for p in out["positions"]]
    answers = {"Ann": ["41", "41", "41"], "Ben": ["42", "43", "43"]}
    assert said_by == [(name, number, answers[name][number]) for number in range(3) for name in ("Ann", "Ben")]
    assert stood(seen[0]) == [] and stood(seen[1]) == [("yours", "41"), ("1", "42")]
    assert not re.search("Ann|Ben", "".join(seen))
    assert (out["stopped"], out["verdict"].by, out["answer"]) == ("rounds", "judge", "43")
    assert (out["verdict"].dissent, out["verdict"].confidence) == ("41 was close.", 0.8)
    assert out["verdict"].votes == {"41": 1, "43": 1}
    assert out["baseline"].votes == {"41": 1, "42": 1}
    assert out["usage"].model_calls == 2 * 3 + 1


def test_the_debate_stops_as_soon_as_all_agree() -> None:
    def convinced(text: str) -> str:
        return said("42" if "Answer 1:" in text else "40")

    out = run(bench(said("42"), convinced), judge=lambda _: 1 / 0, rounds=5)
    assert (out["stopped"], max(p.round for p in out["positions"])) == ("agreement", 1)


def test_debaters_that_repeat_themselves_bring_it_to_a_standstill() -> None:
    out = run(bench(said("42", "a"), said("41", "b")), rounds=9)
    assert (out["stopped"], out["answer"], out["usage"].model_calls) == ("standstill", "42", 5)
    assert [note.text for note in out["notes"]] == [f"{n} only repeated itself in round 1." for n in ("Ann", "Ben")]
    turns = count()
    out = run(bench(said("42", "a"), lambda _: said("41", str(next(turns)))), rounds=2)
    assert out["stopped"] == "rounds"
    assert [p.repeated for p in out["positions"]] == [False, False, True, False, True, False]


def test_names_and_order_are_hidden_from_the_judge_and_the_same_in_a_replay() -> None:
    heard: list[str] = []
    talkers = bench(said("42", "I, Ann, and ben agree"), said("41", "ANN is wrong"), said("40"), said("39"))
    orders = []
    for _ in range(12):
        out = run(talkers, rounds=0, heard=heard)
        order = out["order"]
        orders.append(tuple(order))
        assert order == shuffled(order, out["run_id"])
        shown = [answer for _, answer in stood(heard[-1])]
        assert shown == [{"Ann": "42", "Ben": "41", "Cleo": "40", "Dan": "39"}[name] for name in order]
        assert not re.search("ann|ben|cleo|dan", heard[-1], re.IGNORECASE)
    assert len(set(orders)) > 4


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (lambda _: "All are good.", "holds no JSON value"),
        (lambda _: ruling("Z"), "name one of A, B, C, not 'Z'"),
        (lambda _: ruling("Ann"), "name one of A, B, C"),
        (lambda _: ruling("A", confidence=7), "confidence: Input should be less than or equal to 1"),
        (lambda _: ruling("A", confidence=float("nan")), "confidence: Input should be"),
        (lambda _: ruling("A", confidence=float("-inf")), "confidence: Input should be"),
        (lambda _: ruling("A and B"), "name one of A, B, C, not 'A and B'"),
        (lambda _: "x" * 1_000_000, "holds no JSON value"),
        (lambda _: json.dumps({"answer": "A", "confidence": 1}), "reasons: Field required"),
        (lambda _: 1 / 0, "It failed: ZeroDivisionError"),
    ],
)
def test_a_judge_that_names_no_answer_leaves_it_to_the_vote(judge: Say, words: str) -> None:
    out = run(bench(said("41", "m"), said("42", "n"), said("42", "n")), judge=judge, rounds=0)
    assert (out["answer"], out["verdict"].by, out["status"]) == ("42", "vote", Status.COMPLETED)
    assert out["verdict"].confidence == pytest.approx(2 / 3)
    assert out["verdict"].dissent == "41: m"
    assert words in out["notes"][-1].text and "the debaters' vote decides" in out["notes"][-1].text


def test_a_confidence_that_is_no_number_is_no_answer_and_a_tie_says_how_it_was_broken() -> None:
    out = run(bench(said("41", confidence=float("nan")), said("42")), rounds=0)
    assert [position.error for position in out["positions"]][1] == ""
    assert "Its answer cannot stand: confidence: Input should be" in out["positions"][0].error
    assert out["answer"] == "42"
    out = run(bench(said("41", confidence=0.4), said("42", confidence=0.6)), judge=lambda _: "Hm.", rounds=0)
    assert out["answer"] == "42"
    assert out["notes"][-1].text.endswith(
        "2 answers have the same number of votes; the more confident side stands, else the first."
    )
    out = majority.build(debaters=bench(said("41"), said("42")), votes=2).invoke(QUESTION)
    assert (out["answer"], out["verdict"].votes, out["verdict"].dissent) == ("41", {"41": 1, "42": 1}, "42: ")
    assert [note.text.split(";")[0] for note in out["notes"]] == ["2 answers have the same number of votes"]
    out = majority.build(debaters=bench(said("41"), said("42")), votes=3).invoke(QUESTION)
    assert not out.get("notes")


def test_a_judge_is_told_and_may_mend_its_ruling() -> None:
    out = run(bench(said("41"), said("42")), judge=lambda text: for_42(text) if "cannot stand" in text else "Hm.")
    assert (out["verdict"].by, out["answer"]) == ("judge", "42")


def test_debaters_that_die_or_cannot_be_read() -> None:
    out = run(bench(said("42"), lambda _: 1 / 0, "words", said("41")), rounds=1)
    assert out["answer"] == "42"
    errors = {p.debater: p.error for p in out["positions"] if p.round == 0 and p.error}
    assert errors == {
        "Ben": "It failed: ZeroDivisionError.",
        "Cleo": "Its answer cannot stand: The answer holds no JSON value.",
    }
    assert sorted(out["order"]) == ["Ann", "Dan"]
    assert len([note for note in out["notes"] if "gave no answer" in note.text]) == 4
    # One that is left has nobody to agree with; the judge still looks at it.
    out = run(bench(said("42"), "x"), rounds=3)
    assert (out["stopped"], out["verdict"].by, out["answer"]) == ("silence", "judge", "42")
    out = run(bench("x", "y"))
    assert (out["stopped"], out["status"], out["verdict"]) == ("silence", Status.FAILED, None)
    assert out["answer"] == "Nobody gave an answer."


def test_two_of_five_do_not_agree_for_all() -> None:
    out = run(bench(said("42"), said("42"), "x", "y", "z"), rounds=0)
    assert out["stopped"] == "rounds"
    assert out["verdict"].by == "judge"


async def test_one_that_hangs() -> None:
    never = asyncio.Event()

    class Hung(ScriptedModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            await never.wait()

    members = [Debater(name="Ann", brief="b", model=Hung()), *bench("", said("42"), said("42"))[1:]]
    graph = debate.build(debaters=members, judge_model=model(for_42), timeout=0.3)
    out = await graph.ainvoke(QUESTION)
    assert (out["stopped"], out["answer"]) == ("agreement", "42")
    assert "gave no answer in time" in out["notes"][0].text


@pytest.mark.parametrize("entry", [{"messages": "  "}, {"messages": []}, {}])
@pytest.mark.parametrize("build", [debate.build, majority.build])
def test_without_a_question_there_is_nothing_to_debate(build: Any, entry: Any) -> None:
    out = build(debaters=bench(said("1"), said("2"))).invoke(entry)
    assert (out["status"], out["usage"].model_calls if "usage" in out else 0) == (Status.REFUSED, 0)
    assert out["answer"] == "There is no message to answer. Send one with text."


def test_a_second_question_starts_anew_and_faces_agree() -> None:
    graph = debate.build(debaters=bench(said("42"), said("42")), checkpointer=InMemorySaver())
    verify(graph)
    config: Any = {"configurable": {"thread_id": "t"}}
    for _ in range(2):
        out = graph.invoke(QUESTION, config)
        assert [p.debater for p in out["positions"]] == ["Ann", "Ben"]
    assert out["usage"].model_calls == 4


def test_a_debater_with_tools_may_wait_for_a_person() -> None:
    desk = Desk()

    def turn(messages: list[BaseMessage]) -> Any:
        return {"calls": [refund_call(60)]}

    ann = Debater(
        name="Ann", brief="b", model=ScriptedModel(turns=[turn, said("42")]), tools=tuple(desk.tools()), policy=POLICY
    )
    ben = bench("", said("42"))[1]
    graph = debate.build(debaters=[ann, ben], checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    (question,) = graph.invoke(QUESTION, config)["__interrupt__"]
    out = graph.invoke(Command(resume={question.id: {"action": "approve", **BOSS}}), config)
    assert (out["stopped"], out["usage"].tool_calls, out["usage"].model_calls) == ("agreement", 1, 3)
    assert desk.ran == {"refund 1 a 60": 1}
    assert out["trust"].sources == {"tool:refund"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"debaters": bench(said("1"))}, "two debaters or more"),
        ({"debaters": [*bench(said("1")), *bench(said("2"))]}, "a name of its own"),
        ({"debaters": bench(said("1"), said("2")), "rounds": -1}, "cannot have -1 rounds"),
        ({"debaters": [Debater(name=str(i), brief="b") for i in range(27)]}, "too many"),
    ],
)
def test_what_cannot_be_built(options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        debate.build(**options)


def test_a_debater_with_a_way_round_the_lock_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    @tool
    def delete(order: str) -> str:
        """Delete."""
        return order

    def sly(state: Any) -> Any:
        return {"answer": delete.run(order="1")}

    bad = StateGraph(AgentState)
    bad.add_node("sly", sly)
    bad.add_edge(START, "sly")
    bad.add_edge("sly", END)
    made = debate.react.build
    for build, culprit in ((debate.build, "Ann"), (debate.build, "judge"), (majority.build, "Ben")):
        monkeypatch.setattr(
            debate.react, "build", lambda name, _c=culprit, **o: bad.compile() if name == _c else made(name=name, **o)
        )
        with pytest.raises(BypassError, match="sly"):
            build(debaters=bench("", ""))


def test_a_vote_costs_what_the_debate_may_cost() -> None:
    members = bench(said("42"), said("41"), said("42"))
    out = majority.build(debaters=members, rounds=2).invoke(QUESTION)
    assert out["usage"].model_calls == 3 * 3 + 1
    assert (out["answer"], out["verdict"].votes) == ("42", {"42": 7, "41": 3})
    out = majority.build(debaters=bench(said("42"), "x"), votes=4).invoke(QUESTION)
    assert (out["answer"], out["verdict"].confidence) == ("42", 1.0)
    assert out["notes"][0].text.startswith("2 of 4 ballots are void: Its answer cannot stand")
    out = majority.build(debaters=bench("x"), votes=2).invoke(QUESTION)
    assert (out["status"], out["verdict"]) == (Status.FAILED, None)
    with pytest.raises(ConfigError, match="0 ballots"):
        majority.build(debaters=members, votes=0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=12), st.randoms())
def test_the_vote_is_the_most_given_answer(given_votes: list[tuple[str, float]], random: Any) -> None:
    positions = [
        Position(debater=str(i), round=0, answer=a, key=a, confidence=c) for i, (a, c) in enumerate(given_votes)
    ]
    won = vote(positions)
    assert won is not None
    assert won.votes[won.answer] == max(won.votes.values())
    assert sum(won.votes.values()) == len(positions)
    assert vote([Position(debater="x", round=0, error="e")]) is None


@settings(max_examples=50)
@given(
    st.lists(st.text("abcXY", min_size=1, max_size=3), min_size=1, max_size=5, unique_by=str.casefold),
    st.text("abcXY .", max_size=30),
)
def test_no_name_survives(names: list[str], text: str) -> None:
    hidden = anonymous(Position(debater=names[0], round=0, answer=text, reasons=text), names)
    words = {word.casefold() for word in re.findall(r"\w+", hidden.reasons.replace("[a debater]", " "))}
    assert not words & {name.casefold() for name in names}
    assert hidden.debater == ""


def test_plain_form() -> None:
    assert {plain_form(text) for text in ("42", " 42. ", "`42`", "$42$")} == {"42"}
    assert plain_form("The  Answer") == "the answer"
