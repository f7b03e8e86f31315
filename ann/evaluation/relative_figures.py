"""Figures of relative comparisons, and of budgeted batch beside anytime prediction."""

import numpy as np

from ann.evaluation.figure import add_legend, new_axes, plot_over_depth, save
from ann.evaluation.relative import relative_increase


def plot_increase_over_depth(losses, opt, path, *, title: str) -> None:
    """Increase of a loss or error over OPT's, exit by exit, a line for each weighting, as PNG (001
    Fig. 3).

    Args:
        losses: dictionary from label to `(num_exits,)`.
        opt: OPT's, `(num_exits,)`.
        path: PNG to write.
        title: above the figure.
    """
    increases = {
        label: relative_increase(np.asarray(values), np.asarray(opt))
        for label, values in losses.items()
    }
    plot_over_depth(increases, path, title=title, ylabel="increase over OPT (%)")


def plot_pivoted(curves, path, *, title: str) -> None:
    """Relative error against relative cost, a line for each network, as PNG (001 Fig. 5).

    Args:
        curves: dictionary from label to a frame of `pivoted` or `small_against_large`.
        path: PNG to write.
        title: above the figure.
    """
    figure, axes = new_axes(
        title, "cost, of the pivot's final cost", "increase over the pivot's final error (%)"
    )
    axes.axhline(0, color="0.6", linewidth=0.8)
    for label, curve in curves.items():
        axes.plot(curve.relative_cost, curve.relative_error, linewidth=1.4, label=label)
    add_legend(figure, axes)
    save(figure, path)


def plot_budgeted_batch(budgeted, anytime, path, *, title: str) -> None:
    """Error against average cost of budgeted batch, over the anytime curve of the same network, as
    PNG.

    Args:
        budgeted: of `budgeted_batch_curve`.
        anytime: of `anytime_curve`.
        path: PNG to write.
        title: above the figure.
    """
    figure, axes = new_axes(title, "average cost (M MACs an image)", "top-1 error (%)")
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
