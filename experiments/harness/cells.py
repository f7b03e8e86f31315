"""From finished runs to the cells of a table."""

import numpy as np
import pandas as pd

from ann import ensembles, evaluation
from ann.runs.identity import run_name
from experiments.harness.declaration import AE, END, Experiment, Row
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import PlannedRun

CELL = ["dataset", "networks", "method", "seed"]
_NUMBERS = [
    "exit",
    "macs",
    "fraction",
    "error_top1",
    "training_loss",
    "weight",
    "probability",
    "milliseconds",
]
COLUMNS = CELL + _NUMBERS
# What is read of an exit; the other measures read its error.
_COLUMNS = {"training_loss_increase": "training_loss"} | {
    name: name for name in ("weight", "probability", "milliseconds")
}


def answers(experiment: Experiment, runs: list[PlannedRun], exits: pd.DataFrame) -> pd.DataFrame:
    """Curve of each row, in each setting and for each seed of which all runs are finished.

    Args:
        experiment: the declaration.
        runs: its plan.
        exits: of `RunStore.exits`.

    Returns:
        DataFrame `dataset`, `networks`, `method`, `seed`, `exit`, `macs`, `fraction` (of the cost
        that the milestones are fractions of), `error_top1`, `training_loss`, `weight`,
        `probability`, `milliseconds`; what a row has not is NaN.
    """
    rows = {row.method: row for row in experiment.rows}
    curves = dict(list(exits.groupby("run")))
    found = []
    for cell, group in by_cell(runs).items():
        dataset, networks, method, _ = cell
        if experiment.measure == "milliseconds":
            curve = curves.get(wall_clock_name(networks, dataset))
        else:
            curve = _curve(rows[method], group, curves)
        if curve is not None:
            curve = curve.assign(**dict(zip(CELL, cell, strict=True)))
            found.append(curve.assign(fraction=_fraction(experiment, curve, networks, dataset)))
    # A reindexed frame has all columns, also those of which no row has a number.
    return (
        pd.concat([pd.DataFrame(columns=CELL), *found])
        .reindex(columns=COLUMNS)
        .reset_index(drop=True)
    )


def by_cell(runs: list[PlannedRun]) -> dict[tuple, list[PlannedRun]]:
    """The runs of each `(dataset, networks, method, seed)`."""
    cells = {}
    for run in runs:
        cells.setdefault((run.dataset, run.networks, run.method, run.seed), []).append(run)
    return cells


def linear_ensemble_name(group: list[PlannedRun]) -> str:
    """Under which name the store keeps the curve of a linear ensemble."""
    return "linear_ensemble:" + "+".join(run_name(run.config) for run in group)


def wall_clock_name(network: str, dataset: str) -> str:
    """Under which name the store keeps the times of a network."""
    return f"wall_clock:{dataset}-{network}"


def _curve(row: Row, group: list[PlannedRun], curves):
    """One row's curve from those of its runs; None if one is missing."""
    if row.join == "linear_ensemble":
        return curves.get(linear_ensemble_name(group))
    if any(run_name(run.config) not in curves for run in group):
        return None
    of_runs = [_in_units(run, curves[run_name(run.config)]) for run in group]
    if row.join == "eann":
        selection = ensembles.select_deeper([_network(run).depth.tolist() for run in group])
        return eann_curve(of_runs, selection, workers=row.workers).assign(
            macs=lambda curve: curve.macs / row.inflation
        )
    if not row.is_opt:
        return of_runs[0]
    opt = {}
    for run, curve in zip(group, of_runs, strict=True):
        opt.setdefault(run.member, {})[run.exit] = curve
    opt = [evaluation.opt_curve(of_member) for of_member in opt.values()]
    return evaluation.opt_plus(opt) if row.join == "opt_plus" else opt[0]


def _in_units(run: PlannedRun, curve):
    """With the share of the network's exits, whether or not it was trained beyond the last of the curve."""
    return curve.assign(units=(curve.exit + 1) / len(_network(run)))


def _network(run: PlannedRun):
    return network_exits(run.config.model.model, run.config.model.s, run.dataset)


def eann_curve(curves, selection, *, workers: int = 1) -> pd.DataFrame:
    """Error against elapsed MACs of the EANN of these networks, on equally fast workers.

    Args:
        curves: anytime curves of the members, shallow to deep.
        selection: which of their exits answer (`ensembles.select_deeper`, `select_by_validation`).
        workers: members that run at the same time.

    Returns:
        DataFrame `macs`, `error_top1`, a row an answer.
    """
    timed = ensembles.fifo_answers([curve.macs.tolist() for curve in curves], selection, workers)
    errors = [
        curves[member].error_top1.tolist()[k]
        for member, k in zip(timed.member, timed.exit, strict=True)
    ]
    return pd.DataFrame({"macs": timed.cost, "error_top1": errors})


def _fraction(experiment, curve, networks, dataset):
    if experiment.rule == "closest_unit":
        return curve.units
    if experiment.of_network is None:
        return curve.macs / curve.macs.iloc[-1]
    network = networks.split("+")[experiment.of_network]
    return curve.macs / network_exits(network, None, dataset).macs.iloc[-1]


def cells(experiment: Experiment, found: pd.DataFrame) -> pd.DataFrame:
    """The numbers of each row, setting and seed at the milestones, at the end, and averaged over
    exits.

    Args:
        experiment: the declaration.
        found: of `answers`.

    Returns:
        DataFrame `dataset`, `networks`, `method`, `seed`, `cost` (fraction, "end" or "AE"),
        `value`.
    """
    opt = {row.method for row in experiment.rows if row.is_opt and not row.every_exit}
    column = _COLUMNS.get(experiment.measure, "error_top1")
    tables = []
    for cell, curve in found.groupby(CELL):
        values = curve[["fraction"]].assign(error_top1=curve[column])
        at = evaluation.milestones(values, "latest" if experiment.rule == "latest" else "closest")
        mean = np.nan if cell[2] in opt else curve[column].mean()
        numbers = {**at.to_dict(), END: curve[column].iloc[-1], AE: mean}
        row = pd.DataFrame({"cost": numbers.keys(), "value": numbers.values()}, dtype=object)
        tables.append(row.assign(**dict(zip(CELL, cell, strict=True))))
    table = pd.concat([pd.DataFrame(columns=[*CELL, "cost", "value"]), *tables], ignore_index=True)
    return _compared(experiment, table.astype({"value": float}))


def _compared(experiment, table):
    """The numbers beside those of the row to compare with, in the same setting and of the same seed."""
    against = {row.method: row.against or experiment.against for row in experiment.rows}
    if not any(against.values()):
        return table
    table = table.assign(against=table.method.map(against))
    reference = table.drop(columns="against").rename(
        columns={"method": "against", "value": "reference"}
    )
    on = ["dataset", "networks", "seed", "against", "cost"]
    if experiment.against_cost is not None:
        reference = reference[reference.cost == experiment.against_cost].drop(columns="cost")
        on.remove("cost")
    joined = table.merge(reference, on=on)
    if experiment.measure == "settings_won":
        values = 100 * evaluation.won(joined.value, joined.reference)
    else:
        values = evaluation.relative_increase(joined.value, joined.reference)
    return joined.assign(value=values)[[*CELL, "cost", "value"]]


def table(experiment: Experiment, numbers: pd.DataFrame) -> pd.DataFrame:
    """The table: mean over settings and seeds, a row a line and cost.

    Args:
        experiment: the declaration.
        numbers: of `cells`.

    Returns:
        DataFrame: the experiment's `lines`, `method`, `cost`, `measured` (mean), `std` (over seeds
            of the mean over settings),
        `seeds`, `settings`; only the costs that the experiment shows.
    """
    by = [*experiment.lines, "method", "cost"]
    shown = numbers[numbers.cost.isin(experiment.costs)].assign(
        setting=numbers.dataset + " " + numbers.networks
    )
    of_seed = shown.groupby([*by, "seed"], sort=False).value.mean().reset_index()
    means = of_seed.groupby(by, sort=False).value.agg(measured="mean", std="std", seeds="count")
    return means.assign(settings=shown.groupby(by, sort=False).setting.nunique()).reset_index()
