"""The built-in tools: arithmetic within bounds, files within a folder, and facts that match the pack `starter`."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.decision import Allow, Call, Review, verb
from lockgate.errors import ConfigError, ToolError
from lockgate.guardrails import Gate, Policy
from lockgate.labels import Integrity
from lockgate.tools.arithmetic import evaluate
from lockgate.tools.builtin import builtin_tools, calculate, current_time
from lockgate.tools.execute import execute
from lockgate.tools.folder import MAX_FILE, Folder


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 2 * 3", 8),
        ("(2 + 2) * 3", 12),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("2 ** 10", 1024),
        ("1 ** 999999999", 1),
        ("2 ** -1", 0.5),
        ("sqrt(16) + abs(-1)", 5.0),
        ("round(10 / 3, 2)", 3.33),
        ("max(1, 2, 3) - min(4, 5)", -1),
        (" 1_000 * 2 ", 2000),
        ("pi - pi", 0.0),
    ],
)
def test_arithmetic(expression: str, value: float) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("1 / 0", "Division by zero"),
        ("9 ** 9 ** 9", "too large"),
        ("2 ** 4097", "too large"),
        ("10 ** -999999999", "too large"),
        ("1e308 * 10", "too large"),
        ("10.0 ** 400", "too large"),
        ("exp(1e9)", "too large"),
        ("(2 ** 4000) * (2 ** 4000)", "too large"),
        ("(-1) ** 0.5", "no real number"),
        ("sqrt(-1)", "cannot be evaluated"),
        ("2 +", "cannot be evaluated"),
        ("round(1, 2, 3)", "cannot be evaluated"),
        ("__import__('os')", "no arithmetic"),
        ("(1).__class__", "no arithmetic"),
        ("'a' * 9", "no arithmetic"),
        ("True + 1", "no arithmetic"),
        ("[1] * 9", "no arithmetic"),
        ("2 ^ 3", "no arithmetic"),
        ("f(x=1)", "no arithmetic"),
        ("(" * 400 + "1" + ")" * 99, "cannot be evaluated"),
        ("1" * 501, "500"),
    ],
)
def test_what_is_no_arithmetic_is_told(expression: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        evaluate(expression)


@given(st.text(alphabet="0123456789+-*/%().,e absqrtpi", max_size=60))
def test_any_expression_gives_a_number_or_a_tool_error(expression: str) -> None:
    with suppress(ToolError):
        assert isinstance(evaluate(expression), int | float)


def test_current_time_knows_zones() -> None:
    assert "UTC" in current_time.run()
    assert "CE" in current_time.run(timezone="Europe/Berlin")
    for wrong in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime"):
        with pytest.raises(ToolError, match="no time zone"):
            current_time.run(timezone=wrong)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    inside = tmp_path / "work"
    (inside / "docs").mkdir(parents=True)
    (inside / "docs" / "a.txt").write_text("hällo")
    (inside / "data.bin").write_bytes(b"\x00\xff")
    (inside / "latin.txt").write_bytes(b"h\xe4llo")
    (inside / ".env").write_text("KEY=secret")
    (inside / "lockgate.toml").write_text('database_url = "secret"')
    (inside / "big.txt").write_text("x" * (MAX_FILE + 1))
    (tmp_path / "outside.txt").write_text("secret")
    (inside / "way-out").symlink_to(tmp_path)
    (inside / "loop").symlink_to("loop")
    (inside / "inner").symlink_to("docs")
    os.mkfifo(inside / "pipe")
    return Folder(inside)


def test_files_are_listed_read_and_written(folder: Folder) -> None:
    assert folder.entries("docs") == ["a.txt (6 bytes)"]
    assert folder.read("docs/a.txt") == folder.read("./docs/../docs/a.txt") == folder.read("inner/a.txt") == "hällo"
    assert folder.read(str(folder.root / "docs" / "a.txt")) == "hällo"
    assert "5 bytes" in folder.write("new/b.txt", "hello")
    assert (folder.root / "new" / "b.txt").read_text() == "hello"
    (folder.root / "new" / "b.txt").chmod(0o600)
    folder.write("new/b.txt", "again")
    assert (folder.root / "new" / "b.txt").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (folder.root / "new").iterdir()) == ["b.txt"]


def test_a_listing_hides_secrets_and_is_bounded(folder: Folder) -> None:
    listed = folder.entries(".")
    assert "docs/" in listed
    assert not any(word in line for line in listed for word in (".env", "lockgate.toml", "loop"))
    for number in range(600):
        (folder.root / "docs" / f"{number}.txt").touch()
    assert folder.entries("docs")[-1] == "(101 more are not shown)"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("../outside.txt", "outside"),
        ("docs/../../outside.txt", "outside"),
        ("/etc/passwd", "outside"),
        ("way-out/outside.txt", "outside"),
        ("a\0b", "outside"),
        ("loop", "outside|symbolic"),
        (".env", "out of reach"),
        ("docs/../.env", "out of reach"),
        ("lockgate.toml", "out of reach"),
        (".", "folder|directory|not a file"),
    ],
)
@pytest.mark.parametrize("action", ["read", "write"])
def test_there_is_no_way_out(folder: Folder, path: str, says: str, action: str) -> None:
    before = {file: file.read_bytes() for file in folder.root.parent.rglob("*") if file.is_file()}
    with pytest.raises(ToolError, match=says):
        folder.read(path) if action == "read" else folder.write(path, "x")
    assert before == {file: file.read_bytes() for file in folder.root.parent.rglob("*") if file.is_file()}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("data.bin", "binary"),
        ("latin.txt", "binary"),
        ("big.txt", "1,000,000"),
        ("pipe", "not a file"),
        ("nowhere.txt", "No such file"),
    ],
)
def test_what_cannot_be_read_is_told(folder: Folder, path: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        folder.read(path)


def test_a_link_put_there_after_the_check_is_not_followed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.root / "swapped").symlink_to(folder.root.parent / "outside.txt")
    monkeypatch.setattr(folder, "_inside", lambda path: folder.root / path)
    with pytest.raises(ToolError, match="symbolic"):
        folder.read("swapped")


def test_too_much_text_is_not_written(folder: Folder) -> None:
    with pytest.raises(ToolError, match="limit"):
        folder.write("c.txt", "ä" * MAX_FILE)
    with pytest.raises(ToolError, match=r"Not a directory|exists"):
        folder.write("docs/a.txt/b.txt", "x")


def test_a_folder_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a folder"):
        builtin_tools(tmp_path / "nowhere")


def test_facts(tmp_path: Path) -> None:
    tools = builtin_tools(tmp_path)
    assert {name: spec.effect for name, spec in tools.items()} == {
        "calculate": False,
        "current_time": False,
        "list_files": False,
        "read_file": False,
        "write_file": True,
    }
    write = tools["write_file"]
    assert (write.reversible, write.idempotent, write.sensitive) == (False, True, {"path"})
    assert tools["read_file"].output == tools["list_files"].output == Integrity.UNTRUSTED
    assert calculate.output == Integrity.TRUSTED


def test_the_starter_pack_speaks_of_these_names(tmp_path: Path) -> None:
    gate = Gate(Policy.load("starter"), builtin_tools(tmp_path))
    args = {"calculate": {"expression": "1"}, "read_file": {"path": "a"}, "write_file": {"path": "a", "text": "b"}}
    for name in gate.tools:
        decision = gate.decide(Call(id="1", name=name, args=args.get(name, {})))
        assert isinstance(decision, Review if name == "write_file" else Allow), (name, verb(decision))


async def test_an_error_reaches_the_model_in_words(tmp_path: Path) -> None:
    result = await execute(calculate, Call(id="1", name="calculate", args={"expression": "1/0"}))
    assert not result.success
    assert result.value == "Division by zero."
    read = builtin_tools(tmp_path)["read_file"]
    result = await execute(read, Call(id="1", name="read_file", args={"path": "../x"}))
    assert "outside the working folder" in result.value
