"""The schedule of several networks on several workers, first in, first out."""

import pandas as pd

from ann.ensembles.selection import last_selected


def fifo_schedule(costs, workers: int = 1) -> pd.DataFrame:
    """Returns the start and the finish of each network.

    Each worker takes the next network as soon as it is free.

    Args:
        costs: cost of each network in MACs or in any unit of time. The networks start in this
            order.
        workers: number of networks that run at the same time.

    Returns:
        DataFrame with one row per network and the columns `member` (0-based), `worker`, `start`,
        and `finish`. The last two are in the unit of the costs.

    Raises:
        ValueError: `workers` is less than 1.

    Example:
        >>> fifo_schedule([1, 2, 4], workers=2).finish.tolist()
        [1, 2, 5]
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1. Received: workers={workers}")
    free_at = [0] * workers
    rows = []
    for member, cost in enumerate(costs):
        start = min(free_at)
        worker = free_at.index(start)
        free_at[worker] = start + cost
        rows.append((member, worker, start, start + cost))
    return pd.DataFrame(rows, columns=["member", "worker", "start", "finish"])


def fifo_answers(exit_costs, selection, workers: int = 1) -> pd.DataFrame:
    """Returns when each answer of an EANN is ready, for the answers that are improvements.

    An answer is an improvement unless an answer that comes later in the sequence is ready first.

    Args:
        exit_costs: for each member, the cost to each of its exits (see `costs.profile`).
        selection: as for `EANN`.
        workers: as in `fifo_schedule`.

    Returns:
        DataFrame with one row per improvement, in order of time, and the columns `member`, `exit`,
        and `cost` (cost or time elapsed, in the unit of `exit_costs`).

    Example:
        >>> fifo_answers([[1, 2], [2, 3, 4]], [[True, True], [False, True, True]], workers=2)
           member  exit  cost
        0       0     0     1
        1       0     1     2
        2       1     1     3
        3       1     2     4
    """
    used = [member for member, chosen in enumerate(selection) if any(chosen)]
    totals = [exit_costs[member][last_selected(selection[member])] for member in used]
    starts = dict(zip(used, fifo_schedule(totals, workers).start, strict=True))
    ready = sorted(
        (starts[member] + exit_costs[member][k], member, k)
        for member in used
        for k, selected in enumerate(selection[member])
        if selected
    )
    improvements = []
    best: tuple[int, ...] = (-1, -1)
    for cost, *where in ready:
        if tuple(where) > best:
            best = tuple(where)
            improvements.append((*where, cost))
    return pd.DataFrame(improvements, columns=["member", "exit", "cost"])
