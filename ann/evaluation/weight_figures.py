"""Figures of what a weighting did.

They show weights over the epochs and over depth, and sampling probabilities over the epochs.
"""

import numpy as np

from ann.evaluation.epoch_log import exit_columns
from ann.evaluation.figure import (
    begin_at_zero,
    count_epochs,
    new_axes,
    plot_over_depth,
    save,
)


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
    marker = "o" if len(log) == 1 else None  # One point makes no line.
    for index, color in enumerate(_colors(weights.shape[1])):
        axes.plot(log.epoch + 1, weights[:, index], color=color, linewidth=1.2, marker=marker)
    _depth_bar(figure, axes, weights.shape[1])
    begin_at_zero(axes)
    count_epochs(axes)
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
    probabilities, epochs = exit_columns(log, "probability").to_numpy(), log.epoch.to_numpy() + 1
    if len(log) == 1:  # One point makes no area.
        probabilities, epochs = probabilities.repeat(2, axis=0), np.array([0.5, 1.5])
    axes.stackplot(epochs, probabilities.T, colors=_colors(probabilities.shape[1]))
    _depth_bar(figure, axes, probabilities.shape[1])
    axes.set(ylim=(0, 1), xlim=(epochs[0], epochs[-1]))
    count_epochs(axes)
    save(figure, path)


def plot_weights_over_depth(weights, path, *, title: str) -> None:
    """Plots the weights of the exits over depth as a PNG file, one line per run (001 Fig. 6c).

    Args:
        weights: dictionary from label to `(num_exits,)`.
        path: PNG file to write.
        title: shown above the figure.
    """
    plot_over_depth(weights, path, title=title, ylabel="loss weight", from_zero=True)


def _colors(count):
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0, 1, count))


def _depth_bar(figure, axes, num_exits):
    from matplotlib import cm, colors, ticker

    if num_exits > 1:
        scale = cm.ScalarMappable(colors.Normalize(0, num_exits - 1), "viridis")
        whole = ticker.MaxNLocator(integer=True, min_n_ticks=1)
        figure.colorbar(scale, ax=axes, label="exit (shallow to deep)", ticks=whole)
