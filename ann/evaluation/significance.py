"""Is a difference more than chance? Settings won with Hoeffding's bound, means over seeds with their confidence."""

import numpy as np
import pandas as pd
from scipy import stats


def won(errors, others):
    """1 where an error is below the other, 0 where it is above, 1/2 at a tie, as it must be in
    002's printed percentages.

    Args:
        errors, others: arrays or Series of one shape, percent.

    Example:
        >>> evaluation.won(np.array([10.0, 20.0, 30.0]), np.array([20.0, 20.0, 20.0])).tolist()
        [1.0, 0.5, 0.0]
    """
    return np.sign(others - errors) / 2 + 0.5


def settings_won(errors: pd.DataFrame, against: str, by: str = "fraction") -> pd.DataFrame:
    """In how many of the settings each method errs less than another, as in 002 Tables 2a and 5.

    A tie counts half (`won`). Settings without one of the two numbers are left out.

    Args:
        errors: of `milestone_errors`, or any frame indexed by settings with a column a method.
        against: column to compare with.
        by: level of the index that is kept.

    Returns:
        DataFrame indexed by `by` and method: `won` (percent), `settings`, `bound`
        (`hoeffding_bound`) and `bound_as_printed` (`printed_hoeffding_bound`).
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
    """Largest probability that a method no better than another wins at least this share of
    independent settings.

    Hoeffding's inequality for a mean of values in [0, 1] whose expectation is at most 1/2: exp(-2 N
    (share - 1/2)^2).

    Example:
        >>> round(hoeffding_bound(0.75, 8), 4)  # exp(-1)
        0.3679
    """
    return float(np.exp(-2 * settings * np.maximum(share - 0.5, 0) ** 2))


def printed_hoeffding_bound(share: float, settings: int) -> float:
    """The bound as 002 prints it (note 4), for comparison with 002 only: exp(-2 N (2 share - 1)^2).

    It has the relative excess over 1/2 where Hoeffding's inequality has the absolute one, and so is
    the fourth power of `hoeffding_bound`.

    Example:
        >>> round(printed_hoeffding_bound(0.65, 39), 5)  # 002: at most 0.001 from 0.65 on
        0.00089
    """
    return hoeffding_bound(share, settings) ** 4


def seed_means(
    results: pd.DataFrame, by, value: str = "error_top1", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean over seeds with its confidence interval (Student's t, unknown variance).

    Args:
        results: a row a seed, with the columns `by` and `value`.
        by: columns that tell apart what is averaged.
        value: column to average.
        confidence: of the interval, in (0, 1).

    Returns:
        DataFrame indexed by `by`: `mean`, `std` (of a seed), `seeds`, `half_width`: the interval is
        mean +- half_width; NaN for one seed, which says nothing about the spread.

    Raises:
        ValueError: confidence out of range.

    Example:
        >>> runs = pd.DataFrame({"model": ["a", "a"], "error_top1": [58.0, 62.0]})
        >>> seed_means(runs, ["model"]).half_width.round(2).tolist()  # t(0.975, 1) = 12.706, standard error 2
        [25.41]
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1). Received: confidence={confidence}")
    means = results.groupby(by)[value].agg(mean="mean", std="std", seeds="count")
    quantile = stats.t.ppf((1 + confidence) / 2, np.maximum(means.seeds - 1, 1))
    return means.assign(half_width=quantile * means["std"] / np.sqrt(means.seeds))
