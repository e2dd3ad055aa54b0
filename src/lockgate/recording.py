"""`Recording`: what models, tools and people said in a run, so that it can be played again without any of them.

`asked` and `tools.execute` look here first. What was never recorded is a miss: it fails loudly, and nothing is called.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable

from lockgate.decision import Call, canonical_json, digest
from lockgate.errors import ReplayMissError
from lockgate.result import ToolResult

ASKED = "lockgate_asked"
"""Key of an answer's `response_metadata`: the digest of the conversation that it answers."""
_TAIL = 8
"""Messages at the end of a conversation that tell it from others, together with its length."""


@dataclass(kw_only=True)
class Recording:
    """Answers of models by the digest of the conversation, people's answers by the question, results by the call.

    The id of a call does not tell it from one of another agent in the team: each may begin with `call_1`.
    """

    models: dict[str, deque[AIMessage]] = field(default_factory=dict)
    results: dict[str, dict[str, ToolResult]] = field(default_factory=dict)
    people: dict[str, dict[str, deque[Any]]] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)

    def answer(self, conversation: Sequence[BaseMessage]) -> AIMessage:
        """What the model said to this conversation. Raises ReplayMissError."""
        found = self.models.get(conversation_digest(conversation))
        if not found:
            last = f" that ends with: {conversation[-1].text[:200]!r}" if conversation else ""
            raise self._missed(f"No model answer is recorded for a conversation of {len(conversation)} messages{last}.")
        # Parallel workers may have been asked the same in the same words; each answer is given once.
        return found.popleft() if len(found) > 1 else found[0]

    def result(self, call: Call) -> ToolResult:
        """What came of this very call. Raises ReplayMissError."""
        known = self.results.get(call.id)
        if known is None:
            raise self._missed(f"No result is recorded of the call {call.id} of {call.name}.")
        if (result := known.get(digest(call))) is None:
            raise self._missed(f"The call {call.id} of {call.name} was recorded with other arguments.")
        return result

    def keep(self, call_id: str, digest: str, result: ToolResult) -> None:
        """Records what came of a call."""
        self.results.setdefault(call_id, {})[digest] = result

    def answers(self, question: Any) -> deque[Any]:
        """What people said to the review of a call, that they may still say."""
        call_id, key = asked_of(question)
        known = self.people.get(call_id, {})
        # Another policy may show the arguments otherwise, so they are looked at only where the id does not tell.
        return next(iter(known.values())) if len(known) == 1 else known.get(key, deque())

    def heard(self, question: Any, answers: Sequence[Any]) -> None:
        """Keeps what people said to the review of a call."""
        call_id, key = asked_of(question)
        self.people.setdefault(call_id, {}).setdefault(key, deque()).extend(answers)

    def person(self, question: Any) -> Any:
        """What a person said to the review of a call. Raises ReplayMissError."""
        if not (found := self.answers(question)):
            raise self._missed(f"No person's answer is recorded to the review of the call {asked_of(question)[0]}.")
        return found.popleft()

    def _missed(self, what: str) -> ReplayMissError:
        self.misses.append(what)
        return ReplayMissError(what, "The run was another one up to here, or this part of it is gone.")


_playing: ContextVar[Recording | None] = ContextVar("_playing", default=None)


@contextmanager
def playing(recording: Recording) -> Iterator[None]:
    """While it is open, no model is asked and no tool runs in this context: `recording` answers for them."""
    token = _playing.set(recording)
    try:
        yield
    finally:
        _playing.reset(token)


def played() -> Recording | None:
    """The recording that answers here, if a run is being played again."""
    return _playing.get()


async def asked(model: Runnable[Any, Any], prompt: Sequence[BaseMessage], conversation: Sequence[BaseMessage]) -> Any:
    """The model's answer to `prompt`, marked with the `conversation` that the prompt was made from."""
    if (recording := played()) is not None:
        return recording.answer(conversation)
    answer = await model.ainvoke(list(prompt))
    if not isinstance(answer, AIMessage):
        return answer
    mark = {ASKED: conversation_digest(conversation)}
    return answer.model_copy(update={"response_metadata": {**answer.response_metadata, **mark}})


def asked_of(question: Any) -> tuple[str, str]:
    """The id of the call that a question is about, and what tells it from others of that id."""
    if not isinstance(question, dict):
        return "", ""
    told = [question.get(name) for name in ("agent", "tool", "args")]
    return str(question.get("call_id", "")), canonical_json(told)


def conversation_digest(conversation: Sequence[BaseMessage]) -> str:
    """Tells conversations apart by length and last words, ids of messages apart: those differ when it is played."""
    tail = [
        [message.type, message.text, getattr(message, "tool_calls", None), getattr(message, "tool_call_id", None)]
        for message in conversation[-_TAIL:]
    ]
    return hashlib.sha256(f"{len(conversation)}{canonical_json(tail)}".encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]
