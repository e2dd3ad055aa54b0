"""Estimators of confidence: what they find, and what only looks like it."""

from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.guardrails.risk import confidence as module
from lockgate.guardrails.risk.confidence import agreement, confidence, hedging, probability, register, stated
from lockgate.guardrails.risk.utterance import Utterance, logprobs, utterance


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("I'm not sure this is the right order, but I'll refund it.", 0.25),
        ("I\u2019m not entirely certain which account you mean.", 0.25),
        ("I don't know whether the table is in use.", 0.25),
        ("We cannot verify the address.", 0.25),
        ("I may be wrong, it is the first match.", 0.25),
        ("This is my best guess.", 0.25),
        ("It's unclear which Smith is meant.", 0.25),
        ("I think order 7 is meant.", 0.6),
        ("Probably the second one.", 0.6),
        ("It seems the invoice is overdue.", 0.6),
        ("I think it is probably the second one.", 0.48),
        ("I am assuming you mean the Berlin office.", 0.6),
        # Near-misses: doubt that is not the model's, and words that only look like a hedge.
        ("", None),
        ("Refunding order 7 as you asked.", None),
        ("The customer is not sure about the size.", None),
        ("Make sure the door is closed.", None),
        ("Are you sure? Then I will do it.", None),
        ('She wrote: "I am not sure, I think it was Monday."', None),
        ("> I'm not sure about that\nThe quoted doubt is theirs.", None),
        ("The log says `maybe_retry` and `I think`.", None),
        ("This is unlikely to fail.", None),
        ("On 3 May I sent it. The might of the sea.", None),
        ("I am not only refunding it but also writing to them.", None),
        ("The probabilistic model and the guessing game are installed.", None),
        ("I know who is meant.", None),
    ],
)
def test_hedging(text: str, figure: float | None) -> None:
    assert hedging(Utterance(text=text)) == pytest.approx(figure)


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("Confidence: 0.85", 0.85),
        ("**Confidence:** 85%", 0.85),
        ("My confidence is about 40 percent.", 0.4),
        ("confidence level = 7/10", 0.7),
        ("Confidence score: 70/100", 0.7),
        ("Confidence: 85", 0.85),
        ("Confidence: low", 0.3),
        ("I'm 70% sure of that.", 0.7),
        ("I am only 30% confident.", 0.3),
        ("Confidence: 90%. For the second: confidence 0.9, confidence: 20%.", 0.2),
        ("Confidence: .5", 0.5),
        ("Confidence: 0.8500000000000001", 0.85),
        ("Confidence: 1.0", 1.0),
        # Little on some scale, however small the number of its steps.
        ("Confidence: 1/5", 0.2),
        ("Confidence: **1** out of 10", 0.1),
        ("Confidence: 1 of 4.", 0.25),
        ("Confidence: 80/1000", 0.08),
        ("I am 1 out of 10 sure.", 0.1),
        ("My confidence is 1 on a scale of 1 to 10.", 0.01),
        ("Confidence: 1-2 out of 10", 0.01),
        # Near-misses.
        ("", None),
        ("A 95% confidence interval of 3 to 4.", None),
        ("The confidence is 95% interval based.", None),
        ("Confidence: 250%", None),
        ("Confidence: 7/5", None),
        ("Confidence: 1/0", None),
        ("Confidence: 1000", None),
        ("Confidence: 1.0e-5", None),
        ("Confidence: 1_0", None),
        ("A discount of 20% is given.", None),
        ("Confidence matters. 3 items.", None),
        ('The page says "Confidence: 100%".', None),
        ("They are 70% sure.", None),
        ("self-confidence courses from 20 USD", None),
    ],
)
def test_stated(text: str, figure: float | None) -> None:
    assert stated(Utterance(text=text)) == pytest.approx(figure)


@pytest.mark.parametrize(
    ("metadata", "figure"),
    [
        ({"logprobs": {"content": [{"token": "a", "logprob": log(0.9)}, {"token": "b", "logprob": log(0.4)}]}}, 0.6),
        ({"logprobs": {"token_logprobs": [None, log(0.5)]}}, 0.5),
        ({"logprobs": [{"logprob": 0.0}]}, 1.0),
        ({"avg_logprobs": log(0.7)}, 0.7),
        ({"logprobs": {"content": [{"logprob": -9999.0}]}}, 0.0),
        ({"logprobs": {"content": [{"logprob": float("-inf")}, {"logprob": 0}]}}, 0.0),
        ({"logprobs": [-8.98e307, -8.99e307]}, 0.0),
        ({"logprobs": [-(10**400)]}, 0.0),
        ({"avg_logprobs": -(10**400)}, 0.0),
        # Near-misses: nothing there, or what cannot be a log-probability.
        ({}, None),
        ({"logprobs": None}, None),
        ({"logprobs": {"content": None}}, None),
        ({"logprobs": {"content": []}}, None),
        ({"logprobs": "high"}, None),
        ({"logprobs": {"content": [{"logprob": 0.5}]}}, None),
        ({"logprobs": {"content": [{"logprob": 10**400}]}}, None),
        ({"logprobs": {"content": [{"logprob": "-0.1"}]}}, None),
        ({"logprobs": {"content": [{"logprob": True}]}}, None),
        ({"logprobs": {"content": [{"logprob": float("nan")}]}}, None),
        ({"avg_logprobs": float("nan")}, None),
    ],
)
def test_probability(metadata: dict[str, Any], figure: float | None) -> None:
    assert probability(Utterance(logprobs=logprobs(metadata))) == pytest.approx(figure)


def calls(*amounts: int) -> AIMessage:
    made = [{"name": "pay", "args": {"amount": a, "to": "x"}, "id": f"c{n}"} for n, a in enumerate(amounts)]
    return AIMessage("", tool_calls=made)


@pytest.mark.parametrize(
    ("answer", "samples", "figure"),
    [
        (calls(1), [calls(1), calls(1)], 1.0),
        (calls(1), [calls(1), calls(2)], 0.5),
        (calls(1), [calls(), calls(2)], 0.0),
        (calls(1, 2), [calls(2, 1), calls(1)], 0.5),
        (calls(1), [], None),
        (calls(), [calls(1)], None),
    ],
)
def test_agreement(answer: AIMessage, samples: list[AIMessage], figure: float | None) -> None:
    assert agreement(utterance(answer, samples)) == figure


def test_the_smallest_figure_counts_unless_the_mean_is_asked_for() -> None:
    said = Utterance(text="I think so. Confidence: 90%", logprobs=(log(0.9),))
    names = ("hedging", "probability", "agreement", "stated")
    assert confidence(said, names, "minimum") == pytest.approx(0.6)
    assert confidence(said, names, "mean") == pytest.approx(0.8)
    assert confidence(said, ("probability",), "minimum") == pytest.approx(0.9)
    assert confidence(Utterance(text="Done."), names, "minimum") is None
    with pytest.raises(UnknownNameError, match="hedging"):
        confidence(said, ("hedgin",), "minimum")


@pytest.mark.parametrize("figure", [1.5, -0.1, float("nan"), float("inf"), "oops", "0.9", [0.9], 0.9j])
def test_an_estimator_of_yours_that_answers_nonsense_counts_as_no_confidence(
    monkeypatch: pytest.MonkeyPatch, figure: Any
) -> None:
    monkeypatch.setattr(module, "ESTIMATORS", {**module.ESTIMATORS})

    def mine(said: Utterance) -> float | None:
        if figure == "oops":
            raise ValueError(said.text)
        return figure

    register("mine", mine)
    register("mine", mine)
    assert confidence(Utterance(text="Confidence: 90%"), ("mine", "stated"), "minimum") == 0.0
    with pytest.raises(ConfigError, match="already"):
        register("mine", stated)


@given(st.text(max_size=300), st.lists(st.floats(), max_size=5))
def test_every_figure_is_from_0_to_1(text: str, values: list[float]) -> None:
    said = utterance(AIMessage(text, response_metadata={"logprobs": values}))
    for name, estimator in module.ESTIMATORS.items():
        figure = estimator(said)
        assert figure is None or 0 <= figure <= 1, name
