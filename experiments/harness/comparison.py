"""Measured tables beside the published ones."""

import pandas as pd

from experiments.harness import published
from experiments.harness.answers import SETTING
from experiments.harness.declaration import AE, Experiment


def published_table(experiment: Experiment) -> pd.DataFrame:
    """The published numbers in the terms of the declaration.

    Returns:
        DataFrame `dataset`, `networks`, `variant`, `method`, `cost`, `value`, one row per printed
        number; empty where the paper has no table.
    """
    columns = [*SETTING, "method", "cost", "value"]
    if experiment.published is None:
        return pd.DataFrame(columns=columns)
    printed = published.read(experiment.published)
    printed = printed[printed.status == "printed"]
    for column, values in experiment.published_where.items():
        printed = printed[printed[column].isin(values)]
    ae = printed.measure.isin(["average_error", "settings_won_average_error"])
    printed = printed[ae | (printed.measure == experiment.measure)]
    ours = {name: method for method, name in experiment.published_methods.items()}
    label = printed[experiment.published_by]
    if experiment.published_by != "method":
        label = label.map(lambda value: f"{experiment.published_by}={value:g}")
    # Joined rows are printed of different networks, and are compared all the same.
    joined = any(row.join for row in experiment.rows)
    return pd.DataFrame(
        {
            "dataset": printed.dataset,
            "networks": "all" if joined else printed.model,
            "variant": "",
            "method": label.replace(ours),
            "cost": printed.cost.astype(object).where(~ae, AE),
            "value": printed.value,
        }
    )[columns]


def side_by_side(experiment: Experiment, scale: str, measured: pd.DataFrame) -> pd.DataFrame:
    """The measured table with the published number and the difference in each row; a missing one is
    NaN.

    Args:
        experiment: the declaration.
        scale: which of its scales.
        measured: as returned by `cells.table`.

    Returns:
        DataFrame: the experiment's `lines`, `method`, `cost`, `published`, `measured`,
            `difference`, `std`, `seeds`, `settings`, `of_settings` (how many there should be); all
            that was printed, and all that was measured.
    """
    by = [*experiment.lines, "method", "cost"]
    printed, measured = _printed(experiment, scale), measured
    if "networks" in by:  # what stands for a published network is named after both
        replaces = experiment.settings[scale].replaces
        names = {original: f"{ours} for {original}" for ours, original in replaces.items()}
        printed = printed.assign(networks=printed.networks.replace(names))
        measured = measured.assign(
            networks=measured.networks.map(lambda name: names.get(replaces.get(name), name))
        )
    # Costs are numbers and words; a frame that happens to hold numbers alone must meet the others
    # all the same.
    printed, measured = (frame.astype({"cost": object}) for frame in (printed, measured))
    both = printed.merge(measured, on=by, how="outer").astype(
        {"published": float, "measured": float}
    )
    both = both.assign(
        difference=both.measured - both.published,
        of_settings=_settings_of_a_cell(experiment, scale),
    )
    return _in_order(experiment, both)[
        [*by, "published", "measured", "difference", "std", "seeds", "settings", "of_settings"]
    ]


def _printed(experiment, scale):
    """The published numbers of the rows, columns and lines that this scale has."""
    by = [*experiment.lines, "method", "cost"]
    printed = published_table(experiment).rename(columns={"value": "published"})
    printed = printed[
        printed.method.isin([row.method for row in experiment.rows])
        & printed.cost.isin(experiment.costs)
    ]
    if scale != "paper":
        of_scale = experiment.settings[scale]
        known = {
            "dataset": of_scale.datasets,
            "networks": [*of_scale.networks, *of_scale.replaces.values()],
        }
        for line in experiment.lines:
            printed = printed[printed[line].isin(known[line])]
    return printed.groupby(by, sort=False).published.mean().reset_index()


def _settings_of_a_cell(experiment, scale) -> int:
    """How many settings are averaged in one cell of the table."""
    settings = experiment.settings[scale]
    lines = {"dataset": len(settings.datasets), "networks": len(settings.networks)}
    count = settings.count
    for line in experiment.lines:
        count //= lines[line]
    return count


def _in_order(experiment, both):
    order = {row.method: index for index, row in enumerate(experiment.rows)}
    both = both.assign(
        order=both.method.map(order), column=both.cost.map(list(experiment.costs).index)
    )
    return both.sort_values([*experiment.lines, "order", "column"]).reset_index(drop=True)
