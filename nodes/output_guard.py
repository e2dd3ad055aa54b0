"""`output_guard`: the last node of a run. Whatever the run came to, it ends with an answer and a valid transcript."""

from collections.abc import Sequence
from itertools import takewhile

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from lockgate.handoff import Status
from lockgate.nodes.input_guard import not_run, unanswered
from lockgate.nodes.node import Node, Update
from lockgate.state import AgentState

NOT_RUN = "Not run: the bound on model calls was reached."


def output_guard(*, agent: str = "") -> Node:
    """Sets `answer` and `status`, and closes the calls that the iteration bound left open."""

    def body(state: AgentState) -> Update:
        messages = state["messages"]
        status = state.get("status", Status.RUNNING)
        update: Update = {"status": Status.COMPLETED if status == Status.RUNNING else status}
        if open_calls := unanswered(messages):
            update["messages"] = [not_run(call_id, name, NOT_RUN) for call_id, name in open_calls]
        update["answer"] = _last_words(messages)
        return update

    return Node("output_guard", body, agent=agent)


def _last_words(messages: Sequence[AnyMessage]) -> str:
    """The last text the model said since the user's message; empty when it said none."""
    since = takewhile(lambda message: not isinstance(message, HumanMessage), reversed(messages))
    return next((m.text for m in since if isinstance(m, AIMessage) and m.text.strip()), "")
