"""The script and the snippets of docs/models.md work as they stand there."""

import re
from pathlib import Path

from langchain_core.messages import HumanMessage, ToolMessage

from lockgate.models import ScriptedModel

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_script(tmp_path):
    (script,) = blocks("yaml")
    (tmp_path / "s.yaml").write_text(script)
    messages = [HumanMessage("Refund order 1042")]
    model = ScriptedModel.from_file(tmp_path / "s.yaml")
    messages += [model.invoke(messages), ToolMessage("paid", tool_call_id="call-0-0", name="lookup")]
    assert model.invoke(messages).tool_calls[0]["name"] == "refund"


def test_the_snippets():
    opened, scripted = blocks("python")
    names = {}
    exec(opened, names)
    assert names["model"].model_name == "qwen3"
    exec(scripted, names)
    assert names["model"].invoke("Hi").tool_calls[0]["name"] == "lookup"
