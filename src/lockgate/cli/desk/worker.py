"""The inside of the process that runs the agent: takes commands from a pipe and says what happens."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from langchain_core.messages import AIMessage, ToolMessage

from lockgate.cli.desk.agent import SCRIPT, build
from lockgate.cli.desk.process import Held, Job, Question, Report, Ruled, Step
from lockgate.cli.desk.tools import connector
from lockgate.decision import Ruling, verb
from lockgate.errors import LockgateError
from lockgate.events import EVENTS, Event
from lockgate.graphs.session import Part, Session
from lockgate.ports import Caller
from lockgate.runtime import Records, TimedEvent, open_checkpointer

_HOLD_AFTER = {"execute_tool", "refuse"}


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
        self._args: dict[str, Mapping[str, Any]] = {}

    async def run(self) -> None:
        failed: LockgateError | None = None
        try:
            self._saver = await open_checkpointer(self._job.url)
            agent = build(connector(self._job.url), model=self._job.model, checkpointer=self._saver)
            metadata = {"lockgate": {"graph": "desk", "model": self._job.model or SCRIPT}}
            caller = Caller(user="refund-desk", roles=frozenset({"clerk"}))
            self._session = Session(agent, self._job.thread_id, context=caller, metadata=metadata)
        except LockgateError as error:
            failed = error
        while True:
            name, *args = self._pipe.recv()
            try:
                if failed:
                    raise failed
                await getattr(self, f"_{name}")(*args)
                self._pipe.send(None)
            except LockgateError as error:
                self._pipe.send(error)
            except (EOFError, OSError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a provider's client raises is told, not thrown
                self._pipe.send(LockgateError(f"The run stopped: {type(error).__name__}: {error}"[:1_000]))

    async def _start(self, message: str) -> None:
        await self._follow(self._session.start(message, modes=("updates",)), 0)

    async def _resume(self, answers: Mapping[str, Any], hold: int) -> None:
        await self._follow(self._session.resume(answers, modes=("updates",)), hold)

    async def _waiting(self) -> None:
        for item in await self._session.waiting():
            self._pipe.send(Question(id=item.id, request=item.request))

    async def _follow(self, parts: AsyncIterator[Part], hold: int) -> None:
        async for _, _, update in parts:
            for node, values in update.items():
                if node.startswith("__") or not isinstance(values, Mapping):
                    continue
                for step in self._told(values):
                    self._pipe.send(step)
                if hold and node in _HOLD_AFTER:
                    hold -= 1
                    if not hold:
                        self._pipe.send(Held(node=node))
                        self._pipe.recv()  # blocks the loop: nothing of this process moves on
        await self._waiting()

    async def _report(self) -> None:
        state = (await self._session.state()).values
        messages = state.get("messages", ())
        self._learn(message for message in messages if isinstance(message, AIMessage))
        results = {message.tool_call_id: message for message in messages if isinstance(message, ToolMessage)}
        events = await Records(self._saver).events(self._job.thread_id)
        # A call judged again (after an edit, or after a kill) counts by what was decided first.
        first = {event.call_id: event for event in reversed(events) if event.kind == "decision"}
        rulings = [
            Ruled(
                tool=event.name,
                args=self._args.get(event.call_id, {}),
                decided=event.status,
                rule=str(event.detail.get("rule", "")),
                reason=str(event.detail.get("reason", "")),
                outcome=_outcome(event.status, state.get("decisions", {}).get(event.call_id), results.get(event.call_id)),
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
                steps=[_step(event, event.started.timestamp(), event.ended and event.ended.timestamp()) for event in events],
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
