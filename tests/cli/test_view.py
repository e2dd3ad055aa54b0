"""Teams from YAML and views of their runs, from the command line."""

from .bench import WRITE, Bench

TEAM = """
version: 1
pattern: react
policy: starter
model: scripted:script.yaml
agents:
  scribe:
    tools: [builtin]
    prompt: You write down what you are told, into the file that you are told.
"""


def team(bench: Bench) -> None:
    (bench.folder / "team.yaml").write_text(TEAM)
    (bench.folder / "script.yaml").write_text(WRITE)


def test_a_team_runs_from_its_file_and_is_drawn_while_it_waits_and_after(bench: Bench) -> None:
    team(bench)
    waiting = bench("run", "team.yaml", "Write hello into out.txt.", "--thread", "t")
    assert waiting.code == 3
    gantt = bench("show", "t", "--view", "gantt")
    assert "scribe" in gantt.out and "waits  scribe for a person" in gantt.out
    assert "\x1b" not in gantt.out
    assert "has not answered yet" in bench("show", "t", "--view", "flow").out

    [asked] = bench.pending()
    assert bench("approve", asked["interrupt_id"]).out == "It is done.\n"
    assert (bench.folder / "out.txt").read_text() == "hello"
    assert "waits  " not in bench("show", "t", "--view", "gantt").out
    assert "execute_tool" in bench("show", "t", "--view", "states").out
    assert bench("show", "t", "--view", "flow", "--mermaid").out.startswith("sequenceDiagram\n")
    assert bench("show", "t", "--svg", "run.svg").code == 0
    assert (bench.folder / "run.svg").read_text().startswith("<svg ")


def test_what_is_wrong_with_a_team_or_a_view_is_said(bench: Bench) -> None:
    team(bench)
    assert "Leave --policy out." in bench("run", "team.yaml", "x", "--policy", "starter").err
    (bench.folder / "bad.yaml").write_text(TEAM.replace("tools:", "tool:"))
    assert "bad.yaml:8: field 'agents.scribe.tool'" in bench("run", "bad.yaml", "x").err.replace("\n", "")
    assert "team.yaml: proved." in bench("graph", "team.yaml", "--verify").out
    bench("run", "team.yaml", "x", "--thread", "t")
    assert "Did you mean 'gantt'?" in bench("show", "t", "--view", "gnatt").err
    assert bench("show", "t", "--svg", "no/such/folder.svg").code == 1
