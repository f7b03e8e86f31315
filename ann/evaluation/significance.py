"""Statistics that tell whether a difference is more than chance.

They are the settings won, and means over seeds, with confidence intervals.
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
