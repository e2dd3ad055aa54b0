"""Commands that only look: graph, doctor, tools, policy, models, help; and what they share."""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lockgate.cli.app import COMMANDS
from lockgate.cli.doctor import url_shown
from lockgate.cli.launch import Launch
from lockgate.cli.names import fresh_name, sound_name
from lockgate.cli.review import changed
from lockgate.cli.screen import one_line, safe
from lockgate.cli.timeline import duration
from lockgate.errors import ConfigError
from lockgate.guardrails import shipped_packs
from lockgate.telemetry.layout import BOX_HEIGHT, Drawing, layout

from .bench import Bench


@given(st.text())
def test_safe_text_cannot_act_on_a_terminal(text: str) -> None:
    shown = safe(text)
    assert all(letter.isprintable() or letter in "\n\t" or ord(letter) > 0x9F for letter in shown)
    assert not set(shown) & set("\x1b\x9b\r\x07\x08\u202e\u2066\u200b\ud800")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 日本 🙂", "plain ä 日本 🙂"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\r\nb\rc", "a\nb\\rc"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
        ("\u202eevil\ud800", "\\u202eevil\\ud800"),
    ],
)
def test_safe_shows_what_is_there(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_one_line_is_one_line() -> None:
    assert one_line("a\n b\t c") == "a b c"
    assert len(one_line("x" * 10_000, 50)) == 50


@pytest.mark.parametrize(
    ("settings", "after"),
    [
        (["a=1"], {"a": 1, "b": {"c": [1, 2]}}),
        (["a=text"], {"a": "text", "b": {"c": [1, 2]}}),
        (['a="1"'], {"a": "1", "b": {"c": [1, 2]}}),
        (["b.c.1=5", "d=null"], {"a": 0, "b": {"c": [1, 5]}, "d": None}),
        (["a=x=y"], {"a": "x=y", "b": {"c": [1, 2]}}),
    ],
)
def test_set_changes_one_place(settings: list[str], after: dict[str, object]) -> None:
    before = {"a": 0, "b": {"c": [1, 2]}}
    assert changed(before, settings) == after
    assert before == {"a": 0, "b": {"c": [1, 2]}}


@pytest.mark.parametrize("setting", ["a", "=1", "a.b=1", "b.c.2=1", "b.c.x=1", "b.x.y=1"])
def test_set_refuses_what_leads_nowhere(setting: str) -> None:
    with pytest.raises(ConfigError):
        changed({"a": 0, "b": {"c": [1, 2]}}, [setting])


def test_a_launch_survives_being_recorded() -> None:
    launch = Launch(graph="g", folder="/x", model="m", tools=("a:b",), max_iterations=3, user="ann", roles=("r",))
    assert Launch.parse(launch.metadata()) == launch
    assert "secret" not in str(launch.changed(base_url="http://me:secret@host/v1").metadata())
    for broken in ({}, {"lockgate": "["}, {"lockgate": "[]"}, {"lockgate": '{"model": "m"}'}, {"lockgate": 3}):
        assert Launch.parse(broken) is None
    assert launch.changed(model="n", tools=()).model == "n"


def test_names() -> None:
    assert len({fresh_name() for _ in range(100)}) == 100
    assert sound_name(fresh_name())
    for wrong in ("", " ", "-x", "a\nb", "x" * 201):
        with pytest.raises(ConfigError):
            sound_name(wrong)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0012, "1 ms"), (3.14, "3.1 s"), (600, "10 min"), (9000, "2 h 30 min")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:hunter2@db:5432/x?password=hunter2", "postgresql://ann@db/x"),
        ("host=db user=ann password=hunter2", "postgresql://ann@db/"),
        ("https://ann:hunter2@host/v1", "https://host/v1"),
        ("hunter2 nonsense", "(unreadable)"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert url_shown(url) == shown


def crosses(drawing: Drawing) -> list[str]:
    """Boxes that a stroke of a line runs through."""
    found = []
    for line in drawing.lines:
        for (x0, y0), (x1, y1) in zip(line.points, line.points[1:], strict=False):
            for part in range(1, 50):
                x, y = x0 + (x1 - x0) * part / 50, y0 + (y1 - y0) * part / 50
                found += [
                    box.label
                    for box in drawing.boxes
                    if abs(box.x - x) < box.width / 2 - 1 and abs(box.y - y) < BOX_HEIGHT / 2 - 1
                ]
    return found


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), max_size=20))
@example([(0, 2, False), (1, 3, False), (2, 1, False), (2, 7, False), (5, 1, False), (6, 2, False)])
def test_boxes_do_not_overlap_and_lines_stay_inside_and_outside_boxes(edges: list[tuple[int, int, bool]]) -> None:
    named = [(str(source), str(target), dashed) for source, target, dashed in edges]
    drawing = layout({str(number): f"node {number}" for number in range(8)}, named)
    boxes = drawing.boxes
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            assert abs(one.y - other.y) >= BOX_HEIGHT or abs(one.x - other.x) >= (one.width + other.width) / 2
    for line in drawing.lines:
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in line.points)
    assert not crosses(drawing)


def test_graph_is_printed_drawn_and_proved(bench: Bench) -> None:
    assert "human_review" in bench("graph", "react").out
    outer = bench("graph", "react", "--outer").out
    assert "action_guard" in outer and "human_review" not in outer
    assert "subgraph checker.review" in bench("graph", "lockgate.graphs.debate:graph").out
    shallow = bench("graph", "lockgate.graphs.debate:graph", "--depth", "1").out
    assert "subgraph checker" in shallow and "subgraph checker.review" not in shallow
    assert {"from": "output_guard", "to": "__end__", "conditional": False} in bench("graph", "react", "--json").json[
        "edges"
    ]
    assert bench("graph", "react", "--svg", "g.svg", "--png", "g.png").code == 0
    texts = [element.text for element in ET.parse(bench.folder / "g.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert "review:human_review" in texts
    assert (bench.folder / "g.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    proved = bench("graph", "react", "--verify")
    assert proved.code == 0 and "proved" in proved.out


def test_a_way_round_is_named(bench: Bench) -> None:
    done = bench("graph", "agents:bypass", "--verify")
    assert done.code == 1
    assert "__start__ -> act" in done.err
    as_json = bench("graph", "agents:bypass", "--verify", "--json")
    assert as_json.code == 1 and as_json.json["path"] == ["__start__", "act"]


def test_a_png_without_pillow_names_the_extra(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    done = bench("graph", "react", "--png", "g.png")
    assert done.code == 1 and "lockgate[draw]" in done.err and "--svg" in done.err


def test_doctor_says_what_is_there_and_hides_secrets(bench: Bench) -> None:
    done = bench("doctor", OPENAI_API_KEY="sk-secret-of-mine")
    assert done.code == 0, done.out
    for part in (
        "python",
        "langgraph 1.",
        "Postgres ",
        "migration ",
        "starter: 3 rules",
        "models pull smollm2",
        "(set)",
    ):
        assert part in done.out, part
    assert "sk-secret" not in done.out
    broken = bench("doctor", "--json", LOCKGATE_MODEL="openai:x", OPENAI_API_KEY=None, LOCKGATE_POLICY="none.yaml")
    assert broken.code == 1
    states = {finding["what"]: finding for finding in broken.json["findings"]}
    assert states["model"]["state"] == states["policy"]["state"] == "fail"
    assert "OPENAI_API_KEY" in states["model"]["next"]


def test_doctor_reads_a_new_database_without_touching_it(bench: Bench, empty_database_url: str) -> None:
    done = bench("doctor", DATABASE_URL=empty_database_url)
    assert done.code == 0 and "no tables yet" in done.out
    assert "no tables yet" in bench("doctor", DATABASE_URL=empty_database_url).out


def test_tools_are_listed_with_their_facts(bench: Bench) -> None:
    assert "write_file" in bench("tools").out
    facts = {spec["name"]: spec for spec in bench("tools", "--tools", "agents:tools", "--json").json}
    assert set(facts) == {"pay", "look"}
    assert facts["pay"]["effect"] and not facts["pay"]["idempotent"]


def test_policy_is_shown_checked_and_explained(bench: Bench) -> None:
    assert bench("policy", "show").out.split() == shipped_packs()
    assert "ask-before-writing" in bench("policy", "show", "starter").out
    assert bench("policy", "check", "allow.yaml").out.startswith("allow: 1 rules, sound.")
    for tool, args, decision in (
        ("calculate", {"expression": "1"}, "allow"),
        ("write_file", {"path": "a", "text": "b"}, "review"),
        ("write_file", {}, "deny"),
        ("unheard_of", {}, "deny"),
    ):
        done = bench("policy", "explain", "starter", tool, json.dumps(args))
        assert done.code == 0 and done.out.startswith(decision), done.out
        assert bench("policy", "explain", "starter", tool, json.dumps(args), "--json").json["decision"] == decision


def test_models_are_listed(bench: Bench) -> None:
    [model] = bench("models", "list", "--json").json
    assert model["name"] == "smollm2"
    assert "smollm2" in bench("models", "list").out


def test_version(bench: Bench) -> None:
    assert bench("version").out == bench("--version").out
    assert bench("version").out.startswith("lockgate ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(bench: Bench, name: str) -> None:
    done = bench(name, "--help")
    assert done.code == 0
    assert "Example:" in done.out and f"lockgate {name}" in done.out
    assert name in bench("--help").out


def test_lists_are_readable_when_empty(bench: Bench) -> None:
    for command in ("threads", "approvals"):
        done = bench(command)
        assert (done.code, done.out) == (0, "") and done.err
        assert bench(command, "--json").json == []


def test_the_reference_names_every_command_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    assert set(re.findall(r"lockgate ([a-z]+)", text)) == set(COMMANDS)
