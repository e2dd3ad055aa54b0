"""The views: what they tell of a run, that nothing in a record becomes markup, and that pictures stay small."""

import re
import time
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import UnknownNameError
from lockgate.events import Event, Kind
from lockgate.telemetry import FORMS, VIEWS, Lane, draw, duration, flow, gantt, states
from lockgate.telemetry.axis import Axis, union, without
from lockgate.telemetry.states import END, START

PICTURES = [(view, form) for view in VIEWS for form in FORMS]
T = 1_800_000_000.0


class Row:
    """An event as the events table gives it: with its graph, and with no end while it lasts."""

    def __init__(self, event: Event, place: str = "", *, lasts: bool = False) -> None:
        self.checkpoint_ns = place
        for name in Event.__slots__:
            setattr(self, name, getattr(event, name))
        if lasts:
            self.ended = None


def ev(kind: Kind, node: str, start: float, end: float, agent: str = "a", **more: Any) -> Event:
    return Event(kind=kind, node=node, started=T + start, ended=T + end, agent=agent, **more)


def task(name: str, worker: str, status: str, at: float, *depends: str) -> Event:
    return ev("task", "dispatch", at, at, worker, name=name, status=status, detail={"depends_on": list(depends)})


def sent(sender: str, receiver: str, kind: str, at: float, task_id: str) -> Event:
    return ev("message", "dispatch", at, at, sender, name=receiver, detail={"kind": kind, "task_id": task_id})


TEAM = [
    ev("node", "lead", 0, 1, "boss", run_id="r"),
    task("t1", "find", "pending", 1),
    task("t2", "write", "pending", 1, "t1"),
    task("t1", "find", "running", 2),
    sent("boss", "find", "AgentTask", 2, "t1"),
    ev("node", "call_model", 2.1, 3, "find", run_id="r"),
    ev("model", "call_model", 2.2, 2.9, "find", name="m", run_id="r"),
    sent("find", "boss", "AgentResult", 4, "t1"),
    task("t1", "find", "completed", 4),
    task("t2", "write", "running", 4, "t1"),
    sent("boss", "write", "AgentTask", 4, "t2"),
]


def spans(lane: Lane) -> list[tuple[str, float, float, tuple[str, ...], bool]]:
    return [(s.state, round(s.start - T, 3), round(s.end - T, 3), s.whom, s.going) for s in lane.spans]


def test_lanes_tell_who_ran_and_who_waited_for_whom() -> None:
    lanes = {(lane.agent, lane.task): lane for lane in gantt(TEAM, now=T + 5).lanes}
    assert list(lanes) == [("boss", ""), ("find", "t1"), ("write", "t2")]
    assert spans(lanes["boss", ""]) == [
        ("running", 0, 1, (), False),
        ("blocked", 2, 4, ("find",), False),
        ("blocked", 4, 5, ("write",), True),
    ]
    assert spans(lanes["find", "t1"]) == [
        ("pending", 1, 2, (), False),
        ("running", 2, 4, (), False),
        ("running", 2.1, 3, (), False),
        ("running", 4, 4, (), False),
        ("model", 2.2, 2.9, ("m",), False),
    ]
    assert spans(lanes["write", "t2"]) == [
        ("pending", 1, 4, ("t1 (find)",), False),
        ("running", 4, 5, (), True),
    ]
    assert [lane.status for lane in lanes.values()] == ["", "completed", ""]


def test_a_wait_for_a_person_lasts_until_now_and_names_the_approvers() -> None:
    wait = Row(ev("wait", "human_review", 1, 1, name="refund", detail={"approvers": ["boss"]}), lasts=True)
    rows = [Row(ev("node", "call_model", 0, 1)), wait]
    (lane,) = gantt(rows, now=T + 100).lanes
    assert spans(lane) == [("running", 0, 1, (), False), ("waiting", 1, 100, ("boss",), True)]
    assert "for boss, 99.0 s so far" in draw(rows, now=T + 100)
    (arrow,) = flow(rows).arrows
    assert (arrow.sender, arrow.receiver, arrow.kind) == ("a", "boss", "question: refund")
    assert flow(rows).asked == {"boss"}
    assert states(rows).machines[0].now == {"human_review"}


def test_a_run_that_goes_on_reaches_to_now_and_one_that_ended_does_not() -> None:
    going = [ev("node", "call_model", 0, 1)]
    assert spans(gantt(going, now=T + 9).lanes[0])[-1] == ("running", 1, 9, (), True)
    ended = [*going, ev("node", "output_guard", 1, 2)]
    assert gantt(ended, now=T + 9).lanes[0].end == T + 2
    assert gantt(going).lanes[0].end == T + 1


def test_two_tasks_of_one_worker_keep_their_own_work() -> None:
    rows = [Row(task(name, "w", status, at)) for name, at in (("x", 0), ("y", 1)) for status in ("pending", "running")]
    rows += [Row(ev("model", "call_model", 2, 3, "w", name="mx"), "d|1"), Row(ev("model", "n", 2.5, 3, "w"), "d|1|in")]
    rows += [Row(ev("model", "call_model", 2.2, 3, "w", name="my"), "d|2")]
    found = {lane.task: [s for s in lane.spans if s.state == "model"] for lane in gantt(rows).lanes}
    assert [len(found["x"]), len(found["y"])] == [1, 2]


def test_an_id_that_is_used_again_is_another_task() -> None:
    steps = [("running", 0), ("completed", 1), ("pending", 5), ("running", 6), ("failed", 7)]
    assert [lane.status for lane in gantt([task("t", "w", s, at) for s, at in steps]).lanes] == ["completed", "failed"]


def test_flow_counts_each_kind_between_two() -> None:
    found = [(a.sender, a.receiver, a.kind, a.count) for a in flow(TEAM + TEAM[4:5]).arrows]
    assert found == [
        ("boss", "find", "AgentTask", 2),
        ("find", "boss", "AgentResult", 1),
        ("boss", "write", "AgentTask", 1),
    ]


def test_an_answer_that_was_gathered_comes_from_whom_the_detail_names() -> None:
    event = ev("message", "debater", 0, 1, "debate", name="debate", detail={"kind": "Position", "from": "sceptic"})
    assert [(a.sender, a.receiver) for a in flow([event]).arrows] == [("sceptic", "debate")]


def test_states_know_which_calls_ran_side_by_side() -> None:
    rows = [Row(ev("node", "call_model", 0, 1))]
    for lock in ("lock:1", "lock:2"):
        rows += [Row(ev("node", "action_guard", 2, 3), lock), Row(ev("node", "execute_tool", 4, 5), lock)]
    rows[-1] = Row(ev("wait", "human_review", 4, 60), "lock:2")
    rows += [Row(ev("node", "human_review", 60, 61), "lock:2"), Row(ev("node", "call_model", 62, 63))]
    rows += [Row(ev("node", "output_guard", 64, 65))]
    (machine,) = states(rows).machines
    assert machine.moves == {
        (START, "call_model"): 1,
        ("call_model", "action_guard"): 2,
        ("action_guard", "execute_tool"): 1,
        ("action_guard", "human_review"): 1,
        ("execute_tool", "call_model"): 1,
        ("human_review", "call_model"): 1,
        ("call_model", "output_guard"): 1,
        ("output_guard", END): 1,
    }
    assert machine.states["human_review"] == (1, pytest.approx(57))


SHAPES = {"svg", "style", "defs", "marker", "path", "rect", "text", "title", "line", "polyline", "circle", "g"}
HOSTILE = [
    "<script>alert(1)</script>\"'&",
    "]]>--><svg onload=x>",
    "\x1b[31mred\x00\x07\u202e\ud800\ufffe",
    'end\n    click a "javascript:x"',
    "; %% #quot; `x` ${y} :done, [*] --> {",
    "名前" * 300,
    "",
]


@pytest.mark.parametrize(("view", "form"), PICTURES)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names(view: str, form: str, name: str) -> None:
    rows: list[Any] = [
        ev("node", name, 0, 1, name),
        ev("model", name, 0, 1, name, name=name),
        ev("task", name, 0, 0, name, name=name, status=name),
        task(name, name, "pending", 0, name),
        sent(name, name + "2", name, 1, name),
        Row(ev("wait", name, 1, 2, name, name=name, detail={"approvers": [name, 3]}), lasts=True),
    ]
    picture = draw(rows, view, form, now=T + 3)
    picture.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ufffe]", picture)
    if form == "svg":
        kinds = {element.tag.rpartition("}")[2] for element in ET.fromstring(picture).iter()}
        assert " ".join(kinds - SHAPES) == ""
    if form == "mermaid":
        words = "gantt dateFormat axisFormat section sequenceDiagram participant actor stateDiagram state a p } ["
        assert all(
            line.split(maxsplit=1)[0].startswith((*words.split(), "waits", "running", "model"))
            for line in picture.splitlines()
        )
        assert "<" not in picture and "click" not in [line.split()[0] for line in picture.splitlines()]


@pytest.mark.parametrize(("view", "form"), PICTURES)
def test_ten_thousand_events_make_a_picture_that_can_be_looked_at(view: str, form: str) -> None:
    events: list[Event] = []
    for n in range(1_000):
        who, at = f"worker-{n}", n * 0.37
        events += [task(f"t{n}", who, "pending", at), task(f"t{n}", who, "running", at + 1)]
        events += [sent("boss", who, f"AgentTask{n % 90}", at + 1, f"t{n}")]
        events += [ev("node", f"n{k}", at + k, at + k + 0.5, who if n % 2 else "boss") for k in range(5)]
        events += [sent(who, "boss", "AgentResult", at + 6, f"t{n}"), task(f"t{n}", who, "completed", at + 6)]
    assert len(events) == 10_000
    started = time.process_time()
    picture = draw(events, view, form)
    assert time.process_time() - started < 3
    assert len(picture) < {"text": 20_000, "svg": 800_000, "mermaid": 50_000}[form]
    assert form != "mermaid" or picture.count(" --> ") <= 500
    if view != "states":
        assert "more" in picture or "others" in picture or form == "mermaid"


@pytest.mark.parametrize(("view", "form"), PICTURES)
def test_nothing_yet(view: str, form: str) -> None:
    picture = draw([], view, form)
    assert picture.endswith("\n")
    assert form == "mermaid" or "yet" in picture


def test_text_has_colours_only_when_asked() -> None:
    assert "\x1b" not in "".join(draw(TEAM, view) for view in VIEWS)
    assert "\x1b[" in draw(TEAM, "gantt", colour=True)


def test_lines_keep_to_the_width() -> None:
    assert max(map(len, draw(TEAM, "gantt", width=60).splitlines()[:4])) <= 62


def test_an_unknown_view_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'gantt'"):
        draw(TEAM, "gant")
    with pytest.raises(UnknownNameError, match="Known: mermaid, svg, text"):
        draw(TEAM, "gantt", "png")


def test_notebooks_draw_a_view_by_itself() -> None:
    for view in (gantt(TEAM), flow(TEAM), states(TEAM)):
        assert view._repr_svg_().startswith("<svg ")


def test_times_that_make_no_sense_are_left_out_or_mended() -> None:
    broken = [replace(TEAM[0], started=float("nan")), replace(TEAM[0], started=T + 5, ended=T)]
    (lane,) = gantt(broken).lanes
    assert spans(lane) == [("running", 5, 5, (), False)]


def test_a_long_idle_stretch_is_cut() -> None:
    axis = Axis.of(0, 7_212, [(0, 10), (7_210, 7_212)])
    assert [piece.cut for piece in axis.pieces] == [False, True, False]
    assert axis.at(10) > 0.7
    assert not any(piece.cut for piece in Axis.of(0, 12, [(0, 10), (11, 12)]).pieces)


times = st.floats(0, 1e6, allow_nan=False)
stretches = st.lists(st.tuples(times, times).map(lambda p: (min(p), max(p))), max_size=30)


@given(stretches, st.lists(times, min_size=2, max_size=20))
def test_the_axis_keeps_the_order_of_times(busy: list[tuple[float, float]], at: list[float]) -> None:
    end = max([1.0, *at, *(b for _, b in busy)])
    axis = Axis.of(0, end, busy)
    places = [axis.at(time) for time in sorted(at)]
    assert all(later - earlier > -1e-9 for earlier, later in pairwise(places))
    assert all(0 <= place <= 1 for place in places)
    assert len(axis.ticks(7, 0.09)) <= 60
    assert axis.at(0) == 0
    assert axis.at(end) == pytest.approx(1)


@given(stretches, stretches, times)
def test_union_and_without_are_those_of_sets(
    one: list[tuple[float, float]], other: list[tuple[float, float]], at: float
) -> None:
    def inside(parts: list[tuple[float, float]]) -> bool:
        return any(a < at < b for a, b in parts)

    edges = {edge for part in one + other for edge in part}
    if at not in edges:
        assert inside(union(one)) == inside(one)
        assert inside(without(union(one), union(other))) == (inside(one) and not inside(other))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 ms"), (4e-5, "<1 ms"), (0.04, "40 ms"), (2.5, "2.5 s"), (200, "3 min"), (7_500, "2 h 5 min"),
     (300_000, "3 d 11 h")],
)  # fmt: skip
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
