"""OPT and OPT+.

OPT is what an exit achieves if the network is trained for that exit alone. OPT+ is the best OPT of
several networks at each cost.
"""

import pandas as pd


def opt_curve(curves: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """Joins OPT's curve from the networks that were each trained for one exit.

    This function does not train the networks. Each is a training run with the weighting `opt`.

    Args:
        curves: dictionary from the exit that a network was trained for to its DataFrame, which has
            one row per exit and a column `exit` (as returned by `anytime_curve` or `final_losses`).
            It may contain only some exits, such as those that `milestone_exits` returns.

    Returns:
        DataFrame with the columns of the curves and one row per key, shallow to deep.

    Raises:
        ValueError: there are no curves, or a network lacks the exit that it was trained for.

    Example:
        >>> first = pd.DataFrame({"exit": [0, 1], "loss": [1.0, 2.3]})
        >>> last = pd.DataFrame({"exit": [0, 1], "loss": [2.3, 0.5]})
        >>> opt_curve({0: first, 1: last}).loss.tolist()
        [1.0, 0.5]
    """
    rows = [curve[curve.exit == k] for k, curve in sorted(curves.items())]
    if not rows or any(row.empty for row in rows):
        raise ValueError(
            "curves must contain at least one network, and each network must have the exit that it "
            f"was trained for. Received: exits {list(curves)}"
        )
    return pd.concat(rows, ignore_index=True)


def opt_plus(opt_curves) -> pd.DataFrame:
    """Returns OPT+: at each cost, the smallest error of any OPT with that cost or less.

    OPT+ compares networks of several depths (002 section 4.6).

    Args:
        opt_curves: OPT's curve of each network (as returned by `opt_curve`), with the columns
            `macs` and `error_top1`.

    Returns:
        DataFrame with one row per cost, increasing, and the columns `macs`, `fraction` (of the
        largest cost), and `error_top1` (percent).

    Example:
        >>> small = pd.DataFrame({"macs": [10, 20], "error_top1": [30.0, 20.0]})
        >>> large = pd.DataFrame({"macs": [15, 40], "error_top1": [35.0, 10.0]})
        >>> opt_plus([small, large]).error_top1.tolist()
        [30.0, 30.0, 20.0, 10.0]
    """
    points = pd.concat(opt_curves).groupby("macs", as_index=False).error_top1.min()
    return points.assign(
        fraction=points.macs / points.macs.iloc[-1], error_top1=points.error_top1.cummin()
    )[["macs", "fraction", "error_top1"]]
