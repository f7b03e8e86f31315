"""Proposition 4.1 of 001: what does a sequence of ever deeper networks cost beyond the one that is
needed?

    python -m experiments.cost_inflation

Supremum and mean of the cost ratio C, closed forms beside exact values of long finite sequences,
and a figure of C over the budget for b = 2. Seconds, no training; files go to experiments/results/.
To be expected for b = 2: 3 and 2.443.
"""

import math
import pathlib

import numpy as np
import pandas as pd
from absl import app, flags

from ann.atomic_write import atomic_path
from ann.ensembles import cost_inflation, cost_ratio, exact_cost_inflation

BASES = (1.5, 2.0, 1 + math.sqrt(2), 3.0, 4.0)
NETWORKS = 60


def table() -> pd.DataFrame:
    """One row for each base, number of workers and kind of network: printed and exact supremum and mean of C."""
    rows = []
    for networks, workers in (("anytime", 1), ("anytime", 2), ("anytime", 4), ("plain", 1)):
        kind = {"workers": workers, "anytime": networks == "anytime"}
        for b in BASES:
            printed, exact = (
                cost_inflation(b, **kind),
                exact_cost_inflation(b ** np.arange(NETWORKS), **kind),
            )
            rows.append((networks, workers, b, printed[0], exact[0], printed[1], exact[1]))
    return pd.DataFrame(
        rows,
        columns=[
            "networks",
            "workers",
            "b",
            "sup_printed",
            "sup_exact",
            "mean_printed",
            "mean_exact",
        ],
    )


def plot(path) -> None:
    """C over the budget for b = 2, seven networks, and the means as printed."""
    from ann.evaluation.figure import new_axes, save

    depths = 2.0 ** np.arange(7)
    figure, axes = new_axes("Proposition 4.1: cost ratio C, b = 2", "budget (layers)", "C")
    lines = {
        "plain networks": {"anytime": False},
        "anytime networks": {},
        "anytime, 2 workers": {"workers": 2},
    }
    for index, (label, kind) in enumerate(lines.items()):
        end = {1: depths.sum(), 2: depths[::-2].sum()}[kind.get("workers", 1)]
        budgets = np.geomspace(1, end, 4000)
        axes.plot(
            budgets,
            cost_ratio(budgets, depths, **kind),
            color=f"C{index}",
            linewidth=1.4,
            label=label,
        )
        axes.axhline(cost_inflation(2, **kind)[1], color=f"C{index}", linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.legend(frameon=False, title="dotted: bound of the mean")
    save(figure, path)


def main(argv):
    if argv[1:]:
        raise app.UsageError(f"every setting is a --flag=value. Received: {argv[1:]}")
    directory = pathlib.Path(flags.FLAGS.results_dir)
    with atomic_path(directory / "cost_inflation.csv") as temporary:
        table().round(4).to_csv(temporary, index=False)
    plot(directory / "cost_inflation.png")
    print(table().round(3).to_string(index=False))


if __name__ == "__main__":
    flags.DEFINE_string("results_dir", "experiments/results", "Folder of the table and the figure.")
    app.run(main)
