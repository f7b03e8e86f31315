"""The anytime figure: error against cost."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ann.atomic_write import atomic_path

COLUMN_INCHES = (6.4, 4.2)
_MARKERS = "osD^vP*X"
# Told apart with all kinds of color vision (Okabe and Ito 2008), dark enough on white.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#B8860B", "#4D4D4D")
_MOST_LINES_INSIDE = 6  # With more lines, the legend covers them.


def plot_curves(curves, path, *, title: str) -> None:
    """Plots top-1 error against MACs as a PNG file, one step line per network.

    The lines are steps because an anytime network keeps its last answer until the next exit. Each
    marker is an exit. Dotted lines mark 1/4, 1/2, 3/4, and all of the largest cost.

    Args:
        curves: dictionary from label to curve (as returned by `anytime_curve`).
        path: PNG file to write.
        title: shown above the figure.
    """
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
    axes.set_ylim(bottom=0)
    add_legend(figure, axes)
    save(figure, path)


def plot_over_depth(values, path, *, title: str, ylabel: str, bottom: float | None = None) -> None:
    """Plots one value per exit over depth as a PNG file, one line per network.

    Args:
        values: dictionary from label to `(num_exits,)`.
        path: PNG file to write.
        title: shown above the figure.
        ylabel: what the values are.
        bottom: lower limit of the vertical axis. By default, it follows from the values.
    """
    figure, axes = new_axes(title, "exit, as a fraction of the depth", ylabel)
    for marker, (label, line) in zip(_MARKERS * len(values), values.items(), strict=False):
        depth = [(k + 1) / len(line) for k in range(len(line))]
        axes.plot(depth, line, marker=marker, markersize=4, linewidth=1.4, label=label)
    axes.set_ylim(bottom=bottom)
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


def add_legend(figure, axes) -> None:
    """Puts the legend inside the axes if there are few lines, and beside the axes otherwise."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) <= _MOST_LINES_INSIDE:
        axes.legend(frameon=False)
    else:
        figure.legend(handles, labels, loc="outside right center", frameon=False)


def save(figure, path) -> None:
    """Writes the figure as a PNG file. The file is complete or does not exist."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
