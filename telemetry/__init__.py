"""Views of a run, drawn from its own record: who ran and waited when, who sent what to whom, which states were passed.

Pure functions from events (rows of the events table, or `lockgate.events.Event`) to a view, and from a view to text.
"""

from lockgate.telemetry.drawing import FORMS, VIEWS, draw
from lockgate.telemetry.facts import duration
from lockgate.telemetry.flow import Arrow, Flow, flow
from lockgate.telemetry.states import Machine, Machines, states
from lockgate.telemetry.timeline import Lane, Span, Timeline, gantt

__all__ = [
    "FORMS",
    "VIEWS",
    "Arrow",
    "Flow",
    "Lane",
    "Machine",
    "Machines",
    "Span",
    "Timeline",
    "draw",
    "duration",
    "flow",
    "gantt",
    "states",
]
