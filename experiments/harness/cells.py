"""From the curves of the rows to the cells of a table."""

import numpy as np
import pandas as pd

from ann import evaluation
from ann.milestones import read_at
from experiments.harness.answers import CELL, SETTING
from experiments.harness.declaration import AE, EXITS, SPREAD, TIMELINESS, Experiment

# What is read of an exit; the other measures read its error.
_COLUMNS = {"training_loss_increase": "training_loss"} | {
    name: name
    for name in ("training_loss", "weight", "probability", "milliseconds", "share_of_heads")
}


def cells(experiment: Experiment, found: pd.DataFrame) -> pd.DataFrame:
    """The numbers of each row, setting and seed, at every cost that the table or a claim speaks of.

    Args:
        experiment: the declaration.
        found: as returned by `answers`.

    Returns:
        DataFrame `dataset`, `networks`, `variant`, `method`, `seed`, `cost` (a fraction, or one of
        the words of the declaration), `value`.
    """
    found = found.assign(value=found[_COLUMNS.get(experiment.measure, "error_top1")].astype(float))
    if experiment.measure == "training_loss_increase":
        found = _increases(experiment, found)
    if experiment.measure == "cost_to_reach":
        return _costs_to_reach(experiment, found)
    costs, tables = _costs(experiment), []
    opt = {row.method for row in experiment.rows if row.is_opt}
    for cell, curve in found.groupby(CELL):
        numbers = read(curve, costs, everywhere=cell[CELL.index("method")] not in opt)
        tables.append(_rows(cell, numbers))
    return _compared(experiment, _joined(tables))


def _costs(experiment) -> list:
    """All places on a curve that the table or a claim speaks of, in the order of the table."""
    costs = dict.fromkeys(experiment.costs)
    for claim in experiment.claims:
        costs |= dict.fromkeys(
            [claim.cost, claim.cost if claim.than_cost is None else claim.than_cost]
        )
    return list(costs)


def read(curve: pd.DataFrame, costs, *, everywhere: bool = True) -> dict:
    """The values of one curve at some costs.

    Args:
        curve: `fraction`, `rule`, `value`, `macs`, shallow to deep.
        costs: fractions and words.
        everywhere: whether it has all exits; OPT is often trained for a few only, and then has no
            mean over them.
    """
    fractions = [cost for cost in costs if not isinstance(cost, str)]
    rule = curve["rule"].iloc[0]
    numbers = dict(
        zip(fractions, read_at(curve.fraction, curve.value, rule, fractions), strict=True)
    )
    everywhere = everywhere or (curve.fraction.max() > 0 and _has_all_exits(curve))
    for cost in set(costs) - set(fractions):
        if cost in EXITS:
            index = EXITS[cost]
            has_it = cost == "end" or (everywhere and -len(curve) <= index < len(curve))
            numbers[cost] = curve.value.iloc[index] if has_it else np.nan
        elif cost == AE:
            numbers[cost] = curve.value.mean() if everywhere else np.nan
        elif cost == SPREAD:
            numbers[cost] = curve.value.max() - curve.value.min()
        elif cost == TIMELINESS:
            of_own = curve.assign(fraction=curve.macs / curve.macs.iloc[-1])
            numbers[cost] = evaluation.timeliness(of_own) if everywhere else np.nan
    return numbers


def _has_all_exits(curve):
    exits = curve.exit.astype(float)
    return exits.notna().all() and len(exits) == exits.iloc[-1] + 1


def _rows(cell, numbers):
    frame = pd.DataFrame({"cost": list(numbers), "value": list(numbers.values())}, dtype=object)
    return frame.assign(**dict(zip(CELL, cell, strict=True)))


def _joined(tables):
    empty = pd.DataFrame(columns=[*CELL, "cost", "value"])
    return pd.concat([empty, *tables], ignore_index=True).astype({"value": float})


def _increases(experiment, found):
    """Each exit's value over that of the same exit of the row to compare with, in percent."""
    at = [*SETTING, "seed", "exit"]
    reference = found[found.method == experiment.against][[*at, "value"]]
    joined = found.merge(reference.rename(columns={"value": "reference"}), on=at)
    return joined.assign(value=evaluation.relative_increase(joined.value, joined.reference))


def _costs_to_reach(experiment, found):
    """The cost at which each row first has the error that the row to compare with has at a
    fraction of its own cost, in units of that cost.

    Where a network never reaches it, the cost of the whole network stands: it costs more.
    """
    tables, costs = [], _costs(experiment)
    for where, group in found.groupby([*SETTING, "seed"]):
        curves = dict(list(group.groupby("method")))
        reference = curves.get(experiment.against)
        if reference is None:
            continue
        wanted = read(reference, costs)
        for method, curve in curves.items():
            reached = evaluation.cost_to_reach(curve, list(wanted.values()))
            reached = np.where(np.isnan(reached), curve.macs.iloc[-1], reached)
            missing = np.isnan(list(wanted.values()))
            relative = np.where(missing, np.nan, reached / reference.macs.iloc[-1])
            cell = (*where[:-1], method, where[-1])
            tables.append(_rows(cell, dict(zip(wanted, relative, strict=True))))
    return _joined(tables)


def _compared(experiment, table):
    """The numbers over those of the row to compare with, in the same setting and of the same
    seed."""
    against = {row.method: row.against or experiment.against for row in experiment.rows}
    if experiment.measure not in ("relative_increase", "settings_won"):
        return table
    table = table.assign(against=table.method.map(against))
    reference = table.drop(columns="against").rename(
        columns={"method": "against", "value": "reference"}
    )
    on = [*SETTING, "seed", "against", "cost"]
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
    """The table: mean over settings and seeds, one row per line and cost.

    Args:
        experiment: the declaration.
        numbers: as returned by `cells`.

    Returns:
        DataFrame: the experiment's `lines`, `method`, `cost`, `measured` (mean), `std` (over seeds
            of the mean over settings), `seeds`, `settings`; only the costs that the experiment
            shows.
    """
    by = [*experiment.lines, "method", "cost"]
    shown = numbers[numbers.cost.isin(experiment.costs)].dropna(subset="value")
    shown = shown.assign(setting=shown[SETTING].agg(" ".join, axis=1) if len(shown) else "")
    of_seed = shown.groupby([*by, "seed"], sort=False).value.mean().reset_index()
    means = of_seed.groupby(by, sort=False).value.agg(measured="mean", std="std", seeds="count")
    return means.assign(settings=shown.groupby(by, sort=False).setting.nunique()).reset_index()
