"""`lockgate audit` on a real run: verify, show, export, sign."""

import base64

import psycopg
import pytest

from .bench import WRITE, Bench


@pytest.fixture
def ran(bench: Bench) -> Bench:
    bench.run(WRITE)
    bench("approve", bench.pending()[0]["interrupt_id"], "--by", "ann")
    return bench


def tamper(bench: Bench, statement: str) -> None:
    with psycopg.connect(bench.url, autocommit=True) as connection:
        for table in ("audit", "audit_content"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute(statement)


def test_show_tells_the_question_the_answer_and_the_outcome(ran: Bench) -> None:
    told = ran("audit", "show", "--thread", "t").out.splitlines()
    verdicts = ("review", "approve", "allow", "executed")
    assert len(told) == len(verdicts)
    assert all(f"  {verdict}  " in line for verdict, line in zip(verdicts, told, strict=True))
    assert "by ann" in told[1]
    entries = ran("audit", "show", "--json").lines
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4]
    assert ran("audit", "show", "--run", entries[0]["run_id"]).out.count("\n") == 4
    assert ran("audit", "show", "--thread", "another").out == ""


def ring(*names: str) -> str:
    return ",".join(f"{name}={base64.b64encode(name.encode() * 32).decode()}" for name in names)


def test_show_opens_what_is_encrypted_with_the_key_ring_alone(bench: Bench) -> None:
    keys = {"LOCKGATE_ENCRYPTION_KEYS": ring("a")}
    bench.run(WRITE, **keys)
    bench("approve", bench("approvals", "--json", **keys).json[0]["interrupt_id"], **keys)
    said = "Writing a file changes something outside the run"
    first = bench("audit", "show", "--json", **keys).lines[0]
    assert first["args"] == {"path": "out.txt", "text": "hello"} and first["reason"].startswith(said)
    assert said in bench("audit", "show", LOCKGATE_ENCRYPTION_KEYS=ring("b", "a")).out
    for without, why in ((None, "there is no key"), (ring("b"), "not in the ring")):
        told = bench("audit", "show", "--json", LOCKGATE_ENCRYPTION_KEYS=without)
        assert (told.code, told.err.count(why)) == (0, 1) and said not in told.out
        assert [entry["verdict"] for entry in told.lines] == ["review", "approve", "allow", "executed"]
    tamper(bench, "UPDATE audit_content SET content = (SELECT content FROM audit_content WHERE seq = 3) WHERE seq = 1")
    spoilt = bench("audit", "verify")
    assert spoilt.code == 1 and "row 1 has other words (arguments, reason) than were written" in spoilt.out
    tamper(bench, "UPDATE audit_content SET content = left(content, 60) || '\"}'")
    told = bench("audit", "show", "--json", **keys)
    assert "row 1 of the audit log cannot be read" in told.err and len(told.lines) == 4
    tamper(bench, "UPDATE audit_content SET thread_id = 'u'")
    assert "row 1 has lost its words" in bench("audit", "verify").out


def test_verify_says_whole_or_names_the_row(ran: Bench) -> None:
    whole = ran("audit", "verify")
    assert whole.code == 0 and "4 rows, whole" in whole.out and "--key" in whole.out
    tamper(ran, "UPDATE audit SET body = replace(body, 'ann', 'bob') WHERE seq = 2")
    spoilt = ran("audit", "verify")
    assert spoilt.code == 1 and "changed  row 2" in spoilt.out
    assert ran("audit", "verify", "--json").json["flaws"][0]["row"] == 2
    tamper(ran, "DELETE FROM audit WHERE seq > 2")
    assert "missing  rows 3 to 4" in ran("audit", "verify").out


def test_an_export_is_checked_elsewhere_against_kept_heads(ran: Bench) -> None:
    folder = ran.folder
    assert ran("audit", "key", "audit.key").out.strip() == "audit.key.pub"
    (folder / "heads.jsonl").write_text(ran("audit", "sign", "--key", "audit.key").out)
    assert "up to 4 are vouched for" in ran("audit", "verify", "--key", "audit.key.pub").out
    lines = ran("audit", "export").out
    check = ("audit", "verify", "--key", "audit.key.pub", "--heads", "heads.jsonl", "--file", "log.jsonl")
    (folder / "log.jsonl").write_text(lines)
    assert "4 rows, whole" in ran(*check).out
    (folder / "log.jsonl").write_text("".join(line + "\n" for line in lines.splitlines()[:3]))
    assert "missing  row 4" in ran(*check).out
    (folder / "log.jsonl").write_text(lines.replace('"by":"ann"', '"by":"bob"'))
    assert "changed  row 2" in ran(*check).out
    (folder / "log.jsonl").write_text(lines[:-30])
    cut = ran(*check)
    assert cut.code == 1 and "Line 4 of the export" in cut.err
    assert (
        "row 4" in ran("audit", "export", "--after", "3").out or '"seq":4' in ran("audit", "export", "--after", "3").out
    )


@pytest.mark.parametrize(
    "body",
    ['{"at":1e300}', '{"at":"x"}', '{"at":NaN}', '{"kind":"outcome","detail":[1]}', "null", "{", '"x"', "[" * 100_000,
     '{"tool":5,"verdict":{"x":1},"by":[1],"rule":{}}', f'{{"at":{"9" * 5_000}}}'],
)  # fmt: skip
def test_whoever_may_append_cannot_keep_the_log_from_being_read(ran: Bench, body: str) -> None:
    with psycopg.connect(ran.url, autocommit=True) as connection:
        connection.execute("SELECT audit_write(ARRAY[''], ARRAY[''], ARRAY[''], ARRAY[%s], ARRAY[''])", (body,))
    shown = ran("audit", "show")
    assert (shown.code, len(shown.out.splitlines())) == (0, 5)
    assert len(ran("audit", "show", "--json").out.splitlines()) == 5
    assert len(ran("audit", "export").out.splitlines()) == 5


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("audit", "sign", "--key", "none"), "cannot be read"),
        (("audit", "verify", "--key", "agents.py"), "no key"),
        (("audit", "verify", "--heads", "agents.py"), "agents.py:1"),
        (("audit", "verify", "--file", "none"), "cannot be read"),
        (("audit", "grant", "nobody-there"), "nobody-there"),
        (("audit", "grant", "postgres"), "owns the audit log"),
    ],
)
def test_bad_input_is_said(bench: Bench, command: tuple[str, ...], said: str) -> None:
    done = bench(*command)
    assert done.code == 1 and said in done.err
