"""The anytime figure: error against cost."""

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from ann.atomic_write import atomic_path

COLUMN_INCHES = (6.4, 4.2)
# Lines that leave room for their names among them.
_FEW = 6


def plot_curves(curves, path, *, title: str) -> None:
    """Top-1 error against MACs, a step line for each network, as PNG.

    An anytime network keeps its last answer until the next exit: the lines are steps, marks are the
    exits. Dotted lines mark 1/4, 1/2, 3/4 and all of the largest cost.

    Args:
        curves: dictionary from label to curve (`anytime_curve`).
        path: PNG to write.
        title: above the figure.
    """
    largest = max(curve.macs.iloc[-1] for curve in curves.values())
    scale, unit = (1e9, "G") if largest >= 1e9 else (1e6, "M")
    figure, axes = new_axes(title, f"cost ({unit} MACs an image)", "top-1 error (%)")
    for fraction in (0.25, 0.5, 0.75, 1.0):
        axes.axvline(fraction * largest / scale, color="0.8", linestyle=":", linewidth=1, zorder=0)
    for marker, (label, curve) in zip("osD^vP*X" * len(curves), curves.items(), strict=False):
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
    name_lines(figure, axes)
    save(figure, path)


def plot_over_depth(values, path, *, title: str, ylabel: str, bottom: float | None = None) -> None:
    """Something of each exit over depth, a line for each network, as PNG.

    Args:
        values: dictionary from label to `(num_exits,)`.
        path: PNG to write.
        title: above the figure.
        ylabel: what the values are.
        bottom: where the vertical axis begins; default: at the values.
    """
    figure, axes = new_axes(title, "exit, as a fraction of the depth", ylabel)
    for marker, (label, line) in zip("osD^vP*X" * len(values), values.items(), strict=False):
        depth = [(k + 1) / len(line) for k in range(len(line))]
        axes.plot(depth, line, marker=marker, markersize=4, linewidth=1.4, label=label)
    axes.set_ylim(bottom=bottom)
    name_lines(figure, axes)
    save(figure, path)


def new_axes(title: str, xlabel: str, ylabel: str):
    """Figure and axes in the one style of the project."""
    figure, axes = plt.subplots(figsize=COLUMN_INCHES, dpi=150, layout="constrained")
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def name_lines(figure, axes) -> None:
    """The legend: among the lines where there is room, else beside them."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) <= _FEW:
        axes.legend(frameon=False)
    else:
        figure.legend(handles, labels, loc="outside right center", frameon=False)


def save(figure, path) -> None:
    """Writes a figure as PNG, whole or not at all, and closes it."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")
    plt.close(figure)
