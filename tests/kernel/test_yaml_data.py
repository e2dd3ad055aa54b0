"""The reader of YAML: what is read, and that each trap and each file that cannot be read is named with its place."""

import os
import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.errors import FileError
from lockgate.yaml_data import MAX_BYTES, MAX_DEPTH, Kind, read_file, read_yaml


class RecipeError(FileError):
    """The caller's own."""


RECIPE = Kind(name="recipe", file="recipe file", error=RecipeError, split="Cook twice.")


def test_data_and_the_lines_of_its_parts():
    document = read_yaml('a: 1\nb:\n  - "no"\n  - {c: null, d: [true, 1.5e+3, -7]}\n# end\n', "r.yaml", RECIPE)
    assert document.data == {"a": 1, "b": ["no", {"c": None, "d": [True, 1500.0, -7]}]}
    assert not document.faults
    assert [document.line(loc) for loc in [(), ("b",), ("b", 0), ("b", 1, "d", 2), ("b", 9, "x"), ("z",)]] == [
        1, 2, 3, 4, 2, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_nothing_is_none(text):
    assert read_yaml(text, "r.yaml", RECIPE).data is None


@pytest.mark.parametrize("text", ["'12:30'", '"no"', "'1'", '"2026-01-01"', "|\n  0x1F", ">\n  yes", "'1.0e+999'"])
def test_quoted_text_is_text(text):
    document = read_yaml(f"a: {text}\n", "r.yaml", RECIPE)
    assert type(document.data["a"]) is str and not document.faults


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_no_comment_holds_more_than_it_shows(end):
    with pytest.raises(RecipeError, match=f"U\\+{ord(end):04X}, which some readers of YAML take") as refused:
        read_yaml(f"- salt\n- pepper # to taste{end}- arsenic\n", "r.yaml", RECIPE)
    assert refused.value.where == "r.yaml:2"
    escaped = {"\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P"}[end]
    assert read_yaml(f'- "a{escaped}b"\n', "r.yaml", RECIPE).data == [f"a{end}b"]


WORDS = ["no", "on", "Yes", "True", "NULL", "1_000", "12:30", "2026-01-01", "012", "0x1F", "0o17", "1e3", ".inf",
         ".nan", "=", "1.0e+999", "1" * 1001]  # fmt: skip
BOMB = "- &a [x, x, x, x]\n" + "".join(
    f"- &{b} [*{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
)


@pytest.mark.parametrize(
    ("text", "line", "loc", "said"),
    [
        *((f"- a\n- {{b: {word}}}\n", 2, (1, "b"), "different readers") for word in WORDS),
        ("a: 1\na: 2\n", 2, ("a",), "already given in line 1"),
        ("a:\n  <<: {b: 1}\n", 2, ("a",), "different readers"),
        ("- !!python/object/apply:os.system [id]\n", 1, (0,), "tag"),
        ("- !mine x\n", 1, (0,), "different readers"),
        ("- !mine 'x'\n", 1, (0,), "tag"),
        ("- !!binary aGk=\n", 1, (0,), "different readers"),
        ("? [a]\n: b\n", 1, (), "must be text"),
        ("5: b\n", 1, (), "must be text"),
    ],
)
def test_what_is_refused_in_its_place(text, line, loc, said):
    document = read_yaml(text, "r.yaml", RECIPE)
    assert (document.faults[0].line, document.faults[0].loc) == (line, loc)
    error = document.error(document.faults[0], ": here")
    assert type(error) is RecipeError
    assert error.where == f"r.yaml:{line}: here"
    assert said in str(error)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("- a\n- &b c\n", ":2", "aliases"),
        (BOMB, ":1", "aliases"),
        ("a: [1, *x]\n", ":1", "aliases"),
        ("- a\n---\n- b\n", ":2", "second document starts here; a recipe is one"),
        ("- a\n- " + "[" * 100_000, ":2", "nested more than 64 deep"),
        ("- a\n- " + "{a: " * 1_000, ":2", "nested more than 64 deep"),
        ("a:\n\t- a\n", ":2", "tab"),
        ("- a\n- [\n", ":3", "not valid YAML"),
        ("- a\n- b: c: d\n", ":2", "not valid YAML"),
        ("- 'open\n", ":2", "not valid YAML"),
        ("- \x00\n", ":1", "not valid YAML"),
        ("\ud800: 1", ":1", "not valid YAML"),
        ("é" * (MAX_BYTES // 2 + 1), "", "a recipe is at most 1,000,000 bytes. Cook twice."),
    ],
    ids=range(13),
)
def test_what_is_not_read_at_all(text, where, said):
    with pytest.raises(RecipeError) as caught:
        read_yaml(text, "r.yaml", RECIPE)
    assert caught.value.where == f"r.yaml{where}"
    assert said in str(caught.value)


def test_depth_up_to_the_bound_is_read():
    assert read_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "r.yaml", RECIPE).data[0]


@given(st.text() | st.text(alphabet="-[]{}:,&*!|>'\"#%@` \n\tab1.~?<=", max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(RecipeError):
        document = read_yaml(text, "r.yaml", RECIPE)
        assert all(problem.line for problem in document.faults)


def test_a_file_is_read_with_and_without_its_mark(tmp_path):
    path = tmp_path / "r.yaml"
    for content in (b"a: \xc3\xa9\n", b"\xef\xbb\xbfa: \xc3\xa9\r\n"):
        path.write_bytes(content)
        document = read_file(str(path), RECIPE)
        assert (document.data, document.source) == ({"a": "é"}, str(path))


@pytest.mark.parametrize(
    ("content", "where", "said"),
    [
        (b"- a\n- caf\xe9\n", ":2", "the file is not UTF-8 text"),
        ("a: 1\n".encode("utf-16"), ":1", "the file is not UTF-8 text"),
        (b"# " + "é".encode() * (MAX_BYTES // 2), "", "a recipe is at most"),
    ],
    ids=range(3),
)
def test_bytes_that_are_no_text(tmp_path, content, where, said):
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=said) as caught:
        read_file(str(path), RECIPE)
    assert caught.value.where == f"{path}{where}"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("gone.yaml", "gone.yaml' does not exist, alas. Look elsewhere."),
        ("a\0b", "does not exist, alas."),
        ("", "is not a file, alas."),
        ("pipe", "is not a file, alas."),
        ("x" * 5000, "cannot be read: "),
    ):
        with pytest.raises(RecipeError, match=r"^the recipe file '") as caught:
            read_file(f"{tmp_path}/{name}", RECIPE, absent=", alas", hint="Look elsewhere.")
        assert said in str(caught.value)
        assert not caught.value.where
