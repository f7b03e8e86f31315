"""Statistics that tell whether a difference is more than chance.

They are the settings won, with Hoeffding's bound, and means over seeds, with confidence intervals.
"""

import numpy as np
import pandas as pd
from scipy import stats


def won(errors, others):
    """Returns 1 where an error is smaller than the other, 0 where it is larger, and 1/2 for a tie.

    002's printed percentages only make sense if a tie counts 1/2.

    Args:
        errors, others: arrays or Series of the same shape, in percent.

    Example:
        >>> evaluation.won(np.array([10.0, 20.0, 30.0]), np.array([20.0, 20.0, 20.0])).tolist()
        [1.0, 0.5, 0.0]
    """
    return np.sign(others - errors) / 2 + 0.5


def settings_won(errors: pd.DataFrame, against: str, by: str = "fraction") -> pd.DataFrame:
    """Counts the settings in which a method's error is smaller than another method's.

    002 Tables 2a and 5 print such counts. A tie counts half (see `won`). A setting that lacks one
    of the two errors is left out.

    Args:
        errors: as returned by `milestone_errors`, or any DataFrame indexed by settings with one
            column per method.
        against: column to compare with.
        by: level of the index to keep. The count is over all the others.

    Returns:
        DataFrame indexed by `by` and method, with the columns `won` (percent), `settings`, `bound`
        (`hoeffding_bound`), and `bound_as_printed` (`printed_hoeffding_bound`).
    """
    rows = {}
    for key, group in errors.groupby(level=by):
        for method in errors.columns.drop(against):
            pair = group[[method, against]].dropna()
            share = np.mean(won(pair[method], pair[against])) if len(pair) else np.nan
            rows[key, method] = {
                "won": 100 * share,
                "settings": len(pair),
                "bound": hoeffding_bound(share, len(pair)),
                "bound_as_printed": printed_hoeffding_bound(share, len(pair)),
            }
    return (
        pd.DataFrame.from_dict(rows, orient="index")
        .rename_axis([by, "method"])
        .astype({"settings": int})
    )


def hoeffding_bound(share: float, settings: int) -> float:
    """Bounds the probability that a method wins so many settings by chance.

    More precisely, this is an upper bound of the probability that a method that is no better than
    another wins at least this share of N independent settings. Hoeffding's inequality for a mean of
    values in [0, 1] whose expectation is at most 1/2 gives exp(-2 N (share - 1/2)^2).

    Args:
        share: share of the settings won, in [0, 1].
        settings: number of settings, N.

    Example:
        The bound is exp(-1).

        >>> round(hoeffding_bound(0.75, 8), 4)
        0.3679
    """
    return float(np.exp(-2 * settings * np.maximum(share - 0.5, 0) ** 2))


def printed_hoeffding_bound(share: float, settings: int) -> float:
    """Returns the bound as 002 prints it (note 4): exp(-2 N (2 share - 1)^2).

    Use it only to compare with 002. It contains the relative excess over 1/2, whereas Hoeffding's
    inequality contains the absolute excess. It is therefore the fourth power of `hoeffding_bound`.
    The arguments are those of `hoeffding_bound`.

    Example:
        002 says that the bound is at most 0.001 from 0.65 on.

        >>> round(printed_hoeffding_bound(0.65, 39), 5)
        0.00089
    """
    return hoeffding_bound(share, settings) ** 4


def seed_means(
    results: pd.DataFrame, by, value: str = "error_top1", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Returns the mean over seeds with its confidence interval (Student's t, unknown variance).

    Args:
        results: DataFrame with one row per seed and the columns `by` and `value`.
        by: columns that identify what to average.
        value: column to average.
        confidence: confidence of the interval, in (0, 1).

    Returns:
        DataFrame indexed by `by`, with the columns `mean`, `std` (of one seed), `seeds` (how many),
        and `half_width`. The interval is mean +- half_width. It is NaN for a single seed, which
        says nothing about the spread.

    Raises:
        ValueError: `confidence` is out of range.

    Example:
        The standard error is 2, and t(0.975, 1) = 12.706.

        >>> runs = pd.DataFrame({"model": ["a", "a"], "error_top1": [58.0, 62.0]})
        >>> seed_means(runs, ["model"]).half_width.round(2).tolist()
        [25.41]
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be in (0, 1). Received: confidence={confidence}")
    means = results.groupby(by)[value].agg(mean="mean", std="std", seeds="count")
    quantile = stats.t.ppf((1 + confidence) / 2, np.maximum(means.seeds - 1, 1))
    return means.assign(half_width=quantile * means["std"] / np.sqrt(means.seeds))
