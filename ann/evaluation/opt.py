"""OPT, the best that training for one exit alone attains, and OPT+, the best of several networks' OPT at each cost."""

import pandas as pd


def opt_curve(curves: dict[int, pd.DataFrame]) -> pd.DataFrame:
    """OPT's curve, each row from the network trained for that exit alone.

    Training them is not done here: each is a run with the weighting `opt` (`experiments.papers`).

    Args:
        curves: dictionary from the exit a network was trained for to its frame with a row an exit,
            column `exit` (`anytime_curve`, `final_losses`). It may hold some exits only, such as
            those of `milestone_exits`.

    Returns:
        DataFrame with the columns of the curves and a row for each key, shallow to deep.

    Raises:
        ValueError: no curves, or an exit that its network has not.

    Example:
        >>> first, last = (pd.DataFrame({"exit": [0, 1], "loss": losses}) for losses in ([1.0, 2.3], [2.3, 0.5]))
        >>> opt_curve({0: first, 1: last}).loss.tolist()
        [1.0, 0.5]
    """
    rows = [curve[curve.exit == k] for k, curve in sorted(curves.items())]
    if not rows or any(row.empty for row in rows):
        raise ValueError(
            f"there must be curves, each with the exit it was trained for. Received: exits {list(curves)}"
        )
    return pd.concat(rows, ignore_index=True)


def opt_plus(opt_curves) -> pd.DataFrame:
    """OPT+: the smallest error among the OPT of a cost or less, over networks of several depths
    (002 section 4.6).

    Args:
        opt_curves: OPT's curves (`opt_curve`) of the networks, with the columns `macs` and
            `error_top1`.

    Returns:
        DataFrame `macs`, `fraction` (of the largest cost), `error_top1` (percent), one row for each
        cost, increasing.

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
