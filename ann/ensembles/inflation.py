"""Proposition 4.1 of 001: how much more a sequence of networks costs than a single network.

Networks of depths 1, b, b^2, ... are computed one after the other and interrupted after x layers.
The answer is then as good as that of the best network of some depth x'. The cost ratio is
C = x / x'. The proposition assumes that an anytime network is as good as the best network of depth
z at each depth z beyond the depth of the previous network. A plain network is as good as that only
at its end.
"""

import math

import numpy as np

from ann.ensembles.schedule import fifo_schedule


def cost_inflation(b: float, *, workers: int = 1, anytime: bool = True) -> tuple[float, float]:
    """Returns the closed forms of Proposition 4.1: the supremum of C and a bound of its mean.

    For anytime networks, sup C = 2 + 1/(b-1) and E[C] <= 1 - 1/(2b) + (1 + ln b)/(b-1). With M
    workers, b^M replaces b. For plain networks, sup C = b^2/(b-1), which is at least 4, and
    E[C] <= 1.5 + (b-1)/2 + 1/(b-1), which is at least 1.5 + sqrt(2).

    No finite sequence reaches these values. With one worker, `exact_cost_inflation` approaches them
    as the sequence grows. With several workers, it stays well below (docs/eann.md).

    Args:
        b: ratio of a network's depth to the depth of the previous network, greater than 1.
        workers: number of networks that are computed at the same time, first in, first out.
        anytime: False for plain networks, which give an answer only at their end.

    Returns:
        `(sup_C, expected_C_bound)`.

    Raises:
        ValueError: `b` is not greater than 1, `workers` is less than 1, or there are several
            workers for plain networks, a case that 001 does not cover.

    Example:
        >>> sup, mean = cost_inflation(2)
        >>> sup, round(mean, 3)
        (3.0, 2.443)
    """
    if b <= 1 or workers < 1:
        raise ValueError(
            f"b must be greater than 1 and workers at least 1. Received: b={b}, workers={workers}"
        )
    if not anytime and workers > 1:
        raise ValueError(
            f"plain networks have a closed form only for one worker. Received: workers={workers}"
        )
    b = float(b) ** workers
    if anytime:
        return 2 + 1 / (b - 1), 1 - 1 / (2 * b) + (1 + math.log(b)) / (b - 1)
    return b * b / (b - 1), 1.5 + (b - 1) / 2 + 1 / (b - 1)


def cost_ratio(budgets, depths, *, workers: int = 1, anytime: bool = True) -> np.ndarray:
    """Returns the cost ratio C at each budget.

    Args:
        budgets: number of layers that each worker computes before the interruption. They range from
            the end of the first network to the end of the last one.
        depths: depth of each network, increasing.
        workers, anytime: as in `cost_inflation`.

    Returns:
        Array with the shape of `budgets`.

    Raises:
        ValueError: a budget is outside the range, or the depths do not increase.

    Example:
        >>> cost_ratio([1, 2, 3, 6.5], [1, 2, 4]).tolist()
        [1.0, 2.0, 1.5, 1.857...]
    """
    budgets = np.asarray(budgets, float)
    depths = _increasing(depths)
    schedule = fifo_schedule(depths, workers)
    finish = schedule.finish.to_numpy()
    if budgets.min() < finish[0] or budgets.max() > finish[-1]:
        raise ValueError(
            f"budgets must be in [{finish[0]}, {finish[-1]}]. "
            f"Received: budgets from {budgets.min()} to {budgets.max()}"
        )
    finished = np.searchsorted(finish, budgets, side="right")
    comparable = depths[finished - 1]
    if anytime:
        start = np.append(schedule.start, finish[-1])  # Nothing runs after the last network.
        comparable = np.maximum(comparable, budgets - start[finished])
    return budgets / comparable


def exact_cost_inflation(depths, *, workers: int = 1, anytime: bool = True) -> tuple[float, float]:
    """Returns the exact supremum and mean of C for a finite sequence of networks.

    The budget is uniform between the end of the first network and the end of the last one.

    Args:
        depths: depth of each network, increasing. For Proposition 4.1, they are powers of b, but
            they may also be the depths of real networks.
        workers, anytime: as in `cost_inflation`.

    Returns:
        `(sup_C, expected_C)`.

    Raises:
        ValueError: there are fewer than two networks, or the depths do not increase.

    Example:
        The cost ratio is C = x for budgets from 1 to 3.

        >>> exact_cost_inflation([1, 2], anytime=False)
        (3.0, 2.0)
    """
    depths = _increasing(depths)
    if len(depths) < 2:
        raise ValueError(f"there must be at least two networks. Received: depths={depths.tolist()}")
    schedule = fifo_schedule(depths, workers)
    finish = schedule.finish.to_numpy()
    start = schedule.start.to_numpy()[1:]
    begin, end = finish[:-1], finish[1:]
    # The previous network's answer is the best one until the next network is deeper.
    held = depths[:-1]
    turn = start + held if anytime else end
    # C = x / held up to the turn. After it, C = x / (x - start), which decreases.
    area = (
        (turn**2 - begin**2) / (2 * held)
        + (end - turn)
        + start * np.log((end - start) / (turn - start))
    )
    return float((turn / held).max()), float(area.sum() / (end[-1] - begin[0]))


def _increasing(depths):
    depths = np.asarray(depths, float)
    if depths.min() <= 0 or (np.diff(depths) <= 0).any():
        raise ValueError(
            f"depths must be positive and increase. Received: depths={depths.tolist()}"
        )
    return depths
