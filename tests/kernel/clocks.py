"""Both clocks of a machine as `lockgate.deadline` reads them, set by a test."""

import time
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from lockgate import deadline as module


@dataclass
class Clocks:
    """`wall` and `ticks` are seconds apart from the real clocks."""

    patch: pytest.MonkeyPatch
    wall: float = 0.0
    ticks: float = 0.0

    def __post_init__(self) -> None:
        wall = SimpleNamespace(time=lambda: time.time() + self.wall, clock_gettime=time.clock_gettime)
        self.patch.setattr(module, "time", wall)
        self.patch.setattr(module, "ticks", lambda: time.monotonic() + self.ticks)
        self.start()

    def start(self) -> None:
        """Another process: it has met no deadline yet, and its second clock began anew."""
        self.patch.setattr(module, "_known", {})

    def go(self, seconds: float) -> None:
        """Time goes by."""
        self.wall += seconds
        self.ticks += seconds
