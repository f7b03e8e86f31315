"""Figures of what a weighting did.

They show weights over the epochs and over depth, and sampling probabilities over the epochs.
"""

import numpy as np

from ann.evaluation.epoch_log import exit_columns
from ann.evaluation.figure import new_axes, plot_over_depth, save


def plot_weights_over_training(log, path, *, title: str) -> None:
    """Plots the loss weight of every exit after each epoch as a PNG file.

    The lines go from blue (shallow) to yellow (deep).

    Args:
        log: DataFrame of a run's `epochs.csv`, with the columns `epoch`, `exit_00_weight`, ....
        path: PNG file to write.
        title: shown above the figure.
    """
    figure, axes = new_axes(title, "epoch", "loss weight")
    weights = exit_columns(log, "weight").to_numpy()
    for index, color in enumerate(_colors(weights.shape[1])):
        axes.plot(log.epoch + 1, weights[:, index], color=color, linewidth=1.2)
    _depth_bar(figure, axes, weights.shape[1])
    axes.set_ylim(bottom=0)
    save(figure, path)


def plot_probabilities_over_training(log, path, *, title: str) -> None:
    """Plots the probability that each exit is drawn, after each epoch, as a PNG file (002 Fig. 4).

    The probabilities are stacked, so that they add up to 1.

    Args:
        log: DataFrame of a run's `epochs.csv`, with the columns `epoch`, `exit_00_probability`
            and so on.
        path: PNG file to write.
        title: shown above the figure.
    """
    figure, axes = new_axes(title, "epoch", "probability of being drawn")
    probabilities = exit_columns(log, "probability").to_numpy()
    axes.stackplot(log.epoch + 1, probabilities.T, colors=_colors(probabilities.shape[1]))
    _depth_bar(figure, axes, probabilities.shape[1])
    axes.set(ylim=(0, 1), xlim=(1, max(2, len(log))))
    save(figure, path)


def plot_weights_over_depth(weights, path, *, title: str) -> None:
    """Plots the weights of the exits over depth as a PNG file, one line per run (001 Fig. 6c).

    Args:
        weights: dictionary from label to `(num_exits,)`.
        path: PNG file to write.
        title: shown above the figure.
    """
    plot_over_depth(weights, path, title=title, ylabel="loss weight", bottom=0)


def _colors(count):
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0, 1, count))


def _depth_bar(figure, axes, num_exits):
    from matplotlib import cm, colors

    scale = cm.ScalarMappable(colors.Normalize(0, num_exits - 1), "viridis")
    figure.colorbar(scale, ax=axes, label="exit (shallow to deep)")
