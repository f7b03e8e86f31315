"""How much more a network errs, or costs, than another: the papers' relative comparisons."""

import numpy as np
import pandas as pd

from ann.evaluation.curve import milestones


def milestone_errors(
    results: pd.DataFrame, by, *, method: str, rule: str = "interpolate"
) -> pd.DataFrame:
    """Errors at the milestones of many curves, a column a method: what the other functions here
    compare.

    Args:
        results: curves under each other, as `experiments.collect` joins them: `fraction`,
            `error_top1` and the columns below.
        by: columns that tell settings apart, such as `["dataset", "model"]`. Several curves of one
            setting and method, as of several seeds, are averaged.
        method: column that tells apart what is compared, such as `"weighting"`.
        rule: as in `milestones`.

    Returns:
        DataFrame of errors in percent, indexed by `by` and `fraction`, a column for each method.
    """
    # Curves of one setting and method share their fractions, so the mean of the curves has the mean
    # of the errors.
    means = results.groupby([*by, method, "fraction"], as_index=False).error_top1.mean()
    errors = {key: milestones(curve, rule) for key, curve in means.groupby([*by, method])}
    return pd.concat(errors, names=[*by, method]).unstack(method)


def relative_increase(errors, reference):
    """Increase over a reference in percent: 100 (e - reference) / reference.

    Args:
        errors: DataFrame with a column a method and a row a setting; or an array, Series or number.
        reference: the name of a column; or what `errors` is divided by.

    Example:
        >>> relative_increase(pd.DataFrame({"opt": [10.0, 4.0], "const": [12.0, 5.0]}), "opt").const.tolist()
        [20.0, 25.0]
    """
    if isinstance(reference, str):
        return errors.sub(errors[reference], axis=0).div(errors[reference], axis=0) * 100
    return 100 * (errors - reference) / reference


def average_increase(errors: pd.DataFrame, reference: str, by: str = "fraction") -> pd.DataFrame:
    """Relative increase averaged over the settings (models and data sets), as in 001 Table 1 and
    002 Table 2b.

    Args:
        errors: of `milestone_errors`, or any frame indexed by settings with a column a method.
        reference: column to compare with, such as "opt".
        by: level of the index that is kept.

    Returns:
        DataFrame indexed by `by` and method: `increase` (percent), `settings` (how many had both
        numbers).
    """
    increases = (
        relative_increase(errors, reference).drop(columns=reference).rename_axis(columns="method")
    )
    rows = increases.melt(ignore_index=False).reset_index()
    return rows.groupby([by, "method"]).value.agg(increase="mean", settings="count")


def pivoted(curve: pd.DataFrame, pivot: pd.DataFrame) -> pd.DataFrame:
    """A curve seen from the last answer of another network (001 Fig. 5, note 5).

    Args:
        curve: of `anytime_curve`, at least `macs` and `error_top1`.
        pivot: curve of the network whose final cost and error are the origin; in the papers the one
            trained with AdaLoss.

    Returns:
        DataFrame `relative_cost` (1: the pivot's final cost) and `relative_error` (percent above
        its final error).

    Example:
        >>> small = pd.DataFrame({"macs": [50, 100], "error_top1": [30.0, 10.0]})
        >>> pivoted(small, small).relative_error.tolist()  # half the computation: 200 % extra errors
        [200.0, 0.0]
    """
    final = pivot.iloc[-1]
    return pd.DataFrame(
        {
            "relative_cost": curve.macs / final.macs,
            "relative_error": relative_increase(curve.error_top1, final.error_top1),
        }
    )


def small_against_large(pairs, relative_costs) -> dict[str, pd.DataFrame]:
    """Small networks trained one way against larger ones trained another, averaged over pairs (001
    Fig. 5a-e).

    Both curves of a pair are seen from the small network's last answer. Between exits errors are
    interpolated, so that networks with exits in different places can be averaged.

    Args:
        pairs: `(small, large)` curves of `anytime_curve`; in the papers AdaLoss and CONST, which
            costs about twice as much.
        relative_costs: costs at which to average, in units of the small networks' final cost.

    Returns:
        Dictionary "small", "large" of DataFrames as of `pivoted`, at those costs that lie between
        the first and the final exit of all networks of the kind.
    """
    relative_costs = np.asarray(relative_costs, float)
    averages = {}
    for name, index in (("small", 0), ("large", 1)):
        seen = [pivoted(pair[index], pair[0]) for pair in pairs]
        errors = [
            np.interp(
                relative_costs, one.relative_cost, one.relative_error, left=np.nan, right=np.nan
            )
            for one in seen
        ]
        mean = pd.DataFrame(
            {"relative_cost": relative_costs, "relative_error": np.mean(errors, axis=0)}
        )
        averages[name] = mean.dropna().reset_index(drop=True)
    return averages


def cost_to_reach(curve: pd.DataFrame, errors) -> np.ndarray:
    """MACs after which a network first errs no more than wanted; NaN where it never does.

    The ratio of two networks' is how much sooner one reaches an accuracy than the other.

    Args:
        curve: of `anytime_curve`, at least `macs` and `error_top1`.
        errors: wanted top-1 errors in percent, `(levels,)`.

    Example:
        >>> cost_to_reach(pd.DataFrame({"macs": [1, 2, 4], "error_top1": [30.0, 20.0, 25.0]}), [20.0, 28.0, 10.0]).tolist()
        [2.0, 2.0, nan]
    """
    reached = curve.error_top1.to_numpy() <= np.asarray(errors, float)[:, None]
    return np.where(reached.any(axis=1), curve.macs.to_numpy(float)[reached.argmax(axis=1)], np.nan)
