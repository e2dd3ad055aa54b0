"""What the tests of teams share: plans as a scripted planner submits them, and workers that do as they are told."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessage
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt

from lockgate import ScriptedModel
from lockgate.graphs import orchestrator, react
from lockgate.state import AgentState


def plan(**tasks: Any) -> dict[str, Any]:
    """`plan(a="worker", b=("worker", "a"))`: task `b` needs `a`. A dict stands for itself."""
    rows = []
    for name, row in tasks.items():
        if isinstance(row, dict):
            rows.append({"task_id": name, "objective": f"do {name}", **row})
            continue
        worker, *needs = (row,) if isinstance(row, str) else row
        rows.append({"task_id": name, "worker": worker, "objective": f"do {name}", "depends_on": needs})
    return {"calls": [{"name": "submit_plan", "args": {"tasks": rows}}]}


def says(text: str) -> Any:
    """A react worker without tools that answers `text`."""
    return react.build(model=ScriptedModel(turns=[text]))


def plain(body: Callable[[Any], Any]) -> Any:
    """A worker whose only node is `body`."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
    graph.add_node("body", body)
    graph.add_edge(START, "body")
    graph.add_edge("body", END)
    return graph.compile()


def statuses(out: dict[str, Any]) -> dict[str, str]:
    """How each task ended."""
    return {name: str(result.status) for name, result in out["results"].items()}


class Stage:
    """Workers that count how often each task ran, wait for one another, ask, fail and hang."""

    def __init__(self) -> None:
        self.ran: Counter[str] = Counter()
        self.log: list[str] = []
        self.open: dict[str, asyncio.Event] = {}

    async def _count(self, state: Any) -> Any:
        name = state["task"].task_id
        self.ran[name] += 1
        self.log.append(f"+{name}")
        await asyncio.sleep(0)
        self.log.append(f"-{name}")
        return {"answer": f"{name} is done"}

    async def _ask(self, state: Any) -> Any:
        name = state["task"].task_id
        said = interrupt({"question": name})
        self.ran[name] += 1
        return {"answer": f"{name}: {said}"}

    async def _fail(self, state: Any) -> Any:
        self.ran[state["task"].task_id] += 1
        raise RuntimeError("secret")

    async def _hang(self, state: Any) -> Any:
        self.ran[state["task"].task_id] += 1
        await asyncio.Event().wait()

    async def _until(self, state: Any) -> Any:
        """Ends once the task named in its context has started."""
        name = state["task"].task_id
        self.ran[name] += 1
        other = state["task"].context["until"]
        while f"+{other}" not in self.log:
            await asyncio.sleep(0)
        return {"answer": f"{name} saw {other}"}

    async def _mute(self, state: Any) -> Any:
        return {"messages": [AIMessage(" ")]}

    def workers(self) -> dict[str, Any]:
        bodies = {
            "count": self._count,
            "ask": self._ask,
            "fail": self._fail,
            "hang": self._hang,
            "until": self._until,
            "mute": self._mute,
        }
        return {name: plain(body) for name, body in bodies.items()}

    def team(self, *turns: Any, **options: Any) -> Any:
        return orchestrator.build(workers=self.workers(), model=ScriptedModel(turns=list(turns)), **options)
