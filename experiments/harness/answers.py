"""From finished runs to the curve of each row: what a network, or several joined ones, answers at
which cost."""

import pandas as pd

from ann import ensembles, evaluation
from experiments.harness.declaration import Experiment, Row
from experiments.harness.network_costs import network_exits
from experiments.harness.plan import PlannedRun

SETTING = ["dataset", "networks", "variant"]
CELL = [*SETTING, "method", "seed"]
NUMBERS = [
    "exit",
    "macs",
    "fraction",
    "rule",
    "error_top1",
    "training_loss",
    "weight",
    "probability",
    "milliseconds",
    "share_of_heads",
]
COLUMNS = CELL + NUMBERS


def answers(experiment: Experiment, runs: list[PlannedRun], exits: pd.DataFrame) -> pd.DataFrame:
    """Curve of each row, in each setting and for each seed of which all runs are finished.

    Args:
        experiment: the declaration.
        runs: its plan.
        exits: as returned by `RunStore.exits`.

    Returns:
        DataFrame with the columns `COLUMNS`: where it stands, `exit`, `macs`, `fraction` (of what
        the milestones are fractions of), `rule` (of `ann.milestones`, by which it is read), and
        what was measured; NaN is what a row does not have.
    """
    rows = {row.method: row for row in experiment.rows}
    places, found = exits.groupby("run").indices, []
    curve_of = lambda name: exits.iloc[places[name]] if name in places else None
    for cell, group in by_cell(runs).items():
        row = rows[cell[CELL.index("method")]]
        curve = _curve(row, group, curve_of)
        if curve is not None:
            where = dict(zip(CELL, cell, strict=True))
            found.append(in_fractions(experiment, row, curve, group[0]).assign(**where))
    return as_answers(found)


def as_answers(found) -> pd.DataFrame:
    """Curves under each other, with all columns, also those of which no row has a number."""
    empty = pd.DataFrame(columns=CELL)
    return pd.concat([empty, *found]).reindex(columns=COLUMNS).reset_index(drop=True)


def by_cell(runs: list[PlannedRun]) -> dict[tuple, list[PlannedRun]]:
    """The runs of each cell, by `CELL`."""
    cells = {}
    for run in runs:
        cells.setdefault(run.cell, []).append(run)
    return cells


def linear_ensemble_name(group: list[PlannedRun]) -> str:
    """Under which name the store keeps the curve of a linear ensemble."""
    return "linear_ensemble:" + "+".join(run.name for run in group)


def on_test_images_name(run: PlannedRun) -> str:
    """Under which name the store keeps the test errors of a run that held images out."""
    return f"test:{run.name}"


def _curve(row: Row, group: list[PlannedRun], curve_of):
    """One row's curve from those of its runs; None if one is missing."""
    if row.join == "linear_ensemble":
        return curve_of(linear_ensemble_name(group))
    of_runs = [curve_of(run.name) for run in group]
    if any(curve is None for curve in of_runs):
        return None
    if row.join == "eann":
        return _eann(row, group, of_runs, curve_of)
    if row.join == "plain_sequence":
        last_only = [[False] * int(curve.exit.iloc[-1]) + [True] for curve in of_runs]
        return eann_curve(of_runs, last_only)
    if not row.is_opt:
        return of_runs[0]
    opt = {}
    for run, curve in zip(group, of_runs, strict=True):
        opt.setdefault(run.member, {})[run.exit] = curve
    opt = [evaluation.opt_curve(of_member) for of_member in opt.values()]
    return evaluation.opt_plus(opt) if row.join == "opt_plus" else opt[0]


def _eann(row, group, of_runs, curve_of):
    """The EANN of these members; None if one is not measured on the test images."""
    if row.selection == "depth":
        selection = ensembles.select_deeper([_network(run).depth.tolist() for run in group])
        return eann_curve(of_runs, selection, workers=row.workers)
    on_test = [curve_of(on_test_images_name(run)) for run in group]
    if any(curve is None for curve in on_test):
        return None
    held_out = [curve.error_top1.tolist() for curve in of_runs]
    selection = ensembles.select_by_validation(held_out)
    return eann_curve(on_test, selection, workers=row.workers)


def eann_curve(curves, selection, *, workers: int = 1) -> pd.DataFrame:
    """Error against elapsed MACs of a sequence of networks, on equally fast workers.

    Args:
        curves: anytime curves of the members, shallow to deep.
        selection: which of their exits answer (`ensembles.select_deeper`, `select_by_validation`).
        workers: members that run at the same time.

    Returns:
        DataFrame `macs`, `error_top1`, one row per answer.
    """
    timed = ensembles.fifo_answers([curve.macs.tolist() for curve in curves], selection, workers)
    errors = [
        curves[member].error_top1.tolist()[k]
        for member, k in zip(timed.member, timed.exit, strict=True)
    ]
    return pd.DataFrame({"macs": timed.cost, "error_top1": errors})


def _network(run: PlannedRun):
    return network_exits(run.config.model.model, run.config.model.s, run.dataset)


def in_fractions(experiment: Experiment, row: Row, curve, run: PlannedRun) -> pd.DataFrame:
    """The curve with the columns `fraction` and `rule`: where its exits are, and how it is read."""
    networks = run.networks.split("+")
    whole = None if experiment.of_network is None else networks[experiment.of_network]
    rule = row.rule or experiment.rule
    if row.is_opt and not row.join and whole in (None, run.config.model.model):
        rule = "closest_unit"  # the exits that OPT was trained for
    if row.join or rule in ("latest", "closest"):
        last = curve.macs if whole is None else network_exits(whole, None, run.dataset).macs
        return curve.assign(fraction=curve.macs / last.iloc[-1], rule=rule)
    network = _network(run)
    if rule == "closest_unit":
        return curve.assign(fraction=(curve.exit + 1) / len(network), rule="closest")
    layers = network.depth.to_numpy()[curve.exit.astype(int)]
    of_layers = {"closest_layer": "closest"}
    return curve.assign(fraction=layers / network.depth.iloc[-1], rule=of_layers.get(rule, rule))
