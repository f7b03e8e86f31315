"""The papers' relative comparisons of errors and costs."""

import numpy as np
import pandas as pd


def relative_increase(errors, reference):
    """Returns the increase over a reference in percent: 100 (error - reference) / reference.

    Args:
        errors: DataFrame with one column per method and one row per setting, or else an array, a
            Series, or a number.
        reference: the name of a column of the DataFrame, or else the values to compare with.

    Example:
        >>> errors = pd.DataFrame({"opt": [10.0, 4.0], "const": [12.0, 5.0]})
        >>> relative_increase(errors, "opt").const.tolist()
        [20.0, 25.0]
    """
    if isinstance(reference, str):
        return errors.sub(errors[reference], axis=0).div(errors[reference], axis=0) * 100
    return 100 * (errors - reference) / reference


def pivoted(curve: pd.DataFrame, pivot: pd.DataFrame) -> pd.DataFrame:
    """Expresses a curve relative to the last answer of another network (001 Fig. 5, note 5).

    Args:
        curve: as returned by `anytime_curve`, with at least `macs` and `error_top1`.
        pivot: curve of the network whose final cost and error are the reference. In the papers, it
            is the network trained with AdaLoss.

    Returns:
        DataFrame with the columns `relative_cost` (1 is the pivot's final cost) and
        `relative_error` (percent above the pivot's final error).

    Example:
        With half the computation, this network has 200 % more errors.

        >>> small = pd.DataFrame({"macs": [50, 100], "error_top1": [30.0, 10.0]})
        >>> pivoted(small, small).relative_error.tolist()
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
    """Compares small networks with larger ones, averaged over pairs (001 Fig. 5a-e).

    Both curves of a pair are relative to the small network's last answer. Errors are interpolated
    between exits, so that networks with exits in different places can be averaged.

    Args:
        pairs: `(small, large)` curves, as returned by `anytime_curve`. In the papers, the small
            network is trained with AdaLoss and the large one, about twice as expensive, with CONST.
        relative_costs: costs at which to average, in units of the small networks' final cost.

    Returns:
        Dictionary with the keys "small" and "large". The values are DataFrames as returned by
        `pivoted`. They contain the costs that are between the first and the final exit of all
        small networks, or of all large networks.
    """
    relative_costs = np.asarray(relative_costs, float)
    averages = {}
    for name, index in (("small", 0), ("large", 1)):
        curves = [pivoted(pair[index], pair[0]) for pair in pairs]
        errors = [
            np.interp(
                relative_costs, curve.relative_cost, curve.relative_error, left=np.nan, right=np.nan
            )
            for curve in curves
        ]
        mean = pd.DataFrame(
            {"relative_cost": relative_costs, "relative_error": np.mean(errors, axis=0)}
        )
        averages[name] = mean.dropna().reset_index(drop=True)
    return averages


def cost_to_reach(curve: pd.DataFrame, errors) -> np.ndarray:
    """Returns the MACs after which a network first reaches an error, or NaN if it never does.

    The ratio for two networks tells how much sooner one of them reaches the error.

    Args:
        curve: as returned by `anytime_curve`, with at least `macs` and `error_top1`.
        errors: top-1 errors to reach, in percent, `(levels,)`.

    Returns:
        MACs `(levels,)`.

    Example:
        >>> curve = pd.DataFrame({"macs": [1, 2, 4], "error_top1": [30.0, 20.0, 25.0]})
        >>> cost_to_reach(curve, [20.0, 28.0, 10.0]).tolist()
        [2.0, 2.0, nan]
    """
    reached = curve.error_top1.to_numpy() <= np.asarray(errors, float)[:, None]
    return np.where(reached.any(axis=1), curve.macs.to_numpy(float)[reached.argmax(axis=1)], np.nan)
