"""Errors, text, decisions, settings, and the price of `import lockgate`."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

import lockgate
from lockgate import errors
from lockgate.decision import Call, digest
from lockgate.handoff import Status
from lockgate.settings import load
from lockgate.text import MAX_DEPTH, clean, cleaned, cut, unfit

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("name", lockgate.__all__)
def test_every_public_name_loads(name: str) -> None:
    assert getattr(lockgate, name) is not None


def test_import_is_cheap_and_loads_no_langgraph() -> None:
    code = (
        "import time, sys; t = time.process_time(); import lockgate; spent = time.process_time() - t;"
        "heavy = {'langgraph', 'langchain_core', 'pydantic', 'psycopg'} & set(sys.modules);"
        "print(spent, heavy or '')"
    )
    source = Path(lockgate.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(source)}
    )
    spent, _, heavy = done.stdout.strip().partition(" ")
    assert not heavy
    assert float(spent) < 0.4


def test_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = lockgate.nonsense


@pytest.mark.parametrize(
    "error",
    [
        errors.LockgateError("what", "next"),
        errors.FileError("what", where="a.yaml:3"),
        errors.PolicyError("what", "next", where="a.yaml:3: rule 'r'"),
        errors.BypassError("what", path=("a", "b")),
        errors.UnknownNameError.of("tool", "refnd", ["refund", "look_up"]),
        errors.MissingExtraError.of("local", "The local model"),
    ],
)
def test_errors_survive_pickling(error: errors.LockgateError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert back.args == error.args


def test_unknown_name_suggests() -> None:
    assert "Did you mean 'refund'" in str(errors.UnknownNameError.of("tool", "refnd", ["refund", "look_up"]))


@given(st.text())
def test_clean_text_can_be_stored(text: str) -> None:
    assert "\0" not in clean(text)
    clean(text).encode()


def test_clean_replaces_what_cannot_be_stored() -> None:
    assert clean("a\0b\ud800c") == "a\ufffdb\ufffdc"
    assert cleaned({"k\0": ["\udfff", {"n": 1}]}) == {"k\ufffd": ["\ufffd", {"n": 1}]}


def test_cleaned_keeps_types() -> None:
    call = Call(id="1\0", name="é", args={"a": ("\0", {"b\0"}, frozenset({"\ud800"}))})
    mended = Call(id="1\ufffd", name="é", args={"a": ("\ufffd", {"b\ufffd"}, frozenset({"\ufffd"}))})
    message = AIMessage("a\0", id="é")
    assert cleaned([call, message]) == [mended, AIMessage("a\ufffd", id="é")]
    assert message.content == "a\0"
    assert cleaned(Status.RUNNING) is Status.RUNNING


@given(st.text(max_size=200), st.integers(0, 100))
def test_cut_keeps_whole_characters_within_the_bound(text: str, limit: int) -> None:
    text = clean(text)
    kept, left_out = cut(text, limit)
    assert text.startswith(kept)
    assert len(kept.encode()) <= limit or not left_out
    assert (left_out == 0) == (kept == text)


@given(json_values)
def test_ordinary_json_is_fit(value: object) -> None:
    assert unfit(cleaned(value)) == ""


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"a": "x\0"}, "NUL"),
        ({"\ud800": 1}, "surrogate"),
        (2**64, "64 bits"),
        (_nested(1_000), "deeper"),
        (_nested(MAX_DEPTH + 1), "deeper"),
        (_nested(MAX_DEPTH - 2), ""),
    ],
)
def test_unfit(value: object, why: str) -> None:
    assert why in unfit(value)
    assert bool(unfit(value)) == bool(why)


def test_digest_covers_name_and_arguments_but_not_key_order() -> None:
    call = Call(id="1", name="t", args={"a": 1, "b": [1, "x"]})
    assert digest(call) == digest(Call(id="2", name="t", args={"b": [1, "x"], "a": 1}))
    for other in ({"a": 1, "b": [1, "y"]}, {"a": True, "b": [1, "x"]}, {"a": 1.0, "b": [1, "x"]}):
        assert digest(call) != digest(Call(id="1", name="t", args=other))
    assert digest(call) != digest(Call(id="1", name="u", args=call.args))


def test_settings_come_from_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lockgate.toml").write_text('max_iterations = 7\nmodel = "local"\n')
    monkeypatch.setenv("LOCKGATE_MODEL", "openai:x")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@h/db")
    found = load()
    assert (found.max_iterations, found.model) == (7, "openai:x")
    assert found.database_url is not None
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("file", "fault"),
    [("max_iterations = 0", "max_iterations"), ("colour = 1", "colour"), ("model = ", "TOML")],
)
def test_wrong_settings_name_the_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, fault: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lockgate.toml").write_text(file)
    with pytest.raises(errors.ConfigError, match=fault):
        load()
