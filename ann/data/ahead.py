"""Work that is done before it is asked for, on threads."""

import concurrent.futures
import os
from collections.abc import Callable, Iterable

_AHEAD = 2  # pieces of work


class Ahead:
    """Results of numbered pieces of work, each made of tasks; the next two are begun already.

    Args:
        tasks: function of a number; returns functions without arguments. They should leave the
            interpreter to others, as decoding does.
        count: numbers there are.
    """

    def __init__(self, tasks: Callable[[int], Iterable[Callable]], count: int):
        self._tasks, self._count = tasks, count
        self._pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count(), "ahead")
        self._begun: dict[int, list] = {}

    def __getitem__(self, number: int) -> list:
        """The results of the tasks of a piece, in order, or what one of them raises."""
        for one in range(number, min(number + 1 + _AHEAD, self._count)):
            if one not in self._begun:
                self._begun[one] = [self._pool.submit(task) for task in self._tasks(one)]
        return [task.result() for task in self._begun.pop(number)]
