"""Measured tables beside the published ones, and whether a claim held."""

import pandas as pd

from experiments.harness import published
from experiments.harness.declaration import AE, Claim, Experiment

# A difference that every seed shows is called held or not; one that the seeds disagree about is
# neither. What a single seed shows may be chance, and is marked.
HELD, NOT_HELD, UNDECIDED, TIE, UNMEASURED = "held", "did not hold", "seeds disagree", "tie", "–"
ONE_SEED = " (one seed)"
VERDICTS = (HELD, HELD + ONE_SEED, NOT_HELD, NOT_HELD + ONE_SEED, UNDECIDED, TIE, UNMEASURED)


def published_table(experiment: Experiment) -> pd.DataFrame:
    """The published numbers in the terms of the declaration.

    Returns:
        DataFrame `dataset`, `networks`, `method`, `cost`, `value`, a row a printed number; empty
        where the paper has no table.
    """
    columns = ["dataset", "networks", "method", "cost", "value"]
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
    joined = any(
        row.join for row in experiment.rows
    )  # then each row is printed of other networks, and compared all the same
    return pd.DataFrame(
        {
            "dataset": printed.dataset,
            "networks": "all" if joined else printed.model,
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
        scale: of it.
        measured: of `measure.table`.

    Returns:
        DataFrame: the experiment's `lines`, `method`, `cost`, `published`, `measured`,
            `difference`, `std`, `seeds`,
        `settings`; all that was printed, and all that was measured.
    """
    by = [*experiment.lines, "method", "cost"]
    stand_ins = experiment.settings[scale].stand_ins
    printed = published_table(experiment).rename(columns={"value": "published"})
    printed = printed[
        printed.method.isin([row.method for row in experiment.rows])
        & printed.cost.isin(experiment.costs)
    ]
    if scale != "paper":  # of the lines that a smaller scale does not run nothing is to be compared
        of_scale = experiment.settings[scale]
        known = {
            "dataset": of_scale.datasets,
            "networks": [*of_scale.networks, *of_scale.stand_ins.values()],
        }
        for line in experiment.lines:
            printed = printed[printed[line].isin(known[line])]
    printed = printed.groupby(by, sort=False).published.mean().reset_index()
    if "networks" in by:  # what stands for a published network is named after both
        names = {original: f"{ours} for {original}" for ours, original in stand_ins.items()}
        printed = printed.assign(networks=printed.networks.replace(names))
        measured = measured.assign(
            networks=measured.networks.map(lambda name: names.get(stand_ins.get(name), name))
        )
    # Costs are numbers and words; a frame that happens to hold numbers alone must meet the others
    # all the same.
    printed, measured = (frame.astype({"cost": object}) for frame in (printed, measured))
    both = printed.merge(measured, on=by, how="outer").astype(
        {"published": float, "measured": float}
    )
    both = both.assign(difference=both.measured - both.published)
    order = {row.method: index for index, row in enumerate(experiment.rows)}
    both = both.assign(
        order=both.method.map(order), column=both.cost.map(list(experiment.costs).index)
    )
    both = both.sort_values([*experiment.lines, "order", "column"]).drop(
        columns=["order", "column"]
    )
    return both[
        [*by, "published", "measured", "difference", "std", "seeds", "settings"]
    ].reset_index(drop=True)


def verdicts(experiment: Experiment, numbers: pd.DataFrame) -> pd.DataFrame:
    """Whether each claim held, seed by seed.

    Args:
        experiment: the declaration.
        numbers: of `measure.cells`.

    Returns:
        DataFrame `claim`, `published`, `measured` (mean over seeds), `lowest`, `highest` (of a
        seed), `seeds`, `verdict`.
    """
    printed = published_table(experiment).assign(seed=0)
    return pd.DataFrame([_verdict(claim, numbers, printed) for claim in experiment.claims])


def _verdict(claim: Claim, numbers, printed):
    paper, ours = _differences(claim, printed).mean(), _differences(claim, numbers)
    row = {
        "claim": claim.text,
        "published": paper,
        "measured": ours.mean(),
        "lowest": ours.min(),
        "highest": ours.max(),
    }
    return {**row, "seeds": len(ours), "verdict": _judge(claim, ours)}


def _differences(claim: Claim, numbers: pd.DataFrame) -> pd.Series:
    """The claim's number for each seed, averaged over the settings that have both cells."""
    values = _cell(numbers, claim.method, claim.cost, claim.where)
    if claim.than is not None:
        than_cost = claim.cost if claim.than_cost is None else claim.than_cost
        elsewhere = claim.than_where is not None
        than = _cell(numbers, claim.than, than_cost, claim.than_where if elsewhere else claim.where)
        if elsewhere:
            values, than = values.groupby("seed").mean(), than.groupby("seed").mean()
        values = values - than
    return values.dropna().groupby("seed").mean()


def _cell(numbers, method, cost, where):
    for column, value in where.items():
        numbers = numbers[numbers[column] == value]
    chosen = numbers[(numbers.method == method) & (numbers.cost == cost)]
    return chosen.set_index(["dataset", "networks", "seed"]).value.astype(float)


def _judge(claim, differences):
    if differences.empty:
        return UNMEASURED
    if claim.direction != "about" and (differences == 0).all():
        return TIE
    if claim.direction == "about":
        agree = differences.abs() < claim.within
    else:
        agree = differences < 0 if claim.direction == "below" else differences > 0
    verdict = HELD if agree.all() else NOT_HELD if not agree.any() else UNDECIDED
    return verdict + ONE_SEED if len(differences) == 1 else verdict
