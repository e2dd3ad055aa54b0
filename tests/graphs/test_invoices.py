"""The worked example on a real Postgres: rows land once, whatever is sent again, killed or asked of a person."""

import json
import re
from typing import Any

import psycopg
from langchain_core.messages import BaseMessage
from langgraph.types import Command

from lockgate import ScriptedModel
from lockgate.graphs import verify
from lockgate.graphs.examples import invoices
from lockgate.handoff import Status
from lockgate.runtime import PostgresSaver


def read(messages: list[BaseMessage]) -> str:
    """Reads letters of the form `ACME | 7 | 2026-01-02 | EUR | 10.00 + 5.50`; gets the total wrong at first."""
    text = messages[-1].text
    if "nonsense" in text:
        return "I cannot make sense of this."
    found = re.search(r"([\w ]+?) \| (\w+) \| ([\d-]+) \| (\w+) \| ([\d. +]+)", text)
    assert found
    supplier, number, issued, currency, amounts = found.groups()
    lines = [{"what": "work", "amount": amount.strip()} for amount in amounts.split("+")]
    total = f"{sum(float(line['amount']) for line in lines):.2f}"
    mended = "It cannot stand" in text and "the lines add up" in text
    said = {"supplier": supplier, "number": number, "issued": issued, "currency": currency, "lines": lines}
    return "```json\n" + json.dumps({**said, "total": total if mended or "careless" not in text else "1.00"}) + "\n```"


LETTERS = [
    {"id": "a", "text": "acme  ltd | 1 | 2026-01-02 | EUR | 10.00 + 5.50"},
    {"id": "b", "text": "careless: Bolt | 2 | 2026-01-03 | USD | 100.00"},
    {"id": "c", "text": "nonsense"},
    {"id": "d", "text": "Crown | 4 | 2026-01-04 | XYZ | 1.00"},
    {"id": "e", "text": "Dear | 5 | 2026-01-05 | GBP | 20000.00"},
    {"id": "a", "text": "acme ltd | 1 | 2026-01-02 | EUR | 99.00"},
]


def rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        sql = "SELECT supplier, number, total::text, euros::text FROM invoices ORDER BY number"
        return connection.execute(sql).fetchall()


def graph(url: str, saver: PostgresSaver) -> Any:
    return invoices.build(url=url, model=ScriptedModel(turns=[read]), checkpointer=saver)


async def test_letters_become_rows_once(database_url: str, saver: PostgresSaver) -> None:
    await invoices.create_table(database_url)
    await invoices.create_table(database_url)
    team = graph(database_url, saver)
    verify(team)
    config: Any = {"configurable": {"thread_id": "first"}}
    out = await team.ainvoke({"items": LETTERS}, config)
    # The large one waits for a person; it has stopped nobody.
    (question,) = out["__interrupt__"]
    assert (question.value["tool"], question.value["args"]["euros"]) == ("load", 23400)
    assert rows(database_url) == [("Acme Ltd", "1", "15.50", "15.50"), ("Bolt", "2", "100.00", "92.00")]
    out = await graph(database_url, saver).ainvoke(
        Command(resume={question.id: {"action": "approve", "by": "ann"}}), config
    )
    assert [r.status for r in out["results"]] == [
        Status.COMPLETED, Status.COMPLETED, Status.FAILED, Status.FAILED, Status.COMPLETED, Status.FAILED
    ]  # fmt: skip
    assert out["results"][0].output == {"supplier": "Acme Ltd", "number": "1", "action": "inserted"}
    # Two readings of the careless letter, three of the one that makes no sense.
    assert out["usage"].model_calls == 1 + 2 + 3 + 1 + 1
    assert out["usage"].tool_calls == 3
    letters = {letter.index: (letter.stage, letter.attempts, letter.errors) for letter in out["dead_letters"]}
    assert letters == {
        2: ("extract", 3, ["The answer holds no JSON value."]),
        3: ("validate", 1, ["ValueError: no rate for XYZ"]),
        5: ("intake", 0, ["The id 'a' is taken by the item at place 0."]),
    }
    assert out["status"] == Status.COMPLETED
    assert "tool:load" in out["trust"].sources


async def test_loading_again_changes_nothing_and_a_new_amount_is_an_update(
    database_url: str, saver: PostgresSaver
) -> None:
    await invoices.create_table(database_url)
    team = graph(database_url, saver)
    actions = []
    for thread, text in enumerate(["10.00", "10.00", "12.00"]):
        letter = {"id": "a", "text": f"Acme | 1 | 2026-01-02 | EUR | {text}"}
        out = await team.ainvoke({"items": [letter]}, {"configurable": {"thread_id": str(thread)}})
        actions.append(out["results"][0].output["action"])
    assert actions == ["inserted", "unchanged", "updated"]
    assert rows(database_url) == [("Acme", "1", "12.00", "12.00")]
