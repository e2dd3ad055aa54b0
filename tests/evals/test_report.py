import pytest

from lockgate.errors import ConfigError, UnknownNameError
from lockgate.evals import EVALS, Measure, Report, Row, load_eval
from lockgate.evals.report import parse_bounds

MEASURES = (
    Measure(name="runs", title="runs", unit="", what="How many."),
    Measure(name="done", title="done", what="Of the runs.", better="higher"),
    Measure(name="harm", title="harm", what="Of the runs.", better="lower"),
)
REPORT = Report(
    eval="demo",
    measures=MEASURES,
    rows=(
        Row(part={"suite": "a", "payload": "plain"}, figures={"runs": 1200, "done": 62.5, "harm": 0.0}),
        Row(part={"suite": "b", "payload": "plain"}, figures={"runs": 3, "done": 66.67}),
    ),
    settings={"limit": 3},
    cpu_seconds=1.234,
)


def test_the_table_has_a_line_a_figure_and_a_column_a_row():
    assert REPORT.as_text().splitlines() == [
        "demo     a plain  b plain",
        "runs        1200        3",
        "done, %     62.5    66.67",
        "harm, %        0        -",
    ]


def test_many_rows_have_a_line_each_and_notes_stand_below():
    rows = [Row(part={"suite": name, "payload": ""}, figures={"runs": 1, "done": 50.0}) for name in "abcd"]
    report = Report(eval="demo", measures=MEASURES[:2], rows=rows, notes=["Nothing was left out."])
    assert report.as_text().splitlines() == [
        "demo  runs  done, %",
        *(f"{name}        1       50" for name in "abcd"),
        "Nothing was left out.",
    ]
    assert report.as_json()["notes"] == ["Nothing was left out."]


def test_json_holds_part_and_figures_side_by_side():
    assert REPORT.as_json() == {
        "eval": "demo",
        "settings": {"limit": 3},
        "cpu_seconds": 1.23,
        "rows": [
            {"suite": "a", "payload": "plain", "runs": 1200, "done": 62.5, "harm": 0.0},
            {"suite": "b", "payload": "plain", "runs": 3, "done": 66.67},
        ],
    }


@pytest.mark.parametrize(
    ("bound", "broken"),
    [
        ("done=62.5", []),
        ("done=63", ["a plain: done is 62.5, the bound is 63"]),
        ("harm=0", []),
        ("harm=-1", ["a plain: harm is 0, the bound is -1"]),
    ],
)
def test_every_row_is_held_to_a_bound(bound, broken):
    assert REPORT.broken(parse_bounds([bound], MEASURES)) == broken


@pytest.mark.parametrize("text", ["done", "done=", "done=much"])
def test_a_bound_needs_a_number(text):
    with pytest.raises(ConfigError, match="is no bound"):
        parse_bounds([text], MEASURES)


@pytest.mark.parametrize("text", ["runs=3", "dnoe=3", "=3"])
def test_only_figures_with_a_direction_can_be_bounded(text):
    with pytest.raises(UnknownNameError):
        parse_bounds([text], MEASURES)


@pytest.mark.parametrize("name", EVALS)
def test_every_eval_of_the_table_loads_and_says_what_it_measures(name):
    found = load_eval(name)
    assert found.name == name
    assert all(measure.what.endswith(".") for measure in found.measures)


def test_an_unknown_eval_is_told_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="Did you mean 'agentdojo'"):
        load_eval("agentdoj")


def test_unknown_options_are_refused():
    with pytest.raises(ConfigError, match="Options of agentdojo: "):
        load_eval("agentdojo").parse({"suit": "banking"})


def test_names_may_come_with_commas():
    options = load_eval("agentdojo").parse({"payload": "plain, encoded", "suite": ["banking"]})
    assert (options.payload, options.suite) == (("plain", "encoded"), ("banking",))
