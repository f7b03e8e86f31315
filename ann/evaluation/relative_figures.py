"""Figures that compare networks, or budgeted batch with anytime prediction."""

import numpy as np

from ann.evaluation.figure import add_legend, new_axes, plot_over_depth, save
from ann.evaluation.relative import relative_increase


def plot_increase_over_depth(losses, opt, path, *, title: str) -> None:
    """Plots how much larger a loss or error is than OPT's at each exit (001 Fig. 3).

    The figure is a PNG file with one line per weighting.

    Args:
        losses: dictionary from label to losses or errors `(num_exits,)`.
        opt: the same for OPT, `(num_exits,)`.
        path: PNG file to write.
        title: shown above the figure.
    """
    increases = {
        label: relative_increase(np.asarray(values), np.asarray(opt))
        for label, values in losses.items()
    }
    plot_over_depth(increases, path, title=title, ylabel="increase over OPT (%)")


def plot_pivoted(curves, path, *, title: str) -> None:
    """Plots relative error against relative cost as a PNG file, one line per network (001 Fig. 5).

    Args:
        curves: dictionary from label to a DataFrame from `pivoted` or `small_against_large`.
        path: PNG file to write.
        title: shown above the figure.
    """
    figure, axes = new_axes(
        title, "cost / final cost of the pivot", "increase over the pivot's final error (%)"
    )
    axes.axhline(0, color="0.6", linewidth=0.8)
    for label, curve in curves.items():
        axes.plot(curve.relative_cost, curve.relative_error, linewidth=1.4, label=label)
    add_legend(figure, axes)
    save(figure, path)


def plot_budgeted_batch(budgeted, anytime, path, *, title: str) -> None:
    """Plots the budgeted batch curve and the anytime curve of one network as a PNG file.

    Args:
        budgeted: as returned by `budgeted_batch_curve`.
        anytime: as returned by `anytime_curve`.
        path: PNG file to write.
        title: shown above the figure.
    """
    figure, axes = new_axes(title, "average cost (M MACs per image)", "top-1 error (%)")
    axes.step(
        anytime.macs / 1e6,
        anytime.error_top1,
        where="post",
        marker="o",
        markersize=4,
        linewidth=1.4,
        label="anytime",
    )
    axes.plot(budgeted.macs / 1e6, budgeted.error_top1, linewidth=1.4, label="budgeted batch")
    add_legend(figure, axes)
    save(figure, path)
