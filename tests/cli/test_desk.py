"""The demo, played: what it moves, what it never moves, and what it says when something is wrong."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from lockgate.cli.desk.play import GOAL, Outcome, play
from lockgate.cli.desk.process import Job, Question, Step, Worker
from lockgate.cli.desk.screen import Screen, call_text
from lockgate.cli.desk.store import seed
from lockgate.errors import ApprovalError, LockgateError, StoreError, ThreadNotFoundError
from lockgate.settings import Settings

SOURCE = str(Path(__file__).parents[2] / "src")
LEAD = {"by": "ann", "roles": ["refunds-lead"]}
YES = {"action": "approve", **LEAD}
NO = {"action": "reject", **LEAD}
SMALL = ("1042", "38.50", "SE33 3000 0000 0000 0003")
INJECTED = ("2077", "4900.00", "XX66 6000 0000 0000 0666")


@pytest.fixture(autouse=True)
def _source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", SOURCE)  # of the fork server


class Played:
    """A demo on a database of its own, and what it printed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.printed = io.StringIO()
        self.asked: list[Question] = []

    def __call__(self, answer: Mapping[str, Any], *, model: str = "", keep: bool = False, kill: bool = True) -> Outcome:
        def ask(question: Question) -> Mapping[str, Any]:
            self.asked.append(question)
            return answer

        screen = Screen(Console(file=self.printed, width=100))
        return play(screen, Settings(database_url=self.url), ask, model=model, keep=keep, kill=kill)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.encode()).fetchall()

    def refunds(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT order_id, amount::text, account FROM desk.payments WHERE kind = 'refund' ORDER BY id")


@pytest.fixture
def demo(database_url: str) -> Played:
    return Played(database_url)


def script(folder: Path, text: str) -> str:
    (folder / "script.yaml").write_text(text, "utf-8")
    return f"scripted:{folder / 'script.yaml'}"


def test_yes_pays_once_though_it_is_killed_twice(demo: Played) -> None:
    outcome = demo(YES)
    assert demo.refunds() == [SMALL, INJECTED]
    assert len(set(outcome.killed)) == 2
    assert len(demo.asked) == 1
    assert demo.rows("SELECT count(*) FROM desk.customers") == [(3,)]
    assert demo.rows("SELECT recipient FROM desk.outbox") == [("mara@lindqvist.example",)]
    decided = {
        (ruled.tool, ruled.args.get("order_id")): (ruled.decided, ruled.rule) for ruled in outcome.report.rulings
    }
    assert decided["refund", "1042"] == ("allow", "small-refund")
    assert decided["refund", "2077"] == ("review", "any-other-refund+provenance")
    assert decided["delete_customer", None] == ("deny", "never-delete")
    assert outcome.report.status == "completed"
    text = demo.printed.getvalue()
    assert f"lockgate show {outcome.thread_id}" in text
    assert text.count("signal 9") == 2
    assert all(f"process {pid} " in text for pid in outcome.killed)


def test_no_pays_only_what_the_policy_allows(demo: Played) -> None:
    outcome = demo(NO)
    assert demo.refunds() == [SMALL]
    assert len(outcome.killed) == 2
    [ruled] = [ruled for ruled in outcome.report.rulings if ruled.decided == "review"]
    assert ruled.outcome == "did not run, rejected by ann"


def test_an_edit_is_paid_as_edited(demo: Played) -> None:
    demo({"action": "edit", "args": {"order_id": "2077", "amount": 10}, **LEAD}, kill=False)
    assert demo.refunds() == [SMALL, ("2077", "10.00", "DE22 2000 0000 0000 0002")]


def test_it_plays_again_and_can_keep_what_was_done(demo: Played) -> None:
    demo(NO, kill=False)
    demo(NO, kill=False, keep=True)
    assert demo.refunds() == [SMALL]
    assert demo.rows("SELECT count(*) FROM desk.outbox") == [(1,)]
    demo(YES, kill=False)
    assert demo.refunds() == [SMALL, INJECTED]


def test_a_run_killed_all_along_the_way_pays_once(demo: Played) -> None:
    seed(demo.url, keep=False)
    job = Job(url=demo.url, thread_id="killed", model="")
    kills, answers, begun = 0, {}, False
    while True:
        worker = Worker(job)
        said: Iterator[Any] = worker.resume(answers) if begun else worker.start(GOAL)
        # Each process gets a little further, so that also a step that must be done in one go is done.
        try:
            items = list(islice(said, 2 + kills // 2))
        except ThreadNotFoundError:  # killed before the very first write
            worker.close()
            begun = False
            continue
        begun = True
        questions = [item for item in items if isinstance(item, Question)]
        answers = {question.id: YES for question in questions} or answers
        if next(said, None) is None and not questions:
            break
        worker.kill()
        kills += 1
        worker = Worker(job)
        try:
            answers = {question.id: YES for question in worker.waiting()}
        except ThreadNotFoundError:
            begun = False
        worker.close()
    assert worker.report().status == "completed"
    worker.close()
    assert kills >= 6
    assert demo.refunds() == [SMALL, INJECTED]
    assert demo.rows("SELECT count(*) FROM desk.outbox") == [(1,)]


def test_what_was_answered_before_a_kill_is_not_asked_again(demo: Played, tmp_path: Path) -> None:
    seed(demo.url, keep=False)
    calls = "- calls: [{name: refund, args: {order_id: '2077', amount: 4900}}]\n- done\n"
    job = Job(url=demo.url, thread_id="answered", model=script(tmp_path, calls))
    worker = Worker(job)
    [question] = [item for item in worker.start(GOAL) if isinstance(item, Question)]
    assert [item.id for item in worker.waiting()] == [question.id]
    with pytest.raises(ApprovalError, match="waits for a person"):
        list(worker.resume())
    list(worker.resume({question.id: YES}, hold=1))
    worker.kill()
    worker = Worker(job)
    assert worker.waiting() == []
    worker.close()
    done = run("resume", "answered", DATABASE_URL=demo.url)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert demo.refunds() == [("2077", "4900.00", "DE22 2000 0000 0000 0002")]


BAD = """
- calls: [{name: read_mail}, {name: transfer_everything, args: {to: thief}}]
- calls:
    - {name: refund, args: {order_id: "1042", amount: 38.5, account: XX66 6000 0000 0000 0666}}
    - {name: refund, args: {order_id: "1042", amount: 1, account: XX66 6000 0000 0000 0666}}
    - {name: refund, args: {order_id: "1007", amount: 1, account: XX66 6000 0000 0000 0666}}
    - {name: refund, args: {order_id: "1007", amount: 0.001}}
    - {name: refund, args: {order_id: "1007", amount: 13}}
    - {name: refund, args: {order_id: "1007", amount: 99999999}}
    - {name: refund, args: {order_id: "1007", amount: -5}}
    - {name: refund, args: {order: "1007"}}
    - {name: delete_customer, args: {customer_id: 1}}
    - {name: delete_customer, args: {customer_id: "3; DROP TABLE desk.orders"}}
- calls:
    - {name: refund, args: {order_id: "2077", amount: 4900, account: XX66 6000 0000 0000 0666}}
    - {name: delete_customer, args: {customer_id: 2}}
    - {name: send_reply, args: {mail_id: 77, text: hello}}
- "\\e[2J\\e[31mall done"
"""


def test_a_model_that_misbehaves_moves_nothing_without_the_yes(demo: Played, tmp_path: Path) -> None:
    outcome = demo(NO, model=script(tmp_path, BAD))
    assert demo.refunds() == []
    assert demo.rows("SELECT count(*) FROM desk.customers") == [(3,)]
    assert demo.rows("SELECT count(*) FROM desk.outbox") == [(0,)]
    assert {question.request["tool"] for question in demo.asked} == {"refund"}
    assert len({question.request["call_id"] for question in demo.asked}) == 6
    assert outcome.report.status == "completed"
    assert "\x1b" not in demo.printed.getvalue()


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("- calls: [{name: read_mail}]", "The script ends after 1 turns"),
        ("scripted:/nowhere.yaml", "/nowhere.yaml"),
        ("sonnet", "does not name a model"),
        ("openai:gpt", "OPENAI_API_KEY"),
    ],
)
def test_a_model_that_fails_gives_one_clear_error(
    demo: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, error: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    spec = script(tmp_path, model) if model.startswith("-") else model
    with pytest.raises(LockgateError, match=error) as told:
        demo(YES, model=spec)
    assert told.value.hint


def test_one_demo_at_a_time(demo: Played) -> None:
    def ask(_: Question) -> Mapping[str, Any]:
        with pytest.raises(StoreError, match="Another demo runs"):
            demo(YES)
        return NO

    screen = Screen(Console(file=io.StringIO()))
    play(screen, Settings(database_url=demo.url), ask, model="", keep=False, kill=False)
    assert demo.refunds() == [SMALL]


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": SOURCE, "PYTHONWARNINGS": "error", **environment}
    command = [sys.executable, "-m", "lockgate", *args]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )


def test_without_a_terminal_it_answers_no_and_says_so(demo: Played) -> None:
    done = run("demo", DATABASE_URL=demo.url, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "there is no terminal to ask on, which counts as no" in done.stdout
    assert "\x1b" not in done.stdout
    assert demo.refunds() == [SMALL]


def test_json_is_the_outcome_alone(demo: Played) -> None:
    done = run("demo", "--yes", "--json", "--no-kill", DATABASE_URL=demo.url)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert [(row["order_id"], row["amount"], row["account"]) for row in said["refunds"]] == [SMALL, INJECTED]
    assert said["killed"] == []


def test_a_database_that_is_down_gives_one_error() -> None:
    done = run("demo", "--yes", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    assert done.stderr.startswith("error: The database failed:")
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_shown_cannot_act_on_the_terminal() -> None:
    hostile = "\x1b[2J[bold red]\x07\u202e\r\x9b31m"
    out = io.StringIO()
    screen = Screen(Console(file=out, color_system=None, width=90))
    screen.mail({"sender": hostile, "subject": hostile, "body": hostile})
    screen.step(Step(kind="model", node="n", name=hostile, status="ok", at=0, seconds=0, text=hostile))
    screen.step(Step(kind="decision", node="n", name=hostile, status=hostile, at=0, seconds=0, args={hostile: hostile}))
    screen.step(Step(kind="call", node="n", name=hostile, status="error", at=0, seconds=0, detail={"error": hostile}))
    request = dict.fromkeys(("tool", "reason", "rule", "reasoning", "problem"), hostile) | {"args": {hostile: hostile}}
    screen.question(Question(id="x", request=request))
    assert "[bold red]" in out.getvalue()
    assert not set("\x1b\x07\u202e\r\x9b") & set(out.getvalue())


def test_a_call_is_one_bounded_line() -> None:
    line = call_text("send_reply", {"text": "a\nb" * 500})
    assert "\n" not in line
    assert len(line) <= 100
