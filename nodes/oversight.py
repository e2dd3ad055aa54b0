"""`Oversight`: how sure the model is of its calls, and which of them may go into the lock now."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.errors import GraphBubbleUp

from lockgate.decision import Call, Review
from lockgate.guardrails.covering import speaks_of
from lockgate.guardrails.gate import Gate
from lockgate.guardrails.guarding import Unguarded
from lockgate.guardrails.narrowing import Narrowed
from lockgate.guardrails.policy import Policy
from lockgate.guardrails.risk.utterance import utterance
from lockgate.nodes.input_guard import not_run
from lockgate.nodes.node import history_of
from lockgate.result import ErrorKind
from lockgate.state import AgentState, Origin

_REFUSED = (ErrorKind.REJECTED.value, ErrorKind.EXPIRED.value)


class Oversight:
    """By all packs behind the agent's `gate`; the least confidence counts."""

    def __init__(self, gate: Gate, agent: str) -> None:
        self.gate = gate
        self.agent = agent
        self.sections = tuple(section.risk for section in gate.sections)
        self.matrices = tuple(section.matrix() for section in self.sections)
        self.samples = max((section.samples for section in self.sections), default=0)

    async def sampled(self, ask: Callable[[], Awaitable[Any]]) -> list[AIMessage]:
        """Further answers to the same question, side by side. One that fails agrees with nothing."""
        answers = await asyncio.gather(*(ask() for _ in range(self.samples)), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, GraphBubbleUp) or (
                isinstance(answer, BaseException) and not isinstance(answer, Exception)
            ):
                raise answer
        return [answer if isinstance(answer, AIMessage) else AIMessage("") for answer in answers]

    def confidence(self, answer: AIMessage, samples: Sequence[AIMessage]) -> float | None:
        """How sure the model is of `answer`, 0 to 1; None when nothing tells."""
        said = utterance(answer, samples)
        figures = [section.confidence(said) for section in self.sections]
        return min((figure for figure in figures if figure is not None), default=None)

    def admitted(self, entries: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Those of `entries` (call and origin) that go into the lock now, and those that are held.

        A call whose review blocks the run goes alone, so that nothing else of the answer has begun when a person
        decides on it.
        """
        if len(entries) > 1:
            for index, entry in enumerate(entries):
                if self._blocks(entry["call"], entry["origin"]):
                    return [entry], [*entries[:index], *entries[index + 1 :]]
        return list(entries), []

    def _blocks(self, call: Call, origin: Origin) -> bool:
        """Whether the upper gate will ask about the call and hold up the rest, be it for a rule or for the matrix."""
        spec = self.gate.tools.get(call.name)
        if spec is None or call.error or origin.over:
            return False
        judged = (matrix.judged(spec, origin.confidence, origin.trust.integrity) for matrix in self.matrices)
        if not (any(answer == "blocking" for answer, _, _ in judged) or _may_block(self.gate.policy, call.name)):
            return False
        decision = self.gate.decide(call, history_of(origin, self.agent))
        return isinstance(decision, Review) and decision.blocking


def _may_block(judge: object, tool: str) -> bool:
    """Whether a rule behind `judge` holds up the rest for `tool`. Judges whose rules nobody can read might."""
    if isinstance(judge, Policy):
        return any(rule.blocking and speaks_of(rule, tool) for rule in judge.rules)
    if isinstance(judge, Narrowed | Unguarded):
        return any(_may_block(inner, tool) for inner in judge.judges)
    return True


def closed(state: AgentState) -> list[AnyMessage]:
    """Answers to the held calls when a person has refused the call they waited for; empty when they may go on."""
    refused = ""
    for message in reversed(state["messages"]):
        if not isinstance(message, ToolMessage):
            break
        if message.additional_kwargs.get("error") in _REFUSED:
            refused = message.name or "a call"
    if not refused:
        return []
    why = f"Not run: {refused}, which had to be decided first, was refused. Call again if it is still wanted."
    held: list[Call] = [entry["call"] for entry in state.get("held", [])]
    return [not_run(call.id, call.name, why) for call in held]
