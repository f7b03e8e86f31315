"""The papers' figures from measured curves, as PNG."""

import functools

import numpy as np
import pandas as pd

from ann import evaluation
from ann.ensembles import cost_inflation, cost_ratio
from ann.evaluation.figure import add_legend, new_axes, plot_over_depth, save
from ann.evaluation.weight_figures import plot_probabilities_over_training, plot_weights_over_depth
from experiments.harness.answers import SETTING
from experiments.harness.declaration import MILESTONES, Experiment
from experiments.harness.untrained import kind_of


def draw(
    experiment: Experiment, found: pd.DataFrame, numbers: pd.DataFrame, runs, sampling, path_of
) -> dict:
    """Draws the figures of an experiment, as far as it is measured.

    Args:
        experiment: the declaration.
        found: as returned by `answers`.
        numbers: as returned by `cells`.
        runs: as returned by `plan`.
        sampling: as returned by `RunStore.sampling`.
        path_of: from what a picture shows to where it goes.

    Returns:
        Dictionary from each file written to the curves in it: a dictionary from label to curve if
        the figure is error against cost, else None.
    """
    written = {}
    for kind in experiment.figures:
        for what, picture in _pictures(experiment, kind, found, numbers, runs, sampling).items():
            path = path_of(what)
            written[path] = picture(path)
    return written


def _pictures(experiment, kind, found, numbers, runs, sampling) -> dict:
    """From what a picture shows to a function of its path; none of what is not measured."""
    if kind == "increase_bars":
        increases = numbers[(numbers.method != experiment.against) & numbers.cost.isin(MILESTONES)]
        return (
            {kind: lambda path: _increase_bars(experiment, increases, path)}
            if len(increases)
            else {}
        )
    if kind == "pivoted":
        pairs = _pairs(experiment, found)
        return {kind: lambda path: _pivoted(experiment, pairs, path)} if pairs else {}
    if kind == "probabilities_over_training":
        return _probabilities(experiment, runs, sampling)
    if kind == "cost_ratio":
        return {kind: lambda path: _cost_ratio(experiment, path)}
    if kind == "increase_over_depth":  # nothing to compare with where OPT is not finished
        found = found[found.dataset.isin(found[found.method == experiment.against].dataset)]
    return _over_exits(experiment, kind, found) if len(found) else {}


def _over_exits(experiment, kind, found):
    """A picture for each data set; the weights of several data sets are in one."""
    if kind == "weights_over_depth":
        lines = {label: curve.weight for label, curve in _lines(found, "weight").items()}
        return {
            kind: lambda path: plot_weights_over_depth(
                lines, path, title=f"{experiment.source}: loss weights at the end"
            )
        }
    plots = {
        "curves": _curves,
        "training_losses": _training_losses,
        "increase_over_depth": _increase_over_depth,
    }
    datasets = found.dataset.unique()
    return {
        kind if len(datasets) == 1 else f"{kind}-{dataset}": lambda path, dataset=dataset: plots[
            kind
        ](experiment, found[found.dataset == dataset], path, f"{experiment.source}, {dataset}")
        for dataset in datasets
    }


def _lines(found, column) -> dict[str, pd.DataFrame]:
    """Mean over seeds of each row, named by what tells the rows apart."""
    lines = {}
    several = {name for name in (*SETTING, "method") if found[name].nunique() > 1}
    grouped = found.dropna(subset=column).groupby([*SETTING, "method"], sort=False)
    for where, rows in grouped:
        of_line = dict(zip([*SETTING, "method"], where, strict=True))
        names = [of_line[name] for name in (*SETTING, "method") if name in (several or {"method"})]
        exits = rows.groupby("macs")
        means = exits.mean(numeric_only=True).assign(seeds=exits.seed.nunique())
        lines[" ".join(filter(None, names))] = means.reset_index()
    return lines


def _curves(experiment, found, path, title):
    lines = _lines(found, "error_top1")
    evaluation.plot_curves(lines, path, title=title)
    return lines


def _training_losses(experiment, found, path, title):
    losses = {label: curve.training_loss for label, curve in _lines(found, "training_loss").items()}
    plot_over_depth(losses, path, title=title, ylabel="training loss (nats)")


def _increase_over_depth(experiment, found, path, title):
    losses = {label: curve.training_loss for label, curve in _lines(found, "training_loss").items()}
    opt = losses.pop(experiment.against)
    evaluation.plot_increase_over_depth(losses, opt, path, title=title)


def _pairs(experiment, found):
    """The curves of the small and the large network of each setting and seed."""
    small, large = (row.method for row in experiment.rows[:2])
    settings = [dict(list(rows.groupby("method"))) for _, rows in found.groupby([*SETTING, "seed"])]
    return [(curves[small], curves[large]) for curves in settings if {small, large} <= set(curves)]


def _pivoted(experiment, pairs, path):
    """Small against large, averaged over settings and seeds (001 Fig. 5)."""
    end = max(large.macs.max() / small.macs.max() for small, large in pairs)
    averaged = evaluation.small_against_large(pairs, np.linspace(0, end, 200))
    lines = {
        row.method: averaged[name]
        for row, name in zip(experiment.rows[:2], ("small", "large"), strict=True)
    }
    datasets = dict.fromkeys(small.dataset.iloc[0] for small, _ in pairs)
    evaluation.plot_pivoted(lines, path, title=f"{experiment.source}: {', '.join(datasets)}")


def _probabilities(experiment, runs, sampling):
    """A picture for each sampler, of seed 0."""
    pictures = {}
    for run in runs:
        rows = sampling[sampling.run == run.name]
        if run.seed == 0 and len(rows):
            log = rows.pivot(index="epoch", columns="exit", values="probability").reset_index()
            log = log.rename(columns=lambda k: k if k == "epoch" else f"exit_{k:02d}_probability")
            title = f"{experiment.source}, {run.dataset}: {run.method}"
            pictures[run.method.lower()] = functools.partial(
                plot_probabilities_over_training, log, title=title
            )
    return pictures


def _increase_bars(experiment, increases, path):
    """Mean relative increase of each row at each milestone, a group of bars per row."""
    means = increases.groupby(["method", "cost"]).value.mean().unstack("cost")
    means = means.reindex([row.method for row in experiment.rows if row.method in means.index])
    figure, axes = new_axes(f"{experiment.source}: increase of the error over OPT (%)", "", "")
    figure.set_size_inches(7.5, max(3, 0.4 * len(means)))
    means = means.rename(columns="{:g} of the cost".format)
    means.iloc[::-1].plot.barh(ax=axes, width=0.8, colormap="viridis")
    axes.set_ylabel("")
    axes.get_legend().remove()
    axes.axvline(0, color="0.3", linewidth=0.8)
    add_legend(figure, axes)
    save(figure, path)


def _cost_ratio(experiment, path):
    """C over the budget for b = 2, seven networks, and the bounds of its mean."""
    depths = 2.0 ** np.arange(7)
    figure, axes = new_axes(f"{experiment.source}: cost ratio C, b = 2", "budget (layers)", "C")
    for index, row in enumerate(experiment.rows):
        kind = kind_of(row)
        budgets = np.geomspace(1, depths[:: -kind["workers"]].sum(), 4000)
        color = f"C{index}"
        ratios = cost_ratio(budgets, depths, **kind)
        axes.plot(budgets, ratios, color=color, linewidth=1.4, label=row.method)
        axes.axhline(cost_inflation(2, **kind)[1], color=color, linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.plot([], [], color="0.5", linestyle=":", linewidth=1, label="bound of the mean")
    add_legend(figure, axes)
    save(figure, path)
