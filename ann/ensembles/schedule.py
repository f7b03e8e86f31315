"""Several networks on several workers, first in, first out: when what is ready."""

import pandas as pd

from ann.ensembles.selection import last_selected


def fifo_schedule(costs, workers: int = 1) -> pd.DataFrame:
    """Start and finish of each network, when each worker takes the next one as soon as it is free.

    Args:
        costs: cost of each network, in the order in which they are taken; in MACs, or in any unit
            of time.
        workers: networks that run at the same time.

    Returns:
        DataFrame `member` (0-based), `worker`, `start`, `finish`, in the unit of the costs.

    Raises:
        ValueError: `workers` below 1.

    Example:
        >>> fifo_schedule([1, 2, 4], workers=2).finish.tolist()
        [1, 2, 5]
    """
    if workers < 1:
        raise ValueError(f"there must be at least 1 worker. Received: workers={workers}")
    free_at, rows = [0] * workers, []
    for member, cost in enumerate(costs):
        worker = free_at.index(min(free_at))
        start, free_at[worker] = free_at[worker], free_at[worker] + cost
        rows.append((member, worker, start, free_at[worker]))
    return pd.DataFrame(rows, columns=["member", "worker", "start", "finish"])


def fifo_answers(exit_costs, selection, workers: int = 1) -> pd.DataFrame:
    """When each answer of an EANN is there, and which of them are improvements by then.

    Args:
        exit_costs: for each member, the cost to each of its exits (`costs.profile`).
        selection: as for `EANN`.
        workers: as in `fifo_schedule`.

    Returns:
        DataFrame `member`, `exit`, `cost` (elapsed, in the unit of the costs), in order of time:
        each selected answer that is there before any that follows it in the sequence.

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
    improvements, best = [], (-1, -1)
    for cost, *where in ready:
        if tuple(where) > best:
            best = tuple(where)
            improvements.append((*where, cost))
    return pd.DataFrame(improvements, columns=["member", "exit", "cost"])
