"""What the tests of pipelines share: stages over numbers, and agents that answer as they are told."""

import json
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel
from tests.graphs.desk import POLICY, Desk

from lockgate import ScriptedModel
from lockgate.graphs import pipeline, react
from lockgate.handoff import Status


class Number(BaseModel):
    n: int


def parse(text: str) -> Number:
    return Number(n=int(text))


def double(number: Number) -> Number:
    return Number(n=number.n * 2)


def small(number: Number) -> str | None:
    return "too large" if number.n > 100 else None


def build(*stages: Any, **options: Any) -> Any:
    plain = [s if not callable(s) else pipeline.function(s) for s in stages]
    return pipeline.build(stages=plain, **options)


def ends(out: dict[str, Any]) -> list[Any]:
    return [r.output if r.status == Status.COMPLETED else r.error for r in out["results"]]


def refunds(desk: Desk, **options: Any) -> Any:
    """One stage that pays each item back, through the lock."""

    class Refund(BaseModel):
        order: str
        account: str
        amount: float

    class Paid(BaseModel):
        paid: float

    refund = next(spec for spec in desk.tools() if spec.name == "refund")
    stage = pipeline.tool(refund, policy=POLICY, takes=Refund, gives=Paid)
    return pipeline.build(stages=[stage], key="order", **options)


def reads(*answers: str) -> Any:
    """An agent that gives one answer after the other to the same item, by how often it was told that it was wrong."""

    def turn(messages: list[BaseMessage]) -> str:
        text = messages[-1].text
        last = next((i for i, a in enumerate(answers) if f'source="answer:yours">\n{_shown(a)}\n' in text), -1)
        return answers[last + 1]

    return react.build(model=ScriptedModel(turns=[turn]), name="reader")


def _shown(answer: str) -> str:
    try:
        return str(json.loads(answer))
    except ValueError:
        return answer
