"""Scripts from YAML: what is read, and that hostile files are refused with file and line."""

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from lockgate.errors import ConfigError
from lockgate.models import ScriptedModel
from lockgate.models.script_file import MAX_BYTES, read

SCRIPT = """\
- text: Let me look.
  calls:
    - {name: lookup, args: {order: "1042", at: 12:30, day: 2026-01-02, sure: yes, exact: true, cost: 1.5, n: null}}
- branch:
    - when: {tool_result: lookup, contains: paid}
      then:
        - calls: [{name: refund, args: {order: "1042"}}]
        - The money is on its way.
    - otherwise: I cannot find that order.
- Anything else?
"""


def test_a_script_plays(tmp_path):
    (tmp_path / "s.yaml").write_text(SCRIPT)
    model = ScriptedModel.from_file(tmp_path / "s.yaml")
    messages = [HumanMessage("Refund order 1042")]
    messages.append(model.invoke(messages))
    assert messages[-1].text == "Let me look."
    assert messages[-1].tool_calls[0]["args"] == {
        "order": "1042", "at": "12:30", "day": "2026-01-02", "sure": "yes", "exact": True, "cost": 1.5, "n": None,
    }  # fmt: skip
    messages.append(ToolMessage("paid", tool_call_id="call-0-0", name="lookup"))
    for _ in range(3):
        messages.append(model.invoke(messages))
    assert [m.text for m in messages if isinstance(m, AIMessage)][1:] == [
        "",
        "The money is on its way.",
        "Anything else?",
    ]


BOMB = "- &a [x, x, x, x]\n" + "".join(
    f"- &{b} [*{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "list of turns"),
        ("text: a\n", 1, "list of turns"),
        ("- a\n- {b: c}\n", 2, "'b' means nothing"),
        ("- a\n-\n  calls:\n    - name: x\n      args: 3\n", 5, "'args' maps"),
        ("- a\n- calls:\n    - name: 7\n", 3, "'name' is text, not int; quote it"),
        ("- branch:\n    - when: {last_contains: a}\n      then: 3\n", 3, "a turn is text"),
        ("- a\n- [\n", 3, "not valid YAML"),
        ("- a\n- b: c: d\n", 2, "not valid YAML"),
        ("- a\n- \x00\n", 1, "not valid YAML"),
        ("- a\n---\n- b\n", 2, "not valid YAML"),
        (BOMB, 2, r"aliases \(\*a\) are not allowed"),
        ("- a\n- " + "[" * 100_000, 2, "nested deeper than 32"),
        ("- a\n- " + "{a: " * 1_000, 2, "nested deeper than 32"),
        ("- a\n- !!python/object/apply:os.system [id]\n", 2, "the tag .* is not allowed"),
        ("- a\n- !mine x\n", 2, "not a value"),
        ("- a\n- !!binary aGk=\n", 2, "not a value"),
        ("- a\n- {text: x, text: y}\n", 2, "'text' is not text or is repeated"),
        ("- a\n- {[1, 2]: y}\n", 2, "is not text or is repeated"),
        ("- calls: [{name: a, args: {x: 1.0e+999}}]\n", 1, "'1.0e.999' is not a value"),
    ],
)
def test_a_hostile_or_wrong_file_is_refused_with_its_line(tmp_path, text, line, said):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        ScriptedModel.from_file(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "big.yaml").write_bytes(b"# " + b"x" * MAX_BYTES)
    (tmp_path / "latin.yaml").write_bytes(b"- a\n- caf\xe9\n")
    for name, said in [
        ("big.yaml", "larger than"),
        ("latin.yaml", "latin.yaml:2: not UTF-8"),
        ("gone.yaml", "No such file"),
        (".", "directory"),
    ]:
        with pytest.raises(ConfigError, match=said):
            ScriptedModel.from_file(tmp_path / name)


@given(st.text(alphabet="-[]{}:,&*!|>'\"#%@ \nab1.~?", max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    path.write_text(text)
    with suppress(ConfigError):
        ScriptedModel(read(path).value)
