"""Budgeted batch: each image leaves at the first exit that is sure enough, so that many images cost
a budget on average.

Shares of images leave the exits in a geometric progression, as in MSDNet (Huang et al. 2018): one
number, the ratio from exit to exit, is set by the budget. An image that leaves at exit k has cost
all segments and heads up to k.
"""

import numpy as np
import pandas as pd
from scipy import optimize

from ann.evaluation.answers import confidences, correct

ALWAYS = 0.0  # every confidence reaches it
NEVER = 2.0  # none does; unlike infinity it is valid JSON
_LOG_RATIOS = (-50.0, 50.0)


def fit_thresholds(validation_confidences, costs, budget: float) -> np.ndarray:
    """Confidence at which an image may leave each exit, so that the validation images cost at most
    `budget` on average.

    Args:
        validation_confidences: `(num_exits, N)` of held-out images (`confidences` of their logits).
        costs: MACs to each exit, `(num_exits,)`, increasing (`macs_incremental` of
            `costs.profile`).
        budget: average MACs for an image.

    Returns:
        `(num_exits,)`: an image leaves at the first exit whose confidence is at least the
        threshold. The last is `ALWAYS`; `NEVER` where no image is to leave.

    Raises:
        ValueError: shapes do not fit, costs do not increase, or the budget is below the first
            exit's cost.

    Example:
        >>> fit_thresholds([[0.9, 0.6, 0.8, 0.5], [0.9, 0.9, 0.9, 0.9]], [10, 20], budget=15).tolist()  # half may leave early
        [0.8, 0.0]
    """
    confident, costs = np.asarray(validation_confidences, float), np.asarray(costs, float)
    _check(confident, costs, budget)
    num_exits, count = confident.shape
    # Rounded up, so that no more images than planned go on to the dearer exits.
    leaving = np.ceil(count * np.cumsum(_shares(costs, budget)) - 1e-6).astype(int)
    thresholds, staying = np.full(num_exits, NEVER), np.ones(count, bool)
    for k in range(num_exits - 1):
        wanted = leaving[k] - (count - staying.sum())
        if wanted > 0:
            thresholds[k] = np.sort(confident[k, staying])[::-1][wanted - 1]
            staying &= confident[k] < thresholds[k]
    thresholds[-1] = ALWAYS
    return thresholds


def _shares(costs, budget):
    """Shares of the images that leave each exit: proportional to powers of the ratio that makes the mean cost the budget."""

    def shares(log_ratio):
        powers = log_ratio * np.arange(len(costs))
        return np.exp(powers - powers.max()) / np.exp(powers - powers.max()).sum()

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
            "confidences must be (num_exits, N), N at least 1, and costs (num_exits,). "
            f"Received: confidences of {confident.shape}, costs of {costs.shape}"
        )
    if (np.diff(costs) <= 0).any():
        raise ValueError(f"costs must increase from exit to exit. Received: costs={costs.tolist()}")
    if budget < costs[0]:
        raise ValueError(
            f"no image costs less than the first exit, {costs[0]:g} MACs. Received: budget={budget:g}"
        )


def exits_taken(confident, thresholds) -> np.ndarray:
    """The exit that each image leaves at: the first whose confidence is at least its threshold.

    Args:
        confident: confidences `(num_exits, N)`.
        thresholds: `(num_exits,)` of `fit_thresholds`.

    Returns:
        Exit indices `(N,)`.

    Example:
        >>> exits_taken([[0.9, 0.6], [0.9, 0.7]], [0.8, 0.0]).tolist()
        [0, 1]
    """
    return (np.asarray(confident) >= np.asarray(thresholds)[:, None]).argmax(axis=0)


def budgeted_batch_curve(validation_logits, logits, labels, costs, budgets=None) -> pd.DataFrame:
    """Error against average cost, when thresholds are fitted on some images and used on others.

    Args:
        validation_logits: `(num_exits, M, num_classes)` of held-out images.
        logits: `(num_exits, N, num_classes)` of the images that are measured.
        labels: class indices `(N,)` of those.
        costs: MACs to each exit, `(num_exits,)`, increasing.
        budgets: average MACs to fit for, default 40 from the first exit's cost to the last's.

    Returns:
        DataFrame with a row a budget: `budget`, `macs` (the average that the measured images cost),
        `error_top1` (percent).

    Raises:
        ValueError: as `fit_thresholds`, or shapes do not fit.
    """
    costs = np.asarray(costs, float)
    validation, confident, right = (
        confidences(validation_logits),
        confidences(logits),
        correct(logits, labels),
    )
    rows = []
    for budget in np.linspace(costs[0], costs[-1], 40) if budgets is None else budgets:
        taken = exits_taken(confident, fit_thresholds(validation, costs, budget))
        error = 100 * np.mean(~right[taken, np.arange(right.shape[1])])
        rows.append({"budget": budget, "macs": costs[taken].mean(), "error_top1": error})
    return pd.DataFrame(rows)
