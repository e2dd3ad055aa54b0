"""`brief`: begins a team's run. What was asked becomes the first word of the conversation with the planner."""

import time
import uuid

from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from lockgate.handoff import Status
from lockgate.nodes.node import Goto, Node, Update
from lockgate.state import Note
from lockgate.team import TeamState


def brief(*, max_depth: int, accepted: str, refused: str, agent: str = "") -> Node:
    """Clears the plan of the run before and goes to `accepted`; to `refused` when the team stands too deep."""

    def body(state: TeamState) -> tuple[Update, Goto]:
        task = state.get("task")
        if task is not None and task.depth > max_depth:
            why = f"This team would work at depth {task.depth}; at most {max_depth} are allowed."
            note = Note(source="brief", text=why, at=time.time())
            return {"status": Status.REFUSED, "messages": [_words(why)], "notes": [note]}, refused
        asked: list[str] = []
        for message in reversed(state["messages"]):
            if not isinstance(message, HumanMessage):
                break
            asked.insert(0, message.text)
        goal = HumanMessage("\n\n".join(asked), id=uuid.uuid4().hex)
        update: Update = {
            "planning": [RemoveMessage(id=REMOVE_ALL_MESSAGES), goal],
            "plan": [],
            "results": {},
            "attempts": 0,
            "rounds": 0,
        }
        return update, accepted

    return Node("brief", body, agent=agent)


def _words(text: str) -> AIMessage:
    return AIMessage(text, id=uuid.uuid4().hex)
