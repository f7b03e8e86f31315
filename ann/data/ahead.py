"""Work that is done before it is asked for, on threads."""

import concurrent.futures
import os
from collections.abc import Callable, Iterable


class Ahead:
    """Results of numbered pieces of work, each made of tasks; the next ones are begun already.

    Args:
        tasks: function of a number; returns functions without arguments. They should leave the
            interpreter to others, as decoding does.
        count: numbers there are.
        ahead: pieces to begin before they are asked for.
    """

    def __init__(self, tasks: Callable[[int], Iterable[Callable]], count: int, ahead: int = 2):
        self._tasks, self._count, self._ahead = tasks, count, ahead
        self._pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count(), "ahead")
        self._begun: dict[int, list] = {}

    def __getitem__(self, number: int) -> list:
        """The results of the tasks of a piece, in order. Numbers may only grow.

        Raises:
            what a task raises.
        """
        for one in range(number, min(number + 1 + self._ahead, self._count)):
            if one not in self._begun:
                self._begun[one] = [self._pool.submit(task) for task in self._tasks(one)]
        return [task.result() for task in self._begun.pop(number)]
