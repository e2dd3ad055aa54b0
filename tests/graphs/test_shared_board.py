"""The blackboard in a team: what a worker reads and writes is declared, labelled, recorded, and survives a wait."""

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import BaseModel
from tests.graphs.team import Stage, plain, plan

from lockgate import ScriptedModel
from lockgate.blackboard import Blackboard, Entry
from lockgate.errors import UnknownNameError
from lockgate.graphs import hierarchy, load_team, orchestrator
from lockgate.guardrails import Policy
from lockgate.handoff import Status
from lockgate.labels import TRUSTED, UNTRUSTED, Label
from lockgate.nodes.worker import Worker

CONFIG: Any = {"configurable": {"thread_id": "t"}}
GO = {"messages": "Go."}


class Count(BaseModel):
    of: str
    number: int


def counting(label: Label = TRUSTED, number: Any = 7) -> Any:
    return plain(lambda _: {"answer": f'{{"of": "ships", "number": {number}}}', "trust": label})


def reading(seen: list[str]) -> Any:
    def body(state: Any) -> Any:
        seen.append(state["messages"][0].text)
        return {"answer": "read"}

    return plain(body)


def team(seen: list[str], *turns: Any, label: Label = TRUSTED, readers: Any = None, **options: Any) -> Any:
    return orchestrator.build(
        board=Blackboard(fleet=Count, spare=str),
        workers={
            "counter": Worker(graph=counting(label), output=Count, writes="fleet"),
            "reader": Worker(graph=reading(seen), reads=("fleet", "spare"), readers=readers),
            "other": Worker(graph=reading(seen)),
            "ask": Stage().workers()["ask"],
        },
        model=ScriptedModel(turns=list(turns)),
        **options,
    )


def test_a_worker_is_shown_what_it_reads_and_nothing_else() -> None:
    seen: list[str] = []
    out = team(seen, plan(a="counter", b=("reader", "a"), c=("other", "a")), "Done [b].").invoke(GO)
    assert out["board"] == {"fleet": Entry(value={"of": "ships", "number": 7}, label=TRUSTED, by="counter")}
    by_name = {text.split("\n")[0]: text for text in seen}
    assert '<shared name="fleet" trust="trusted">{"of": "ships", "number": 7}</shared>' in by_name["do b"]
    assert "<shared" not in by_name["do c"] and "spare" not in by_name["do b"]


def test_what_was_shared_bears_its_label_on() -> None:
    out = team([], plan(a="counter", b="other", c=("reader", "a")), "Done.", label=UNTRUSTED).invoke(GO)
    assert out["results"]["c"].trust.integrity == UNTRUSTED.integrity
    assert out["results"]["b"].trust.integrity == TRUSTED.integrity


def test_a_worker_that_may_not_read_it_fails() -> None:
    secret = Label(readers=frozenset({"ann"}))
    out = team([], plan(a="counter", b=("reader", "a")), "x", "y", label=secret, readers=frozenset({"bob"})).invoke(GO)
    assert out["results"]["b"].status is Status.FAILED
    assert "not cleared" in out["results"]["b"].error


def test_a_board_outlasts_a_wait_and_the_run() -> None:
    seen: list[str] = []

    def first(messages: Any, _: Any) -> Any:
        again = "Once more." in messages[1].text
        return plan(d="reader") if again else plan(a="counter", q="ask", b=("reader", "a", "q"))

    graph = team(seen, first, "Done.", checkpointer=InMemorySaver())
    out = graph.invoke(GO, CONFIG)
    assert not seen
    (question,) = out["__interrupt__"]
    graph.invoke(Command(resume={question.id: "yes"}), CONFIG)
    assert len(seen) == 1 and '"number": 7' in seen[0]
    graph.invoke({"messages": "Once more."}, CONFIG)
    assert len(seen) == 2 and '"number": 7' in seen[1]


def test_what_a_worker_read_is_in_the_record() -> None:
    graph = team([], plan(a="counter", b=("reader", "a")), "Done.")
    events = [part for part in graph.stream(GO, stream_mode="custom") if part.kind == "message"]
    (sent,) = [e for e in events if e.detail["task_id"] == "b" and e.detail["kind"] == "AgentTask"]
    assert sent.detail["read"] == {"fleet": 1}


def test_an_answer_of_the_wrong_type_fails_its_task_only() -> None:
    graph = orchestrator.build(
        board=Blackboard(total=int),
        workers={"w": Worker(graph=counting(), writes="total"), "v": Worker(graph=reading([]))},
        model=ScriptedModel(turns=[plan(a="w", b="v"), "x [b].", "y"]),
        max_replans=0,
    )
    out = graph.invoke(GO)
    assert (out["results"]["a"].status, out["results"]["b"].status) == (Status.FAILED, Status.COMPLETED)
    assert "'total' cannot hold this" in out["results"]["a"].error
    assert out["board"] == {}


@pytest.mark.parametrize("declared", [None, Blackboard(other=str)])
def test_a_name_that_is_not_declared_is_refused_when_the_team_is_built(declared: Blackboard | None) -> None:
    with pytest.raises(UnknownNameError, match="'fleet'"):
        orchestrator.build(workers={"w": Worker(graph=counting(), writes="fleet")}, board=declared)


def test_teams_of_a_hierarchy_have_boards_of_their_own() -> None:
    def turn(messages: Any, _: Any) -> Any:
        if "submit_plan" in str(messages[-1]) or messages[-1].type == "tool":
            return "Done."
        return plan(x="writer", y=("teller", "x")) if "- writer" in messages[0].text else "41"

    members = (
        hierarchy.Agent(name="writer", description="writes", writes="total"),
        hierarchy.Agent(name="teller", description="tells", reads=("total",)),
    )
    top = hierarchy.Team(name="top", members=members, board=Blackboard(total=int))
    out = hierarchy.build(team=top, policy=Policy.deny_all(), model=ScriptedModel(turns=[turn] * 9)).invoke(GO)
    assert out["board"]["total"].value == 41


def test_a_team_file_declares_it(tmp_path: Path) -> None:
    (tmp_path / "lead.script.yaml").write_text(
        "- calls: [{name: submit_plan, args: {tasks: [{task_id: a, worker: w, objective: Count.}]}}]\n- text: Done.\n"
    )
    (tmp_path / "w.script.yaml").write_text("- text: '12'\n")
    (tmp_path / "team.yaml").write_text(
        "version: 1\npattern: orchestrator\nmodel: scripted:lead.script.yaml\nboard: {total: 'builtins:int'}\n"
        "agents:\n  w: {model: 'scripted:w.script.yaml', writes: total}\n"
    )
    out = load_team(tmp_path / "team.yaml").invoke(GO)
    assert out["board"]["total"].value == 12
