"""Kill -9 before and after every write of a run with effects, and inside its tool: each effect happens once."""

import signal
from pathlib import Path

import pytest
from tests.graphs.crashes import reports

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("kind", "stride"),
    [
        *[("plain", 5), ("idempotent", 11), ("probe", 11)],
        *[pytest.param(kind, 1, marks=SLOW) for kind in ("plain", "idempotent", "probe")],
    ],
)
def test_a_run_killed_anywhere_pays_once(kind: str, stride: int, database_url: str, tmp_path: Path) -> None:
    *killed, undisturbed = reports("effect_crash_worker.py", database_url, tmp_path, kind, stride, seconds=600)
    assert undisturbed["killed"] == 0 and undisturbed["asked"] == 0
    assert undisturbed["effects"] == ["1", "1", "100"]
    assert undisturbed["end"] == {"answer": "completed Paid.", "ledger": ["done"] * 3, "told": ["paid"] * 3}
    assert len(killed) > 60 // stride
    for run in killed:
        assert run["killed"] == -signal.SIGKILL, run
        assert run["resumed"] == 0, run
        assert run["effects"] == undisturbed["effects"], run
        assert run["end"] == undisturbed["end"], run
        assert run["asked"] <= 2
    asked = sum(run["asked"] for run in killed)
    assert asked > 0 if kind == "plain" else asked == 0
