import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

from ann import evaluation


def log_of(epochs, exits=4):
    shares = np.linspace(0.1, 0.4, exits) / np.linspace(0.1, 0.4, exits).sum()
    columns = {f"exit_{k:02d}_weight": 1 + k / 8 for k in range(exits)}
    columns |= {f"exit_{k:02d}_probability": shares[k] for k in range(exits)}
    return pd.DataFrame({"epoch": list(epochs), **columns})


FLAT = pd.DataFrame({"macs": [3e6, 6e6], "error_top1": [91.8, 91.4]})
FIGURES = {
    "curves": lambda path: evaluation.plot_curves(
        {f"a long name, number {k}": FLAT for k in range(7)}, path, title="curves"
    ),
    "weights over training": lambda path: evaluation.plot_weights_over_training(
        log_of(range(4)), path, title="weights"
    ),
    "weights after one epoch": lambda path: evaluation.plot_weights_over_training(
        log_of(range(1)), path, title="weights"
    ),
    "weights of one exit": lambda path: evaluation.plot_weights_over_training(
        log_of(range(3), exits=1), path, title="weights"
    ),
    "sampling": lambda path: evaluation.plot_probabilities_over_training(
        log_of(range(11, 300, 12)), path, title="sampling"
    ),
    "sampling after one epoch": lambda path: evaluation.plot_probabilities_over_training(
        log_of(range(1)), path, title="sampling"
    ),
    "weights over depth": lambda path: evaluation.plot_weights_over_depth(
        {"a": np.linspace(0.99, 1, 5), "b": [1, 1]}, path, title="depth"
    ),
}


@pytest.fixture(params=FIGURES)
def drawn(request, tmp_path, monkeypatch):
    """A figure of each kind, as it was written."""
    figures, write = [], matplotlib.figure.Figure.savefig

    def savefig(figure, *args, **kwargs):
        figures.append(figure)
        write(figure, *args, **kwargs)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", savefig)
    FIGURES[request.param](tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    return figures[0]


def test_nothing_is_cut_off_or_hidden(drawn):
    axes = drawn.axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert bottom == 0
    for line in axes.lines:
        x, y = line.get_xdata(), line.get_ydata()
        if line.get_transform() == axes.transData:
            assert max(y) < top
            assert left < min(x) <= max(x) < right
    for area in axes.collections:
        corners = area.get_datalim(axes.transData)
        assert (left, right) == (corners.x0, corners.x1)
    for legend in drawn.legends:
        assert legend.get_window_extent().y1 < axes.get_window_extent().y0
        assert legend.get_window_extent().width < drawn.bbox.width


def test_epochs_and_exits_are_counted_in_whole_numbers(drawn):
    for axes, axis in ((drawn.axes[0], "xaxis"), (drawn.axes[-1], "yaxis")):
        label = getattr(axes, axis).label.get_text()
        if label == "epoch" or label.startswith("exit (shallow"):
            low, high = sorted(getattr(axes, axis).get_view_interval())
            ticks = [tick for tick in getattr(axes, axis).get_ticklocs() if low <= tick <= high]
            assert ticks
            assert all(tick == round(tick) for tick in ticks)
