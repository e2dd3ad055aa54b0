"""`Utterance`: what an estimator of confidence may look at, taken from a model's answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from langchain_core.messages import AIMessage

from lockgate.decision import canonical_json
from lockgate.text import clean

MAX_TEXT = 20_000
"""Characters of the model's words that are looked at, from the end: there it says what it is about to do."""
MAX_LOGPROBS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One answer of a model: its words, the log-probabilities of its tokens, its calls, and those of its samples.

    A call is its name and its arguments in canonical JSON. `samples` are the calls of further answers to the same
    question, an empty tuple for one without calls.
    """

    text: str = ""
    logprobs: tuple[float, ...] = ()
    calls: tuple[str, ...] = ()
    samples: tuple[tuple[str, ...], ...] = ()


def utterance(answer: AIMessage, samples: Sequence[AIMessage] = ()) -> Utterance:
    """What `answer` and `samples` say, in the forms that LangChain's integrations give."""
    return Utterance(
        text=clean(answer.text[-MAX_TEXT:]),
        logprobs=logprobs(answer.response_metadata),
        calls=_calls(answer),
        samples=tuple(_calls(sample) for sample in samples),
    )


def logprobs(metadata: Mapping[str, Any]) -> tuple[float, ...]:
    """Natural log-probabilities of an answer's tokens, empty where the model gives none or one makes no sense.

    Read are OpenAI's form (`{"logprobs": {"content": [{"logprob": -0.1}]}}`), the older one of llama.cpp
    (`{"logprobs": {"token_logprobs": [...]}}`) and Google's mean (`{"avg_logprobs": -0.1}`).
    """
    values = tuple(_values(metadata.get("logprobs"), metadata.get("avg_logprobs")))
    return values if all(_sensible(value) for value in values) else ()


def _values(told: Any, mean: Any) -> Iterator[Any]:
    if isinstance(told, Mapping):
        content = told.get("content")
        told = content if content is not None else told.get("token_logprobs")
    if isinstance(told, Sequence) and not isinstance(told, str) and told:
        for item in told[:MAX_LOGPROBS]:
            value = item.get("logprob") if isinstance(item, Mapping) else item
            if value is not None:  # the first token of some servers has none
                yield value
    elif mean is not None:
        yield mean


def _sensible(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -inf <= value <= 0  # an integer too large for a float compares all the same


def _calls(answer: AIMessage) -> tuple[str, ...]:
    return tuple(f"{call['name']} {canonical_json(call['args'])}" for call in answer.tool_calls)
