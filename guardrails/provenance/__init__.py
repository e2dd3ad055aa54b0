"""Where the arguments of a call come from, and what follows from it."""

from lockgate.guardrails.provenance.passages import passages
from lockgate.guardrails.provenance.tracing import trace

__all__ = ["passages", "trace"]
