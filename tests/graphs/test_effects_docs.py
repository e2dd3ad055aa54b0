"""The tool of docs/effects.md does what the page says."""

import re
from pathlib import Path
from typing import Any

from lockgate.decision import Call
from lockgate.effect import EffectStatus
from lockgate.tools import DidNotHappen, Happened
from lockgate.tools.execute import attempt
from lockgate.tools.idempotency import keyed

PAGE = (Path(__file__).parents[2] / "docs" / "effects.md").read_text("utf-8")


async def test_the_tool_of_the_page() -> None:
    there: dict[str, Any] = {}
    for snippet in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(snippet, there)
    pay = there["pay"]
    call = Call(id="c", name="pay", args={"account": "a", "amount": 5})
    assert pay.probe("k") == DidNotHappen()
    for _ in range(2):
        with keyed("k"):
            result, status = await attempt(pay, call)
        assert (result.value, status) == ('{"id":1,"amount":5}', EffectStatus.DONE)
    assert pay.probe("k") == Happened(value={"id": 1, "amount": 5})
    assert pay.undo.arguments(call.args, {"id": 1}) == {"payment": 1, "amount": 5}
    large = Call(id="c", name="pay", args={"account": "a", "amount": 5_000})
    assert (await attempt(pay, large))[1] == EffectStatus.FAILED
