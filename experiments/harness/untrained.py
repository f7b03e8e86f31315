"""Numbers that need no runs: the cost ratio of Proposition 4.1, what the heads cost, and what
benchmarks measured: times, and errors of several tasks."""

import pathlib

import numpy as np
import pandas as pd

from ann.ensembles import cost_inflation, exact_cost_inflation
from experiments.harness.answers import CELL, as_answers
from experiments.harness.declaration import (
    AE,
    MEAN_COST,
    MEAN_COST_BOUND,
    SUPREMUM,
    SUPREMUM_FORMULA,
    Experiment,
)
from experiments.harness.network_costs import network_exits

# Members of the finite sequences whose exact values are set against the closed forms.
MEMBERS = 60
WALL_CLOCK = "benchmark_wall_clock.csv"
SEVERAL_TASKS = "benchmark_several_tasks.csv"


def cost_ratios(experiment: Experiment, scale: str) -> pd.DataFrame:
    """Supremum and mean of the cost ratio of each row and base, exact beside the closed forms; as
    returned by `cells`."""
    rows = []
    for name in experiment.settings[scale].networks:
        base = base_of(name)
        for row in experiment.rows:
            kind = kind_of(row)
            formula = cost_inflation(base, **kind)
            exact = exact_cost_inflation(base ** np.arange(MEMBERS), **kind)
            numbers = {
                SUPREMUM: exact[0],
                SUPREMUM_FORMULA: formula[0],
                MEAN_COST: exact[1],
                MEAN_COST_BOUND: formula[1],
            }
            where = dict(zip(CELL, ("", name, "", row.method, 0), strict=True))
            rows += [{**where, "cost": cost, "value": value} for cost, value in numbers.items()]
    return pd.DataFrame(rows).astype({"cost": object})


def base_of(name: str) -> float:
    """The base b of a sequence of networks named "b=..."."""
    return float(name.removeprefix("b="))


def kind_of(row) -> dict:
    """The row's arguments of `cost_inflation`."""
    return {"workers": row.workers, "anytime": row.join == "eann"}


def task_errors(experiment: Experiment, scale: str, folder) -> pd.DataFrame:
    """Error of each task, and their mean, of each method and seed; as returned by `cells`.

    Args:
        experiment: the declaration.
        scale: which of its scales.
        folder: of the results, where the benchmark's CSV is.
    """
    settings, path = experiment.settings[scale], pathlib.Path(folder) / SEVERAL_TASKS
    columns = [*CELL, "cost", "value"]
    if not path.exists():
        return pd.DataFrame(columns=columns)
    table = pd.read_csv(path)
    table = table[(table.epochs == settings.fields["epochs"]) & (table.seed < settings.seeds)]
    means = table.groupby(["method", "seed"], as_index=False).error.mean().assign(task=AE)
    (network,), (dataset,) = settings.networks, settings.datasets
    both = pd.concat([table, means]).rename(columns={"task": "cost", "error": "value"})
    return both.assign(dataset=dataset, networks=network, variant="")[columns]


def untrained_answers(experiment: Experiment, scale: str, folder) -> pd.DataFrame:
    """Curves of networks that need not be trained, as returned by `answers`.

    Args:
        experiment: the declaration.
        scale: which of its scales.
        folder: of the results, where the benchmark's CSV is.
    """
    settings, found = experiment.settings[scale], []
    times = _times(folder) if experiment.measure == "milliseconds" else None
    for dataset in settings.datasets:
        for network in settings.networks:
            curve = network_exits(network, None, dataset)
            curve = curve.assign(
                share_of_heads=100 * (curve.macs - curve.macs_alone) / curve.macs,
                fraction=curve.macs / curve.macs.iloc[-1],
                rule="closest",
            )
            if times is not None:
                own = times[(times.model == network) & (times.dataset == dataset)]
                curve = curve.merge(own[["exit", "milliseconds"]], on="exit")
            for row in experiment.rows:
                where = dict(zip(CELL, (dataset, network, "", row.method, 0), strict=True))
                if len(curve):
                    found.append(curve.assign(**where))
    return as_answers(found)


def _times(folder):
    path = pathlib.Path(folder) / WALL_CLOCK
    columns = ["dataset", "model", "exit", "milliseconds"]
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=columns)
