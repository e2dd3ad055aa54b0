"""Time travel on the threads of teams: into the workers' own states, as JSON too, and on encrypted threads."""

import base64

import pytest

from .bench import Bench

TEAM = """
version: 1
pattern: orchestrator
model: scripted:lead.yaml
policy: starter
agents:
  clerk: {description: Writes., model: "scripted:clerk.yaml", tools: [builtin]}
"""
LEAD = """
- calls: [{name: submit_plan, args: {tasks: [{task_id: t1, worker: clerk, objective: Write it down.}]}}]
- It is written (t1).
"""
CLERK = """
- text: I will write it down.
  calls: [{name: write_file, args: {path: out.txt, text: hello}}]
- Written.
"""
KEY = f"k={base64.b64encode(b'k' * 32).decode()}"


@pytest.fixture(params=["plain", "encrypted"])
def team(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """A team whose worker waits for a review in thread `t`."""
    if request.param == "encrypted":
        bench.more["LOCKGATE_ENCRYPTION_KEYS"] = KEY
    for name, text in {"team": TEAM, "lead": LEAD, "clerk": CLERK}.items():
        (bench.folder / f"{name}.yaml").write_text(text)
    assert bench("run", "team.yaml", "Do it.", "--thread", "t", "--every-step").code == 3
    return bench


def test_every_command_looks_into_a_worker_and_out_again(team: Bench) -> None:
    moments = team("history", "t", "--json").json
    assert moments[0]["next"] == ["dispatch"] and moments[0]["waiting"] == 1
    now = moments[0]["id"]
    shown = team("show", "t", "--at", now, "--json").json
    (worker, lock) = shown["subgraphs"]
    assert worker["values"]["task"]["task_id"] == "t1" and worker["next"] == ["review"]
    assert lock["values"]["call"]["args"] == {"path": "out.txt", "text": "hello"}
    text = team("show", "t", "--at", now[-8:]).out
    assert worker["namespace"] in text and lock["namespace"] in text and "out.txt" in text

    inside = team("history", "t", "--namespace", worker["namespace"], "--json").json
    assert [one["next"] for one in inside][:3] == [["review"], ["action_guard"], ["call_model"]]
    assert all(one["namespace"] == worker["namespace"] for one in inside)
    assert "I will write it down." in team("history", "t", "--namespace", worker["namespace"]).out
    pair = (inside[2]["id"], inside[0]["id"], "--namespace", worker["namespace"])
    changed = {one["path"]: one["after"] for one in team("diff", "t", *pair, "--json").json}
    assert changed["iterations"] == 1 and "write_file" in team("diff", "t", *pair).out
    at = team("show", "t", "--at", inside[2]["id"], "--namespace", worker["namespace"], "--json").json
    assert at["values"]["messages"][0]["content"].startswith("Write it down.") and at["next"] == ["call_model"]

    assert team("resume", "t", "--yes", "--every-step").out.startswith("It is written (t1).")
    done = {one["path"] for one in team("diff", "t", now, "--json").json}
    assert {"answer", "status", "results.t1"} <= done
    same = team("replay", "t", "--json")
    assert (same.code, same.json) == (0, {"same": True, "misses": [], "changes": []})
    assert team("replay", "t", "--at", now).code == 0


def test_a_fork_of_a_team_goes_on_and_says_what_it_cannot_know(team: Bench) -> None:
    waiting = team("history", "t", "--json").json[0]["id"]
    assert team("resume", "t", "--yes", "--every-step").code == 0
    made = team("fork", "t", "--at", waiting, "--json").json
    assert (made["next"], made["source"]) == (["dispatch"], "fork")
    assert [(one["tool"], one["status"]) for one in made["effects_since"]] == [("write_file", "done")]
    told = team("fork", "t", "--at", waiting)
    assert "had 1 effect(s) (write_file)" in told.err and "a worker's that starts over" in told.err
    assert team("resume", "t", "--yes").out.startswith("It is written (t1).")
    last = team("history", "t", "--json").json[0]["id"]
    done = team("fork", "t", "--at", last)
    assert done.code == 0 and "effect(s)" not in done.err and "lockgate resume" not in done.err
    changed = team("fork", "t", "--at", waiting, "--set", "rounds=7", "--json").json
    assert changed["next"] == ["dispatch"]
    assert team("show", "t", "--at", changed["id"], "--json").json["values"]["rounds"] == 7
    other = team("replay", "t", "--at", waiting, "--policy", "customer-service", "--json")
    assert other.code == 1 and "No model answer is recorded" in other.json["misses"][0]  # the call is denied now
