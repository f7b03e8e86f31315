"""Measures for anytime networks, as the papers define them, and figures that show them."""

from ann.evaluation.answers import confidences, logits_and_labels
from ann.evaluation.anytime_metrics import (
    area_under_error,
    overthinking_rate,
    timeliness,
    violations,
)
from ann.evaluation.budgeted_batch import budgeted_batch_curve, exits_taken, fit_thresholds
from ann.evaluation.calibration import calibration_error, fit_temperatures
from ann.evaluation.curve import anytime_curve, average_error, milestones
from ann.evaluation.epoch_log import final_losses
from ann.evaluation.figure import curves_png, plot_curves
from ann.evaluation.opt import opt_curve, opt_plus
from ann.evaluation.relative import (
    cost_to_reach,
    pivoted,
    relative_increase,
    small_against_large,
)
from ann.evaluation.relative_figures import (
    plot_budgeted_batch,
    plot_increase_over_depth,
    plot_pivoted,
)
from ann.evaluation.report import write_report
from ann.evaluation.significance import (
    seed_means,
    won,
)
from ann.evaluation.weight_figures import (
    plot_probabilities_over_training,
    plot_weights_over_depth,
    plot_weights_over_training,
)
from ann.milestones import milestone_exits

__all__ = [
    "anytime_curve",
    "area_under_error",
    "average_error",
    "budgeted_batch_curve",
    "calibration_error",
    "confidences",
    "cost_to_reach",
    "curves_png",
    "exits_taken",
    "final_losses",
    "fit_temperatures",
    "fit_thresholds",
    "logits_and_labels",
    "milestone_exits",
    "milestones",
    "opt_curve",
    "opt_plus",
    "overthinking_rate",
    "pivoted",
    "plot_budgeted_batch",
    "plot_curves",
    "plot_increase_over_depth",
    "plot_pivoted",
    "plot_probabilities_over_training",
    "plot_weights_over_depth",
    "plot_weights_over_training",
    "relative_increase",
    "seed_means",
    "small_against_large",
    "timeliness",
    "violations",
    "won",
    "write_report",
]
