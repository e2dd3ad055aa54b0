"""`output_guard`: the last node of a run. Whatever the run came to, it ends with an answer and a valid transcript."""

import time
from collections.abc import Sequence
from itertools import takewhile

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from lockgate.guardrails.gate import Gate
from lockgate.handoff import Status
from lockgate.nodes.input_guard import not_run, unanswered
from lockgate.nodes.node import Node, Update
from lockgate.passage import Place
from lockgate.state import AgentState, Note

NOT_RUN = "Not run: the bound on model calls was reached."


def output_guard(*, gate: Gate | None = None, agent: str = "") -> Node:
    """Sets `answer` and `status`, and closes the calls that the iteration bound left open.

    The last words are inspected by the gate's policy first; what is taken out of the answer is taken out of the
    message too. An answer that is refused ends the run with status `refused`.
    """

    def body(state: AgentState) -> Update:
        messages = state["messages"]
        status = state.get("status", Status.RUNNING)
        update: Update = {"status": Status.COMPLETED if status == Status.RUNNING else status}
        if open_calls := unanswered(messages):
            update["messages"] = [not_run(call_id, name, NOT_RUN) for call_id, name in open_calls]
        said = _last_words(messages)
        update["answer"] = answer = said.text if said else ""
        if said is None or gate is None:
            return update
        inspected = gate.look(answer, Place.OUTPUT)
        if inspected.refused:
            update["status"] = Status.REFUSED
        if inspected.refused or inspected.text != answer:
            why = f"The answer is withheld: {inspected.refused}."
            update["answer"] = why if inspected.refused else inspected.text
            changed = said.model_copy(update={"content": update["answer"]})
            update["messages"] = [*update.get("messages", ()), changed]
            text = (
                why
                if inspected.refused
                else f"Taken out of the answer: {', '.join(dict.fromkeys(inspected.redacted))}."
            )
            update["notes"] = [Note(source="output_guard", text=text, at=time.time())]
        return update

    return Node("output_guard", body, agent=agent)


def _last_words(messages: Sequence[AnyMessage]) -> AIMessage | None:
    """The last words of the model since the user's message."""
    since = takewhile(lambda message: not isinstance(message, HumanMessage), reversed(messages))
    return next((m for m in since if isinstance(m, AIMessage) and m.text.strip()), None)
