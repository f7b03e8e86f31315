"""The anytime figure: error against cost."""

import io
import math

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ann.atomic_write import atomic_path

COLUMN_INCHES = (6.4, 4.2)
_MARKERS = "osD^vP*X"
# Told apart with all kinds of color vision (Okabe and Ito 2008), dark enough on white.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B8860B", "#4D4D4D")
_LEGEND_ROW_INCHES = 0.2
_LEGEND_CHARACTERS = 72  # That fit into the width of a figure.
_LEGEND_HANDLE = 6  # Width of a line's sample, in characters.


def plot_curves(curves, path, *, title: str) -> None:
    """Plots top-1 error against MACs as a PNG file, one step line per network.

    The lines are steps because an anytime network keeps its last answer until the next exit. Each
    marker is an exit. Dotted lines mark 1/4, 1/2, 3/4, and all of the largest cost.

    Args:
        curves: dictionary from label to curve (as returned by `anytime_curve`).
        path: PNG file to write.
        title: shown above the figure.
    """
    save(_figure_of_curves(curves, title), path)


def curves_png(curves, *, title: str) -> bytes:
    """The figure of `plot_curves` as the content of a PNG file.

    Args:
        curves, title: as of `plot_curves`.
    """
    content = io.BytesIO()
    _figure_of_curves(curves, title).savefig(content, format="png")
    return content.getvalue()


def _figure_of_curves(curves, title):
    largest = max(curve.macs.iloc[-1] for curve in curves.values())
    scale, unit = (1e9, "G") if largest >= 1e9 else (1e6, "M")
    figure, axes = new_axes(title, f"cost ({unit} MACs per image)", "top-1 error (%)")
    for fraction in (0.25, 0.5, 0.75, 1.0):
        axes.axvline(fraction * largest / scale, color="0.8", linestyle=":", linewidth=1, zorder=0)
    for marker, (label, curve) in zip(_MARKERS * len(curves), curves.items(), strict=False):
        axes.step(
            curve.macs / scale,
            curve.error_top1,
            where="post",
            marker=marker,
            markersize=4,
            linewidth=1.4,
            label=label,
        )
    begin_at_zero(axes)
    add_legend(figure, axes)
    return figure


def plot_over_depth(values, path, *, title: str, ylabel: str, from_zero: bool = False) -> None:
    """Plots one value per exit over depth as a PNG file, one line per network.

    Args:
        values: dictionary from label to `(num_exits,)`.
        path: PNG file to write.
        title: shown above the figure.
        ylabel: what the values are.
        from_zero: whether the vertical axis begins at 0. By default, it follows from the values.
    """
    figure, axes = new_axes(title, "exit, as a fraction of the depth", ylabel)
    for marker, (label, line) in zip(_MARKERS * len(values), values.items(), strict=False):
        depth = [(k + 1) / len(line) for k in range(len(line))]
        axes.plot(depth, line, marker=marker, markersize=4, linewidth=1.4, label=label)
    if from_zero:
        begin_at_zero(axes)
    add_legend(figure, axes)
    save(figure, path)


def new_axes(title: str, xlabel: str, ylabel: str):
    """Returns a figure and its axes in the project's style.

    The figure is not created through pyplot, which would keep it alive and choose a backend for the
    whole process.
    """
    figure = Figure(figsize=COLUMN_INCHES, dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.set_prop_cycle(color=_COLORS)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def begin_at_zero(axes) -> None:
    """Lets the vertical axis begin at 0, with room above the highest point."""
    axes.set_ylim(0, 1.05 * axes.dataLim.ymax or 1)


def count_epochs(axes) -> None:
    """Lets the horizontal axis have ticks at whole epochs only."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def add_legend(figure, axes) -> None:
    """Puts the legend below the axes, where it hides no line. The figure grows by its height."""
    handles, labels = axes.get_legend_handles_labels()
    longest = max(map(len, labels)) + _LEGEND_HANDLE
    rows = math.ceil(len(labels) / max(1, _LEGEND_CHARACTERS // longest))
    columns = math.ceil(len(labels) / rows)
    figure.set_figheight(figure.get_figheight() + rows * _LEGEND_ROW_INCHES)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)


def save(figure, path) -> None:
    """Writes the figure as a PNG file. The file is complete or does not exist."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
