"""The inside of the process that runs the agent: takes commands from a pipe and says what happens."""

import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from langchain_core.messages import AIMessage, ToolMessage

from lockgate.cli.desk.agent import SCRIPT, build
from lockgate.cli.desk.process import Held, Job, Question, Report, Ruled, Step
from lockgate.cli.desk.tools import connector
from lockgate.decision import Ruling, verb
from lockgate.errors import LockgateError
from lockgate.events import EVENTS, Event
from lockgate.graphs.session import Part, Session
from lockgate.ports import Caller
from lockgate.runtime import PostgresSaver, Records, TimedEvent, open_checkpointer

_HOLD_AFTER = {"execute_tool", "refuse"}
_MODES: tuple[Literal["tasks"], ...] = ("tasks",)
"""Not `updates`: those of the lock hold only what it passes on to the agent, which leaves its events out."""


def serve(pipe: Connection, job: Job) -> None:
    """Serves commands until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the viewer's; this process ends with its pipe
    logging.getLogger().addHandler(logging.NullHandler())  # a tool's failure is on the screen already
    try:
        asyncio.run(_Server(pipe, job).run())
    except (EOFError, OSError):
        return


class _Server:
    def __init__(self, pipe: Connection, job: Job) -> None:
        self._pipe = pipe
        self._job = job
        self._session: Session | None = None
        self._args: dict[str, Mapping[str, Any]] = {}

    async def run(self) -> None:
        while True:
            name, *args = self._pipe.recv()
            try:
                if self._session is None:
                    self._session = await self._opened()
                await getattr(self, f"_{name}")(self._session, *args)
                self._pipe.send(None)
            except LockgateError as error:
                self._pipe.send(error)
            except (EOFError, BrokenPipeError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a provider's client raises is told, not thrown
                self._pipe.send(LockgateError(f"The run stopped: {type(error).__name__}: {error}"[:1_000]))

    async def _opened(self) -> Session:
        model = self._job.model or SCRIPT
        saver = await open_checkpointer(self._job.url)
        agent = build(model=model, connect=connector(self._job.url), checkpointer=saver)
        # From this any later process rebuilds the same graph.
        launch = {"graph": "lockgate.cli.desk.agent:build", "folder": str(Path.cwd()), "model": model}
        caller = Caller(user="refund-desk", roles=frozenset({"clerk"}))
        return Session(agent, self._job.thread_id, context=caller, metadata={"lockgate": json.dumps(launch)})

    async def _start(self, session: Session, message: str) -> None:
        await self._follow(session, session.start(message, modes=_MODES), 0)

    async def _resume(self, session: Session, answers: Mapping[str, Any], hold: int) -> None:
        await self._follow(session, session.resume(answers, modes=_MODES), hold)

    async def _waiting(self, session: Session) -> None:
        for item in await session.waiting():
            self._pipe.send(Question(id=item.id, request=item.request))

    async def _follow(self, session: Session, parts: AsyncIterator[Part], hold: int) -> None:
        done = ""
        async for _, _, task in parts:
            if done and "result" not in task:  # the next node begins, so what this one did is stored
                self._pipe.send(Held(node=done))
                self._pipe.recv()  # blocks the loop: nothing in this process moves any more
            if not isinstance(values := task.get("result"), Mapping):
                continue  # it begins, or it waits
            for step in self._told(values):
                self._pipe.send(step)
            if task["name"] in _HOLD_AFTER:
                hold -= 1
                done = task["name"] if hold == 0 else done
        await self._waiting(session)

    async def _report(self, session: Session) -> None:
        state = (await session.state()).values
        messages = state.get("messages", ())
        self._learn(message for message in messages if isinstance(message, AIMessage))
        results = {message.tool_call_id: message for message in messages if isinstance(message, ToolMessage)}
        saver = session.checkpointer
        assert isinstance(saver, PostgresSaver)
        events = await Records(saver).events(self._job.thread_id)
        # A call judged again (after an edit, or after a kill) counts by what was decided first.
        first = {event.call_id: event for event in reversed(events) if event.kind == "decision"}
        rulings = [
            Ruled(
                tool=event.name,
                args=self._args.get(event.call_id, {}),
                decided=event.status,
                rule=str(event.detail.get("rule", "")),
                reason=str(event.detail.get("reason", "")),
                outcome=_outcome(
                    event.status, state.get("decisions", {}).get(event.call_id), results.get(event.call_id)
                ),
            )
            for event in reversed(first.values())
        ]
        usage = state.get("usage")
        self._pipe.send(
            Report(
                status=str(state.get("status", "")),
                answer=state.get("answer") or "",
                tokens=usage.input_tokens + usage.output_tokens if usage else 0,
                rulings=rulings,
                steps=[
                    _step(event, event.started.timestamp(), event.ended.timestamp() if event.ended else None)
                    for event in events
                ],
            )
        )

    def _told(self, values: Mapping[str, Any]) -> Iterator[Step]:
        """The steps of one finished node."""
        said = [message for message in values.get("messages", ()) if isinstance(message, AIMessage)]
        self._learn(said)
        for event in values.get(EVENTS, ()):
            step = _step(event, event.started, event.ended)
            text = said[0].text if said and event.kind == "model" else ""
            yield replace(step, args=self._args.get(event.call_id), text=text)

    def _learn(self, messages: Iterable[AIMessage]) -> None:
        self._args |= {call["id"] or "": call["args"] for message in messages for call in message.tool_calls}


def _step(event: Event | TimedEvent, started: float, ended: float | None) -> Step:
    return Step(
        kind=event.kind,
        node=event.node,
        name=event.name,
        status=event.status,
        at=started,
        seconds=(ended or started) - started,
        call_id=event.call_id,
        detail=dict(event.detail),
    )


def _outcome(decided: str, ruling: Ruling | None, result: ToolMessage | None) -> str:
    if ruling is None or result is None:
        return "open"
    person = f", {ruling.decision.reason}" if decided == "review" else ""
    if verb(ruling.decision) != "allow":
        return f"did not run{person}"
    return ("ran" if result.status == "success" else "failed") + person
