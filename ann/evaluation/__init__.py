"""Measure an anytime network the papers' way."""

from ann.evaluation.curve import anytime_curve, average_error, milestones
from ann.evaluation.figure import plot_curves
from ann.evaluation.report import write_report
from ann.evaluation.weight_figures import plot_probabilities_over_training, plot_weights_over_depth, plot_weights_over_training

__all__ = [
    "anytime_curve",
    "average_error",
    "milestones",
    "plot_curves",
    "plot_probabilities_over_training",
    "plot_weights_over_depth",
    "plot_weights_over_training",
    "write_report",
]
