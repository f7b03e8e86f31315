"""Pictures of what a weighting did: weights over training and over depth, sampling probabilities over epochs."""

import numpy as np

from ann.evaluation.epoch_log import exit_columns
from ann.evaluation.figure import new_axes, plot_over_depth, save


def plot_weights_over_training(log, path, *, title: str) -> None:
    """Loss weight of every exit after each epoch, from blue (shallow) to yellow (deep), as PNG.

    Args:
        log: DataFrame of a run's `epochs.csv`: columns `epoch`, `exit_00_weight`, ....
        path: PNG to write.
        title: above the figure.
    """
    figure, axes = new_axes(title, "epoch", "loss weight")
    weights = exit_columns(log, "weight").to_numpy()
    for index, color in enumerate(_colors(weights.shape[1])):
        axes.plot(log.epoch + 1, weights[:, index], color=color, linewidth=1.2)
    _depth_bar(figure, axes, weights.shape[1])
    axes.set_ylim(bottom=0)
    save(figure, path)


def plot_probabilities_over_training(log, path, *, title: str) -> None:
    """Stack plot of the probability of each exit to be drawn after each epoch (002 Fig. 4), as PNG.

    Arguments as `plot_weights_over_training`, with the columns `exit_00_probability`, ....
    """
    figure, axes = new_axes(title, "epoch", "probability of being drawn")
    probabilities = exit_columns(log, "probability").to_numpy()
    axes.stackplot(log.epoch + 1, probabilities.T, colors=_colors(probabilities.shape[1]))
    _depth_bar(figure, axes, probabilities.shape[1])
    axes.set(ylim=(0, 1), xlim=(1, max(2, len(log))))
    save(figure, path)


def plot_weights_over_depth(weights, path, *, title: str) -> None:
    """Weights of the exits over depth, a line for each run (001 Fig. 6c), as PNG.

    Args:
        weights: dictionary from label to `(num_exits,)`.
        path: PNG to write.
        title: above the figure.
    """
    plot_over_depth(weights, path, title=title, ylabel="loss weight", bottom=0)


def _colors(count):
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0, 1, count))


def _depth_bar(figure, axes, num_exits):
    from matplotlib import cm, colors

    scale = cm.ScalarMappable(colors.Normalize(0, num_exits - 1), "viridis")
    figure.colorbar(scale, ax=axes, label="exit (shallow to deep)")
