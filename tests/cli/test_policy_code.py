"""`policy lint`, `test`, `diff`, `replay` and `explain --call`, as programs and people read them."""

import pytest

from .bench import TWO, WRITE, Bench

STRICT = """
version: 1
name: strict
rules:
  - {id: one, tools: [write_file], args: {path: {equals: a.txt}}, action: review}
"""
TABLE = """
version: 1
tools: {write_file: {effect: true, sensitive: [path], args: {path: string, text: string}}}
cases:
  - {tool: write_file, args: {path: a.txt, text: x}, expect: review, rule: one}
  - {name: elsewhere, tool: write_file, args: {path: b.txt, text: x}, expect: EXPECT}
"""


@pytest.fixture
def strict(bench: Bench) -> Bench:
    (bench.folder / "strict.yaml").write_text(STRICT)
    (bench.folder / "strict.test.yaml").write_text(TABLE.replace("EXPECT", "deny"))
    return bench


def test_a_table_of_cases_passes_or_shows_the_difference(strict: Bench) -> None:
    done = strict("policy", "test", "strict.yaml")
    assert (done.code, done.out) == (0, "strict: 2 of 2 cases as expected.\n")
    (strict.folder / "strict.test.yaml").write_text(TABLE.replace("EXPECT", "allow"))
    failed = strict("policy", "test", "strict.yaml")
    assert failed.code == 1
    for part in ("strict.test.yaml:6: elsewhere", "expected  allow", "got       deny by default", "1 of 2"):
        assert part in failed.out
    told = strict("policy", "test", "strict.yaml", "--json").json
    assert not told["ok"] and [case["ok"] for case in told["cases"]] == [True, False]
    assert strict("policy", "test", "allow.yaml").code == 1  # no table beside it


def test_lint_names_file_and_line(strict: Bench) -> None:
    assert strict("policy", "lint", "strict.yaml").code == 0
    (strict.folder / "wide.yaml").write_text(
        STRICT + "  - {id: two, tools: [write_file, nothing], action: allow}\nprovenance: {sensitive: allow}\n"
    )
    (strict.folder / "wide.test.yaml").write_text(TABLE.replace("EXPECT", "allow"))
    found = strict("policy", "lint", "wide.yaml")
    assert found.code == 1 and "wide.yaml:6: no provenance: two: " in found.out
    assert strict("policy", "lint", "wide.yaml", "--json").json[0]["where"] == "wide.yaml:6"
    named = strict("policy", "lint", "allow.yaml", "--tools", "agents:tools", "--json").json
    assert [(item["smell"], item["tool"]) for item in named] == [("no provenance", "pay")]


def test_diff_shows_rules_and_calls(strict: Bench) -> None:
    found = strict("policy", "diff", "starter", "strict.yaml")
    assert found.code == 0
    assert "+ one" in found.out and "- harmless" in found.out
    told = strict("policy", "diff", "starter", "strict.yaml", "--json").json
    answers = {(c["tool"], c["before"]["decision"], c["after"]["decision"]) for c in told["calls"]}
    assert {("calculate", "allow", "deny"), ("write_file", "review", "deny")} <= answers
    assert "The rules are the same." in strict("policy", "diff", "strict.yaml", "strict.yaml").out


def test_replay_judges_what_was_done_anew(strict: Bench) -> None:
    strict.run(TWO)
    first, second = strict.pending()
    strict("approve", first["interrupt_id"], "--by", "ann")
    strict("reject", second["interrupt_id"], "--by", "ann")
    same = strict("policy", "replay", "starter", "--thread", "t", "--all", "--json").json
    assert (same["calls"], same["changed"]) == (2, 0)
    done = {line["call_id"]: line["executed"] for line in same["answers"]}
    assert sorted(done.values()) == [False, True]
    told = strict("policy", "replay", "strict.yaml", "--json").json
    assert (told["calls"], told["changed"]) == (2, 1)
    [answer] = told["answers"]
    assert (answer["args"]["path"], answer["before"]["decision"], answer["after"]["decision"]) == (
        "b.txt",
        "review",
        "deny",
    )
    assert answer["executed"] is done[answer["call_id"]]
    shown = strict("policy", "replay", "strict.yaml", "--thread", "t").out
    assert "2 calls, 1 would be answered otherwise" in shown and "review -> deny" in shown
    assert "write_file" in strict("policy", "diff", "starter", "strict.yaml", "--thread", "t").out


def test_replay_counts_what_is_too_much_to_read(strict: Bench) -> None:
    sums = "".join(f"    - {{name: calculate, args: {{expression: '{n}+1'}}, id: c{n}}}\n" for n in range(12))
    strict.run(f"- calls:\n{sums}- Done.\n")
    told = strict("policy", "replay", "strict.yaml").out
    assert "     12  calculate  allow -> deny  default\n" in told


def test_replay_sees_the_edited_call_and_one_that_waits(strict: Bench) -> None:
    strict.run(WRITE)
    waiting = strict("policy", "replay", "strict.yaml", "--json").json["answers"]
    assert [(line["args"]["path"], line["executed"]) for line in waiting] == [("out.txt", False)]
    strict("edit", strict.pending()[0]["interrupt_id"], "--set", "path=a.txt")
    assert strict("policy", "replay", "strict.yaml", "--json").json["changed"] == 0
    [line] = strict("policy", "replay", "strict.yaml", "--all", "--json").json["answers"]
    assert (line["args"]["path"], line["executed"]) == ("a.txt", True)


def test_a_rule_by_tenant_is_explained_and_replayed(strict: Bench) -> None:
    (strict.folder / "acme.yaml").write_text(
        "version: 1\nrules: [{id: acme, tools: [write_file], when: {tenant: [acme]}, action: review}]\n"
    )
    strict.run(TWO)
    for options, decided in {(): "deny", ("--tenant", "acme"): "review"}.items():
        call = ("policy", "explain", "acme.yaml", "write_file", '{"path": "a.txt", "text": "x"}', "--json", *options)
        assert strict(*call).json["decision"] == decided
        recorded = ("policy", "explain", "acme.yaml", "--thread", "t", "--call", "one", "--json", *options)
        assert strict(*recorded).json["decision"] == decided
        told = strict("policy", "replay", "acme.yaml", "--thread", "t", "--all", "--json", *options).json
        assert {line["after"]["decision"] for line in told["answers"]} == {decided}


MEANT = """
- calls:
    - {name: pay, args: {amount: 5}, id: paid}
    - {name: pay, args: {amount: much}, id: wrong}
    - {name: steal, args: {}, id: none}
- It is done.
"""


def test_tools_whose_facts_nobody_gave_are_stood_in_for(strict: Bench) -> None:
    """What is no tool, or no call that it takes, does not become one by that."""
    strict.run(MEANT, "--tools", "agents:tools", "--policy", "allow.yaml")
    (strict.folder / "open.yaml").write_text("version: 1\nrules: [{id: all, tools: ['*'], action: allow}]\n")
    done = strict("policy", "replay", "open.yaml", "--thread", "t", "--all", "--json")
    answers = {one["call_id"]: (one["before"]["decision"], one["after"]["decision"]) for one in done.json["answers"]}
    assert answers == {"paid": ("allow", "allow"), "wrong": ("deny", "deny"), "none": ("deny", "deny")}
    assert "The facts of pay are not known" in done.err and "steal" not in done.err
    assert "not known" not in strict("policy", "replay", "open.yaml", "--tools", "agents:tools").err
    for call, rule in {"paid": "all", "none": "unknown-tool"}.items():
        explained = strict("policy", "explain", "open.yaml", "--thread", "t", "--call", call, "--json")
        assert explained.json["rule"] == rule
    told = strict("policy", "explain", "allow.yaml", "pay", '{"amount": 5}')
    assert "all (allow): matches" in told.out and "The facts of pay are not known" in told.err
    assert "unknown-tool" in strict("policy", "explain", "allow.yaml", "steal").out


def test_explain_takes_a_recorded_call(strict: Bench) -> None:
    strict.run(TWO)
    told = strict("policy", "explain", "strict.yaml", "--thread", "t", "--call", "two", "--json").json
    assert (told["decision"], told["args"]["path"]) == ("deny", "b.txt")
    assert told["considered"][0]["why"] == "args.path is not equals 'a.txt'; it is 'b.txt'"
    for options, said in {
        ("--thread", "t", "--call", "nine"): "0 calls",
        ("--thread", "t"): "--call",
        ("--thread", "none", "--call", "one"): "no thread",
        (): "No call is named",
    }.items():
        done = strict("policy", "explain", "strict.yaml", *options)
        assert done.code == 1 and said in done.err
    untrusted = ("policy", "explain", "research", "save_note", "{}", "--trust", "nonsense")
    assert "integrity is one of" in strict(*untrusted).err
