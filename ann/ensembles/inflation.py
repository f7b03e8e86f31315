"""Proposition 4.1 of 001: what an answer of a sequence of networks costs beyond a network of that
depth alone.

Networks of depths 1, b, b^2, ... are computed one after the other and interrupted after x layers.
The answer is then as good as that of the best network of some depth x'; C = x / x' is the cost
ratio. An anytime network is taken to be as good as the best of depth z at each depth z beyond that
of the network before it, a plain one at its end only.
"""

import math

import numpy as np

from ann.ensembles.schedule import fifo_schedule


def cost_inflation(b: float, *, workers: int = 1, anytime: bool = True) -> tuple[float, float]:
    """The closed forms of Proposition 4.1: supremum of C, and the bound of its mean over budgets.

    Anytime networks: sup C = 2 + 1/(b-1) and E[C] <= 1 - 1/(2b) + (1 + ln b)/(b-1); with M workers
    b^M takes the place of b.
    Plain ones: sup C = b^2/(b-1), at least 4, and E[C] <= 1.5 + (b-1)/2 + 1/(b-1), at least 1.5 +
    sqrt(2). No finite sequence attains them; `exact_cost_inflation` tends to them as it grows, but
    stays well below with several workers (docs/eann.md).

    Args:
        b: ratio of a network's depth to that of the one before it; above 1.
        workers: networks computed at the same time, first in, first out.
        anytime: False for plain networks, which answer at their end only.

    Returns:
        `(sup_C, expected_C_bound)`.

    Raises:
        ValueError: `b` is not above 1, `workers` below 1, or plain networks on several workers, of
            which 001 says nothing.

    Example:
        >>> sup, mean = cost_inflation(2)
        >>> sup, round(mean, 3)
        (3.0, 2.443)
    """
    if b <= 1 or workers < 1:
        raise ValueError(
            f"b must be above 1 and workers at least 1. Received: b={b}, workers={workers}"
        )
    if not anytime and workers > 1:
        raise ValueError(
            f"plain networks have a closed form for one worker only. Received: workers={workers}"
        )
    b = float(b) ** workers
    if anytime:
        return 2 + 1 / (b - 1), 1 - 1 / (2 * b) + (1 + math.log(b)) / (b - 1)
    return b * b / (b - 1), 1.5 + (b - 1) / 2 + 1 / (b - 1)


def cost_ratio(budgets, depths, *, workers: int = 1, anytime: bool = True) -> np.ndarray:
    """C at each budget.

    Args:
        budgets: layers computed before the interruption (with several workers: by each of them),
            from the first network's end to the last one's.
        depths: depth of each network, increasing.
        workers, anytime: as in `cost_inflation`.

    Returns:
        Array like `budgets`.

    Raises:
        ValueError: a budget outside the range, or depths that do not increase.

    Example:
        >>> cost_ratio([1, 2, 3, 6.5], [1, 2, 4]).tolist()
        [1.0, 2.0, 1.5, 1.857...]
    """
    budgets, depths = np.asarray(budgets, float), _increasing(depths)
    schedule = fifo_schedule(depths, workers)
    finish = schedule.finish.to_numpy()
    if budgets.min() < finish[0] or budgets.max() > finish[-1]:
        raise ValueError(
            f"budgets must lie in [{finish[0]}, {finish[-1]}]. Received: {budgets.min()} to {budgets.max()}"
        )
    finished = np.searchsorted(finish, budgets, side="right")
    comparable = depths[finished - 1]
    if anytime:
        start = np.append(schedule.start, finish[-1])  # after the last network nothing runs
        comparable = np.maximum(comparable, budgets - start[finished])
    return budgets / comparable


def exact_cost_inflation(depths, *, workers: int = 1, anytime: bool = True) -> tuple[float, float]:
    """Supremum and mean of C over all budgets from the first network's end to the last one's,
    integrated exactly.

    Args:
        depths: depth of each network, increasing; powers of b for Proposition 4.1, or those of real
            networks.
        workers, anytime: as in `cost_inflation`.

    Returns:
        `(sup_C, expected_C)` for a budget uniform over that range.

    Raises:
        ValueError: fewer than two networks, or depths that do not increase.

    Example:
        >>> exact_cost_inflation([1, 2], anytime=False)  # C = x from 1 to 3
        (3.0, 2.0)
    """
    depths = _increasing(depths)
    if len(depths) < 2:
        raise ValueError(
            f"a sequence has at least two networks. Received: depths={depths.tolist()}"
        )
    schedule = fifo_schedule(depths, workers)
    start, begin, end = (
        schedule.start.to_numpy()[1:],
        schedule.finish.to_numpy()[:-1],
        schedule.finish.to_numpy()[1:],
    )
    held = depths[:-1]  # what each network is preceded by, until it is deeper itself
    turn = start + held if anytime else end
    # C = x / held up to the turn, then x / (x - start), which falls.
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
