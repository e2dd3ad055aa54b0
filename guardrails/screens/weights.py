"""What each feature of the instruction model counts, read from `weights.txt`: a name, a tab and a weight a line."""

from importlib.resources import files

BIAS_NAME = "%bias"


def _weights() -> dict[str, float]:
    lines = (files(__package__) / "weights.txt").read_text("utf-8").splitlines()
    return {name: float(weight) for name, weight in (line.split("\t") for line in lines if not line.startswith("#"))}


WEIGHTS: dict[str, float] = _weights()
"""Name of a feature to its weight, in log-odds."""
BIAS: float = WEIGHTS[BIAS_NAME]
