"""Measure an anytime network the papers' way."""

from ann.evaluation.curve import anytime_curve, average_error, milestones
from ann.evaluation.figure import plot_curves
from ann.evaluation.report import write_report

__all__ = ["anytime_curve", "average_error", "milestones", "plot_curves", "write_report"]
