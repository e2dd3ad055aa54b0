"""AgentDojo against Lockgate's gates, with an agent that needs no model: see docs/evals.md."""

from lockgate.evals.agentdojo.dojo import Dojo
from lockgate.evals.agentdojo.guard import Guard, guard_for
from lockgate.evals.agentdojo.outcome import Outcome, run_scripted
from lockgate.evals.agentdojo.suite import DojoOptions, measured, run

__all__ = ["Dojo", "DojoOptions", "Guard", "Outcome", "guard_for", "measured", "run", "run_scripted"]
