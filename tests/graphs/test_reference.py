"""The reference team works with what is at hand, and says what is not."""

from pathlib import Path
from typing import Any

import pytest
from tests.graphs.team import plan
from typer.testing import CliRunner

from lockgate import Policy, ScriptedModel, ToolSpec, tool
from lockgate.cli.app import app
from lockgate.cli.desk.store import seed
from lockgate.graphs import hierarchy, orchestrator, verify
from lockgate.graphs.reference import missing_tools, reference_team, reference_tools

ALLOW = Policy.parse(
    "version: 1\nname: all\nrules:\n  - {id: all, tools: ['search_*', 'read_*'], action: allow, reason: Reading.}"
)

SCRIPTED = "scripted:script.yaml"
SCRIPT = """
- branch:
    - when: {last_contains: find the year}
      then: {calls: [{name: search_files, args: {query: dredged}}]}
    - when: {last_contains: research the harbour}
      then: {calls: [{name: submit_plan, args: {tasks: [{task_id: t, worker: searcher, objective: Find the year.}]}}]}
    - when: {last_contains: when was}
      then:
        calls:
          - {name: submit_plan, args: {tasks: [{task_id: t, worker: research, objective: Research the harbour.}]}}
- It was 1931 [t].
"""


def test_it_searches_and_reads_real_files_and_names_the_tools_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("The harbour was dredged in 1931.\n")

    def turn(messages: Any, tools: Any) -> Any:
        names = [tool["function"]["name"] for tool in tools]
        system, said = messages[0].text, messages[-1].text
        if "search_files" in names:
            return "1931" if "1931" in said else {"calls": [{"name": "search_files", "args": {"query": "dredged"}}]}
        if "1931" in said:
            return "It was 1931 [t]."
        return plan(t="searcher" if "- searcher" in system else "research")

    tools = reference_tools(str(tmp_path))
    team = reference_team(tools)
    graph = hierarchy.build(team=team, tools=tools, policy=ALLOW, model=ScriptedModel(turns=[turn] * 9))
    verify(graph)
    out = graph.invoke({"messages": "When was the harbour dredged?"})
    assert out["answer"] == "It was 1931 [t].\n\nSources: [t] research"
    assert out["trust"].sources == {"tool:search_files"}
    lacks = missing_tools(tools)
    assert lacks["tester"] == ("run_python",) and "reader" not in lacks
    searcher = team.members[0].members[0]  # type: ignore[attr-defined]
    assert "without search_web, fetch_page" in searcher.description


def test_it_queries_the_tables_of_the_demo(tmp_path: Path, database_url: str) -> None:
    seed(database_url, keep=False)
    asked: list[str] = []

    def turn(messages: Any, tools: Any) -> Any:
        names = [tool["function"]["name"] for tool in tools]
        system, said = messages[0].text, messages[-1].text
        if "query_sql" in names:
            if "Cargo bicycle" in said:
                return "The cargo bicycle"
            query = "SELECT item FROM desk.orders ORDER BY total DESC LIMIT 1"
            asked.append(said)
            return {"calls": [{"name": "query_sql", "args": {"query": query}}]}
        if "argo bicycle" in said:
            return "The cargo bicycle [t]."
        return plan(t="querier" if "- querier" in system else "data")

    tools = reference_tools(str(tmp_path), database_url=database_url, schemas=["desk"])
    assert "querier" not in missing_tools(tools)
    allow = Policy.parse("version: 1\nrules:\n  - {id: q, tools: [query_sql], action: allow, reason: Reading.}")
    graph = hierarchy.build(
        team=reference_team(tools), tools=tools, policy=allow, model=ScriptedModel(turns=[turn] * 9)
    )
    out = graph.invoke({"messages": "What is the dearest thing that was ordered?"})
    assert asked and out["answer"].startswith("The cargo bicycle [t].")
    assert out["trust"].sources == {"tool:query_sql"}


def test_studio_gets_its_graphs_without_a_model_or_a_database() -> None:
    for module in (orchestrator, hierarchy):
        verify(module.graph)


def test_it_runs_from_the_command_line_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.md").write_text("The harbour was dredged in 1931.\n")
    (tmp_path / "script.yaml").write_text(SCRIPT)
    monkeypatch.setenv("DATABASE_URL", database_url)
    done = CliRunner().invoke(app, ["run", "reference", "When was the harbour dredged?", "--model", SCRIPTED])
    assert done.exit_code == 0, done.output
    assert done.stdout == "It was 1931 [t].\n\nSources: [t] research\n"
    proved = CliRunner().invoke(app, ["graph", "reference", "--verify"])
    assert "reference: proved." in proved.stdout
    refused = CliRunner().invoke(app, ["run", "reference", "Go.", "--model", SCRIPTED, "--tools", "builtin"])
    assert "takes no tools" in refused.stderr


def test_every_place_that_waits_for_a_tool_says_so_and_is_filled_by_one_of_that_name(tmp_path: Path) -> None:
    tools = reference_tools(str(tmp_path))
    team = reference_team(tools)
    described = {agent.name: agent for part in team.members for agent in part.members}  # type: ignore[attr-defined]
    for name, lacks in missing_tools(tools).items():
        assert f"without {', '.join(lacks)}, which are not at hand" in described[name].description
    wanted = {tool for lacks in missing_tools(tools).values() for tool in lacks}
    assert {"run_python", "search_web", "fetch_page", "draw_chart", "read_mail", "send_mail", "notify"} <= wanted
    whole = [*tools.values(), *(named(name) for name in sorted(wanted))]
    full = reference_team([spec.name for spec in whole])
    assert not missing_tools([spec.name for spec in whole])
    assert "not at hand" not in str(full)
    verify(hierarchy.build(team=full, tools=whole, model=ScriptedModel(turns=["x"])))


def named(name: str) -> ToolSpec:
    def body(text: str) -> str:
        return text

    body.__name__, body.__doc__ = name, f"Does what {name} says."
    return tool(body)
