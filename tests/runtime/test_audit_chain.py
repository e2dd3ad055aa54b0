"""The chain verifies if and only if nothing was touched, whoever touched it and however."""

import json
from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.audit import AuditEntry, apart, body, canonical
from lockgate.bridge import run_sync
from lockgate.errors import ConfigError
from lockgate.runtime.audit_chain import START, AuditRow, Chain, Head, line, link, parsed
from lockgate.runtime.audit_check import AuditError, rows, sign, verify, verify_lines
from lockgate.runtime.audit_heads import head_line, make_key, parsed_head, private_key, public_key

COUNT = 12


def made(count=COUNT):
    chain, prev = [], START
    for seq in range(1, count + 1):
        entry = AuditEntry(kind="decision", verdict="allow", thread_id="t", call_id=f"c{seq}", at=1.0, id=str(seq))
        text = body(entry)
        prev, own = link(prev, seq, text), prev
        chain.append(
            AuditRow(seq=seq, thread_id="t", run_id="", call_id=f"c{seq}", body=text, prev=own, hash=prev)
        )  # fmt: skip
    return chain


def checked(chain, *, end=True, count=COUNT):
    whole = made(count)
    found = Chain()
    for row in sorted(chain, key=lambda row: row.seq):
        found.row(row)
    return [(flaw.what, flaw.seq) for flaw in found.flaws(end=Head(seq=count, hash=whole[-1].hash) if end else None)]


def swapped(chain, i, j):
    one, other = chain[i], chain[j]
    chain[i], chain[j] = replace(other, seq=one.seq), replace(one, seq=other.seq)
    return chain


def rewritten(chain, i):
    text = chain[i].body.replace("allow", "deny")
    chain[i] = replace(chain[i], body=text, hash=link(chain[i].prev, chain[i].seq, text))
    return chain


def rewritten_from(chain, i):
    prev = chain[i].prev
    for n in range(i, len(chain)):
        text = chain[n].body.replace("allow", "deny")
        prev, own = link(prev, chain[n].seq, text), prev
        chain[n] = replace(chain[n], body=text, prev=own, hash=prev)
    return chain


TOUCHED = {
    "nothing": (lambda c: c, []),
    "a text": (lambda c: [*c[:3], replace(c[3], body=c[3].body.replace("allow", "deny")), *c[4:]], [("changed", 4)]),
    "a hash": (lambda c: [*c[:3], replace(c[3], hash=START), *c[4:]], [("changed", 4)]),
    "a link": (lambda c: [*c[:3], replace(c[3], prev=START), *c[4:]], [("changed", 4)]),
    "a thread's name": (lambda c: [*c[:3], replace(c[3], thread_id="u"), *c[4:]], [("changed", 4)]),
    "a row gone": (lambda c: [*c[:3], *c[4:]], [("missing", 4)]),
    "rows gone": (lambda c: [*c[:3], *c[6:]], [("missing", 4)]),
    "the first gone": (lambda c: c[1:], [("missing", 1)]),
    "the last gone": (lambda c: c[:-2], [("missing", 11)]),
    "all gone": (lambda c: [], [("missing", 1)]),
    "neighbours swapped": (lambda c: swapped(c, 4, 5), [("reordered", 5), ("reordered", 6)]),
    "rows swapped": (lambda c: swapped(c, 1, 8), [("reordered", 2), ("reordered", 9)]),
    "text and hash": (lambda c: rewritten(c, 5), [("unlinked", 7)]),
    "the last, text and hash": (lambda c: rewritten(c, 11), [("head", 12)]),
    "all from one on": (lambda c: rewritten_from(c, 5), [("head", 12)]),
    "no JSON": (lambda c: [*c[:3], replace(c[3], body="{"), *c[4:]], [("changed", 4)]),
    "a row twice": (lambda c: [*c, c[3]], [("added", 4)]),
    "gone and the rest moved up": (
        lambda c: [*c[:10], replace(c[11], seq=11)],
        [("changed", 11), ("missing", 12)],
    ),
}


@pytest.mark.parametrize("case", TOUCHED)
def test_what_was_touched_is_named(case):
    touch, expected = TOUCHED[case]
    assert checked(touch(made())) == expected


def test_rows_beyond_the_counter_are_named():
    assert checked(made(14)) == [("added", 13)]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["body", "hash", "prev", "thread_id", "seq", "delete", "swap", "rehash", "twice"]),
        st.integers(0, COUNT - 1),
        st.integers(0, COUNT - 1),
        st.binary(min_size=1, max_size=4),
    ),
    max_size=4,
)


@given(EDITS)
@settings(max_examples=300)
def test_the_chain_verifies_if_and_only_if_nothing_was_touched(edits):
    chain = made()
    for what, i, j, noise in edits:
        if not chain:
            break
        i, j = i % len(chain), j % len(chain)  # noqa: PLW2901
        match what:
            case "delete":
                del chain[i]
            case "swap":
                chain = swapped(chain, i, j)
            case "rehash":
                chain = rewritten(chain, i)
            case "twice":
                chain.append(chain[i])
            case "seq":
                chain[i] = replace(chain[i], seq=chain[i].seq + j - 6)
            case "body" | "thread_id":
                chain[i] = replace(chain[i], **{what: getattr(chain[i], what) + noise.hex()})
            case "hash" | "prev":
                chain[i] = replace(chain[i], **{what: noise + getattr(chain[i], what)[len(noise) :]})
    touched = sorted(chain, key=lambda row: row.seq) != made()
    assert bool(checked(chain)) == touched


@pytest.mark.parametrize("what", ["seq", "at"])
def test_a_head_with_a_number_that_is_none_is_no_head(what):
    head = {"seq": 1, "hash": "00", "at": 1.0, "key": "k", "signature": "00", what: 10**400 if what == "at" else 1e999}
    with pytest.raises(ValueError, match="no signed head"):
        parsed_head(json.dumps(head))


@given(st.text(max_size=300))
def test_any_line_gives_a_row_or_a_value_error(text):
    try:
        parsed(text)
        parsed_head(text)
    except ValueError:
        pass


@pytest.mark.parametrize("bad", ["{", "[]", "x", '{"a": 1}', "\\ud800"])
def test_an_exported_row_comes_back_as_it_was_also_a_spoilt_one(bad):
    row = made()[3]
    assert parsed(line(row)) == row
    spoilt = replace(row, body=bad)
    assert parsed(line(spoilt)) == spoilt


FORGED = {
    "another entry beside the text that is checked": lambda text, data: canonical(
        {**data, "entry": {**data["entry"], "verdict": "deny"}, "body": canonical(data["entry"])}
        | {name: data["entry"].get(name, "") for name in ("thread_id", "run_id", "call_id")}
    ),
    "another entry before the one that counts": lambda text, data: f'{{"entry":{{"verdict":"deny"}},{text[1:]}',
    "a field twice in the entry": lambda text, data: text.replace('"verdict":', '"verdict":"deny","verdict":'),
    "a field that was never there": lambda text, data: canonical({**data, "verdict": "deny"}),
    "a number that is nearly the row's": lambda text, data: canonical({**data, "seq": data["seq"] + 0.5}),
    "a number as text": lambda text, data: canonical({**data, "seq": str(data["seq"])}),
}


@pytest.mark.parametrize("how", FORGED)
def test_a_line_of_an_export_says_nothing_but_its_row(how):
    lines = [f"{line(row)}\n" for row in made()]
    assert verify_lines(lines).ok
    lines[3] = FORGED[how](lines[3].rstrip(), json.loads(lines[3]))
    found = verify_lines(lines)
    assert [(flaw.what, flaw.seq) for flaw in found.flaws] == [("changed", 4)]


@pytest.mark.parametrize("seq", [0, -1, 2**63, 2**70])
def test_a_row_of_an_export_has_a_number_that_a_row_can_have(seq):
    with pytest.raises(ConfigError, match=f"Line 1 of the export: no exported row: the number {seq}"):
        verify_lines([canonical({**json.loads(line(made()[0])), "seq": seq})])


# The same on a real Postgres, by its superuser, with the triggers off.

SQL = {
    "changed": "UPDATE audit SET body = replace(body, 'allow', 'deny') WHERE seq = {i}",
    "relinked": "UPDATE audit SET prev = hash WHERE seq = {i}",
    "moved to another thread": "UPDATE audit SET thread_id = 'other' WHERE seq = {i}",
    "deleted": "DELETE FROM audit WHERE seq = {i}",
    "tail deleted": "DELETE FROM audit WHERE seq >= {i}",
    "tail and counter": (
        "DELETE FROM audit WHERE seq >= {i};"
        "UPDATE audit_head SET (seq, hash) = (SELECT coalesce(max(seq), 0),"
        " coalesce((array_agg(hash ORDER BY seq DESC))[1], decode(repeat('00', 32), 'hex')) FROM audit)"
    ),
    "swapped": (
        "UPDATE audit SET seq = -1 WHERE seq = {i}; UPDATE audit SET seq = {i} WHERE seq = {j};"
        "UPDATE audit SET seq = {j} WHERE seq = -1"
    ),
    "emptied": "TRUNCATE audit",
    "rewritten to the end": (
        "DO $$ DECLARE r record; link bytea := (SELECT prev FROM audit WHERE seq = {i}); was bytea; t text; BEGIN "
        "FOR r IN SELECT * FROM audit WHERE seq >= {i} ORDER BY seq LOOP"
        " was := link; t := replace(r.body, 'allow', 'deny');"
        " link := sha256(was || int8send(r.seq) || convert_to(t, 'UTF8'));"
        " UPDATE audit SET body = t, prev = was, hash = link WHERE seq = r.seq; END LOOP;"
        " UPDATE audit_head SET hash = link; END $$"
    ),
}


@pytest.fixture
def key(tmp_path):
    make_key(tmp_path / "key")
    return tmp_path / "key"


def write(saver, count):
    run_sync(saver.audit.write(*(AuditEntry(kind="decision", verdict="allow", thread_id="t") for _ in range(count))))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*SQL, "nothing"]), st.integers(1, 8), st.integers(1, 8))
def test_a_superuser_is_found_out_by_the_signed_head(saver, database_url, key, what, i, j):
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in ("audit", "audit_head", "audit_heads"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute("TRUNCATE audit, audit_heads")
        connection.execute("UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
        write(saver, 8)
        head = run_sync(sign(saver.pools, private_key(key)))
        before = connection.execute("SELECT * FROM audit ORDER BY seq").fetchall()
        if what != "nothing":
            connection.execute(SQL[what].format(i=i, j=j))
        touched = connection.execute("SELECT * FROM audit ORDER BY seq").fetchall() != before
    verdict = run_sync(verify(saver.pools, key=public_key(key.with_name("key.pub"))))
    assert verdict.ok == (not touched)
    assert verdict.signed == head


async def test_a_spoilt_log_is_not_signed(saver, database_url, key):
    write(saver, 5)
    await sign(saver.pools, private_key(key))
    write(saver, 5)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
        connection.execute("UPDATE audit SET body = '{}' WHERE seq = 7")
    with pytest.raises(AuditError, match="not signed: row 7"):
        await sign(saver.pools, private_key(key))


async def test_heads_kept_elsewhere_show_a_log_made_anew(saver, database_url, key, tmp_path):
    write(saver, 5)
    kept = parsed_head(head_line(await sign(saver.pools, private_key(key))))
    assert await sign(saver.pools, private_key(key)) == kept  # nothing new
    with psycopg.connect(database_url, autocommit=True) as connection:
        for table in ("audit", "audit_head", "audit_heads"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        connection.execute("TRUNCATE audit, audit_heads")
        connection.execute("UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex')")
    write(saver, 6)
    public = public_key(tmp_path / "key.pub")
    assert (await verify(saver.pools, key=public)).ok  # from inside it looks whole
    flaws = (await verify(saver.pools, key=public, kept=[kept])).flaws
    assert [(flaw.what, flaw.seq) for flaw in flaws] == [("head", 5)]


async def test_a_head_signed_by_another_key_counts_for_nothing(saver, key, tmp_path):
    write(saver, 3)
    make_key(tmp_path / "other")
    await sign(saver.pools, private_key(tmp_path / "other"))
    verdict = await verify(saver.pools, key=public_key(tmp_path / "key.pub"))
    assert [flaw.what for flaw in verdict.flaws] == ["signature"] and verdict.signed is None
    assert (await verify(saver.pools)).ok


async def test_rows_stream_by_thread_and_run(saver):
    await saver.audit.write(
        AuditEntry(kind="decision", verdict="deny", thread_id="a", run_id="1"),
        AuditEntry(kind="decision", verdict="deny", thread_id="a", run_id="2"),
        AuditEntry(kind="decision", verdict="deny", thread_id="b", run_id="3"),
    )
    assert [row.seq async for row in rows(saver.pools, thread_id="a")] == [1, 2]
    assert [json.loads(row.body)["run_id"] async for row in rows(saver.pools, run_id="3")] == ["3"]
    assert [row.seq async for row in rows(saver.pools, after=2)] == [3]


def test_keys_are_private_and_what_is_no_key_is_said(key, tmp_path):
    assert key.stat().st_mode & 0o777 == 0o600
    for call in (
        lambda: make_key(key),
        lambda: private_key(tmp_path / "none"),
        lambda: private_key(tmp_path / "key.pub"),
        lambda: public_key(key),
    ):
        with pytest.raises(ConfigError, match=r"key"):
            call()


def with_words(text):
    kept, words = apart(
        AuditEntry(kind="decision", verdict="allow", thread_id="t", args={"a": text}), lambda said: said
    )
    stored = body(kept)
    row = AuditRow(seq=1, thread_id="t", run_id="", call_id="", body=stored, prev=START, hash=link(START, 1, stored))
    return replace(row, content=words)


@given(st.text(max_size=20))
def test_words_apart_are_bound_to_their_row(text):
    row = with_words(text)
    assert parsed(line(row)) == row and json.loads(row.content)["args"] == {"a": text}
    found = []
    for content, lives in ((row.content, True), (None, False), (None, True), (with_words(text).content, True)):
        chain = Chain()
        chain.row(replace(row, content=content, lives=lives))
        found.append([flaw.what for flaw in chain.flaws()])
    assert found == [[], [], ["changed"], ["changed"]]  # equal words under another salt are others
