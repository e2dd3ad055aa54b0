"""`Oversight`: how sure the model is of its calls, and which of them may go into the lock now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.errors import GraphBubbleUp

from lockgate.decision import Call
from lockgate.guardrails.risk.matrix import RiskSection
from lockgate.guardrails.risk.utterance import utterance
from lockgate.nodes.input_guard import not_run
from lockgate.result import ErrorKind
from lockgate.spec import ToolSpec
from lockgate.state import AgentState, Origin

_REFUSED = (ErrorKind.REJECTED.value, ErrorKind.EXPIRED.value)


class Oversight:
    """The `sections` of all packs an agent stands under; the least confidence and the strictest answer count."""

    def __init__(self, sections: Sequence[RiskSection], tools: Mapping[str, ToolSpec]) -> None:
        self.sections = tuple(sections)
        self.matrices = tuple(section.matrix() for section in sections)
        self.tools = tools
        self.samples = max((section.samples for section in sections), default=0)

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
        spec = self.tools.get(call.name)
        if spec is None or call.error or origin.over:
            return False
        integrity = origin.trust.integrity
        return any(matrix.judged(spec, origin.confidence, integrity)[0] == "blocking" for matrix in self.matrices)


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
