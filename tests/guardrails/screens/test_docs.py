"""The examples of docs/screens.md do what the page says."""

import re
from pathlib import Path

from lockgate import Policy
from lockgate.guardrails.screens import Handling

PAGE = (Path(__file__).parents[3] / "docs" / "screens.md").read_text("utf-8")


def test_the_pack():
    policy = Policy.parse(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    assert policy.sections.screens.instruction == Handling(answer="quarantine", above=0.6)


def test_the_snippet():
    for snippet in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(snippet, {})
