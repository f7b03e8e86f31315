"""Budgeted batch: a budget for the average cost of many images.

Each image leaves at the first exit that is sure enough of its answer. The shares of images that
leave at the exits form a geometric progression, as in MSDNet (Huang et al. 2018). The budget sets
its one parameter, the ratio from one exit to the next. The cost of an image that leaves at exit k
includes all segments and heads up to k.
"""

import numpy as np
import pandas as pd
from scipy import optimize, special

from ann.evaluation.answers import confidences, correct

ALWAYS = 0.0  # Every confidence reaches this threshold.
NEVER = 2.0  # No confidence reaches it. Unlike infinity, it is valid JSON.
_LOG_RATIOS = (-50.0, 50.0)


def fit_thresholds(validation_confidences, costs, budget: float) -> np.ndarray:
    """Finds the confidence at which an image may leave each exit.

    With these thresholds, the validation images cost at most `budget` on average.

    Args:
        validation_confidences: `(num_exits, N)`, the `confidences` of held-out images.
        costs: MACs to each exit, `(num_exits,)`, increasing (`macs_incremental` of
            `costs.profile`).
        budget: average MACs per image.

    Returns:
        Thresholds `(num_exits,)`. An image leaves at the first exit whose confidence is at least
        the threshold. The last threshold is `ALWAYS`. It is `NEVER` at exits where no image should
        leave.

    Raises:
        ValueError: the shapes do not fit, the costs do not increase, or the budget is below the
            first exit's cost.

    Example:
        With this budget, half of the images may leave early.

        >>> confident = [[0.9, 0.6, 0.8, 0.5], [0.9, 0.9, 0.9, 0.9]]
        >>> fit_thresholds(confident, [10, 20], budget=15).tolist()
        [0.8, 0.0]
    """
    confident = np.asarray(validation_confidences, float)
    costs = np.asarray(costs, float)
    _check(confident, costs, budget)
    num_exits, count = confident.shape
    # Rounded up, so that no more images than planned continue to the more expensive exits.
    leaving = np.ceil(count * np.cumsum(_shares(costs, budget)) - 1e-6).astype(int)
    thresholds = np.full(num_exits, NEVER)
    staying = np.ones(count, bool)
    for k in range(num_exits - 1):
        wanted = leaving[k] - (count - staying.sum())
        if wanted > 0:
            thresholds[k] = np.sort(confident[k, staying])[::-1][wanted - 1]
            staying &= confident[k] < thresholds[k]
    thresholds[-1] = ALWAYS
    return thresholds


def _shares(costs, budget):
    """Returns the share of the images that should leave at each exit.

    The shares are proportional to the powers of a ratio. The ratio is the one for which the mean
    cost equals the budget.
    """

    def shares(log_ratio):
        return special.softmax(log_ratio * np.arange(len(costs)))

    excess = lambda log_ratio: shares(log_ratio) @ costs - budget
    low, high = _LOG_RATIOS
    if excess(low) >= 0:
        return shares(low)
    if excess(high) <= 0:
        return shares(high)
    return shares(optimize.brentq(excess, low, high))


def _check(confident, costs, budget):
    if confident.ndim != 2 or costs.shape != confident.shape[:1] or not confident.size:
        raise ValueError(
            "confidences must be (num_exits, N), with N at least 1, and costs (num_exits,). "
            f"Received: confidences of {confident.shape}, costs of {costs.shape}"
        )
    if (np.diff(costs) <= 0).any():
        raise ValueError(f"costs must increase from exit to exit. Received: costs={costs.tolist()}")
    if budget < costs[0]:
        raise ValueError(
            f"budget must be at least the cost of the first exit, {costs[0]:g} MACs. "
            f"Received: budget={budget:g}"
        )


def exits_taken(confident, thresholds) -> np.ndarray:
    """Returns the exit at which each image leaves.

    This is the first exit whose confidence is at least its threshold.

    Args:
        confident: confidences `(num_exits, N)`.
        thresholds: `(num_exits,)`, as returned by `fit_thresholds`.

    Returns:
        Exit indices `(N,)`.

    Example:
        >>> exits_taken([[0.9, 0.6], [0.9, 0.7]], [0.8, 0.0]).tolist()
        [0, 1]
    """
    return (np.asarray(confident) >= np.asarray(thresholds)[:, None]).argmax(axis=0)


def budgeted_batch_curve(validation_logits, logits, labels, costs, budgets=None) -> pd.DataFrame:
    """Measures the error against the average cost.

    The thresholds are fitted to the validation images and applied to the test images.

    Args:
        validation_logits: `(num_exits, M, num_classes)` of the validation images.
        logits: `(num_exits, N, num_classes)` of the test images.
        labels: class indices `(N,)` of the test images.
        costs: MACs to each exit, `(num_exits,)`, increasing.
        budgets: average MACs per image to fit thresholds for. By default, 40 budgets from the first
            exit's cost to the last exit's.

    Returns:
        DataFrame with one row per budget: `budget`, `macs` (the actual average over the test
        images), and `error_top1` (percent).

    Raises:
        ValueError: as for `fit_thresholds`, or the shapes do not fit.
    """
    costs = np.asarray(costs, float)
    validation = confidences(validation_logits)
    confident = confidences(logits)
    right = correct(logits, labels)
    rows = []
    for budget in np.linspace(costs[0], costs[-1], 40) if budgets is None else budgets:
        taken = exits_taken(confident, fit_thresholds(validation, costs, budget))
        error = 100 * np.mean(~right[taken, np.arange(right.shape[1])])
        rows.append({"budget": budget, "macs": costs[taken].mean(), "error_top1": error})
    return pd.DataFrame(rows)
