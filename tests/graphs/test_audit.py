"""What a run leaves in the audit log, and what an audit log that cannot be written stops: effects, not reads."""

import json
from typing import Any

import psycopg
import pytest
from langgraph.types import Command
from psycopg.conninfo import make_conninfo
from tests.graphs.desk import BOSS, POLICY, Desk, refund_call
from tests.graphs.team import plan

from lockgate import ScriptedModel, tool
from lockgate.errors import StoreError
from lockgate.evals.crash.life import to_the_end
from lockgate.graphs import orchestrator, react
from lockgate.graphs.session import Session
from lockgate.ports import Caller
from lockgate.runtime import open_checkpointer
from lockgate.runtime.audit_check import grant, rows, verify
from lockgate.runtime.audit_words import told as entry_of
from lockgate.runtime.recorded import recorded_calls

CONFIG: Any = {"configurable": {"thread_id": "t"}}
LOOK = {"name": "look_up", "args": {"order": "7"}, "id": "look"}
TOLD = ("kind", "verdict", "call_id", "rule", "by")


def build(desk, saver, *turns, tools=(), policy=POLICY):
    return react.build(
        model=ScriptedModel(turns=list(turns)), tools=[*desk.tools(), *tools], policy=policy, checkpointer=saver
    )


async def told(saver, *names):
    found = [json.loads(row.body) async for row in rows(saver.pools)]
    return [tuple(entry.get(name, "") for name in names or TOLD) for entry in found]


def results(out):
    return {
        m.tool_call_id: (str(m.content), m.additional_kwargs.get("error")) for m in out["messages"] if m.type == "tool"
    }


async def test_every_decision_and_what_came_of_it(saver):
    desk = Desk()
    calls = [
        LOOK,
        {**refund_call(5), "id": "small"},
        {"name": "delete", "args": {"order": "1"}, "id": "no"},
        {**refund_call(5_000), "id": "bad"},
    ]
    graph = build(desk, saver, {"calls": calls}, "Done.")
    await graph.ainvoke({"messages": "x"}, CONFIG, context=Caller(user="eve", tenant="acme"))
    found = await told(saver)
    for call, entries in {
        "look": [("decision", "allow", "look", "look", ""), ("outcome", "executed", "look", "look", "")],
        "small": [("decision", "allow", "small", "small", ""), ("outcome", "executed", "small", "small", "")],
        "no": [("decision", "deny", "no", "default", ""), ("outcome", "not_run", "no", "default", "")],
        "bad": [("decision", "deny", "bad", "schema", ""), ("outcome", "not_run", "bad", "schema", "")],
    }.items():
        assert [entry for entry in found if entry[2] == call] == entries
    assert set(await told(saver, "user", "tenant", "agent", "thread_id")) == {("eve", "acme", "react", "t")}
    assert (await verify(saver.pools)).ok


@pytest.mark.parametrize(
    ("reply", "answer", "after"),
    [
        ({"action": "approve"}, "approve", [("decision", "allow", "ann"), ("outcome", "executed", "ann")]),
        ({"action": "reject", "reason": "no"}, "reject", [("outcome", "not_run", "ann")]),
        (
            {"action": "edit", "args": {"order": "1", "account": "a", "amount": 60}},
            "edit",
            [("decision", "allow", "ann"), ("outcome", "executed", "ann")],
        ),
    ],
)
async def test_a_review_its_answer_and_by_whom(saver, reply, answer, after):
    graph = build(Desk(), saver, {"calls": [refund_call(100)]}, "Done.")
    out = await graph.ainvoke({"messages": "x"}, CONFIG)
    assert await told(saver, "kind", "verdict", "by") == [("decision", "review", "")]
    await graph.ainvoke(Command(resume={out["__interrupt__"][0].id: {**reply, **BOSS}}), CONFIG)
    found = await told(saver, "kind", "verdict", "by")
    assert found == [("decision", "review", ""), ("answer", answer, "ann"), *after]


async def test_nobody_answers_in_time(saver, monkeypatch):
    graph = build(Desk(), saver, {"calls": [refund_call(100)]}, "Done.")
    out = await graph.ainvoke({"messages": "x"}, CONFIG)
    monkeypatch.setattr("lockgate.nodes.human_review.now", lambda _: out["__interrupt__"][0].value["expires_at"] + 1)
    await graph.ainvoke(Command(resume={out["__interrupt__"][0].id: {"action": "approve", **BOSS}}), CONFIG)
    assert await told(saver, "kind", "verdict", "by") == [
        ("decision", "review", ""),
        ("answer", "expire", ""),
        ("outcome", "not_run", ""),
    ]


async def test_workers_of_a_team_write_to_the_same_log(saver):
    desk = Desk()
    clerk = lambda n: react.build(  # noqa: E731
        model=ScriptedModel(turns=[{"calls": [refund_call(n)]}, f"paid {n}"]),
        tools=desk.tools(), policy=POLICY, name=f"clerk{n}",
    )  # fmt: skip
    team = orchestrator.build(
        workers={"small": clerk(5), "tiny": clerk(1)},
        model=ScriptedModel(turns=[plan(a="small", b="tiny"), "Paid [a] [b]."]),
        checkpointer=saver,
    )
    await team.ainvoke({"messages": "Go."}, CONFIG)
    found = set(await told(saver, "agent", "thread_id", "verdict"))
    assert found == {(f"clerk{n}", "t", verdict) for n in (1, 5) for verdict in ("allow", "executed")}
    made = await recorded_calls(saver, "t")
    assert sorted((item.agent, item.executed) for item in made) == [("clerk1", True), ("clerk5", True)]


async def test_a_failed_call_is_told_as_failed(saver):
    @tool(effect=True, safe_errors=[RuntimeError])
    def explode() -> str:
        """Explode."""
        raise RuntimeError("secret")

    policy = POLICY.parse("version: 1\nrules:\n  - {id: all, tools: [explode], action: allow}")
    graph = build(
        Desk(), saver, {"calls": [{"name": "explode", "args": {}, "id": "e"}]}, "x", tools=[explode], policy=policy
    )
    await graph.ainvoke({"messages": "x"}, CONFIG)
    failed = {"how": "ran", "error": "exception", "effect": "failed"}
    assert await told(saver, "verdict", "detail") == [("allow", ""), ("failed", failed)]


async def test_secrets_do_not_reach_the_log(saver):
    @tool(effect=True)
    def login(user: str, password: str, options: dict[str, Any]) -> str:
        """Log in."""
        return "in"

    policy = POLICY.parse("version: 1\nrules:\n  - {id: all, tools: [login], action: allow}")
    args = {"user": "ann", "password": "hunter2", "options": {"API_Key": "hunter2", "note": "n" * 300}}
    graph = build(Desk(), saver, {"calls": [{"name": "login", "args": args}]}, "x", tools=[login], policy=policy)
    await graph.ainvoke({"messages": "x"}, CONFIG)
    stored = [row async for row in rows(saver.pools)]
    assert "hunter2" not in repr(stored)
    shown = entry_of(stored[0], saver.seal)["args"]
    assert shown["user"] == "ann" and shown["password"] == shown["options"]["API_Key"] == "[redacted]"
    assert len(shown["options"]["note"]) < 230


async def test_no_secret_reaches_the_log_by_a_reason_or_as_the_name_of_a_tool(saver):
    secret = "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    calls = [{**refund_call(100), "id": "pay"}, {"name": secret, "args": {secret: secret}, "id": "none"}]
    graph = build(Desk(), saver, {"calls": calls}, "Done.")
    out = await graph.ainvoke({"messages": "x"}, CONFIG)
    said = {"action": "reject", "reason": f"{secret} is no account.", **BOSS}
    await graph.ainvoke(Command(resume={out["__interrupt__"][0].id: said}), CONFIG)
    entries = [entry_of(row, saver.seal) async for row in rows(saver.pools)]
    assert secret not in json.dumps(entries)
    assert ("answer", "[REDACTED:GITHUB_TOKEN] is no account.") in {(e["kind"], e.get("reason")) for e in entries}
    assert {e["tool"] for e in entries} == {"refund", "[REDACTED:GITHUB_TOKEN]"}


async def test_the_decision_is_durable_before_the_effect(saver, database_url):
    seen = []

    @tool(effect=True)
    def look_around() -> str:
        """Read the audit log from within the effect."""
        with psycopg.connect(database_url) as connection:
            seen.extend(json.loads(body)["verdict"] for (body,) in connection.execute("SELECT body FROM audit"))
        return "seen"

    policy = POLICY.parse("version: 1\nrules:\n  - {id: all, tools: [look_around], action: allow}")
    call = {"name": "look_around", "args": {}}
    graph = build(Desk(), saver, {"calls": [call]}, "x", tools=[look_around], policy=policy)
    await graph.ainvoke({"messages": "x"}, CONFIG)
    assert seen == ["allow"]


BREAK = {
    "dropped": "DROP TABLE audit",
    "full": "ALTER TABLE audit ADD CONSTRAINT full_now CHECK (seq < 1)",
    "without a right": "REVOKE EXECUTE ON FUNCTION audit_write FROM agent",
}


@pytest.fixture
def agent_role(database_url):
    """A role that may do what an agent needs and no more; it is gone after the test."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DO $$ BEGIN CREATE ROLE agent LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        yield "agent"
        connection.execute("DROP OWNED BY agent")


@pytest.mark.parametrize("case", BREAK)
async def test_a_log_that_cannot_be_written_stops_effects_not_reads(saver, database_url, agent_role, case):
    await grant(saver.pools, agent_role)
    own = await open_checkpointer(make_conninfo(database_url, user=agent_role))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(BREAK[case])
    desk = Desk()
    graph = build(desk, own, {"calls": [LOOK, {**refund_call(5), "id": "pay"}]}, "Done.")
    out = await graph.ainvoke({"messages": "x"}, CONFIG)
    assert desk.ran == {"look_up": 1}
    assert results(out)["look"] == ("order 7", None)
    text, error = results(out)["pay"]
    assert error == "unrecorded" and "audit log cannot be written" in text and "did not run" in text
    assert out["answer"] == "Done."
    await own.aclose()


FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION full_disk()
"""


async def test_a_database_that_is_down_ends_the_run_which_comes_to_the_same_when_it_is_resumed(saver, database_url):
    desk = Desk()
    graph = build(desk, saver, {"calls": [{**refund_call(5), "id": "pay"}]}, "Done.")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FULL_DISK)
        with pytest.raises(StoreError, match="No space left"):
            await graph.ainvoke({"messages": "x"}, CONFIG)
        assert not desk.ran
        connection.execute("DROP TRIGGER full_disk ON audit")
    session = Session(graph, CONFIG["configurable"]["thread_id"])
    await to_the_end(session, "x")
    out = (await session.state()).values
    assert (results(out)["pay"][1], out["answer"], sum(desk.ran.values())) == (None, "Done.", 1)


async def test_a_slow_log_stops_effects_not_reads_within_a_bound(saver, database_url):
    saver.audit._bound = 0.3
    desk = Desk()
    graph = build(desk, saver, {"calls": [LOOK, {**refund_call(5), "id": "pay"}]}, "Done.")
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT * FROM audit_head FOR UPDATE")
        out = await graph.ainvoke({"messages": "x"}, CONFIG)
    assert desk.ran == {"look_up": 1}
    assert results(out)["pay"][1] == "unrecorded"
    await saver.audit.write()
    found = [entry for entry in await told(saver) if entry[2] == "pay"]
    assert found == [("decision", "allow", "pay", "small", ""), ("outcome", "not_run", "pay", "small", "")]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit SELECT 99, '', '', '', '{}', '', ''",
        "UPDATE audit SET body = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DROP TABLE audit",
        "DELETE FROM audit_content",
        "UPDATE audit_content SET content = ''",
        "INSERT INTO audit_content VALUES (9, 't', 'x')",
        "SELECT audit_append(ARRAY['t'], ARRAY['r'], ARRAY['c'], ARRAY['{}'])",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "UPDATE audit_head SET seq = 0",
        "INSERT INTO audit_heads VALUES (1, '', 1, '', '')",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
    ],
)
async def test_the_agents_role_may_only_append_and_read(saver, database_url, agent_role, statement):
    await grant(saver.pools, agent_role)
    with psycopg.connect(make_conninfo(database_url, user=agent_role), autocommit=True) as connection:
        append = "SELECT audit_write(ARRAY['t'], ARRAY['r'], ARRAY['c'], ARRAY['{}'], ARRAY['words'])"
        connection.execute(append)
        connection.execute("CREATE TEMP TABLE audit_head AS SELECT 1 AS id, 0::bigint AS seq, ''::bytea AS hash")
        assert connection.execute(append).fetchone() == (2,)
        connection.execute("DROP TABLE pg_temp.audit_head")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)):
            connection.execute(statement)


async def test_a_role_that_could_append_still_can_after_the_upgrade(saver, database_url, agent_role):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE audit_content")
        connection.execute("DROP FUNCTION audit_write")
        connection.execute("DELETE FROM lockgate_migrations WHERE v = 8")
        connection.execute("GRANT EXECUTE ON FUNCTION audit_append TO agent")
    await (await open_checkpointer(database_url)).aclose()
    with psycopg.connect(make_conninfo(database_url, user=agent_role), autocommit=True) as connection:
        append = "SELECT audit_write(ARRAY['t'], ARRAY['r'], ARRAY['c'], ARRAY['{}'], ARRAY['words'])"
        assert connection.execute(append).fetchone() == (1,)
        assert connection.execute("SELECT content FROM audit_content").fetchone() == ("words",)
