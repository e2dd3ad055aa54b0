"""What docs/deadlines.md shows is so."""

import re
from pathlib import Path


def test_the_example_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "docs/deadlines.md", "exec"), {})
