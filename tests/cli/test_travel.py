"""`history`, `show --at`, `diff`, `fork` and `replay` on a real database."""

from pathlib import Path

from .bench import WRITE, Bench

CALC = """
- calls: [{name: calculate, args: {expression: "6 * 7"}}]
- It is 42.
"""


def moment(bench: Bench, *following: str, messages: int | None = None) -> str:
    found = bench("history", "t", "--json").json
    return next(
        item["id"] for item in found if item["next"] == list(following) and messages in (None, item["messages"])
    )


def test_history_show_and_diff_tell_what_was_when(bench: Bench) -> None:
    bench.run(CALC, "--every-step")
    listed = bench("history", "t").out
    assert listed.splitlines()[0].split() == ["moment", "after", "step", "at", "(UTC)", "next", "messages", "last"]
    assert "→ calculate" in listed and "It is 42." in listed
    at = moment(bench, "action_guard")
    shown = bench("show", "t", "--at", at[-8:]).out
    assert '1: ai: → calculate({"expression": "6 * 7"})' in shown and "It is 42" not in shown
    assert (
        bench("show", "t", "--at", at, "--json").json["values"]["messages"][1]["tool_calls"][0]["name"] == "calculate"
    )
    told = bench("diff", "t", at[-8:]).out
    assert "answer" in told and "It is 42." in told and "usage" in told and "decisions" in told
    changed = {item["path"]: item["after"] for item in bench("diff", "t", at, "--json").json}
    assert changed["answer"] == "It is 42." and changed["status"] == "completed"
    assert bench("diff", "t", at, at).out == "Nothing differs.\n"


def test_a_fork_is_gone_on_with(bench: Bench) -> None:
    bench.run(CALC.replace("It is 42.", "All done."), "--every-step")
    at = moment(bench, "call_model", messages=3)
    made = bench("fork", "t", "--at", at, "--set", "messages.2.content=43")
    assert "next: call_model" in made.out and "lockgate resume t" in made.err
    assert bench("resume", "t").out == "All done.\n"
    values = bench("show", "t", "--at", bench("history", "t", "--json").json[0]["id"], "--json").json["values"]
    assert values["messages"][2]["content"] == "43"
    wrong = bench("fork", "t", "--at", at, "--set", "nothing=1")
    assert wrong.code == 1 and "Unknown key of the state 'nothing'" in wrong.err
    assert bench("fork", "t", "--at", at, "--set", "nothing").code == 1


def test_a_resume_stores_each_step_when_told_to(bench: Bench) -> None:
    counts = {}
    for thread, option in (("few", ()), ("all", ("--every-step",))):
        bench.run(WRITE, thread=thread)
        before = len(bench("history", thread, "--json").json)
        assert bench("resume", thread, "--yes", *option).code == 0
        counts[thread] = len(bench("history", thread, "--json").json) - before
    assert counts["all"] > counts["few"]


def test_replay_calls_nothing_and_says_what_would_differ(bench: Bench) -> None:
    bench.run(WRITE, "--every-step")
    bench("approve", bench.pending()[0]["interrupt_id"])
    written = bench.folder / "out.txt"
    written.unlink()
    same = bench("replay", "t")
    assert (same.code, same.out) == (0, "It comes out as it did.\nNothing differs.\n")
    assert not written.exists()
    (bench.folder / "strict.yaml").write_text("version: 1\nname: strict\nrules: []\n")
    other = bench("replay", "t", "--policy", "strict.yaml", "--json")
    assert other.code == 1
    assert "No model answer is recorded" in other.json["misses"][0]
    decisions = {item["path"]: item["after"] for item in other.json["changes"]}
    assert decisions["decisions.call-0-0.decision"] == "deny"
    assert "miss: No model answer" in bench("replay", "t", "--policy", str(Path("strict.yaml"))).err
    assert not written.exists()


def test_what_is_not_there_is_named(bench: Bench) -> None:
    bench.run(CALC, "--every-step")
    for command in (("show", "t", "--at", "zz"), ("fork", "t", "--at", "zz"), ("replay", "t", "--at", "zz")):
        done = bench(*command)
        assert (done.code, "no moment 'zz'" in done.err, "lockgate history t" in done.err) == (1, True, True)
    assert "no thread 'other'" in bench("history", "other").err
