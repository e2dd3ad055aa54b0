"""A database that is away for a moment ends a run, wherever in a team that is noticed; its result stays the same."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.graphs.team import plan

from lockgate import ScriptedModel
from lockgate.errors import HALTING, LeaseLostError, LedgerError, LockgateError, StoreError
from lockgate.graphs import debate, orchestrator, pipeline, react
from lockgate.graphs.session import Session
from lockgate.runtime import PostgresSaver

Ill = Callable[[], None]


def away(error: LockgateError) -> Ill:
    """Raises `error` at its first call."""
    errors = [error]

    def ill() -> None:
        if errors:
            raise errors.pop()

    return ill


def saying(text: str, ill: Ill) -> ScriptedModel:
    def turn(_: Any) -> str:
        ill()
        return text

    return ScriptedModel(turns=[turn])


def team(ill: Ill, saver: PostgresSaver) -> Any:
    workers = {
        "well": react.build(model=ScriptedModel(turns=["fine"])),
        "ill": react.build(model=saying("better", ill)),
    }
    turns = [plan(a="well", b="ill", c=("well", "b")), "Done [a] [b] [c]."]
    return orchestrator.build(workers=workers, model=ScriptedModel(turns=turns), checkpointer=saver)


def team_in_team(ill: Ill, saver: PostgresSaver) -> Any:
    inner = orchestrator.build(
        workers={"ill": react.build(model=saying("better", ill))},
        model=ScriptedModel(turns=[plan(x="ill"), "Well [x]."]),
    )
    turns = [plan(a="inner"), "Done [a]."]
    return orchestrator.build(workers={"inner": inner}, model=ScriptedModel(turns=turns), checkpointer=saver)


def stage_of_a_function(ill: Ill, saver: PostgresSaver) -> Any:
    def work(text: str) -> str:
        ill()
        return text.upper()

    return pipeline.build(stages=[pipeline.function(work)], checkpointer=saver)


def stage_of_an_agent(ill: Ill, saver: PostgresSaver) -> Any:
    worker = react.build(model=saying('"better"', ill))
    stage = pipeline.agent(worker, name="ill", objective="Say how you are.", takes=str, gives=str)
    return pipeline.build(stages=[stage], checkpointer=saver)


def debaters(ill: Ill, saver: PostgresSaver) -> Any:
    bench = [
        debate.Debater(name="anna", brief="", model=saying('{"answer": "42"}', ill)),
        debate.Debater(name="bob", brief="", model=ScriptedModel(turns=['{"answer": "42"}'])),
    ]
    return debate.build(debaters=bench, judge_model=ScriptedModel(turns=["none"]), checkpointer=saver)


async def result(session: Session) -> Any:
    values = (await session.state()).values
    found = values.get("results") or []
    rows = found.values() if isinstance(found, dict) else found
    return values["status"], values["answer"], [(row.output, row.error) for row in rows]


@pytest.mark.parametrize("build", [team, team_in_team, stage_of_a_function, stage_of_an_agent, debaters])
@pytest.mark.parametrize("error", [StoreError("gone"), LeaseLostError("replaced"), LedgerError("disagrees")])
async def test_the_run_ends_and_comes_to_the_same_when_it_is_resumed(
    build: Any, error: LockgateError, saver: PostgresSaver
) -> None:
    assert isinstance(error, HALTING)
    undisturbed = Session(build(lambda: None, saver), "undisturbed")
    async for _ in undisturbed.start("Go."):
        pass
    halted = Session(build(away(error), saver), "halted")
    with pytest.raises(type(error)):
        async for _ in halted.start("Go."):
            pass
    async for _ in halted.resume():
        pass
    assert await result(halted) == await result(undisturbed)
    assert (await halted.state()).values["status"] == "completed"
