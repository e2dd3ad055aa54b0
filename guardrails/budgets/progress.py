"""Whether a run goes round in circles, told from the messages of the run alone."""

from collections.abc import Collection, Sequence
from itertools import takewhile

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from lockgate.decision import canonical_json

POLLING = "polling"
"""Tag of a tool that is meant to be asked the same again until something happens."""
MAX_ROUNDS = 100
"""Rounds that are looked at, from the last one back."""


def stuck(messages: Sequence[AnyMessage], polling: Collection[str], *, repeats: int, answers: int) -> str:
    """Why the run makes no progress, or an empty string.

    A round is an answer of the model and what its calls came to. A round is stale when each of its calls, arguments
    and result included, was in an earlier round. `repeats` times the same is `repeats - 1` stale rounds in a row.
    `answers` times the same answer in a row is a circle too, whatever the calls came to. Rounds with a tool of
    `polling` neither count nor break a row.
    """
    seen: set[tuple[str, str, str]] = set()
    stale = same = 0
    last: tuple[str, tuple[tuple[str, str], ...]] | None = None
    rounds = _rounds(messages)
    if len(rounds) < min(repeats, answers):
        return ""
    for answer, results in rounds:
        calls = [*answer.tool_calls, *answer.invalid_tool_calls]
        if any(call["name"] in polling for call in calls):
            continue
        made = {(call["name"] or "", canonical_json(call["args"]), results.get(call["id"] or "", "")) for call in calls}
        stale = stale + 1 if made <= seen else 0
        seen |= made
        said = answer.text, tuple((name, args) for name, args, _ in sorted(made))
        same = same + 1 if said == last else 1
        last = said
    if stale >= repeats - 1:
        return f"{stale + 1} rounds of calls brought nothing that the run had not seen"
    if same >= answers:
        return f"the model gave the same answer {same} times in a row"
    return ""


def _rounds(messages: Sequence[AnyMessage]) -> list[tuple[AIMessage, dict[str, str]]]:
    """The rounds of the run that goes on, oldest first: since the last words of the user."""
    rounds: list[tuple[AIMessage, dict[str, str]]] = []
    results: dict[str, str] = {}
    for message in takewhile(lambda message: not isinstance(message, HumanMessage), reversed(messages)):
        if isinstance(message, ToolMessage):
            results[message.tool_call_id] = message.text
        elif isinstance(message, AIMessage):
            rounds.append((message, results))
            results = {}
        if len(rounds) == MAX_ROUNDS:
            break
    return rounds[::-1]
