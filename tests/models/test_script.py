"""Scripts from YAML: that they play, and that wrong files are refused with file and line."""

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from lockgate.errors import FileError
from lockgate.models import ScriptedModel

SCRIPT = """\
- text: Let me look.
  calls:
    - {name: lookup, args: {order: "1042", at: "12:30", sure: "yes", exact: true, cost: 1.5, n: null}}
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
        "order": "1042", "at": "12:30", "sure": "yes", "exact": True, "cost": 1.5, "n": None,
    }  # fmt: skip
    messages.append(ToolMessage("paid", tool_call_id="call-0-0", name="lookup"))
    for _ in range(3):
        messages.append(model.invoke(messages))
    assert [m.text for m in messages if isinstance(m, AIMessage)][1:] == [
        "",
        "The money is on its way.",
        "Anything else?",
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "list of turns"),
        ("text: a\n", 1, "list of turns"),
        ("- a\n- {b: c}\n", 2, "'b' means nothing"),
        ("- a\n-\n  calls:\n    - name: x\n      args: 3\n", 5, "'args' maps"),
        ("- a\n- calls:\n    - name: 7\n", 3, "'name' is text, not int; quote it"),
        ("- branch:\n    - when: {last_contains: a}\n      then: 3\n", 3, "a turn is text"),
        ("- a\n- text: x\n  text: y\n", 3, "'text' is already given in line 2"),
        ("- calls: [{name: a, args: {x: 12:30}}]\n", 1, "Write '12:30' in quotes"),
        ("- a\n---\n- b\n", 2, "a script is one document"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, text, line, said):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(FileError, match=said) as caught:
        ScriptedModel.from_file(path)
    assert caught.value.where == f"{path}:{line}"
