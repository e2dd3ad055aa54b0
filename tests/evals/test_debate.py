"""The debate eval: it compares at equal cost, and its scenarios come out as they were made to."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lockgate.cli.app import app
from lockgate.evals.debate import suite
from lockgate.evals.debate.compare import WAYS, interval, sign_test
from lockgate.evals.debate.population import read
from lockgate.evals.debate.questions import arithmetic, number, read_questions
from lockgate.models import ScriptedModel


def rows(*args: str) -> dict[tuple[str, str], Any]:
    done = CliRunner().invoke(app, ["eval", "run", "debate", *args, "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    return {(row["agents"], row["way"]): row for row in report["rows"]} | {("", ""): report}


def test_the_scenarios_come_out_as_they_were_made_and_the_costs_are_the_same() -> None:
    found = rows("--limit", "60", "--suite", "truth persuades", "--suite", "the herd errs")
    names = ["truth persuades", "the herd errs"]
    assert set(found) == {(name, way) for name in names for way in WAYS} | {("", "")}
    for name in names:
        debate, made = found[name, "debate"], found[name, "vote, calls as made"]
        assert abs(debate["calls"] - made["calls"]) <= 0.5
        assert found[name, "vote, calls at the most"]["calls"] == 3 * 3 + 1 >= debate["calls"]
        assert found[name, "one alone"]["calls"] == 1 and found[name, "vote of the first answers"]["calls"] == 3
        assert debate["low"] <= debate["right"] <= debate["high"]
        wins, losses = debate["only_debate"], debate["only_vote"]
        assert round(100 * (wins - losses) / 60, 1) == pytest.approx(debate["right"] - made["right"], abs=0.11)
        assert debate["p"] == round(sign_test(wins, losses), 4)
    persuaded, herd = found["truth persuades", "debate"], found["the herd errs", "debate"]
    assert persuaded["right"] > found["truth persuades", "vote, calls as made"]["right"]
    assert herd["right"] <= found["the herd errs", "vote, calls as made"]["right"]
    assert herd["right"] < found["the herd errs", "vote, calls at the most"]["right"]
    (note,) = found["", ""]["notes"]
    assert "not its merit" in note


def test_a_simulated_agent_that_cannot_read_what_it_is_shown_says_so() -> None:
    shown = 'Answer yours:\n<b source="x">\n41\nReasons: r\n</b>\n\nAnswer 1:\n<b>\n42\nReasons: none given\n</b>'
    assert read(shown) == {"yours": "41", "1": "42"}
    assert read("question 1") == {}
    with pytest.raises(ValueError, match="No answer is found"):
        read("Others answered this. <answer 1>42</answer>")


def test_a_seed_is_the_same_case_each_time_and_a_bound_is_held() -> None:
    args = ("--limit", "5", "--suite", "nobody is moved")
    assert rows(*args, "--seed", "9").keys() == rows(*args).keys()
    first, second = (rows(*args, "--seed", "9")["", ""]["rows"] for _ in range(2))
    assert first == second
    done = CliRunner().invoke(app, ["eval", "run", "debate", *args, "--must", "right=101"])
    assert done.exit_code == 1 and "the bound is 101" in done.stderr
    assert "vote, calls as made" in done.stdout


def test_a_model_answers_questions_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "6 x 7?", "answer": "42"}\n\n{"question": "The sea?", "answer": "The Sea."}\n')

    def turn(messages: Any) -> str:
        answer = "It is 42." if "6 x 7" in messages[-1].text else "the  sea"
        return json.dumps({"answer": answer, "reasons": "r", "confidence": 1})

    monkeypatch.setattr(suite, "open_model", lambda name, **_: ScriptedModel(turns=[turn] * 99))
    found = rows("--model", "some:model", "--set", f"questions={file}")
    assert found["some:model", "debate"]["right"] == 100
    assert found["some:model", "debate"]["calls"] == 3, "all agreed at once"
    assert "notes" not in found["", ""]


def test_answers_that_are_missing_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def turn(_: Any) -> str:
        return json.dumps({"answer": "1", "reasons": "r"}) if next(answered) % 3 else "words"

    answered = count()
    monkeypatch.setattr(suite, "open_model", lambda name, **_: ScriptedModel(turns=[turn] * 99))
    (note,) = rows("--model", "some:model", "--limit", "2")["", ""]["notes"]
    assert "answers are missing, the first because: " in note


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no question"),
        ("{}", "q.jsonl:1 is no question"),
        ('{"question": "a", "answer": "b"}\n[]', ":2 is no"),
        ("[" * 100_000, ":1 is no question"),
        ("\xff", "cannot be read"),
    ],
    ids=["empty", "no fields", "no object", "deep", "no text"],
)
def test_a_file_of_questions_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "q.jsonl").write_bytes(text.encode("latin-1"))
    done = CliRunner().invoke(
        app, ["eval", "run", "debate", "--model", "ollama:x", "--set", f"questions={tmp_path / 'q.jsonl'}"]
    )
    assert done.exit_code != 0
    assert says in done.stderr


def test_questions_of_a_file_need_a_model() -> None:
    done = CliRunner().invoke(app, ["eval", "run", "debate", "--set", "questions=q.jsonl"])
    assert done.exit_code == 1 and "--model" in done.stderr and not done.stdout


def test_an_unknown_scenario_is_named() -> None:
    done = CliRunner().invoke(app, ["eval", "run", "debate", "--suite", "truth persuade"])
    assert "Did you mean 'truth persuades'" in done.stderr


def test_the_figures_are_what_they_are_called() -> None:
    assert interval(0, 10)[0] == 0 and interval(10, 10)[1] == 1
    low, high = interval(50, 100)
    assert (round(low, 3), round(high, 3)) == (0.404, 0.596)
    assert (sign_test(0, 0), sign_test(5, 0), sign_test(3, 3)) == (1, 0.0625, 1)
    assert [number(text) for text in ("It is 1,024.", "-3", "No  idea.")] == ["1024", "-3", "no idea"]
    (question,) = arithmetic(1, 1)
    assert eval(question.text.removeprefix("What is the result of ").partition("?")[0]) == int(question.answer)
    assert arithmetic(1, 3) == arithmetic(1, 3) != arithmetic(2, 3)
    with pytest.raises(Exception, match="cannot be read"):
        read_questions("/none.jsonl", 1)
