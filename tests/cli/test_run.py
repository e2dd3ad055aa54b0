"""Runs, reviews and the record of them, on a real database."""

import json

import pytest

from .bench import HOSTILE, TWO, WRITE, Bench


def test_run_waits_approve_goes_on_show_tells(bench: Bench) -> None:
    waiting = bench.run(WRITE)
    assert waiting.code == 3
    assert waiting.out == ""
    assert "ask-before-writing" in waiting.err
    [asked] = bench.pending()
    short = asked["interrupt_id"][:8]
    for verb in ("approve", "reject", "edit"):
        assert f"lockgate {verb} {short}" in waiting.err
    assert not (bench.folder / "out.txt").exists()
    assert bench("threads", "--json").json[0]["status"] == "waiting"
    shown = bench("show", "t")
    assert "for anyone, until" in shown.out and "waiting" in shown.out
    assert short in bench("approvals").out

    done = bench("approve", short, "--reason", "looks right", "--by", "ann")
    assert (done.code, done.out) == (0, "It is done.\n")
    assert (bench.folder / "out.txt").read_text() == "hello"
    assert bench.pending() == []
    assert bench("approvals", "--json", "--all").json[0]["answer"]["by"] == "ann"

    told = bench("show", "t").out
    for part in ("review", "ask-before-writing", "approved by ann: looks right", "2 model calls", "1 tool call"):
        assert part in told, part
    assert told.endswith("answer\nIt is done.\n")
    record = bench("show", "t", "--json").json
    assert record["answer"] == "It is done."
    assert {event["kind"] for event in record["events"]} >= {"model", "decision", "call", "wait", "node"}


def test_reject_tells_the_model_and_runs_nothing(bench: Bench) -> None:
    bench.run(WRITE)
    done = bench("reject", bench.pending()[0]["interrupt_id"], "--reason", "no")
    assert (done.code, done.out) == (0, "It is done.\n")
    assert not (bench.folder / "out.txt").exists()
    assert "rejected by" in bench("show", "t").out


@pytest.mark.parametrize(
    ("options", "text"),
    [(["--set", "text=better"], "better"), (["--args", '{"path": "out.txt", "text": "best"}'], "best")],
)
def test_edit_runs_the_other_call(bench: Bench, options: list[str], text: str) -> None:
    bench.run(WRITE)
    assert bench("edit", bench.pending()[0]["interrupt_id"][:6], *options).code == 0
    assert (bench.folder / "out.txt").read_text() == text


def test_two_reviews_are_answered_one_by_one(bench: Bench) -> None:
    assert bench.run(TWO).code == 3
    first, second = bench.pending()
    after = bench("approve", first["interrupt_id"])
    assert after.code == 3
    assert second["interrupt_id"][:8] in after.err and first["interrupt_id"][:8] not in after.err
    assert bench("resume", "t").code == 3
    assert bench("approve", second["interrupt_id"]).out == "Both are settled.\n"
    assert [(bench.folder / f"{name}.txt").read_text() for name in "ab"] == ["one", "two"]


@pytest.mark.parametrize(("option", "written"), [("--yes", True), ("--no", False)])
def test_yes_and_no_answer_for_scripts(bench: Bench, option: str, written: bool) -> None:
    done = bench.run(TWO, option)
    assert (done.code, done.out) == (0, "Both are settled.\n")
    assert (bench.folder / "a.txt").exists() == written


def test_a_person_at_the_terminal_approves_edits_and_rejects(bench: Bench) -> None:
    done = bench.run(TWO, "-i", stdin="x\ne\nnowhere.deep=1\ntext=changed\n\ny\nr\nnot this one\n")
    assert (done.code, done.out) == (0, "Both are settled.\n")
    assert "no place 'nowhere.deep'" in done.err
    written = [(bench.folder / name) for name in ("a.txt", "b.txt") if (bench.folder / name).exists()]
    assert [path.read_text() for path in written] == ["changed"]
    assert "not this one" in bench("show", "t").out
    later = bench.run(WRITE, "-i", thread="u", stdin="")
    assert later.code == 3


def test_json_lines_end_with_the_result(bench: Bench) -> None:
    done = bench.run(WRITE, "--json")
    assert done.lines[0]["type"] == "start"
    assert {line["kind"] for line in done.lines if line["type"] == "event"} >= {"model", "decision"}
    assert (done.result["type"], done.result["status"], done.result["thread"]) == ("result", "waiting", "t")
    command = done.result["waiting"][0]["commands"][0].split()
    ended = bench(*command[1:], "--json")
    assert (ended.code, ended.result["status"], ended.result["answer"]) == (0, "completed", "It is done.")
    assert ended.result["usage"]["model_calls"] == 2


def test_the_bound_ends_the_run_with_its_own_code(bench: Bench) -> None:
    loop = "- calls:\n    - {name: calculate, args: {expression: '1+1'}}\n" * 5
    done = bench.run(loop, "--max-iterations", "2")
    assert done.code == 4
    assert "max_iterations" in done.err
    assert "max_iterations" in bench("show", "t").out


def test_a_run_has_a_deadline_and_says_how_to_go_on(bench: Bench) -> None:
    over = bench.run(WRITE, LOCKGATE_DEADLINE="0.001")
    assert over.code == 4 and "ended with status deadline. Stopped before a model call: the run's deadline" in over.err
    assert "Go on with a new one: lockgate run react 'Go on.' --thread t --deadline 15m" in over.err
    bench.run("- Hello.\n", "--deadline", "2h", thread="u")
    state = bench("show", "u", "--at", bench("history", "u", "--json").json[0]["id"], "--json").json
    assert round(state["values"]["deadline"]["at"] - state["values"]["deadline"]["begun"]) == 7_200
    for nonsense, said in (("soon", "no span of time"), ("0s", "no deadline"), ("900w", "no deadline")):
        refused = bench.run("- Hello.\n", "--deadline", nonsense, thread="v")
        assert refused.code == 1 and said in refused.err
    assert "no thread" in bench("show", "v").err


def test_the_approver_needs_the_role(bench: Bench) -> None:
    (bench.folder / "lead.yaml").write_text(
        "version: 1\nrules:\n  - {id: lead, tools: [write_file], action: review, reason: x, approvers: [lead]}\n"
    )
    refused = bench.run(WRITE, "--policy", "lead.yaml", "--yes")
    assert refused.code == 3
    assert "Only lead may answer" in refused.err
    assert "for lead" in bench("show", "t").out
    assert bench("approve", bench.pending()[0]["interrupt_id"], "--role", "lead").code == 0


def test_another_folder_resumes_the_same_graph(bench: Bench) -> None:
    bench.run(WRITE)
    (bench.folder / "elsewhere").mkdir()
    moved = Bench(folder=bench.folder / "elsewhere", url=bench.url, more=bench.more)
    assert moved("approve", moved.pending()[0]["interrupt_id"]).code == 0
    assert (bench.folder / "out.txt").exists() and not (moved.folder / "out.txt").exists()


def test_a_thread_goes_on_with_a_new_message(bench: Bench) -> None:
    assert bench.run("- One.\n- Two.\n").out == "One.\n"
    assert bench.run("- One.\n- Two.\n", goal="-", stdin="And now?").out == "Two.\n"
    assert len(bench("show", "t", "--json").json["runs"]) == 2


def test_a_thread_without_a_name_gets_one(bench: Bench) -> None:
    done = bench("run", "react", "Hi", "--model", bench.model("- Hello.\n"))
    [thread] = bench("threads", "--json").json
    assert thread["thread_id"] in done.err
    assert thread["thread_id"].count("-") == 2


def test_nothing_foreign_reaches_the_terminal_raw(bench: Bench) -> None:
    waiting = bench.run(HOSTILE)
    short = bench.pending()[0]["interrupt_id"][:8]
    seen = [waiting, bench("approvals"), bench("show", "t"), bench("approve", short), bench("show", "t")]
    everything = "".join(done.out + done.err for done in seen)
    assert not set(everything) & {"\x1b", "\u202e", "\x07"}
    assert "\\u001b[2J" in waiting.err and "\\x1b[31mred" in waiting.err and "\\u202eback" in waiting.err
    assert "[bold]look[/bold]" in waiting.err and "[link=http://x]hi[/link]" in waiting.err
    assert seen[3].out.startswith("the end [red]\\x1b]0;title\\x07")


def test_graphs_of_a_users_own(bench: Bench) -> None:
    (bench.folder / "langgraph.json").write_text(
        json.dumps({"graphs": {"mine": "./agents.py:unpaid", "react": "lockgate.graphs.react:graph"}})
    )
    call = "- calls:\n    - {name: look, args: {what: x}}\n- Seen.\n"
    spec = bench.model(call)
    options = ["--model", spec, "--policy", "allow.yaml"]
    for name in ("mine", "agents:unpaid"):
        done = bench("run", name, "Look", *options, "--thread", name)
        assert (done.code, done.out) == (0, "Seen.\n"), done.err
    done = bench("run", "react", "Look", *options, "--tools", "agents:tools", "--tools", "builtin")
    assert (done.code, done.out) == (0, "Seen.\n"), done.err
    assert bench("run", "agents:ready", "Look", "--thread", "r", LOCKGATE_MODEL=spec).code == 0
