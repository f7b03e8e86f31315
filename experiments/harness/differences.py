"""The number that a claim speaks of, in each setting and for each seed."""

import pandas as pd

from experiments.harness.answers import SETTING
from experiments.harness.declaration import Claim

Cells = dict[tuple, pd.Series]
_EMPTY = pd.Series(
    dtype=float, index=pd.MultiIndex.from_tuples([], names=[*SETTING, "seed"]), name="value"
)


def differences(claim: Claim, numbers: Cells, replaces, *, control=False) -> pd.Series:
    """The claim's number of each setting and seed that have both cells; where the two cells are in
    different settings, of each seed.

    Args:
        claim: the claim.
        numbers: as returned by `by_method_and_cost`.
        replaces: from the networks that stand for published ones to those.
        control: whether the control takes the place of `than`.
    """
    names = {original: ours for ours, original in replaces.items()}
    values = _cell(numbers, claim.method, claim.cost, claim.where, names)
    if claim.than is not None:
        than_cost = claim.cost if claim.than_cost is None else claim.than_cost
        elsewhere = claim.than_where is not None
        where = claim.than_where if elsewhere else claim.where
        than = _cell(numbers, claim.control if control else claim.than, than_cost, where, names)
        if values.empty or than.empty:
            return _EMPTY
        if elsewhere:
            values, than = _over_settings(values), _over_settings(than)
        values = values - than
    return values.dropna()


def by_method_and_cost(numbers: pd.DataFrame) -> Cells:
    """Cells by `(method, cost)`, each a Series over settings and seeds."""
    values = numbers.set_index([*SETTING, "seed"]).value.astype(float)
    of_cells = numbers.groupby(["method", "cost"], sort=False).indices
    return {key: values.iloc[rows] for key, rows in of_cells.items()}


def _cell(numbers: Cells, method, cost, where, names):
    found = numbers.get((method, cost), _EMPTY)
    for column, value in where.items():
        found = found[found.index.get_level_values(column) == names.get(value, value)]
    return found


def _over_settings(values):
    means = values.groupby("seed").mean()
    index = pd.MultiIndex.from_tuples(
        [("all", "all", "", seed) for seed in means.index], names=[*SETTING, "seed"]
    )
    return pd.Series(means.to_numpy(), index=index)
