"""The reference team works with what is at hand, and says what is not."""

from pathlib import Path
from typing import Any

from tests.graphs.team import plan

from lockgate import Policy, ScriptedModel
from lockgate.cli.desk.store import seed
from lockgate.graphs import hierarchy, orchestrator, verify
from lockgate.graphs.reference import missing_tools, reference_team, reference_tools

ALLOW = Policy.parse(
    "version: 1\nname: all\nrules:\n  - {id: all, tools: ['search_*', 'read_*'], action: allow, reason: Reading.}"
)


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
