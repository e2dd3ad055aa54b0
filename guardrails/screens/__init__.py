"""Screens of texts that come from outside: what orders the agent about, hides, forges, or carries data away."""

from lockgate.guardrails.screens.definition import screen_definition
from lockgate.guardrails.screens.kinds import Kind
from lockgate.guardrails.screens.screen import Screen, screen, screened
from lockgate.guardrails.screens.section import Handling, Screens

__all__ = ["Handling", "Kind", "Screen", "Screens", "screen", "screen_definition", "screened"]
