"""The section `effects` of a pack: what becomes of what a failed run has done."""

from typing import Literal

from lockgate.guardrails.constraint import Strict


class Effects(Strict):
    """`on_failure`: `offer` to undo the effects of a run that failed, or `undo` them at once, each through the lock."""

    on_failure: Literal["offer", "undo"] = "offer"
