"""The tools and the policy that the graph tests share."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from pydantic import Field

from lockgate import Policy, ToolSpec, tool

POLICY = Policy.parse(
    """
version: 1
name: desk
rules:
  - {id: look, tools: [look_up], action: allow, reason: Reading is harmless.}
  - {id: small, tools: [refund], args: {amount: {max: 50}}, action: allow, reason: Small enough.}
  - id: large
    tools: [refund]
    args: {amount: {min: 50}}
    action: review
    reason: Large refunds need a person.
    approvers: [supervisor]
  - {id: write, tools: [note], action: review, reason: Somebody looks at notes.}
"""
)
BOSS = {"by": "ann", "roles": ["supervisor"]}


class Desk:
    """Tools that count how often they ran."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()

    def tools(self) -> list[ToolSpec]:
        @tool(effect=False, output="trusted")
        def look_up(order: str) -> str:
            """Look an order up."""
            self.ran["look_up"] += 1
            return f"order {order}"

        @tool(sensitive={"account"})
        async def refund(
            order: str, amount: Annotated[float, Field(gt=0, le=500)], account: str = "a"
        ) -> dict[str, Any]:
            """Pay an order back. The account "a" is the desk's own; any other must come from the user."""
            self.ran[f"refund {order} {account} {amount:g}"] += 1
            return {"paid": amount}

        @tool
        def note(text: str) -> str:
            """Write a note."""
            self.ran[f"note {text}"] += 1
            return "written"

        @tool
        def delete(order: str) -> str:
            """Delete an order."""
            self.ran["delete"] += 1
            return order

        return [look_up, refund, note, delete]


def refund_call(amount: float, order: str = "1", account: str = "a") -> dict[str, Any]:
    return {"name": "refund", "args": {"order": order, "account": account, "amount": amount}}


def assert_valid(messages: Sequence[AnyMessage]) -> None:
    """Every call of the model is answered once, right after the message that made it."""
    open_calls: list[str] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            assert message.tool_call_id in open_calls
            open_calls.remove(message.tool_call_id)
            continue
        assert not open_calls, f"{open_calls} unanswered before {message!r}"
        if isinstance(message, AIMessage):
            open_calls = [c["id"] or "" for c in [*message.tool_calls, *message.invalid_tool_calls]]
            assert all(open_calls)
    assert not open_calls
    assert len({m.id for m in messages}) == len(messages)
