"""A thread that calls back at given times."""

import heapq
import itertools
import threading
import time


class Watchdog:
    """Calls functions at their time, on one daemon thread for all of them. They must be quick."""

    def __init__(self):
        self._due, self._count = [], itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def call_at(self, when: float, callback) -> None:
        """Calls `callback()` at `when`, in seconds of `time.perf_counter`."""
        with self._changed:
            heapq.heappush(self._due, (when, next(self._count), callback))
            if self._due[0][2] is callback:
                self._changed.notify()

    def _watch(self):
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.perf_counter():
                    self._changed.wait(self._due[0][0] - time.perf_counter() if self._due else None)
                callback = heapq.heappop(self._due)[2]
            callback()
