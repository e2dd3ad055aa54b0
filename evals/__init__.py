"""Evals: suites that measure a guard or an agent, each with its figures and their meaning."""

from lockgate.evals.registry import EVALS, Eval, Progress, load_eval
from lockgate.evals.report import Measure, Report, Row

__all__ = ["EVALS", "Eval", "Measure", "Progress", "Report", "Row", "load_eval"]
